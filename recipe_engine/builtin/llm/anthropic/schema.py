"""An author's JSON Schema in the dialect that the Messages API takes, or the word that it cannot be said there.

The one rule: what is sent never accepts less than the model needs and never more structure than the author's schema;
what the dialect cannot say is told in descriptions, and the answer is checked against the author's schema anyway.

The dialect (structured outputs, autumn 2026): every object closed and with named properties; no recursion; no limits
on numbers and lengths, no patterns; enum and const of plain values; anyOf; local $ref; a few formats.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import JSON, JSONObject

FORMATS = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"),
)
_MAX_DEPTH = 40
# Say nothing about the value: left out rather than told.
_SILENT = frozenset(("$schema", "$id", "$comment", "$anchor", "readOnly", "writeOnly", "deprecated", "title", "$defs"))
# Shape the value in a way that descriptions cannot carry.
_INEXPRESSIBLE = ("patternProperties", "prefixItems", "$dynamicRef", "$recursiveRef")


class _Inexpressible(Exception):
    """The schema cannot be said in the dialect."""


def portable(schema: JSONObject) -> JSONObject | None:
    """The schema to send, None when the dialect cannot express it (open maps, recursion, anything goes, lists at the
    top): then the demand is made in words."""
    try:
        definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}
        translated = {name: _translate(_object(item), 1) for name, item in definitions.items()}
        rest = {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
        root = _translate(rest, 0)
        _refuse_recursion(translated)
        _refuse_dangling(root, translated)
    except _Inexpressible:
        return None
    if root.get("type") != "object":
        return None
    return {**root, "$defs": translated} if translated else root


def _translate(schema: JSONObject, depth: int) -> JSONObject:
    if depth > _MAX_DEPTH or any(key in schema for key in _INEXPRESSIBLE):
        raise _Inexpressible
    rest = dict(schema)
    if "$ref" in rest:
        return {"$ref": _local(rest["$ref"])}
    out: JSONObject = {}
    literal = _take_literal(rest, out)
    kind = rest.pop("type", None) or _implied_type(rest)
    if literal:
        pass
    elif isinstance(kind, list):
        out["anyOf"] = [_translate({**_for_type(rest, name), "type": name}, depth + 1) for name in kind]
        rest = {key: rest[key] for key in ("description", "default", "examples") if key in rest}
    elif isinstance(kind, str):
        out["type"] = kind
        _take_typed(kind, rest, out, depth)
    else:
        _take_alternatives(rest, out, depth)
    _describe(rest, out)
    return out


def _take_literal(rest: JSONObject, out: JSONObject) -> bool:
    """Move enum or const over; lists and objects among the values cannot be said."""
    for key in ("const", "enum"):
        if key in rest:
            value = rest.pop(key)
            values = value if key == "enum" else [value]
            if not values or any(isinstance(item, (dict, list)) for item in values):
                raise _Inexpressible
            out[key] = value
            rest.pop("type", None)
            return True
    return False


def _implied_type(rest: JSONObject) -> str | None:
    if "properties" in rest:
        return "object"
    return "array" if "items" in rest else None


def _for_type(rest: JSONObject, kind: str) -> JSONObject:
    """The keywords that bear on one type of a list of types."""
    bearing = {
        "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        "array": ("items", "minItems", "maxItems", "uniqueItems"),
        "string": ("format", "minLength", "maxLength", "pattern"),
        "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
    return {key: rest[key] for key in bearing.get(kind, ()) if key in rest}


def _take_typed(kind: str, rest: JSONObject, out: JSONObject, depth: int) -> None:
    if kind == "object":
        _take_object(rest, out, depth)
    elif kind == "array":
        out["items"] = _translate(_object(rest.pop("items", None)), depth + 1)
        if rest.get("minItems") in (0, 1):
            out["minItems"] = rest.pop("minItems")
    elif kind == "string" and rest.get("format") in FORMATS:
        out["format"] = rest.pop("format")


def _take_object(rest: JSONObject, out: JSONObject, depth: int) -> None:
    properties = rest.pop("properties", {})
    additional = rest.pop("additionalProperties", None)
    if isinstance(additional, dict) or (not properties and additional is not False):
        raise _Inexpressible
    out["properties"] = {name: _translate(_object(item), depth + 1) for name, item in properties.items()}
    out["additionalProperties"] = False
    required = rest.pop("required", None)
    if required:
        if any(name not in properties for name in required):
            raise _Inexpressible
        out["required"] = list(required)


def _take_alternatives(rest: JSONObject, out: JSONObject, depth: int) -> None:
    """anyOf and oneOf as anyOf, an allOf of one as that one; a schema without any of them accepts anything."""
    for key in ("anyOf", "oneOf"):
        if key in rest:
            out["anyOf"] = [_translate(_object(item), depth + 1) for item in rest.pop(key)]
            return
    if len(rest.get("allOf", ())) == 1:
        out.update(_translate(_object(rest.pop("allOf")[0]), depth + 1))
        return
    raise _Inexpressible


def _describe(rest: JSONObject, out: JSONObject) -> None:
    """Put the title over and tell in the description what the dialect has no word for."""
    if "title" in rest:
        out["title"] = rest["title"]
    told = ", ".join(
        f"{key}: {value}"
        for key, value in rest.items()
        if key not in _SILENT and key not in ("description", "nullable")
    )
    description = "\n\n".join(filter(None, (str(rest.get("description", "")), f"{{{told}}}" if told else "")))
    if description:
        out["description"] = "\n\n".join(filter(None, (out.get("description", ""), description)))


def _object(schema: JSON) -> JSONObject:
    """A schema that says something: true, an empty schema or none at all accept anything, which cannot be said."""
    if isinstance(schema, dict) and schema:
        return schema
    raise _Inexpressible


def _local(reference: Any) -> str:
    for prefix in ("#/$defs/", "#/definitions/"):
        if isinstance(reference, str) and reference.startswith(prefix) and "/" not in reference[len(prefix) :]:
            return f"#/$defs/{reference[len(prefix) :]}"
    raise _Inexpressible


def _references(schema: JSON) -> set[str]:
    if isinstance(schema, list):
        return set().union(*(_references(item) for item in schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    if isinstance(schema.get("$ref"), str):
        return {schema["$ref"].removeprefix("#/$defs/")}
    return set().union(*(_references(item) for item in schema.values())) if schema else set()


def _refuse_dangling(root: JSONObject, definitions: JSONObject) -> None:
    if not (_references(root) | _references(definitions)) <= set(definitions):
        raise _Inexpressible


def _refuse_recursion(definitions: JSONObject) -> None:
    """Refuse definitions that reach themselves."""
    reached = {name: _references(item) for name, item in definitions.items()}
    for _ in definitions:
        reached = {
            name: names.union(*(reached.get(other, set()) for other in names)) for name, names in reached.items()
        }
    if any(name in names for name, names in reached.items()):
        raise _Inexpressible
