"""A value that a JSON Schema admits, the same every time: what sandboxes answer with and dry runs show.

The one rule: deterministic and plain to see through. It is an example, not a test generator: patterns and conditions
are not solved.
"""

from __future__ import annotations

import math

from recipe_engine.core.json import JSON, JSONObject

_MAX_ITEMS = 100
_FORMATS = {
    "date-time": "2026-01-15T09:00:00+01:00",
    "date": "2026-01-15",
    "time": "09:00:00+01:00",
    "duration": "PT15M",
    "email": "exemple@example.org",
    "idn-email": "exemple@example.org",
    "uri": "https://example.org/exemple",
    "uri-reference": "/exemple",
    "url": "https://example.org/exemple",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000001",
}


def sample_from_schema(schema: JSON, name: str = "sample") -> JSON:
    """A value for `schema`: an author's const, example, default or first choice where there is one, else something
    plain within its limits. `name` is the word that texts carry; inside an object it is the property's name."""
    return _Sampler(schema).value(schema, name, frozenset({"#"}))


class _Sampler:
    """Walks one schema; `root` is where local references lead. `within` names the references being followed, so that a
    schema which contains itself is sampled once."""

    def __init__(self, root: JSON) -> None:
        self.root = root

    def value(self, schema: JSON, name: str, within: frozenset[str]) -> JSON:
        """A value for a schema of the tree."""
        if not isinstance(schema, dict):
            return f"sample {name}"
        schema, within = self._resolved(schema, within)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("enum", "examples"):
            if schema.get(key):
                return schema[key][0]
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                rest = {other: value for other, value in schema.items() if other != key}
                return self.value(_merged(rest, self._first(schema[key])), name, within)
        match _type(schema):
            case "object":
                return self._object(schema, within)
            case "array":
                return self._array(schema, name, within)
            case "integer":
                return _integer(schema)
            case "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _string(schema, name)

    def _resolved(self, schema: JSONObject, within: frozenset[str]) -> tuple[JSONObject, frozenset[str]]:
        """The schema with its local reference followed and its allOf folded in."""
        while isinstance(schema.get("$ref"), str) or schema.get("allOf"):
            if "$ref" in schema:
                reference = schema["$ref"]
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = _merged({} if reference in within else self._target(reference), rest)
                within |= {reference}
            else:
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                for item in schema["allOf"]:
                    part, within = self._resolved(item if isinstance(item, dict) else {}, within)
                    rest = _merged(rest, part)
                schema = rest
        return schema, within

    def _target(self, reference: str) -> JSONObject:
        found = self.root
        for part in reference.removeprefix("#").strip("/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if key:
                found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _first(self, choices: list[JSON]) -> JSONObject:
        """The first alternative that is more than null."""
        objects = [choice for choice in choices if isinstance(choice, dict)]
        return next((choice for choice in objects if choice.get("type") != "null"), objects[0] if objects else {})

    def _object(self, schema: JSONObject, within: frozenset[str]) -> JSON:
        required = schema.get("required", ())
        sample = {
            key: self.value(item, key, within)
            for key, item in schema.get("properties", {}).items()
            if key in required or not _leads_back(item, within)
        }
        sample.update({key: f"sample {key}" for key in required if key not in sample})
        return sample

    def _array(self, schema: JSONObject, name: str, within: frozenset[str]) -> JSON:
        items = schema.get("items", True)
        least = schema.get("minItems", 0)
        first = [self.value(item, name, within) for item in schema.get("prefixItems", ())]
        wanted = least if items is False or _leads_back(items, within) else max(least, 1)
        count = min(wanted, schema.get("maxItems", _MAX_ITEMS), _MAX_ITEMS) - len(first)
        return [*first, *(self.value(items, name, within) for _ in range(count))]


def _leads_back(schema: JSON, within: frozenset[str]) -> bool:
    """Whether a schema is a reference that is being followed already."""
    return isinstance(schema, dict) and schema.get("$ref") in within


def _type(schema: JSONObject) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        return next((item for item in declared if item != "null"), "null")
    if declared is None:
        return "object" if "properties" in schema else "array" if "items" in schema else ""
    return str(declared)


def _merged(one: JSONObject, other: JSONObject) -> JSONObject:
    """Both schemas in one: properties and required names together, else the second's word."""
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = [*one["required"], *other["required"]]
    return merged


def _string(schema: JSONObject, name: str) -> JSON:
    text = _FORMATS.get(schema.get("format", ""), f"sample {name}")
    if "maxLength" in schema:
        text = text[: schema["maxLength"]]
    return text.ljust(min(schema.get("minLength", 0), 10_000), ".")


def _number(schema: JSONObject) -> JSON:
    """0.9 when that is allowed: a confident model takes the recipe's ordinary path."""
    low, high = _bounds(schema, 1e-9)
    step = schema.get("multipleOf")
    value = min(max(0.9, low), high)
    return math.ceil(value / step) * step if step else value


def _integer(schema: JSONObject) -> JSON:
    low, high = _bounds(schema, 1)
    step = schema.get("multipleOf", 1)
    value = min(max(1, low), high)
    return int(math.ceil(value / step) * step)


def _bounds(schema: JSONObject, gap: float) -> tuple[float, float]:
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + gap)
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - gap)
    return low, high
