"""The schemas of a document as JSON Schema 2020-12, one direction at a time.

The one rule: what comes out is accepted by every validator and refuses nothing that the document means to accept. Both
dialects of `nullable`, `allOf`, properties that only travel the other way and references in circles are worked out here;
what cannot be said (a reference to nowhere, an expression that no engine reads) becomes "anything".
"""

from __future__ import annotations

import re
from typing import Any, Literal

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.document import Document, listing, mapping

Direction = Literal["request", "answer"]

FILE: JSONObject = {
    "type": "object",
    "format": "file",
    "properties": {
        "digest": {"type": "string"},
        "name": {"type": "string"},
        "media_type": {"type": "string"},
        "size": {"type": "integer"},
    },
    "required": ["digest", "name", "media_type", "size"],
    "additionalProperties": False,
}
_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_KEPT = (
    "const", "default", "description", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "contentEncoding",
)  # fmt: skip
_NUMBERS = frozenset({
    "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"
})  # fmt: skip
_BESIDE_REFERENCE = frozenset({"$ref", "description", "summary", "title", "example", "examples", "deprecated"})
_PREFIX = "#/$defs/"


class Schemas:
    """Converts the schemas of one place (the parameters or the result of one operation). `finish` gives what the schemas
    handed out refer to. `files` says that binary texts are files: in multipart and raw bodies."""

    def __init__(self, document: Document, direction: Direction) -> None:
        self.document = document
        self.direction = direction
        self._names: dict[tuple[str, bool], str] = {}
        self._defs: dict[str, JSON] = {}
        # Definitions are converted one after the other, not one inside the other: chains of them are long.
        self._pending: list[tuple[str, Any, bool]] = []

    def schema(self, raw: Any, *, files: bool = False) -> JSON:
        """The schema `raw` of the document."""
        return self._convert(raw, files, is_open=False, within=())

    def finish(self, schema: JSONObject) -> JSONObject:
        """The schema with the definitions that it needs."""
        while self._pending:
            name, target, files = self._pending.pop()
            self._defs[name] = self._convert(target, files, is_open=False, within=())
        return {**schema, "$defs": self._defs} if self._defs else schema

    def _convert(self, raw: Any, files: bool, *, is_open: bool, within: tuple[str, ...]) -> JSON:
        """`is_open` lets an object have properties that another schema of the same value lists; `within` are the
        references written out in place so far."""
        if isinstance(raw, bool):
            return raw
        if not isinstance(raw, dict):
            return {}
        if isinstance(raw.get("$ref"), str):
            rest = {} if self.document.is_30 else {k: v for k, v in raw.items() if k not in _BESIDE_REFERENCE}
            if not rest:
                return self._reference(raw["$ref"], files, is_open=is_open, within=within)
            raw = {"allOf": [{"$ref": raw["$ref"]}, rest]}
        raw, followed = self._folded(raw, within)
        within += followed
        if self._is_file(raw, files):
            return {"anyOf": [FILE, {"type": "string"}]} if self.direction == "request" else FILE
        found = _limits(raw)
        self._types(raw, found)
        self._parts(raw, found, files, within, is_open=is_open)
        return _with_null(found) if raw.get("nullable") is True else found

    def _reference(self, reference: str, files: bool, *, is_open: bool, within: tuple[str, ...]) -> JSON:
        target = self.document.target(reference)
        if target is None:
            return {}
        if is_open:
            if reference in within:
                return {}
            return self._convert(target, files, is_open=True, within=(*within, reference))
        name = self._names.get((reference, files))
        if name is None:
            name = self._names[reference, files] = self._free(reference)
            self._defs[name] = {}
            self._pending.append((name, target, files))
        return {"$ref": _PREFIX + name}

    def _free(self, reference: str) -> str:
        last = re.sub(r"[^A-Za-z0-9_.-]+", "_", reference.rpartition("/")[2]).strip("_") or "schema"
        name, count = last, 2
        while name in self._defs:
            name, count = f"{last}_{count}", count + 1
        return name

    def _is_file(self, raw: JSONObject, files: bool) -> bool:
        if raw.get("type") == "file":
            return True
        binary = raw.get("format") == "binary" or ("contentMediaType" in raw and "contentEncoding" not in raw)
        return files and binary and raw.get("type", "string") in ("string", ["string"], ["string", "null"])

    def _types(self, raw: JSONObject, found: JSONObject) -> None:
        """`type`, `enum` and `format`, in one dialect."""
        given = raw.get("type")
        types = [each for each in (given if isinstance(given, list) else [given]) if each in _TYPES]
        if raw.get("nullable") is True and types and "null" not in types:
            types.append("null")
        if types:
            found["type"] = types[0] if len(types) == 1 else types
        choices = raw.get("enum")
        if isinstance(choices, list) and choices:
            choices = [str(each) if types == ["string"] and isinstance(each, int | float) else each for each in choices]
            if raw.get("nullable") is True and None not in choices:
                choices.append(None)
            found["enum"] = [each for at, each in enumerate(choices) if each not in choices[:at]]
        if isinstance(raw.get("format"), str) and raw["format"] != "file":
            found["format"] = raw["format"]

    def _parts(
        self, raw: JSONObject, found: JSONObject, files: bool, within: tuple[str, ...], *, is_open: bool
    ) -> None:
        """The schemas inside of a schema."""
        variants = [word for word in ("anyOf", "oneOf", "allOf") if listing(raw.get(word))]
        shared = is_open or bool(variants and (isinstance(raw.get("properties"), dict) or len(variants) > 1))
        properties = raw.get("properties")
        if isinstance(properties, dict):
            self._properties(raw, found, files)
            found.setdefault("type", "object")
        elif names := [name for name in listing(raw.get("required")) if isinstance(name, str)]:
            found["required"] = list(dict.fromkeys(names))
        others = raw.get("additionalProperties")
        if isinstance(others, dict):
            found["additionalProperties"] = self._convert(others, files, is_open=False, within=()) or True
        elif isinstance(others, bool) and not (shared and others is False):
            found["additionalProperties"] = others
        elif shared and isinstance(properties, dict):
            found["additionalProperties"] = True
        if "items" in raw:
            found["items"] = self._convert(raw["items"], files, is_open=False, within=())
        if listing(raw.get("prefixItems")):
            found["prefixItems"] = [self._convert(each, files, is_open=False, within=()) for each in raw["prefixItems"]]
        for word in variants:
            # Vendors' alternatives overlap more often than not: one that fits is enough.
            into = "allOf" if word == "allOf" else "anyOf"
            inner = [self._convert(each, files, is_open=shared or into == "allOf", within=within) for each in raw[word]]
            if into in found:
                found.setdefault("allOf", []).append({into: inner})
            else:
                found[into] = inner
        if _is_plain(raw.get("not")):
            found["not"] = raw["not"]

    def _properties(self, raw: JSONObject, found: JSONObject, files: bool) -> None:
        """The properties that travel this way."""
        away = "readOnly" if self.direction == "request" else "writeOnly"
        properties = raw["properties"]
        gone = {name for name, item in properties.items() if mapping(self.document.found(item)).get(away) is True}
        gone |= {name for name, item in properties.items() if mapping(item).get(away) is True}
        found["properties"] = {
            name: self._convert(item, files, is_open=False, within=())
            for name, item in properties.items()
            if name not in gone
        }
        required = [name for name in listing(raw.get("required")) if isinstance(name, str) and name not in gone]
        if required:
            found["required"] = list(dict.fromkeys(required))

    # --- allOf

    def _folded(self, raw: JSONObject, within: tuple[str, ...]) -> tuple[JSONObject, tuple[str, ...]]:
        """The schema with its allOf in it, and the references that were followed for that."""
        if not listing(raw.get("allOf")):
            return raw, ()
        followed: tuple[str, ...] = ()
        whole: JSONObject = {key: value for key, value in raw.items() if key != "allOf"}
        left: list[JSON] = []
        for part in raw["allOf"]:
            reached = part
            while isinstance(reached, dict) and isinstance(reached.get("$ref"), str):
                reference = reached["$ref"]
                reached = {} if reference in (*within, *followed) else self.document.target(reference)
                followed += (reference,)
            if isinstance(reached, dict):
                inner, more = self._folded(reached, within + followed)
                followed += more
                whole = _united(whole, inner, left)
        if left:
            whole["allOf"] = left
        return whole, followed


