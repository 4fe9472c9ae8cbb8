"""The schemas of a document as JSON Schema 2020-12, one direction at a time.

The one rule: what comes out is accepted by every validator and refuses nothing that the document means to accept. Both
dialects of `nullable`, `allOf`, properties that only travel the other way and references in circles are worked out here;
what cannot be said (a reference to nowhere, an expression that no engine reads) becomes "anything".
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, Literal

import jsonschema_rs
import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.alternatives import can_be_told_apart, kinds_of, tags
from recipe_engine.openapi.document import Document, listing, mapping
from recipe_engine.openapi.folding import folded

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
_COUNTS = _NUMBERS - {"minimum", "maximum", "multipleOf"}
_WORDS_ONLY = frozenset({
    "description", "summary", "title", "example", "examples", "deprecated", "externalDocs", "xml", "readOnly", "writeOnly",
})  # fmt: skip
_PREFIX = "#/$defs/"
_MOST_VALUES = 25_000


class Schemas:
    """Converts the schemas of one place (the parameters or the result of one operation). `finish` gives what the schemas
    handed out refer to. `files` says that binary texts are files: in multipart and raw bodies."""

    def __init__(self, document: Document, direction: Direction) -> None:
        self.document = document
        self.direction = direction
        self._names: dict[tuple[str, bool, bool], str] = {}
        self._defs: dict[str, JSON] = {}
        # Definitions are converted one after the other, not one inside the other: chains of them are long. What is near
        # comes first: of all that a document ties together, no more is converted than anybody will be shown.
        self._pending: deque[tuple[str, Any, bool, bool]] = deque()
        self._made = 0

    def schema(self, raw: Any, *, files: bool = False) -> JSON:
        """The schema `raw` of the document."""
        return self._convert(raw, files, is_open=False)

    def finish(self, schema: JSONObject) -> JSONObject:
        """The schema with the definitions that it needs."""
        while self._pending and self._made < _MOST_VALUES:
            name, target, files, is_open = self._pending.popleft()
            self._defs[name] = self._convert(target, files, is_open=is_open, is_definition=True)
        return {**schema, "$defs": self._defs} if self._defs else schema

    def _convert(self, raw: Any, files: bool, *, is_open: bool, is_definition: bool = False) -> JSON:
        """`is_open` lets an object have properties that another schema of the same value lists."""
        if isinstance(raw, bool):
            return raw
        if not isinstance(raw, dict):
            return {}
        if isinstance(raw.get("$ref"), str):
            rest = {} if self.document.is_30 else {k: v for k, v in raw.items() if k != "$ref" and k not in _WORDS_ONLY}
            if not rest:
                return self._reference(raw["$ref"], files, is_open=is_open)
            raw = {"allOf": [{"$ref": raw["$ref"]}, rest]}
        elif _is_wrapper(raw):
            inner = self._convert(raw["allOf"][0], files, is_open=is_open)
            return {"anyOf": [inner, {"type": "null"}]} if raw.get("nullable") is True else inner
        whole, followed = folded(self.document, raw)
        if followed and not is_definition:
            # Written out in place, what refers to itself by way of its parts would have no end.
            return self._defined(f"part {orjson.dumps(raw).decode()}", "part", raw, files, is_open=is_open)
        return self._folded(whole, files, is_open=is_open)

    def _folded(self, raw: JSONObject, files: bool, *, is_open: bool) -> JSON:
        """A schema without references at its top."""
        self._made += 1
        if self._is_file(raw, files):
            return {"anyOf": [FILE, {"type": "string"}]} if self.direction == "request" else FILE
        found = _limits(raw)
        self._types(raw, found)
        self._parts(raw, found, files, is_open=is_open)
        self._conditions(raw, found, files)
        return _with_null(found) if raw.get("nullable") is True else found

    def _reference(self, reference: str, files: bool, *, is_open: bool) -> JSON:
        target = self.document.target(reference)
        if target is None:
            return {}
        if isinstance(target, dict) and not is_open and "discriminator" in target and not _alternatives(target):
            kinds = kinds_of(self.document, reference, target)
            if kinds:
                return self._one_of_its_kinds(reference, target, kinds, files)
        return self._defined(reference, reference.rpartition("/")[2], target, files, is_open=is_open)

    def _one_of_its_kinds(self, reference: str, target: JSONObject, kinds: list[str], files: bool) -> JSON:
        """A schema that stands for those made of it: each of them under its name, or itself."""
        key = (f"kinds of {reference}", files, False)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._free(f"any_{reference.rpartition('/')[2]}")
            self._defs[name] = {}
            options = [self._tagged(target, {"$ref": kind}, files, is_open=False) for kind in kinds]
            itself = self._defined(reference, reference.rpartition("/")[2], target, files, is_open=False)
            self._defs[name] = {"anyOf": [*options, itself]}
        return {"$ref": _PREFIX + name}

    def _tagged(self, raw: JSONObject, option: Any, files: bool, *, is_open: bool) -> JSON:
        """An alternative with what the discriminator says of it."""
        names = tags(self.document, raw, option)
        if not names:
            return self._convert(option, files, is_open=is_open)
        property_ = raw["discriminator"]["propertyName"]
        # Its property need not be listed by the alternative itself, so that this one has to be open to it.
        inner = self._convert(option, files, is_open=is_open or not self._lists(option, property_))
        told = {property_: {"type": "string", "enum": names}}
        return {**(inner if isinstance(inner, dict) else {}), "properties": told}

    def _lists(self, option: Any, name: str) -> bool:
        whole, _ = folded(self.document, mapping(self.document.found(option)))
        return name in mapping(whole.get("properties"))

    def _defined(self, of: str, name: str, target: Any, files: bool, *, is_open: bool) -> JSON:
        """A reference to the definition of a schema, which is converted later, once."""
        key = (of, files, is_open)
        if key not in self._names:
            self._names[key] = self._free(f"{name}_open" if is_open else name)
            self._defs[self._names[key]] = {}
            self._pending.append((self._names[key], target, files, is_open))
        return {"$ref": _PREFIX + self._names[key]}

    def _free(self, wanted: str) -> str:
        first = re.sub(r"[^A-Za-z0-9_.-]+", "_", wanted).strip("_") or "schema"
        name, count = first, 2
        while name in self._defs:
            name, count = f"{first}_{count}", count + 1
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

    def _parts(self, raw: JSONObject, found: JSONObject, files: bool, *, is_open: bool) -> None:
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
            found["additionalProperties"] = self._convert(others, files, is_open=False) or True
        elif isinstance(others, bool) and not (shared and others is False):
            found["additionalProperties"] = others
        elif shared and isinstance(properties, dict):
            found["additionalProperties"] = True
        if "items" in raw:
            found["items"] = self._convert(raw["items"], files, is_open=False)
        if listing(raw.get("prefixItems")):
            found["prefixItems"] = [self._convert(each, files, is_open=False) for each in raw["prefixItems"]]
        for word in variants:
            into = self._word(raw, word)
            inner = [self._tagged(raw, each, files, is_open=shared or into == "allOf") for each in raw[word]]
            if into in found:
                found.setdefault("allOf", []).append({into: inner})
            else:
                found[into] = inner
        if _is_plain(raw.get("not")):
            found["not"] = raw["not"]

    def _word(self, raw: JSONObject, word: str) -> str:
        """How alternatives are checked: exactly one only of those that are to be sent, and that can be told apart."""
        if word != "oneOf":
            return word
        by_tag = any(tags(self.document, raw, option) for option in raw[word])
        exact = self.direction == "request" and not by_tag and can_be_told_apart(self.document, raw[word])
        return "oneOf" if exact else "anyOf"

    def _conditions(self, raw: JSONObject, found: JSONObject, files: bool) -> None:
        """What OpenAPI 3.1 has of JSON Schema beside: conditions, and words about names and numbers of things."""
        if _is_plain(raw.get("if")):
            given: JSONObject = {
                word: self._convert(raw[word], files, is_open=True) for word in ("then", "else") if word in raw
            }
            if given:
                found["if"] = raw["if"]
                found.update(given)
        for word in ("patternProperties", "dependentSchemas"):
            inner = {
                name: self._convert(item, files, is_open=word == "dependentSchemas")
                for name, item in mapping(raw.get(word)).items()
                if word == "dependentSchemas" or _is_pattern(name)
            }
            if inner:
                found[word] = inner
        if isinstance(raw.get("propertyNames"), dict):
            found["propertyNames"] = self._convert(raw["propertyNames"], files, is_open=False)
        if needed := {name: each for name, each in mapping(raw.get("dependentRequired")).items() if _is_names(each)}:
            found["dependentRequired"] = needed
        if isinstance(raw.get("contains"), dict):
            found["contains"] = self._convert(raw["contains"], files, is_open=False)
            found |= {word: raw[word] for word in ("minContains", "maxContains") if isinstance(raw.get(word), int)}

    def _properties(self, raw: JSONObject, found: JSONObject, files: bool) -> None:
        """The properties that travel this way."""
        away = "readOnly" if self.direction == "request" else "writeOnly"
        properties = raw["properties"]
        gone = {name for name, item in properties.items() if mapping(self.document.found(item)).get(away) is True}
        gone |= {name for name, item in properties.items() if mapping(item).get(away) is True}
        found["properties"] = {
            name: self._convert(item, files, is_open=False) for name, item in properties.items() if name not in gone
        }
        required = [name for name in listing(raw.get("required")) if isinstance(name, str) and name not in gone]
        if required:
            found["required"] = list(dict.fromkeys(required))


def _is_wrapper(raw: JSONObject) -> bool:
    """Whether an allOf of one part is there only to say a word beside a reference, as OpenAPI 3.0 has it."""
    if not isinstance(raw.get("allOf"), list) or len(raw["allOf"]) != 1:
        return False
    return raw.keys() <= _WORDS_ONLY | {"allOf", "nullable"}


def _alternatives(raw: JSONObject) -> bool:
    return bool(listing(raw.get("oneOf")) or listing(raw.get("anyOf")))


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_plain(schema: Any) -> bool:
    """Whether a schema is said in words that need no conversion. What is denied, or is a condition, may not be loosened: it
    would deny more."""
    words = {"required", "enum", "const", "type", "anyOf", "allOf", "properties", "minimum", "maximum", "minLength"}
    if not isinstance(schema, dict) or not schema or not schema.keys() <= words:
        return False
    inner = [item for word in ("anyOf", "allOf") for item in listing(schema.get(word))]
    return all(_is_plain(item) for item in (*inner, *mapping(schema.get("properties")).values()))


def _limits(raw: JSONObject) -> JSONObject:
    """The plain keywords of a schema, of the kinds that they must have."""
    found: JSONObject = {key: raw[key] for key in _KEPT if key in raw and _is_said_well(key, raw[key])}
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        value = raw.get(exclusive)
        if value is True and limit in found:
            found[exclusive] = found.pop(limit)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[exclusive] = value
    if "example" in raw:
        found["examples"] = [raw["example"]]
    elif listing(raw.get("examples")):
        found["examples"] = raw["examples"]
    return found


def _is_said_well(key: str, value: Any) -> bool:
    if key in _NUMBERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (key not in _COUNTS or value >= 0) and (key != "multipleOf" or value > 0)
    if key == "pattern":
        return isinstance(value, str) and _is_pattern(value)
    if key in ("description", "contentEncoding"):
        return isinstance(value, str)
    return key != "uniqueItems" or isinstance(value, bool)


def _is_pattern(pattern: str) -> bool:
    try:
        jsonschema_rs.validator_for({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _with_null(found: JSONObject) -> JSONObject:
    """A schema that says `nullable` beside something else than a type."""
    if "type" in found or not any(word in found for word in ("anyOf", "oneOf", "allOf", "enum")):
        return found
    return {"anyOf": [found, {"type": "null"}]}
