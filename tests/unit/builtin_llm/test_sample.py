"""Samples of schemas fit them and are the same every time."""

from __future__ import annotations

import jsonschema_rs
import pytest

from recipe_engine.plugin.sample import sample_from_schema

TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "up": {"$ref": "#"}, "kids": {"type": "array", "items": {"$ref": "#"}}},
}


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 4}, 4),
        ({"type": "number"}, 0.9),
        ({"type": "number", "minimum": 0, "maximum": 0.5}, 0.5),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 5, "multipleOf": 4}, 8),
        ({"type": "boolean"}, True),
        ({"type": ["null", "integer"]}, 1),
        ({"type": "string", "format": "email"}, "exemple@example.org"),
        ({"type": "string", "minLength": 8, "maxLength": 8}, "sample s"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
        ({"type": "object", "properties": {"reason": {"type": "string"}}}, {"reason": "sample reason"}),
        ({"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"const": 1}}}]}, {"a": 1}),
        (TREE, {"name": "sample name", "kids": []}),
        ({}, "sample sample"),
    ],
)
def test_sample_is_plain_and_fits(schema, sample):
    assert sample_from_schema(schema) == sample
    jsonschema_rs.validate(schema, sample)
