"""JSON Schema 2020-12 to types and back.

The one rule: reading never fails; what the types cannot say is widened to `AnyT`. An object that lists its properties
is closed unless `additionalProperties` says otherwise: recipes are checked against what was written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from recipe_engine.expr.types.shapes import (
    FILE_FIELDS,
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
    SecretT,
    StringT,
    Type,
    UnionT,
    union,
)

Schema = Mapping[str, Any]

_MOST_DEPTH = 40
_FILE_FORMATS = frozenset({"file", "image", "audio", "document"})
_KEYWORDS_OF = {
    "object": ("properties", "required", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems"),
}


def from_schema(schema: Any, root: Any = None) -> Type:
    """The type of the values that `schema` accepts; `root` is the document in which `$ref` is looked up (by default
    the schema itself). A reference that leads back into itself is `AnyT` where it does."""
    return _Reader(schema if root is None else root).read(schema, (), 0)


class _Reader:
    """Reads the schemas of one document."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def read(self, schema: Any, seen: tuple[str, ...], depth: int) -> Type:
        """`seen` holds the references being followed."""
        if not isinstance(schema, Mapping) or depth > _MOST_DEPTH:
            return AnyT()
        parts: list[Type] = []
        reference = schema.get("$ref")
        if isinstance(reference, str):
            parts.append(self.follow(reference, seen, depth))
        base = self.base(schema, seen, depth)
        parts.append(base)
        parts.extend(self.read(part, seen, depth + 1) for part in _list(schema.get("allOf")))
        for keyword in ("anyOf", "oneOf"):
            options = _list(schema.get(keyword))
            if options:
                parts.append(union(*(self.read(option, seen, depth + 1) for option in options)))
        result = parts[0]
        for part in parts[1:]:
            result = both(result, part)
        return union(result, NullT()) if schema.get("nullable") is True else result

    def follow(self, reference: str, seen: tuple[str, ...], depth: int) -> Type:
        """The type behind a `$ref`."""
        if reference in seen or not reference.startswith("#"):
            return AnyT()
        target = self.root
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, Mapping) and name in target:
                target = target[name]
            elif isinstance(target, list) and name.isdigit() and int(name) < len(target):
                target = target[int(name)]
            else:
                return AnyT()
        return self.read(target, (*seen, reference), depth + 1)

    def base(self, schema: Schema, seen: tuple[str, ...], depth: int) -> Type:
        """The type by the schema's own keywords: const, enum, type and what belongs to it."""
        if "const" in schema:
            return of_value(schema["const"])
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return union(*(of_value(value) for value in schema["enum"]))
        names = schema.get("type")
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, list) or not names:
            names = [name for name, keywords in _KEYWORDS_OF.items() if any(word in schema for word in keywords)]
        if not names:
            return FileT() if schema.get("format") in _FILE_FORMATS else AnyT()
        return union(*(self.named(name, schema, seen, depth) for name in names))

    def named(self, name: Any, schema: Schema, seen: tuple[str, ...], depth: int) -> Type:
        """The type for one word of `type`."""
        match name:
            case "null":
                return NullT()
            case "boolean":
                return BoolT()
            case "integer":
                return IntT()
            case "number":
                return NumberT()
            case "string":
                word = schema.get("format")
                return StringT(None, word if isinstance(word, str) else None)
            case "array":
                return ArrayT(self.items(schema, seen, depth))
            case "object":
                return FileT() if schema.get("format") in _FILE_FORMATS else self.object(schema, seen, depth)
            case _:
                return AnyT()

    def items(self, schema: Schema, seen: tuple[str, ...], depth: int) -> Type:
        """The type of a list's items."""
        first = [self.read(item, seen, depth + 1) for item in _list(schema.get("prefixItems"))]
        if first and schema.get("items") is False:
            return union(*first)
        return union(*first, self.read(schema.get("items"), seen, depth + 1))

    def object(self, schema: Schema, seen: tuple[str, ...], depth: int) -> ObjectT:
        """The type of an object."""
        given = schema.get("properties")
        properties = (
            {str(name): self.read(value, seen, depth + 1) for name, value in given.items()}
            if isinstance(given, Mapping)
            else {}
        )
        required = frozenset(name for name in _list(schema.get("required")) if isinstance(name, str))
        others = schema.get("additionalProperties")
        patterns = schema.get("patternProperties")
        if isinstance(patterns, Mapping) and patterns:
            return ObjectT(properties, required, open=True)
        if isinstance(others, Mapping):
            return ObjectT(properties, required, open=True, rest=self.read(others, seen, depth + 1))
        is_open = others is True or (others is None and not properties)
        return ObjectT(properties, required, open=is_open)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def both(a: Type, b: Type) -> Type:
    """The type of a value that has both types, as far as it can be told: the better known of the two otherwise."""
    if isinstance(a, AnyT):
        return b
    if isinstance(b, AnyT) or a == b:
        return a
    if isinstance(a, ObjectT) and isinstance(b, ObjectT):
        return _both_objects(a, b)
    if isinstance(a, UnionT) or isinstance(b, UnionT):
        return _both_unions(a, b)
    if isinstance(a, NumberT) and isinstance(b, IntT):
        return b
    if isinstance(a, StringT) and isinstance(b, StringT):
        return StringT(b.enum if a.enum is None else a.enum, a.format or b.format)
    if isinstance(a, ArrayT) and isinstance(b, ArrayT):
        return ArrayT(both(a.item, b.item))
    return a


