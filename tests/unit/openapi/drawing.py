"""Draws values of a JSON Schema at random: what a sample maker that is plain to see through never comes to.

The one rule: a value that its schema does not accept is never handed out; where none is found in some tries, None is.
"""

from __future__ import annotations

import random
import string
from typing import Any

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.texts import matching

_TRIES = 30
_LETTERS = string.ascii_letters + string.digits + " éà'\"&=?/#%+;,.:@[]{}|\\<>*~!$()-_"
_FORMATS = {
    "date-time": ("2026-01-15T09:00:00Z", "2026-07-01T23:59:59.5+02:00"),
    "date": ("2026-01-15", "2024-02-29"),
    "time": ("09:00:00Z",),
    "email": ("jeanne+a@example.org",),
    "uri": ("https://example.org/a?b=c&d=é", "urn:a:b"),
    "url": ("https://example.org/a?b=c&d=e#f",),
    "uuid": ("00000000-0000-4000-8000-0000000000ff",),
    "ipv4": ("192.0.2.7",),
    "ipv6": ("2001:db8::7",),
    "hostname": ("a.example.org",),
    "byte": ("YWJj",),
    "json-pointer": ("/a/b",),
}


class Drawing:
    """Values for one schema; `chance` decides."""

    def __init__(self, schema: JSONObject, chance: random.Random) -> None:
        self.schema = schema
        self.defs = schema.get("$defs", {})
        self.chance = chance
        self.validator = jsonschema_rs.validator_for(schema, validate_formats=True)

    def value(self) -> Any:
        """A value that the schema accepts, None when luck was out."""
        for _ in range(_TRIES):
            value = self._value(self.schema, 0)
            if self.validator.is_valid(value):
                return value
        return None

    def _value(self, schema: JSON, depth: int) -> Any:
        if not isinstance(schema, dict):
            return self.chance.choice(["x", 1, True])
        if "$ref" in schema:
            found = self._value(self.defs.get(schema["$ref"].removeprefix("#/$defs/"), {}), depth + 1)
            beside = schema.get("properties", {}) if isinstance(found, dict) else {}
            return (
                found if not beside else {**found, **{name: self._value(each, depth) for name, each in beside.items()}}
            )
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            # Whether `nullable` adds null to the choices is read in two ways.
            return self.chance.choice([each for each in schema["enum"] if each is not None] or [None])
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                options = [each for each in schema[word] if each != {"type": "null"}]
                choice = self._value(self.chance.choice(options), depth + 1)
                if isinstance(choice, dict) and "properties" in schema:
                    return {**self._object(schema, depth), **choice}
                return choice
        if schema.get("allOf"):
            parts = [self._value(each, depth) for each in schema["allOf"]]
            if all(isinstance(each, dict) for each in parts):
                own = self._object(schema, depth) if "properties" in schema else {}
                return {name: item for each in (*parts, own) for name, item in each.items()}
            return parts[0]
        return self._typed(schema, depth)

    def _typed(self, schema: JSONObject, depth: int) -> Any:
        kinds = schema.get("type") or ("object" if "properties" in schema else "string")
        kind = kinds if isinstance(kinds, str) else self.chance.choice(kinds)
        match kind:
            case "null":
                return None
            case "boolean":
                return self.chance.random() < 0.5
            case "integer" | "number":
                return self._number(schema, kind)
            case "array":
                return self._array(schema, depth)
            case "object":
                return self._object(schema, depth)
        return self._text(schema)

    def _number(self, schema: JSONObject, kind: str) -> Any:
        low = max(schema.get("minimum", -1000), schema.get("exclusiveMinimum", -1001) + 1)
        high = min(schema.get("maximum", low + 2000), schema.get("exclusiveMaximum", low + 2001) - 1)
        if high < low:
            return low
        step = schema.get("multipleOf")
        value = (
            self.chance.uniform(low, high)
            if kind == "number" and not step
            else self.chance.randint(int(low), max(int(low), int(high)))
        )
        return round(value / step) * step if step else round(value, 3)

    def _array(self, schema: JSONObject, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", least + 3), least + 3)
        count = least if depth > 6 else self.chance.randint(least, max(least, most))
        return [self._value(schema.get("items", {}), depth + 1) for _ in range(count)]

    def _object(self, schema: JSONObject, depth: int) -> JSONObject:
        required = schema.get("required", ())
        keep = 0.6 if depth < 3 else 0.2 if depth < 6 else 0.0
        found = {
            name: self._value(item, depth + 1)
            for name, item in schema.get("properties", {}).items()
            if name in required or self.chance.random() < keep
        }
        others = schema.get("additionalProperties")
        if (isinstance(others, dict) and self.chance.random() < 0.7) or schema.get("minProperties", 0) > len(found):
            found |= {f"key {number}": self._value(others, depth + 1) for number in range(2)}
        return found | {name: self._value({}, depth + 1) for name in required if name not in found}

    def _text(self, schema: JSONObject) -> str:
        if schema.get("format") in _FORMATS:
            return self.chance.choice(_FORMATS[schema["format"]])
        if "pattern" in schema:
            return matching(schema["pattern"]) or ""
        low = schema.get("minLength", 1)
        size = self.chance.randint(low, max(low, min(schema.get("maxLength", low + 12), low + 12)))
        return "".join(self.chance.choice(_LETTERS) for _ in range(size))
