"""Frozen dataclasses to plain JSON and back, driven by their annotations.

The one rule: a field that has its default value is left out, so that the journal stays small and a later version can
add fields with defaults: anywhere in an object, at the end of a row. Unions of dataclasses are told apart by a `kind` field.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, Literal, Union

from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject

Decoder = Callable[[JSON], Any]
_PLAIN = frozenset({str, int, float, bool, list})
_IN_ROWS = _PLAIN | {dict}


@cache
def _fields(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    """Name, default and always-written flag of each field."""
    found = []
    for item in dataclasses.fields(cls):
        default = item.default
        if item.default_factory is not dataclasses.MISSING:
            default = item.default_factory()
        found.append((item.name, default, item.name == "kind"))
    return tuple(found)


def encode(value: Any) -> JSON:
    """The JSON form of a dataclass, a Failure, or a container of them; other values are JSON already."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Failure):
        return value.to_json()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        data: JSONObject = {}
        for name, default, always in _fields(type(value)):
            item = getattr(value, name)
            if always or default is dataclasses.MISSING or item != default or type(item) is not type(default):
                data[name] = encode(item)
        return data
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, dict) and any(dataclasses.is_dataclass(item) for item in value.values()):
        return {key: encode(item) for key, item in value.items()}
    return value


@cache
def _row_reader(cls: type) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[Any, ...]]:
    """What reads all fields of a dataclass at once, and their defaults."""
    found = _fields(cls)
    names = [name for name, _, _ in found]
    read: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()
    return (read if len(names) != 1 else lambda value: (read(value),)), tuple(default for _, default, _ in found)


def encode_row(value: Any) -> list[JSON]:
    """The values of a dataclass's fields in their order; those at the end that have their default are left out.

    Dictionaries are taken for JSON.
    """
    read, defaults = _row_reader(type(value))  # type: ignore[arg-type]  # a class is hashable
    row = list(read(value))
    while row and _is_default(row[-1], defaults[len(row) - 1]):
        row.pop()
    for index, item in enumerate(row):
        if item is not None and type(item) not in _IN_ROWS:
            row[index] = encode(item)
    return row


def _is_default(item: Any, default: Any) -> bool:
    return item is default or (default is not dataclasses.MISSING and type(item) is type(default) and item == default)


@cache
def row_decoder(cls: type) -> Callable[[list[JSON]], Any]:
    """A function that builds a `cls` from the row that `encode_row` made."""
    hints = typing.get_type_hints(cls)
    decoders = [_for_annotation(hints[item.name]) for item in dataclasses.fields(cls)]

    def decode(row: list[JSON]) -> Any:
        return cls(*[decode_item(item) for decode_item, item in zip(decoders, row, strict=False)])

    return decode


def _same(value: JSON) -> JSON:
    return value


@cache
def decoder(cls: type) -> Decoder:
    """A function that builds a `cls` from the JSON that `encode` made."""
    if cls is Failure:
        return Failure.from_json
    hints = typing.get_type_hints(cls)
    decoders: dict[str, Decoder] = {}

    def decode(data: JSONObject) -> Any:
        if not decoders:
            decoders.update({item.name: _for_annotation(hints[item.name]) for item in dataclasses.fields(cls)})
        return cls(**{name: decoders[name](item) for name, item in data.items()})

    return decode


def _for_annotation(annotation: Any) -> Decoder:
    """The decoder for what an annotation admits; JSON and plain scalars pass as they are."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        classes = [item for item in arguments if isinstance(item, type) and dataclasses.is_dataclass(item)]
        if len(classes) == 1:
            one = decoder(classes[0])
            return lambda data: one(data) if isinstance(data, dict) else data
        if classes:
            kinds = {typing.get_args(typing.get_type_hints(item)["kind"])[0]: decoder(item) for item in classes}
            return lambda data: kinds[data["kind"]](data) if isinstance(data, dict) else data
        return _same
    if origin is tuple:
        item_decoder = _for_annotation(arguments[0])
        return lambda data: tuple(item_decoder(item) for item in data)
    if origin is dict:
        value_decoder = _for_annotation(arguments[1])
        return _same if value_decoder is _same else lambda data: {k: value_decoder(v) for k, v in data.items()}
    if origin is Literal:
        return _same
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return decoder(annotation)
    return _same
