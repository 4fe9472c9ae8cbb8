"""Small values that authors write as text: durations, money, percents, identifiers, cron lines.

The one rule: a value is read once, here, and everything after works with the number. What cannot be read is refused
with a diagnostic code and a message that says what was found, then what was expected (`refused`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from recipe_engine.expr import is_template, parse_duration

DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$"
IDENTIFIER_PATTERN = r"^[a-z][a-z0-9_]*$"
SLUG_PATTERN = r"^[a-z0-9]+([-_][a-z0-9]+)*$"
PACE_PATTERN = r"^[0-9]+/.+$"

_IDENTIFIER = re.compile(IDENTIFIER_PATTERN + r"\Z")
_SLUG = re.compile(SLUG_PATTERN + r"\Z")
_MONEY = re.compile(r"(\d+(?:\.\d+)?) ?([A-Z]{3})\Z")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%\Z")
_PACE = re.compile(r"(\d+)/(.+)\Z")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217 code)."""

    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `count` starts in `seconds`."""

    count: int
    seconds: float


def shown(value: object) -> str:
    """A value as a message quotes it: short, and in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    text = str(value)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"


def refused(code: str, value: object, expected: str) -> PydanticCustomError:
    """The error of a validator that cannot read a value: `code` is that of the diagnostic it becomes."""
    return PydanticCustomError(code, "{message}", {"message": f"found {shown(value)}, expected {expected}"})


def duration(value: Any) -> float:
    """Seconds of a duration such as `15m` or `2h30m`.

    Raises the error that `refused` makes for anything else, a bare number included: its unit could not be told.
    """
    if isinstance(value, str):
        try:
            return _seconds(value)
        except ValueError:
            pass
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        raise refused("R309", value, f"a duration with its unit such as {value}s or {value}m")
    raise refused("R309", value, "a duration such as 30s, 15m, 2h30m or 10d")


@lru_cache(maxsize=512)
def _seconds(text: str) -> float:
    if not re.match(DURATION_PATTERN, text):
        raise ValueError(text)
    return parse_duration(text)


def _duration_or_template(value: Any) -> str:
    if isinstance(value, str) and is_template(value):
        return value
    duration(value)
    return str(value)


def _money(value: Any) -> Money:
    found = _MONEY.match(value) if isinstance(value, str) else None
    if found is None:
        raise refused("R310", value, "an amount and a currency such as 0.50 USD")
    return Money(float(found[1]), found[2])


def _percent(value: Any) -> float:
    found = _PERCENT.match(value) if isinstance(value, str) else None
    if found is None or float(found[1]) > 100:
        raise refused("R310", value, "a percentage from 0% to 100% such as 65%")
    return float(found[1])


def _pace(value: Any) -> Pace:
    found = _PACE.match(value) if isinstance(value, str) else None
    if found is not None and int(found[1]) > 0:
        # `20/1m` and the shorter `20/m` say the same.
        unit = found[2] if found[2][0].isdigit() else f"1{found[2]}"
        seconds = duration(unit)
        if seconds > 0:
            return Pace(int(found[1]), seconds)
    raise refused("R309", value, "a count and a duration such as 20/1m (20 a minute)")


def is_identifier(value: object) -> bool:
    """Whether a value can be the name of a step, a lane or a loop's item."""
    return isinstance(value, str) and len(value) <= 64 and _IDENTIFIER.match(value) is not None


def _identifier(value: Any) -> str:
    if is_identifier(value):
        return str(value)
    raise refused(
        "R306", value, "a name of small letters, digits and `_` that begins with a letter (at most 64 characters)"
    )


def _slug(value: Any) -> str:
    if isinstance(value, str) and _SLUG.match(value) and len(value) <= 100:
        return value
    raise refused(
        "R304", value, "small letters, digits and single hyphens such as urgent-quote (at most 100 characters)"
    )


