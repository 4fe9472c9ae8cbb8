"""Values inside an expression: plain JSON, and two kinds that JSON has not, moments and durations.

The one rule: a value leaves an expression through `to_json` (or `to_text`, for text), where moments and durations become
text and what is undefined becomes an error.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, TypeAlias

from recipe_engine.expr.durations import format_duration, parse_duration
from recipe_engine.expr.errors import EvaluationError, Undefined, undefined
from recipe_engine.expr.limits import MAX_DEPTH, MAX_NODES, TEXT_SHIFT, check_text
from recipe_engine.expr.moments import EARLIEST, LATEST, format_iso, parse_iso

# JSON enters here.
JSON: TypeAlias = Any


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time: seconds since 1970 (UTC), written in `zone`.

    `placed` says that the zone was chosen (`in_timezone`), not just found in a text: days are counted in it then.
    """

    seconds: float
    zone: tzinfo = field(default=UTC, compare=False)
    placed: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if not EARLIEST <= self.seconds <= LATEST:
            raise EvaluationError("limit", "the moment is outside of the years 1 to 9999")

    def later(self, seconds: float) -> Moment:
        """The moment that many seconds later."""
        return Moment(self.seconds + seconds, self.zone, self.placed)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in seconds; it may be negative."""

    seconds: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.seconds) or abs(self.seconds) > LATEST - EARLIEST:
            raise EvaluationError("limit", "the duration is longer than 9999 years")


def kind(value: object) -> str:
    """What a value is, in words that stand in a sentence."""
    if value is None:
        return "null"
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case Moment():
            return "a moment"
        case Duration():
            return "a duration"
        case Undefined():
            return "undefined"
        case _:
            return f"a {type(value).__name__}"


def shown(value: object, length: int = 40) -> str:
    """A value in an error message: its kind, and the value itself when it is short."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        text = repr(value) if len(str(value)[: length + 1]) <= length else f"{str(value)[:length]!r}..."
        return f"{kind(value)} ({text})"
    return kind(value)


def truthy(value: object) -> bool:
    """Whether a value counts as true: not null, false, zero, empty. An undefined one raises EvaluationError."""
    if value.__class__ is Undefined:
        raise undefined(value)
    if value.__class__ is Duration:
        return value.seconds != 0
    return bool(value)


def to_json(value: object) -> JSON:
    """A value as plain JSON: moments as ISO 8601 text, durations as `2h30m`. Raises EvaluationError for what is
    undefined, and `limit` for what is nested too deeply or too large."""
    return _Leaving().convert(value, 0)


class _Leaving:
    """Converts one value, counting what is in it."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def convert(self, value: object, depth: int) -> JSON:
        cls = value.__class__
        if cls is str or cls is int or cls is bool or value is None:
            return value
        self.left -= 1
        if depth > MAX_DEPTH:
            raise EvaluationError("limit", f"the value is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, dict):
            self.left -= len(value)
            self.check()
            return {key: self.convert(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            self.left -= len(value)
            self.check()
            return [self.convert(item, depth + 1) for item in value]
        return _scalar(value)

    def check(self) -> None:
        if self.left < 0:
            raise EvaluationError("limit", f"the value holds more than {MAX_NODES:,} values")


def _scalar(value: object) -> JSON:
    match value:
        case Moment():
            return format_iso(value.seconds, value.zone)
        case Duration():
            return format_duration(value.seconds)
        case Undefined():
            raise undefined(value)
        case float() if not math.isfinite(value):
            raise EvaluationError("limit", "the number is not finite")
        case str() | int() | float():
            return value
        case _:
            raise EvaluationError("type", f"{kind(value)} is no value of the language")


def to_text(value: object) -> str:
    """A value as it is printed: null as nothing, 2.0 as 2, lists and objects as JSON."""
    if value.__class__ is str:
        return value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return number_text(value)
        case list() | dict():
            return json_text(value)
        case _:
            return str(to_json(value))


def number_text(value: float) -> str:
    """A number with decimals as it is printed: without `.0`, never with an exponent where digits do."""
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(value)


def json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON text."""
    text = json.dumps(to_json(value), ensure_ascii=False, indent=indent)
    check_text(len(text))
    return text


