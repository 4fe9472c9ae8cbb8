"""The types of fields and items: what `a.b` and `a[b]` have.

The one rule: a field that no value of the type can have is reported; one that only some values have gets the type it has
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from recipe_engine.diagnostics import suggest
from recipe_engine.expr.access import DURATION_FIELDS, MOMENT_FIELDS
from recipe_engine.expr.inference import ProblemKind
from recipe_engine.expr.types import (
    FILE_FIELDS,
    AnyT,
    ArrayT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    describe,
    listing,
    may_be_moment,
    members,
    union,
)

# Told of a problem: kind, message, hint.
Tell = Callable[[ProblemKind, str, str | None], None]

# What authors write as a field, and which filter they want.
_FILTERS: Final = {
    "length": "length",
    "size": "length",
    "count": "length",
    "first": "first",
    "last": "last",
    "upper": "upper",
    "lower": "lower",
    "trim": "trim",
    "keys": "keys",
    "values": "values",
}


def field_type(type_: Type, name: str, label: str, tell: Tell) -> Type:
    """The type of the field `name` of a value, which messages call `label`."""
    found: list[Type] = []
    known: list[str] = []
    lacking: list[Type] = []
    for member in members(type_):
        match member:
            case NullT():
                continue
            case AnyT():
                found.append(member)
            case ObjectT():
                field = member.properties.get(name, member.rest if member.open else None)
                known += member.properties
                found += [field] if field is not None else []
            case FileT():
                known += FILE_FIELDS
                found += [FILE_FIELDS[name]] if name in FILE_FIELDS else []
            case MomentT():
                known += MOMENT_FIELDS
                found += [IntT()] if name in MOMENT_FIELDS else []
            case DurationT():
                known += DURATION_FIELDS
                found += [NumberT()] if name in DURATION_FIELDS else []
            case _:
                lacking.append(member)
    if not found and (known or any(isinstance(member, ObjectT) for member in members(type_))):
        tell("unknown_field", f"{label} has no field `{name}`", _suggestion(name, known))
    elif not found and lacking:
        _tell_no_fields(lacking, name, label, tell)
    return union(*found)


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = suggest(name, known)
    return f"did you mean `{near}`?" if near else f"its fields are: {listing(dict.fromkeys(known)) or 'none'}"


def _tell_no_fields(lacking: list[Type], name: str, label: str, tell: Tell) -> None:
    if any(isinstance(member, SecretT) for member in lacking):
        tell("secret_misused", f"{label} is a secret: nothing can be read from it", None)
        return
    hint = f"write `| {_FILTERS[name]}`" if name in _FILTERS else None
    for member in lacking:
        if isinstance(member, StringT) and name in MOMENT_FIELDS and may_be_moment(member):
            hint = f"a date that comes from elsewhere is text: write `({label.strip('`')} | moment).{name}`"
        elif isinstance(member, ArrayT):
            hint = hint or "a list has items: write `| first`, `[0]`, or go over it with `for`"
    tell("wrong_type", f"{label} is {describe(union(*lacking))}, which has no field `{name}`", hint)


def item_type_at(type_: Type, key: Type, label: str, tell: Tell) -> Type:
    """The type of `value[key]` for a key that is computed."""
    found: list[Type] = []
    for member in members(type_):
        match member:
            case AnyT():
                found.append(member)
            case NullT():
                continue
            case ArrayT() if _may_be(key, IntT, NumberT):
                found.append(member.item)
            case StringT() if _may_be(key, IntT, NumberT):
                found.append(StringT())
            case ObjectT() if _may_be(key, StringT, IntT, NumberT):
                found += member.properties.values()
                found += [member.rest] if member.open else []
            case FileT() if _may_be(key, StringT):
                found += FILE_FIELDS.values()
            case _:
                continue
    if not found and any(not isinstance(member, (NullT, ObjectT)) for member in members(type_)):
        tell("wrong_type", f"{label} is {describe(type_)}, which has no item at {describe(key)}", None)
    return union(*found)


def _may_be(type_: Type, *kinds: type) -> bool:
    return any(isinstance(member, (AnyT, *kinds)) for member in members(type_))


def path_type(type_: Type, path: str, label: str, tell: Tell) -> Type:
    """The type at a dotted path (`customer.email`, `lines.0.price`) inside a value; `.` and nothing are the value."""
    if path in ("", "."):
        return type_
    current = type_
    for part in path.split("."):
        lists = [member for member in members(current) if isinstance(member, ArrayT)]
        if lists and part.isdigit():
            current = union(*(member.item for member in lists))
        else:
            current = field_type(current, part, label, tell)
        label = f"`{part}`"
    return current