def _cron(value: Any) -> str:
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    reason = "it is not text"
    if isinstance(value, str):
        try:
            if len(value.split()) == 5:
                next(CronSim(value, datetime(2024, 1, 1, tzinfo=UTC)))
                return value
            reason = f"it has {len(value.split())} fields"
        except CronSimError as error:
            reason = str(error).lower()
        except StopIteration:
            reason = "no such moment ever comes"
    raise refused(
        "R311",
        value,
        f"five fields: minute, hour, day of month, month, day of week, such as 0 9 * * MON-FRI ({reason})",
    )


def _timezone(value: Any) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise refused("R311", value, "a time zone such as Europe/Paris or UTC") from None
    return str(value)


def _expression(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.strip():
        return value
    raise refused("R303", value, "an expression such as score >= 0.7")


def _text(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise refused("R303", value, "text")


def _sort(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in (value if isinstance(value, list) else [value]))


def _limit(value: Any) -> int | str:
    if isinstance(value, str) and is_template(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise refused("R303", value, "a whole number from 0, or a template that gives one")


def _object_or_template(value: Any) -> dict[str, Any] | str:
    if isinstance(value, dict) or (isinstance(value, str) and is_template(value)):
        return value
    raise refused("R303", value, "an object, or a template that gives one")


def _codes(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise refused("R303", value, "a list of failure codes such as [timeout, rate_limit]")


def _schema(kind: str, description: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "description": description, **more})


Duration = Annotated[
    float,
    BeforeValidator(duration),
    _schema("string", "A duration: 30s, 15m, 2h30m, 10d.", pattern=DURATION_PATTERN, examples=["15m"]),
]
DurationTemplate = Annotated[
    str,
    BeforeValidator(_duration_or_template),
    _schema(
        "string", "A duration (15m, 24h, 10d) or a template that gives one.", pattern=rf"{DURATION_PATTERN}|\{{\{{"
    ),
]
MoneyValue = Annotated[
    Money,
    PlainValidator(_money),
    _schema("string", "An amount and a currency: 0.50 USD.", pattern=r"^[0-9]+(\.[0-9]+)? ?[A-Z]{3}$"),
]
Percent = Annotated[
    float,
    BeforeValidator(_percent),
    _schema("string", "A percentage: 65%.", pattern=r"^[0-9]+(\.[0-9]+)? ?%$"),
]
PaceValue = Annotated[
    Pace,
    PlainValidator(_pace),
    _schema("string", "At most so many in so long: 20/1m.", pattern=PACE_PATTERN, examples=["20/1m"]),
]
Identifier = Annotated[
    str,
    BeforeValidator(_identifier),
    _schema("string", "A name: small letters, digits and _.", pattern=IDENTIFIER_PATTERN, maxLength=64),
]
Slug = Annotated[
    str,
    BeforeValidator(_slug),
    _schema("string", "A name for files and addresses: urgent-quote.", pattern=SLUG_PATTERN, maxLength=100),
]
Cron = Annotated[
    str,
    BeforeValidator(_cron),
    _schema("string", "Minute, hour, day of month, month, day of week.", examples=["0 9 * * MON-FRI"]),
]
TimeZone = Annotated[
    str, BeforeValidator(_timezone), _schema("string", "A time zone: Europe/Paris.", examples=["Europe/Paris"])
]
Expression = Annotated[
    str,
    BeforeValidator(_expression),
    WithJsonSchema({"type": ["string", "boolean"], "description": "An expression, without braces: score >= 0.7"}),
]
Template = Annotated[
    str, BeforeValidator(_text), _schema("string", "Text, in which {{ expressions }} are replaced by their value.")
]
SortKeys = Annotated[
    tuple[str, ...],
    PlainValidator(_sort),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
            "description": "A field to sort by, or several; `-` before it sorts downward.",
        }
    ),
]
Limit = Annotated[
    int | str,
    PlainValidator(_limit),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}),
]
ObjectTemplate = Annotated[
    dict[str, Any] | str,
    PlainValidator(_object_or_template),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string"}]}),
]
Codes = Annotated[
    tuple[str, ...],
    PlainValidator(_codes),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "examples": [["timeout", "rate_limit"]]}),
]
