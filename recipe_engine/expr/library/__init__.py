"""The closed table of functions. Everything that an expression can call is here, or comes from a plugin.

    signature.py   signatures as text
    function.py    what a function is
    the rest       the functions, one module for each chapter of the reference

The one rule: the table is built once and never changed; plugins' functions make a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from recipe_engine.expr.library.function import Function


@cache
def chapters() -> Mapping[str, tuple[Function, ...]]:
    """The built-in functions by the chapter of the reference that they stand in."""
    from recipe_engine.expr.library import (
        dates,
        encoding,
        lists,
        numbers,
        objects,
        patterns,
        prompts,
        randomness,
        tests,
        text,
        values,
    )

    modules = (values, text, patterns, numbers, dates, lists, objects, encoding, prompts, randomness, tests)
    return MappingProxyType({module.TITLE: module.FUNCTIONS for module in modules})


@cache
def functions() -> Mapping[str, Function]:
    """The built-in table: functions and filters by name, tests by `is name`."""
    return function_table(())


def function_table(more: Iterable[Function]) -> Mapping[str, Function]:
    """The built-in table with more functions, such as plugins give.

    Raises ValueError when two have the same name.
    """
    table: dict[str, Function] = {}
    for entry in (*(entry for chapter in chapters().values() for entry in chapter), *more):
        if entry.key in table:
            raise ValueError(f"two functions are named {entry.name!r}")
        table[entry.key] = entry
    return MappingProxyType(table)
