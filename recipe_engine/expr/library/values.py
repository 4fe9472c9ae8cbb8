"""Functions for any value: defaults and text."""

from __future__ import annotations

from typing import Any, Final

from recipe_engine.expr.errors import Undefined
from recipe_engine.expr.library.function import Function, Given, function
from recipe_engine.expr.types import NullT, Type, union, without_null
from recipe_engine.expr.values import to_text

TITLE: Final = "Any value"


def _default(value: Any, fallback: Any, empty: bool) -> Any:
    if value is None or value.__class__ is Undefined:
        return fallback
    return fallback if empty and not value else value


def _default_type(given: Given) -> Type:
    value = given.types["value"]
    if isinstance(value, NullT):
        return given.types["fallback"]
    return union(without_null(value), given.types["fallback"])


def _coalesce(*values: Any) -> Any:
    for value in values:
        if value is not None and value.__class__ is not Undefined:
            return value
    return values[-1] if values else None


def _coalesce_type(given: Given) -> Type:
    types = given.each.get("values", ())
    if not types:
        return NullT()
    kept = [without_null(type_) for type_ in types[:-1] if not isinstance(type_, NullT)]
    return union(*kept, types[-1])


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "default(value: T, fallback: U, empty: bool = false) -> T | U",
        "The value, or the fallback when the value is null or not there (a skipped step, a missing field). With "
        "`empty`, also when it is empty, zero or false.",
        ("{'name': 'Ada'}.phone | default('none')", "none"),
        _default,
        lenient=("value", "fallback"),
        returns=_default_type,
    ),
    function(
        "coalesce(*values: any) -> any",
        "The first value that is there and not null; the last one when none is.",
        ("coalesce(null, '', 'x')", ""),
        _coalesce,
        kind="function",
        lenient=("values",),
        returns=_coalesce_type,
    ),
    function(
        "text(value: any) -> text",
        "The value as it is printed: null as nothing, 2.0 as 2, lists and objects as JSON.",
        ("2.50 | text", "2.5"),
        to_text,
    ),
    function(
        "length(value: text | list | object) -> int",
        "How many characters, items or fields.",
        ("[3, 5] | length", 2),
        len,
    ),
)