def equal(a: object, b: object) -> bool:
    """Whether two values are the same. true is not 1; a moment is the same as the text that names it."""
    first, second = a.__class__, b.__class__
    if first is second:
        if first is dict or first is list:
            return bool(_plain(a) == _plain(b))
        _check_there(a)
        return a == b
    _check_there(a)
    _check_there(b)
    if first is bool or second is bool:
        return False
    if first is Moment and second is str:
        return _same_time(a, b, moment_of)
    if first is str and second is Moment:
        return _same_time(b, a, moment_of)
    if first is Duration and second is str:
        return _same_time(a, b, duration_of)
    if first is str and second is Duration:
        return _same_time(b, a, duration_of)
    return a == b


def _check_there(value: object) -> None:
    if isinstance(value, Undefined):
        raise undefined(value)


def _same_time(value: object, text: object, read: Any) -> bool:
    try:
        return bool(value == read(text))
    except EvaluationError:
        return False


def _plain(value: object) -> object:
    """A list or an object in a form whose parts compare as `equal` does. The walk is bounded as in `to_json`."""
    return _distinct(to_json(value))


def _distinct(value: JSON) -> object:
    match value:
        case bool():
            return ("bool", value)
        case list():
            return [_distinct(item) for item in value]
        case dict():
            return {key: _distinct(item) for key, item in value.items()}
        case _:
            return value


def key_of(value: object) -> object:
    """What stands for a value where values are grouped or told apart: equal values have equal, hashable keys."""
    match value:
        case str() | None:
            return value
        case bool():
            return ("bool", value)
        case int() | float():
            return value
        case Moment() | Duration():
            return to_json(value)
        case _:
            return ("json", json.dumps(to_json(value), sort_keys=True))


def weigh(value: object, at_most: int) -> int:
    """How many values a value is made of, blocks of text counted; counting stops above `at_most`."""
    count = 0
    waiting: list[Any] = [value]
    while waiting and count <= at_most:
        current = waiting.pop()
        if isinstance(current, str):
            count += 1 + (len(current) >> TEXT_SHIFT)
        elif isinstance(current, dict):
            count += 1 + len(current)
            waiting += [item for item in current.values() if isinstance(item, (str, list, dict))]
        elif isinstance(current, list):
            count += 1 + len(current)
            waiting += [item for item in current if isinstance(item, (str, list, dict))]
    return count


def moment_of(value: object) -> Moment:
    """The moment that a value is or names: a moment, or an ISO 8601 text. Raises EvaluationError."""
    if value.__class__ is Moment:
        return value
    if isinstance(value, str):
        try:
            parsed = parse_iso(value)
        except ValueError as error:
            raise EvaluationError("argument", str(error)) from error
        return Moment(parsed.timestamp(), parsed.tzinfo or UTC)
    if isinstance(value, Undefined):
        raise undefined(value)
    raise EvaluationError("type", f"a moment is expected, and {shown(value)} was found")


def duration_of(value: object) -> Duration:
    """The duration that a value is or names (`2h30m`). Raises EvaluationError."""
    if value.__class__ is Duration:
        return value
    if isinstance(value, str):
        try:
            return Duration(parse_duration(value))
        except ValueError as error:
            raise EvaluationError("argument", str(error)) from error
    if isinstance(value, Undefined):
        raise undefined(value)
    raise EvaluationError("type", f"a duration is expected, and {shown(value)} was found")


def to_moment(value: object) -> float:
    """Seconds since 1970 of a moment, or of an ISO 8601 text. Raises EvaluationError (a ValueError)."""
    return moment_of(value).seconds
