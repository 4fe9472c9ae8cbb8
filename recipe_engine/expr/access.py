"""Reading inside values: fields, items, slices.

The one rule: only what the value holds is reachable. A field is a key of an object, never an attribute of Python;
moments and durations have the few fields named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone, tzinfo
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError, Undefined, undefined
from recipe_engine.expr.moments import DEFAULT_TIMEZONE, datetime_of, zone
from recipe_engine.expr.values import Duration, Moment, kind

MOMENT_FIELDS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "year": lambda at: at.year,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "second": lambda at: at.second,
}
# How many seconds the whole duration is divided by.
DURATION_FIELDS: Final[Mapping[str, int]] = {
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86_400,
    "weeks": 604_800,
}


def field_of(value: Any, name: str, label: str) -> object:
    """`value.name`. What is not there is undefined; `label` says in its reason where it was looked for."""
    if isinstance(value, dict):
        try:
            return value[name]
        except KeyError:
            return Undefined(f"{label} has no field `{name}`")
    if value is None:
        return Undefined(f"{label} is null, so it has no field `{name}`")
    match value:
        case Undefined():
            return value
        case Moment() if name in MOMENT_FIELDS:
            return MOMENT_FIELDS[name](datetime_of(value.seconds, shown_zone(value)))
        case Duration() if name in DURATION_FIELDS:
            return value.seconds / DURATION_FIELDS[name]
        case _:
            raise EvaluationError("type", f"{label} is {kind(value)}, which has no field `{name}`")


def shown_zone(moment: Moment) -> tzinfo:
    """The zone in which a moment is shown to people: its own when it was put into one, else the default one. The offset
    of a text says where the text came from, not where its reader is."""
    return zone(DEFAULT_TIMEZONE) if isinstance(moment.zone, timezone) and not moment.placed else moment.zone


def item_of(value: Any, key: Any, label: str) -> object:
    """`value[key]`: a field of an object by its name, an item of a list or a character of a text by its place."""
    if key.__class__ is Undefined:
        raise undefined(key)
    if key.__class__ is str:
        return field_of(value, key, label)
    if key.__class__ is int and isinstance(value, dict):
        return field_of(value, str(key), label)
    if key.__class__ is int and value.__class__ in (list, str):
        if -len(value) <= key < len(value):
            return value[key]
        return Undefined(
            f"{label} has {len(value)} {'items' if value.__class__ is list else 'characters'}, none at {key}"
        )
    if value.__class__ is Undefined:
        return value
    if value is None:
        return Undefined(f"{label} is null, so it has no items")
    raise EvaluationError("type", f"{label} is {kind(value)}, which has no item at {kind(key)}")


def slice_of(value: Any, first: Any, last: Any, step: Any, label: str) -> object:
    """`value[first:last:step]` of a list or a text."""
    for bound in (first, last, step):
        if bound.__class__ is Undefined:
            raise undefined(bound)
        if bound is not None and bound.__class__ is not int:
            raise EvaluationError("type", f"a slice goes from one whole number to another, and {kind(bound)} was found")
    if step == 0:
        raise EvaluationError("argument", "the step of a slice cannot be 0")
    if value.__class__ is list or value.__class__ is str:
        return value[first:last:step]
    if value.__class__ is Undefined:
        return value
    raise EvaluationError("type", f"{label} is {kind(value)}, which cannot be sliced")


def value_at(value: object, path: str, label: str) -> object:
    """The value at a dotted path: `customer.address.city`, `lines.0.price`."""
    current = value
    for part in path.split("."):
        place = int(part) if part.isascii() and part.isdigit() and len(part) < 10 else None
        if current.__class__ is list and place is not None:
            current = item_of(current, place, label)
        else:
            current = field_of(current, part, label)
    return current
