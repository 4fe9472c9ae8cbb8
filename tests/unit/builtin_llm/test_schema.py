"""Schemas in the API's dialect."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe_engine.builtin.llm.anthropic.schema import FORMATS, portable

KNOWN = {"type", "properties", "required", "additionalProperties", "items", "minItems", "anyOf", "enum", "const",
         "$ref", "$defs", "description", "title", "format"}  # fmt: skip


def obj(**properties):
    return {"type": "object", "properties": properties}


def test_objects_are_closed_at_every_depth():
    assert portable(obj(a=obj(b={"type": "string"}))) == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "a": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"b": {"type": "string"}},
            }
        },
    }


def test_limits_move_into_the_description():
    sent = portable(obj(n={"type": "integer", "minimum": 1, "maximum": 10, "description": "a note"}))
    assert sent["properties"]["n"] == {"type": "integer", "description": "a note\n\n{minimum: 1, maximum: 10}"}


def test_one_of_becomes_any_of():
    sent = portable(obj(v={"oneOf": [{"type": "string"}, {"type": "null"}]}))
    assert sent["properties"]["v"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


def test_list_of_types_becomes_any_of():
    sent = portable(obj(v={"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 3}))
    array = {"type": "array", "items": {"type": "string"}, "description": "{maxItems: 3}"}
    assert sent["properties"]["v"] == {"anyOf": [array, {"type": "null"}]}


def test_known_formats_stay_and_others_are_told():
    sent = portable(obj(mail={"type": "string", "format": "email"}, tel={"type": "string", "format": "phone"}))
    assert sent["properties"]["mail"] == {"type": "string", "format": "email"}
    assert sent["properties"]["tel"] == {"type": "string", "description": "{format: phone}"}


def test_definitions_are_kept_and_closed():
    sent = portable({**obj(a={"$ref": "#/definitions/line"}), "definitions": {"line": obj(x={"type": "number"})}})
    assert sent["properties"]["a"] == {"$ref": "#/$defs/line"}
    assert sent["$defs"]["line"]["additionalProperties"] is False


def test_type_that_the_keywords_imply_is_said():
    sent = portable({"properties": {"l": {"items": {"type": "string"}}}})
    assert sent["type"] == "object"
    assert sent["properties"]["l"]["type"] == "array"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"enum": ["a", "b"]},
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "number"}},
        obj(anything={}),
        obj(anything=True),
        obj(rows={"type": "array"}),
        obj(pair={"type": "array", "prefixItems": [{"type": "string"}]}),
        obj(shape={"enum": [{"a": 1}]}),
        obj(a={"$ref": "#"}),
        obj(a={"$ref": "#/$defs/missing"}),
        obj(a={"$ref": "https://example.org/schema"}),
        {**obj(a={"$ref": "#/$defs/t"}), "$defs": {"t": obj(t={"$ref": "#/$defs/u"}), "u": {"$ref": "#/$defs/t"}}},
        {"type": "object", "properties": {}, "patternProperties": {"^x": {"type": "string"}}},
        {"type": "object", "required": ["b"], "properties": {"a": {"type": "string"}}},
        obj(both={"allOf": [{"type": "object"}, {"type": "object"}]}),
    ],
)
def test_what_the_dialect_cannot_say(schema):
    assert portable(schema) is None


leaf = st.sampled_from(
    [
        {"type": "string", "minLength": 2, "format": "date"},
        {"type": "string", "pattern": "^x", "format": "x"},
        {"type": "integer", "exclusiveMinimum": 3},
        {"type": ["number", "null"], "multipleOf": 0.5},
        {"enum": ["a", 1, None]},
        {"const": True},
        {"$ref": "#/$defs/shared"},
        {"oneOf": [{"type": "string"}, {"type": "boolean"}], "default": "x"},
    ]
)
nested = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(lambda p: {"type": "object", "properties": p}),
        inner.map(lambda item: {"type": "array", "items": item, "minItems": 2, "uniqueItems": True}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
    ),
    max_leaves=12,
)


def objects(schema):
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from("xyz"), nested, min_size=1))
def test_what_is_sent_is_in_the_dialect(properties):
    shared = {"type": "object", "properties": {"s": {"type": "string", "maxLength": 3}}}
    sent = portable({"type": "object", "properties": properties, "$defs": {"shared": shared}})
    assert sent is not None
    for schema in objects(sent):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
        if isinstance(schema.get("type"), str):
            assert set(schema) <= KNOWN
            assert schema.get("format") in {None, *FORMATS}
            assert schema.get("minItems") in {None, 0, 1}
