"""Functions that work on objects."""

from __future__ import annotations

from typing import Any, Final

from recipe_engine.expr.access import value_at
from recipe_engine.expr.errors import EvaluationError, Undefined
from recipe_engine.expr.library.function import Function, Given, function
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    NullT,
    ObjectT,
    StringT,
    Type,
    members,
    union,
    values_of,
)
from recipe_engine.expr.values import kind, to_text

TITLE: Final = "Objects"


def _keys(value: dict[str, Any]) -> list[str]:
    return list(value)


def _values(value: dict[str, Any]) -> list[Any]:
    return list(value.values())


def _objects(type_: Type) -> list[ObjectT] | None:
    """The objects that a value may be, None when it may be something unknown."""
    found = [member for member in members(type_) if isinstance(member, ObjectT)]
    return None if any(isinstance(member, AnyT) for member in members(type_)) or not found else found


def _values_type(given: Given) -> Type:
    return ArrayT(values_of(given.types["value"]))


def _items(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": item} for key, item in value.items()]


def _items_type(given: Given) -> Type:
    fields = {"key": StringT(), "value": values_of(given.types["value"])}
    return ArrayT(ObjectT(fields, frozenset(fields)))


def _from_items(items: list[Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, dict) or "key" not in item or "value" not in item:
            raise EvaluationError(
                "type", f"from_items: each item is an object with key and value, and {kind(item)} was found"
            )
        result[to_text(item["key"])] = item["value"]
    return result


def _merge(*objects: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for each in objects:
        merged.update(each)
    return merged


def _merge_type(given: Given) -> Type:
    merged = ObjectT()
    for type_ in given.each.get("objects", ()):
        objects = _objects(type_)
        if objects is None or len(objects) != 1:
            return ObjectT(open=True)
        one = objects[0]
        properties = {**merged.properties, **one.properties}
        for name, before in merged.properties.items():
            if name in one.properties and name not in one.required:
                properties[name] = union(before, one.properties[name])
            elif name not in one.properties and one.open:
                properties[name] = union(before, one.rest)
        rest = union(*(part.rest for part in (merged, one) if part.open)) if merged.open or one.open else AnyT()
        merged = ObjectT(properties, merged.required | one.required, merged.open or one.open, rest)
    return merged


def _pick(value: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value[name] for name in fields if name in value}


def _omit(value: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in fields}


def _constant_names(given: Given) -> tuple[str, ...] | None:
    names = given.constants.get("fields")
    return names if isinstance(names, tuple) and all(isinstance(name, str) for name in names) else None


def _pick_type(given: Given) -> Type:
    objects, names = _objects(given.types["value"]), _constant_names(given)
    if objects is None or len(objects) != 1 or names is None:
        return ObjectT(open=True)
    for name in names:
        given.field(objects[0], name, "fields")
    kept = {name: field for name, field in objects[0].properties.items() if name in names}
    if objects[0].open:
        kept |= {name: objects[0].rest for name in names if name not in kept}
    return ObjectT(kept, objects[0].required & frozenset(names))


def _omit_type(given: Given) -> Type:
    objects, names = _objects(given.types["value"]), _constant_names(given)
    if objects is None or len(objects) != 1 or names is None:
        return ObjectT(open=True)
    one = objects[0]
    kept = {name: field for name, field in one.properties.items() if name not in names}
    return ObjectT(kept, one.required - frozenset(names), one.open, one.rest)


def _get(value: Any, path: str, fallback: Any) -> Any:
    found = value if value.__class__ is Undefined else value_at(value, path, "the value")
    return fallback if found is None or found.__class__ is Undefined else found


def _get_type(given: Given) -> Type:
    path = given.constants.get("path")
    found = given.field(given.types["value"], path, "path") if isinstance(path, str) else AnyT()
    return union(found, given.types["fallback"]) if "fallback" in given.types else union(found, NullT())


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "keys(value: object) -> list[text]", "The names of the fields.", ("{'a': 1, 'b': 2} | keys", ["a", "b"]), _keys
    ),
    function(
        "values(value: object) -> list",
        "The values of the fields.",
        ("{'a': 1, 'b': 2} | values", [1, 2]),
        _values,
        returns=_values_type,
    ),
    function(
        "items(value: object) -> list",
        "An object with `key` and `value` for each field. In a loop: {% for name, value in object | items %}.",
        ("{'a': 1} | items", [{"key": "a", "value": 1}]),
        _items,
        returns=_items_type,
    ),
    function(
        "from_items(items: list) -> object",
        "The object made of objects with `key` and `value`: the reverse of items.",
        ("[{'key': 'a', 'value': 1}] | from_items", {"a": 1}),
        _from_items,
    ),
    function(
        "merge(*objects: object) -> object",
        "One object with the fields of all, the later ones winning.",
        ("{'a': 1, 'b': 2} | merge({'b': 3})", {"a": 1, "b": 3}),
        _merge,
        returns=_merge_type,
    ),
    function(
        "pick(value: object, *fields: text) -> object",
        "Only these fields, as far as they are there.",
        ("{'a': 1, 'b': 2} | pick('a')", {"a": 1}),
        _pick,
        returns=_pick_type,
    ),
    function(
        "omit(value: object, *fields: text) -> object",
        "All fields but these.",
        ("{'a': 1, 'b': 2} | omit('a')", {"b": 2}),
        _omit,
        returns=_omit_type,
    ),
    function(
        "get(value: any, path: text, fallback: any = null) -> any",
        "The value at a dotted path (`lines.0.price`), or the fallback when it is null or not there.",
        ("{'lines': [{'price': 3}]} | get('lines.0.price')", 3),
        _get,
        lenient=("value", "fallback"),
        returns=_get_type,
    ),
)