def _united(one: JSONObject, other: JSONObject, left: list[JSON]) -> JSONObject:
    """Both schemas in one; what does not go into one goes to `left`."""
    whole = dict(one)
    for key, value in other.items():
        mine = whole.get(key)
        if key not in whole or key in ("description", "title", "example", "default"):
            whole.setdefault(key, value)
        elif mine == value:
            continue
        elif key == "properties" and isinstance(mine, dict) and isinstance(value, dict):
            whole[key] = {**mine, **{name: _both(mine.get(name), item) for name, item in value.items()}}
        elif key == "required" and isinstance(mine, list) and isinstance(value, list):
            whole[key] = [*mine, *(name for name in value if name not in mine)]
        elif key == "enum" and isinstance(mine, list) and isinstance(value, list):
            whole[key] = [each for each in value if each in mine] or value
        elif key == "additionalProperties":
            whole[key] = mine if isinstance(mine, dict) else value if isinstance(value, dict) else True
        elif key == "allOf" and isinstance(value, list):
            left += value
        elif key in ("anyOf", "oneOf", "not"):
            left.append({key: value})
        elif key in ("readOnly", "writeOnly", "deprecated"):
            whole[key] = bool(mine) and bool(value)
        elif key == "type":
            whole[key] = value
    return whole


def _is_plain(schema: Any) -> bool:
    """Whether a schema is said in words that need no conversion. What is denied may not be loosened: it would deny more."""
    words = {"required", "enum", "const", "type", "anyOf", "allOf"}
    if not isinstance(schema, dict) or not schema or not schema.keys() <= words:
        return False
    return all(_is_plain(item) for word in ("anyOf", "allOf") for item in listing(schema.get(word)))


def _both(mine: Any, item: Any) -> Any:
    return item if mine is None or mine == item else {"allOf": [mine, item]}


def _limits(raw: JSONObject) -> JSONObject:
    """The plain keywords of a schema, of the kinds that they must have."""
    found: JSONObject = {}
    for key in _KEPT:
        value = raw.get(key)
        if key not in raw or (key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float))):
            continue
        if (key in ("pattern", "description", "contentEncoding") and not isinstance(value, str)) or (
            key == "uniqueItems" and not isinstance(value, bool)
        ):
            continue
        found[key] = value
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        value = raw.get(exclusive)
        if value is True and limit in found:
            found[exclusive] = found.pop(limit)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[exclusive] = value
    if "pattern" in found and not _is_pattern(found["pattern"]):
        del found["pattern"]
    if "example" in raw:
        found["examples"] = [raw["example"]]
    elif listing(raw.get("examples")):
        found["examples"] = raw["examples"]
    return found


def _is_pattern(pattern: str) -> bool:
    try:
        jsonschema_rs.validator_for({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _with_null(found: JSONObject) -> JSONObject:
    """A schema that says `nullable` beside something else than a type."""
    if "type" in found or not any(word in found for word in ("anyOf", "allOf", "enum")):
        return found
    return {"anyOf": [found, {"type": "null"}]}
