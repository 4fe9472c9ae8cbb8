"""Tests: `value is name`.

The one rule: a test answers true or false for every value there is; only `defined` and `undefined` take one that is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError, Undefined
from recipe_engine.expr.library.function import Function, function
from recipe_engine.expr.library.patterns import is_matching
from recipe_engine.expr.moments import looks_like_moment
from recipe_engine.expr.operators import contains
from recipe_engine.expr.values import Duration, Moment, moment_of

TITLE: Final = "Tests"

# An address that mail servers accept, judged by its shape: one @, a name, a domain with a dot.
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}\Z")
_LONGEST_EMAIL: Final = 254


def _is_number(value: Any) -> bool:
    return value.__class__ is int or value.__class__ is float


def _is_whole(value: Any) -> bool:
    return value.__class__ is int or (value.__class__ is float and value.is_integer())


def _is_empty(value: Any) -> bool:
    return value is None or (value.__class__ in (str, list, dict) and not value)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not looks_like_moment(value):
        return value.__class__ is Moment
    try:
        moment_of(value)
    except EvaluationError:
        return False
    return True


def _is_email(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_EMAIL and _EMAIL.match(value) is not None


def _divisible(value: float, by: float) -> bool:
    if by == 0:
        raise EvaluationError("argument", "divisibleby: division by zero")
    return value % by == 0


def _test(
    signature: str,
    doc: str,
    example: tuple[str, bool],
    evaluate: Callable[..., object],
    *,
    lenient: bool = False,
    contextual: bool = False,
) -> Function:
    return function(
        f"{signature} -> bool",
        doc,
        example,
        evaluate,
        kind="test",
        lenient=("value",) if lenient else (),
        contextual=contextual,
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    _test(
        "defined(value: any)",
        "There is a value (it may be null).",
        ("{'a': 1}.b is defined", False),
        lambda value: value.__class__ is not Undefined,
        lenient=True,
    ),
    _test(
        "undefined(value: any)",
        "There is no value.",
        ("{'a': 1}.b is undefined", True),
        lambda value: value.__class__ is Undefined,
        lenient=True,
    ),
    _test("none(value: any)", "It is null.", ("null is none", True), lambda value: value is None),
    _test("true(value: any)", "It is true itself.", ("1 is true", False), lambda value: value is True),
    _test("false(value: any)", "It is false itself.", ("false is false", True), lambda value: value is False),
    _test(
        "boolean(value: any)", "It is true or false.", ("false is boolean", True), lambda value: value.__class__ is bool
    ),
    _test("string(value: any)", "It is a text.", ("'a' is string", True), lambda value: value.__class__ is str),
    _test("number(value: any)", "It is a number.", ("1.5 is number", True), _is_number),
    _test("whole(value: any)", "It is a number without decimals.", ("2.0 is whole", True), _is_whole),
    _test("list(value: any)", "It is a list.", ("[] is list", True), lambda value: value.__class__ is list),
    _test("object(value: any)", "It is an object.", ("{} is object", True), lambda value: isinstance(value, dict)),
    _test(
        "moment(value: any)",
        "It is a moment, or a text that names one in ISO 8601.",
        ("'2026-02-30' is moment", False),
        _is_date,
    ),
    _test(
        "duration(value: any)",
        "It is a duration.",
        ("hours(1) is duration", True),
        lambda value: value.__class__ is Duration,
    ),
    _test(
        "email(value: any)",
        "It is a text written as an e-mail address.",
        ("'ada@example.org' is email", True),
        _is_email,
    ),
    _test("empty(value: any)", "It is null, or without characters, items or fields.", ("'' is empty", True), _is_empty),
    _test(
        "in(value: any, container: text | list | object)",
        "It is an item of the list, a part of the text, a field of the object.",
        ("2 is in [1, 2]", True),
        contains,
    ),
    _test("even(value: int)", "It divides by two.", ("4 is even", True), lambda value: value % 2 == 0),
    _test("odd(value: int)", "It does not divide by two.", ("4 is odd", False), lambda value: value % 2 == 1),
    _test(
        "divisibleby(value: number, by: number)", "It divides by the other.", ("9 is divisibleby 3", True), _divisible
    ),
    _test(
        "matching(value: text, pattern: text)",
        "The pattern is found in the text.",
        ("'AB-12' is matching '^[A-Z]+-[0-9]+$'", True),
        is_matching,
        contextual=True,
    ),
)
