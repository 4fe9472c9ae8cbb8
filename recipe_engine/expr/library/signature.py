"""Signatures of functions as text: `replace(value: text, old: text, new: text = '') -> text`.

The one rule: what the reference shows is what is checked. A signature is read once, into parameters that check values
as they come and types that check expressions before they run. `T` in it is whatever type the argument has there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    members,
    union,
)

_WORDS: Final[Mapping[str, Type]] = {
    "any": AnyT(),
    "null": NullT(),
    "bool": BoolT(),
    "int": IntT(),
    "number": NumberT(),
    "text": StringT(),
    "date": StringT(None, "date"),
    "list": ArrayT(AnyT()),
    "object": ObjectT(open=True),
    "moment": MomentT(),
    "duration": DurationT(),
    "file": FileT(),
}
_DEFAULTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None, "[]": []}
_VARIABLES: Final = frozenset({"T", "U"})
_WHOLE = re.compile(r"(\w+)\((.*)\) -> (.+)\Z", re.DOTALL)
_PARAMETER = re.compile(r"(\*?)(\w+): ([^=]+?)(?: = (.+))?\Z")


@dataclass(frozen=True, slots=True)
class Variable:
    """A type that the argument decides."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of a type that the argument decides."""

    item: Shape


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several, some of which the argument decides."""

    shapes: tuple[Shape, ...]


# A type with holes in it.
Shape: TypeAlias = Type | Variable | ListOf | OneOf


class _Required:
    """Stands for the default of a parameter that must be given."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Read:
    """A signature taken apart: name, parameters as (name, shape, default, many), and what is returned."""

    name: str
    parameters: tuple[tuple[str, Shape, Any, bool], ...]
    returns: Shape


def read_signature(text: str) -> Read:
    """The parts of a signature. Raises ValueError when it is not written as one."""
    whole = _WHOLE.match(text)
    if whole is None:
        raise ValueError(f"{text!r} is not a signature")
    parameters: list[tuple[str, Shape, Any, bool]] = []
    for part in _split(whole[2], ","):
        found = _PARAMETER.match(part)
        if found is None:
            raise ValueError(f"{part!r} is not a parameter")
        many, name, shape, default = found.groups()
        parameters.append((name, read_shape(shape), REQUIRED if default is None else _default(default), bool(many)))
    return Read(whole[1], tuple(parameters), read_shape(whole[3]))


def _default(text: str) -> Any:
    """The value of a default: a word, a list without items, a text between quotes, or a whole number."""
    if text in _DEFAULTS:
        return _DEFAULTS[text]
    return text[1:-1] if text.startswith("'") else int(text)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside brackets and quotes."""
    parts, start, depth, quote = [], 0, 0, ""
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def read_shape(text: str) -> Shape:
    """A type as signatures write it: `text | null`, `list[T]`."""
    options = [_read_one(part) for part in _split(text, "|")]
    if len(options) == 1:
        return options[0]
    if any(isinstance(option, (Variable, ListOf, OneOf)) for option in options):
        return OneOf(tuple(options))
    return union(*(type_of(option, {}) for option in options))


def _read_one(text: str) -> Shape:
    if text in _VARIABLES:
        return Variable(text)
    if text.startswith("list[") and text.endswith("]"):
        item = read_shape(text[5:-1])
        return ListOf(item) if isinstance(item, (Variable, ListOf, OneOf)) else ArrayT(item)
    if text.startswith("object[") and text.endswith("]"):
        return ObjectT(open=True, rest=type_of(read_shape(text[7:-1]), {}))
    if text not in _WORDS:
        raise ValueError(f"{text!r} is not a type of signatures")
    return _WORDS[text]


def type_of(shape: Shape, bound: Mapping[str, Type]) -> Type:
    """The type of a shape once its variables are bound; an unbound one is anything."""
    match shape:
        case Variable():
            return bound.get(shape.name, AnyT())
        case ListOf():
            return ArrayT(type_of(shape.item, bound))
        case OneOf():
            return union(*(type_of(part, bound) for part in shape.shapes))
        case _:
            return shape


def bind(shape: Shape, given: Type, bound: dict[str, Type]) -> None:
    """Bind the variables of a parameter's shape from the type of its argument."""
    match shape:
        case Variable():
            bound[shape.name] = union(bound[shape.name], given) if shape.name in bound else given
        case ListOf():
            items = [member.item for member in members(given) if isinstance(member, ArrayT)]
            bind(shape.item, union(*items) if items else AnyT(), bound)
        case OneOf():
            for part in shape.shapes:
                bind(part, given, bound)
        case _:
            return


def has_variable(shape: Shape) -> bool:
    """Whether the arguments decide anything of a shape."""
    return isinstance(shape, (Variable, ListOf, OneOf))
