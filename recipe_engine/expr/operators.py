"""What the operators do to values.

The one rule: kinds do not mix by themselves. A number is never read from a text; only ISO 8601 texts stand for moments,
and `2h30m` for a duration, beside a value that is one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError, Undefined, undefined
from recipe_engine.expr.limits import MAX_BITS, check_items, check_text
from recipe_engine.expr.moments import is_date_only, looks_like_moment, parse_iso
from recipe_engine.expr.tree import Arithmetic, Comparison
from recipe_engine.expr.values import (
    Duration,
    Moment,
    duration_of,
    equal,
    kind,
    moment_of,
    to_text,
)

_NUMBERS: Final = (int, float)
_DAY: Final = 86_400
_WORDS: Final[dict[str, str]] = {
    "+": "add {1} to {0}",
    "-": "subtract {1} from {0}",
    "*": "multiply {0} by {1}",
    "/": "divide {0} by {1}",
    "//": "divide {0} by {1}",
    "%": "take the remainder of {0} by {1}",
    "**": "raise {0} to the power of {1}",
    "<": "compare {0} with {1}",
    "<=": "compare {0} with {1}",
    ">": "compare {0} with {1}",
    ">=": "compare {0} with {1}",
    "in": "look for {0} in {1}",
}


def is_number(value: object) -> bool:
    """Whether a value is a number (true and false are none)."""
    return value.__class__ in _NUMBERS


def mismatch(symbol: str, a: object, b: object) -> EvaluationError:
    """The error for an operator between values that it is not made for."""
    for value in (a, b):
        if value.__class__ is Undefined:
            return undefined(value)
    hint = "; join texts with ~" if symbol == "+" and str in (a.__class__, b.__class__) else ""
    return EvaluationError("type", f"cannot {_WORDS[symbol].format(kind(a), kind(b))}{hint}")


def finite(value: Any) -> Any:
    """A result of arithmetic, refused when it is too large for a number."""
    if value.__class__ is float:
        if not math.isfinite(value):
            raise EvaluationError("limit", "the number is too large")
    elif value.bit_length() > MAX_BITS:
        raise EvaluationError("limit", "the number is too large")
    return value


def add(a: Any, b: Any) -> Any:
    """`a + b`."""
    first, second = a.__class__, b.__class__
    if first in _NUMBERS and second in _NUMBERS:
        return finite(a + b)
    if first is str and second is str:
        check_text(len(a) + len(b))
        return a + b
    if first is list and second is list:
        check_items(len(a) + len(b))
        return a + b
    if first is Duration and second is Duration:
        return Duration(a.seconds + b.seconds)
    if first is Duration and (second is Moment or (second is str and looks_like_moment(b))):
        return _later(b, a)
    if second is Duration and first in (Moment, str):
        return _later(a, b) if first is Moment or looks_like_moment(a) else add(duration_of(a), b)
    if first is str and second is Moment:
        return _later(b, duration_of(a))
    if second is str and first in (Moment, Duration):
        return add(a, duration_of(b))
    raise mismatch("+", a, b)


def _later(moment: Any, duration: Duration) -> Moment:
    """A moment and a duration after it. On a day without a time, whole days are days of the calendar."""
    if moment.__class__ is str and is_date_only(moment) and duration.seconds % _DAY == 0:
        day = parse_iso(moment)
        try:
            day += timedelta(seconds=duration.seconds)
        except OverflowError as error:
            raise EvaluationError("limit", "the moment is outside of the years 1 to 9999") from error
        return Moment(day.timestamp(), day.tzinfo)  # type: ignore[arg-type]  # parse_iso gives aware ones
    return moment_of(moment).later(duration.seconds)


def subtract(a: Any, b: Any) -> Any:
    """`a - b`."""
    first, second = a.__class__, b.__class__
    if first in _NUMBERS and second in _NUMBERS:
        return finite(a - b)
    if first is Duration and (second is Duration or second is str):
        return Duration(a.seconds - duration_of(b).seconds)
    if second is Duration and (first is Moment or (first is str and looks_like_moment(a))):
        return _later(a, Duration(-b.seconds))
    if second is Duration and first is str:
        return Duration(duration_of(a).seconds - b.seconds)
    if first is Moment and second is str and not looks_like_moment(b):
        return _later(a, Duration(-duration_of(b).seconds))
    if first in (Moment, str) and second in (Moment, str):
        for text in (a, b):
            if text.__class__ is str and not looks_like_moment(text):
                raise mismatch("-", a, b)
        return Duration(moment_of(a).seconds - moment_of(b).seconds)
    raise mismatch("-", a, b)


def multiply(a: Any, b: Any) -> Any:
    """`a * b`."""
    first, second = a.__class__, b.__class__
    if first in _NUMBERS and second in _NUMBERS:
        if first is int and second is int and a.bit_length() + b.bit_length() > MAX_BITS + 1:
            raise EvaluationError("limit", "the number is too large")
        return finite(a * b)
    if first is Duration and second in _NUMBERS:
        return Duration(a.seconds * b)
    if second is Duration and first in _NUMBERS:
        return Duration(a * b.seconds)
    if first is str and second is int:
        check_text(len(a) * b)
        return a * b
    raise mismatch("*", a, b)


def _divisor(value: Any) -> Any:
    if value == 0:
        raise EvaluationError("argument", "division by zero")
    return value


def divide(a: Any, b: Any) -> Any:
    """`a / b`."""
    first, second = a.__class__, b.__class__
    if first in _NUMBERS and second in _NUMBERS:
        return finite(a / _divisor(b))
    if first is Duration and second in _NUMBERS:
        return Duration(a.seconds / _divisor(b))
    if first is Duration and second is Duration:
        return finite(a.seconds / _divisor(b.seconds))
    raise mismatch("/", a, b)


def floor_divide(a: Any, b: Any) -> Any:
    """`a // b`."""
    if a.__class__ in _NUMBERS and b.__class__ in _NUMBERS:
        return finite(a // _divisor(b))
    if a.__class__ is Duration and b.__class__ is Duration:
        return int(finite(a.seconds // _divisor(b.seconds)))
    raise mismatch("//", a, b)


def remainder(a: Any, b: Any) -> Any:
    """`a % b`."""
    if a.__class__ in _NUMBERS and b.__class__ in _NUMBERS:
        return finite(a % _divisor(b))
    raise mismatch("%", a, b)


def power(a: Any, b: Any) -> Any:
    """`a ** b`."""
    if a.__class__ not in _NUMBERS or b.__class__ not in _NUMBERS:
        raise mismatch("**", a, b)
    if a.__class__ is int and b.__class__ is int and b > 0 and a.bit_length() * b > MAX_BITS * 2:
        raise EvaluationError("limit", "the number is too large")
    if a == 0 and b < 0:
        raise EvaluationError("argument", "division by zero")
    if a < 0 and b.__class__ is float and not b.is_integer():
        raise EvaluationError("argument", "a negative number has no such power")
    return finite(a**b)


def negative(value: Any) -> Any:
    """`-a`."""
    if value.__class__ in _NUMBERS:
        return -value
    if value.__class__ is Duration:
        return Duration(-value.seconds)
    if value.__class__ is Undefined:
        raise undefined(value)
    raise EvaluationError("type", f"{kind(value)} has no negative")


def positive(value: Any) -> Any:
    """`+a`."""
    if value.__class__ in _NUMBERS or value.__class__ is Duration:
        return value
    if value.__class__ is Undefined:
        raise undefined(value)
    raise EvaluationError("type", f"{kind(value)} is no number")


def comparison(symbol: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """`<` and its like: between numbers, texts, moments, durations."""

    def compare(a: Any, b: Any) -> bool:
        first, second = a.__class__, b.__class__
        if first in _NUMBERS and second in _NUMBERS:
            return holds(a, b)
        if first is str and second is str:
            if looks_like_moment(a) and looks_like_moment(b):
                return holds(moment_of(a).seconds, moment_of(b).seconds)
            return holds(a, b)
        if Moment in (first, second) and first in (Moment, str) and second in (Moment, str):
            return holds(moment_of(a).seconds, moment_of(b).seconds)
        if Duration in (first, second) and first in (Duration, str) and second in (Duration, str):
            return holds(duration_of(a).seconds, duration_of(b).seconds)
        raise mismatch(symbol, a, b)

    return compare


def contains(item: object, container: Any) -> bool:
    """`item in container`: an item of a list, a field of an object, a part of a text."""
    if item.__class__ is Undefined:
        raise undefined(item)
    if container.__class__ is list:
        if item.__class__ is str:
            return item in container
        return any(equal(item, other) for other in container)
    if isinstance(container, dict) and isinstance(item, str):
        return item in container
    if container.__class__ is str and isinstance(item, str):
        return item in container
    raise mismatch("in", item, container)


def concat(parts: list[object]) -> str:
    """`a ~ b`."""
    texts = [to_text(part) for part in parts]
    check_text(sum(map(len, texts)))
    return "".join(texts)


ARITHMETIC: Final[dict[Arithmetic, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": remainder,
    "**": power,
}

COMPARISONS: Final[dict[Comparison, Callable[[Any, Any], bool]]] = {
    "==": equal,
    "!=": lambda a, b: not equal(a, b),
    "<": comparison("<", operator.lt),
    "<=": comparison("<=", operator.le),
    ">": comparison(">", operator.gt),
    ">=": comparison(">=", operator.ge),
    "in": contains,
    "not in": lambda item, container: not contains(item, container),
}
