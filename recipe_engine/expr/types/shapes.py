"""The types of values, as frozen data.

The one rule: a type says what is certain. What nobody knows is `AnyT`, which fits everywhere and is never reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

_MOST_MEMBERS = 12
_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class AnyT:
    """A value of which nothing is known."""


@dataclass(frozen=True, slots=True)
class NullT:
    """null."""


@dataclass(frozen=True, slots=True)
class BoolT:
    """true or false."""


@dataclass(frozen=True, slots=True)
class IntT:
    """A whole number."""


@dataclass(frozen=True, slots=True)
class NumberT:
    """A number, whole or not."""


@dataclass(frozen=True, slots=True)
class StringT:
    """A text: one of `enum` when given, written as `format` (JSON Schema's word: email, date-time) when given."""

    enum: tuple[str, ...] | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class ArrayT:
    """A list."""

    item: Type = field(default_factory=AnyT)


@dataclass(frozen=True, slots=True, eq=True)
class ObjectT:
    """An object. A closed one has no other field than `properties`; in an open one the others are of type `rest`."""

    properties: Mapping[str, Type] = field(default_factory=dict, hash=False)
    required: frozenset[str] = frozenset()
    open: bool = False
    rest: Type = field(default_factory=AnyT)


@dataclass(frozen=True, slots=True)
class UnionT:
    """One of several types. Made by `union`, which keeps it flat."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class MomentT:
    """A point in time. It leaves an expression as an ISO 8601 text."""


@dataclass(frozen=True, slots=True)
class DurationT:
    """A length of time. It leaves an expression as a text such as 2h30m."""


@dataclass(frozen=True, slots=True)
class FileT:
    """A file held by reference: an object with digest, name, media_type and size."""


@dataclass(frozen=True, slots=True)
class SecretT:
    """A secret: it may be put into a text, nothing else."""


Type: TypeAlias = (
    AnyT | NullT | BoolT | IntT | NumberT | StringT | ArrayT | ObjectT | UnionT | MomentT | DurationT | FileT | SecretT
)

_PLURALS: Mapping[type, str] = {
    BoolT: "true and false",
    IntT: "whole numbers",
    NumberT: "numbers",
    StringT: "texts",
    ArrayT: "lists",
    ObjectT: "objects",
    FileT: "files",
    MomentT: "moments",
    DurationT: "durations",
}

FILE_FIELDS: Mapping[str, Type] = {
    "digest": StringT(),
    "name": StringT(),
    "media_type": StringT(),
    "size": IntT(),
}


def members(type_: Type) -> tuple[Type, ...]:
    """The types of a union; a tuple of one for any other type."""
    return type_.members if isinstance(type_, UnionT) else (type_,)


def union(*types: Type) -> Type:
    """The type of a value that has one of `types`: flat, without repetition, the wider one absorbing the narrower.

    No types at all give `AnyT`.
    """
    kept: list[Type] = []
    for type_ in (member for given in types for member in members(given)):
        if isinstance(type_, AnyT):
            return type_
        for index, other in enumerate(kept):
            merged = _merge(other, type_)
            if merged is not None:
                kept[index] = merged
                break
        else:
            kept.append(type_)
    if not kept or len(kept) > _MOST_MEMBERS:
        return AnyT()
    return kept[0] if len(kept) == 1 else UnionT(tuple(kept))


def _merge(a: Type, b: Type) -> Type | None:
    """One type for both, or None when they stay apart."""
    if a == b:
        return a
    match a, b:
        case (IntT() | NumberT(), IntT() | NumberT()):
            return NumberT()
        case StringT(), StringT():
            return _merge_texts(a, b)
        case ArrayT(), ArrayT():
            return ArrayT(union(a.item, b.item))
        case _:
            return None


def _merge_texts(a: StringT, b: StringT) -> StringT:
    shared = a.format if a.format == b.format else None
    if a.enum is None or b.enum is None:
        return StringT(None, shared)
    return StringT((*a.enum, *(value for value in b.enum if value not in a.enum)), shared)


def nullable(type_: Type) -> bool:
    """Whether null is one of the values, as far as is known."""
    return any(isinstance(member, NullT) for member in members(type_))


def without_null(type_: Type) -> Type:
    """The type of a value once null is ruled out; null itself stays null."""
    left = [member for member in members(type_) if not isinstance(member, NullT)]
    return union(*left) if left else type_


def describe(type_: Type) -> str:
    """The type in words that stand in a sentence: `a number`, `a list of text`, `text or null`."""
    match type_:
        case AnyT():
            return "anything"
        case NullT():
            return "null"
        case BoolT():
            return "true or false"
        case IntT():
            return "a whole number"
        case NumberT():
            return "a number"
        case StringT():
            return _describe_text(type_)
        case ArrayT():
            plural = _PLURALS.get(type(type_.item))
            return f"a list of {plural}" if plural else "a list"
        case ObjectT():
            return _describe_object(type_)
        case UnionT():
            words = [describe(member) for member in type_.members if not isinstance(member, NullT)]
            return " or ".join([*words, "null"] if nullable(type_) else words)
        case MomentT():
            return "a moment"
        case DurationT():
            return "a duration"
        case FileT():
            return "a file"
        case SecretT():
            return "a secret"
        case _:
            assert_never(type_)


def _describe_text(type_: StringT) -> str:
    if type_.enum is not None:
        shown = ", ".join(f"'{value}'" for value in type_.enum[:_MOST_NAMES])
        more = ", ..." if len(type_.enum) > _MOST_NAMES else ""
        return f"the text {shown}" if len(type_.enum) == 1 else f"one of {shown}{more}"
    return f"text ({type_.format})" if type_.format else "text"


def _describe_object(type_: ObjectT) -> str:
    if not type_.properties:
        return "an object"
    return f"an object with {listing(type_.properties)}"


def listing(names: Iterable[str]) -> str:
    """Names in a row, at most six of them: `id, name, email, ...`."""
    ordered = list(names)
    return ", ".join(ordered[:_MOST_NAMES]) + (", ..." if len(ordered) > _MOST_NAMES else "")


def values_of(type_: Type) -> Type:
    """The type of the values of an object's fields, anything when it is no object or may be something unknown."""
    fields: list[Type] = []
    for member in members(type_):
        if isinstance(member, ObjectT):
            fields += member.properties.values()
            if member.open:
                fields.append(member.rest)
        elif isinstance(member, AnyT):
            return member
    return union(*fields)


def leaving(type_: Type) -> Type:
    """The type that a value has once it has left the expression: moments and durations are text then."""
    match type_:
        case MomentT():
            return StringT(None, "date-time")
        case DurationT():
            return StringT()
        case ArrayT():
            return ArrayT(leaving(type_.item))
        case ObjectT():
            fields = {name: leaving(field) for name, field in type_.properties.items()}
            return ObjectT(fields, type_.required, type_.open, leaving(type_.rest))
        case UnionT():
            return union(*(leaving(member) for member in type_.members))
        case _:
            return type_


def holds_secret(type_: Type) -> bool:
    """Whether a secret is the value, or a field or an item of it."""
    match type_:
        case SecretT():
            return True
        case ArrayT():
            return holds_secret(type_.item)
        case ObjectT():
            return any(holds_secret(field) for field in (*type_.properties.values(), type_.rest))
        case UnionT():
            return any(holds_secret(member) for member in type_.members)
        case _:
            return False