def _both_objects(a: ObjectT, b: ObjectT) -> ObjectT:
    properties = dict(a.properties)
    for name, type_ in b.properties.items():
        properties[name] = both(properties[name], type_) if name in properties else type_
    # Closed by default is our reading, not the schema's: two parts that each list some fields complete each other.
    is_open = a.open and b.open if a.properties and b.properties else (a if a.properties else b).open
    return ObjectT(properties, a.required | b.required, is_open, both(a.rest, b.rest))


def _both_unions(a: Type, b: Type) -> Type:
    left = a.members if isinstance(a, UnionT) else (a,)
    right = b.members if isinstance(b, UnionT) else (b,)
    fitting = [both(x, y) for x in left for y in right if _kind(x) == _kind(y)]
    return union(*fitting) if fitting else a


def _kind(type_: Type) -> object:
    return NumberT if isinstance(type_, IntT) else type(type_)


def of_value(value: Any) -> Type:
    """The narrowest type of a JSON value."""
    match value:
        case None:
            return NullT()
        case bool():
            return BoolT()
        case int():
            return IntT()
        case float():
            return NumberT()
        case str():
            return StringT((value,))
        case list():
            return ArrayT(union(*(of_value(item) for item in value)))
        case dict():
            fields = {str(name): of_value(item) for name, item in value.items()}
            return ObjectT(fields, frozenset(fields))
        case _:
            return AnyT()


def to_schema(type_: Type) -> Any:
    """The JSON Schema of a type, as a value of it looks once it has left the expression."""
    match type_:
        case AnyT():
            return {}
        case NullT():
            return {"type": "null"}
        case BoolT():
            return {"type": "boolean"}
        case IntT():
            return {"type": "integer"}
        case NumberT():
            return {"type": "number"}
        case StringT():
            schema: dict[str, Any] = {"type": "string"}
            if type_.enum is not None:
                schema["enum"] = list(type_.enum)
            if type_.format is not None:
                schema["format"] = type_.format
            return schema
        case ArrayT():
            items = to_schema(type_.item)
            return {"type": "array", "items": items} if items else {"type": "array"}
        case ObjectT():
            return _object_schema(type_)
        case UnionT():
            return {"anyOf": [to_schema(member) for member in type_.members]}
        case MomentT():
            return {"type": "string", "format": "date-time"}
        case DurationT():
            return {"type": "string", "format": "duration"}
        case FileT():
            fields = {name: to_schema(field) for name, field in FILE_FIELDS.items()}
            return {"type": "object", "format": "file", "properties": fields, "required": sorted(fields)}
        case SecretT():
            return {"type": "string"}
        case _:
            assert_never(type_)


def _object_schema(type_: ObjectT) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if type_.properties:
        schema["properties"] = {name: to_schema(value) for name, value in type_.properties.items()}
    if type_.required:
        schema["required"] = sorted(type_.required)
    if not type_.open:
        schema["additionalProperties"] = False
    elif not isinstance(type_.rest, AnyT):
        schema["additionalProperties"] = to_schema(type_.rest)
    elif type_.properties:
        schema["additionalProperties"] = True
    return schema
