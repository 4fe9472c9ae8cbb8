"""Schemas of documents as the checker, the editor and the sandbox see them."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from recipe_engine.openapi.bounds import bounded
from recipe_engine.openapi.document import Document
from recipe_engine.openapi.examples import sample_of
from recipe_engine.openapi.schemas import Direction, Schemas
from recipe_engine.openapi.texts import matching


def converted(
    raw: Any, *, openapi: str = "3.0.3", direction: Direction = "request", **components: Any
) -> dict[str, Any]:
    schemas = Schemas(Document({"openapi": openapi, "components": {"schemas": components}}), direction)
    schema = schemas.schema(raw)
    assert isinstance(schema, dict)
    return schemas.finish(schema)


def accepts(schema: dict[str, Any], *values: Any) -> list[bool]:
    validator = jsonschema_rs.validator_for(schema)
    return [validator.is_valid(value) for value in values]


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("openapi", "raw"),
    [
        ("3.0.3", {"type": "string", "nullable": True}),
        ("3.0.3", {"type": "string", "enum": ["a"], "nullable": True}),
        ("3.0.3", {"nullable": True, "allOf": [{"type": "string"}]}),
        ("3.0.3", {"nullable": True, "oneOf": [{"type": "string"}]}),
        ("3.1.0", {"type": ["string", "null"]}),
        ("3.1.0", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ],
)
def test_both_dialects_of_nullable(openapi: str, raw: Any) -> None:
    assert accepts(converted(raw, openapi=openapi), "a", None, 1) == [True, True, False]


def test_circular_references_are_checked_all_the_way_down() -> None:
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": ref("T")}},
    }
    schema = converted(ref("T"), T=tree)
    good = {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]}
    bad = {"name": "a", "children": [{"name": "b", "children": [{"name": 3}]}]}
    assert accepts(schema, good, bad) == [True, False]
    assert jsonschema_rs.is_valid(schema, sample_of(schema))


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": ref("A")},
        {"A": {"allOf": [ref("A")]}},
        {"A": {"allOf": [ref("B")]}, "B": {"allOf": [ref("A")], "type": "object"}},
        {"A": {"anyOf": [ref("A"), {"type": "string"}]}},
        {
            "A": {"type": "object", "properties": {"x": {"type": "string"}}, "oneOf": [ref("A"), ref("B")]},
            "B": ref("A"),
        },
        {"A": {"type": "array", "items": ref("A")}},
        {"A": {"type": "object", "additionalProperties": ref("A")}},
    ],
)
def test_circles_of_every_kind_end(schemas: Any) -> None:
    schema = converted(ref("A"), **schemas)
    jsonschema_rs.validator_for(schema)
    sample_of(schema)


def test_parts_of_all_of_make_one_object() -> None:
    base = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    more = {
        "allOf": [ref("Base"), {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}]
    }
    schema = converted(ref("More"), Base=base, More=more)
    assert schema["$defs"]["More"]["properties"].keys() == {"id", "name"}
    assert accepts(schema, {"id": 1, "name": "a"}, {"id": 1}, {"id": "1", "name": "a"}) == [True, False, False]


def test_a_property_in_two_parts_keeps_both_conditions() -> None:
    schema = converted(
        {
            "allOf": [
                {"properties": {"kind": {"type": "string"}}},
                {"properties": {"kind": {"enum": ["a"]}}, "required": ["kind"]},
            ]
        }
    )
    assert accepts(schema, {"kind": "a"}, {"kind": "b"}, {}) == [True, False, False]


def test_alternatives_beside_properties_stay_open_to_each_other() -> None:
    raw = {
        "type": "object",
        "properties": {"to": {"type": "string"}},
        "required": ["to"],
        "oneOf": [ref("Text"), ref("Html")],
    }
    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    html = {"type": "object", "properties": {"html": {"type": "string"}}, "required": ["html"]}
    from recipe_engine.compile.facts import _strict

    schema = _strict(converted(raw, Text=text, Html=html))
    assert accepts(schema, {"to": "a", "text": "b"}, {"to": "a", "html": "b"}, {"to": "a"}) == [True, True, False]


def test_alternatives_that_overlap_accept_what_several_of_them_do() -> None:
    assert accepts(converted({"oneOf": [{"type": "number"}, {"type": "integer"}]}), 1, 1.5, "1") == [True, True, False]


CAT = {
    "type": "object",
    "required": ["kind", "lives"],
    "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}},
}
DOG = {
    "type": "object",
    "required": ["kind", "breed"],
    "properties": {"kind": {"type": "string"}, "breed": {"type": "string"}},
}


def test_exactly_one_alternative_has_to_fit_where_they_can_be_told_apart() -> None:
    one = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    other = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    raw = {"oneOf": [ref("One"), ref("Other")]}
    schema = converted(raw, One=one, Other=other)
    assert accepts(schema, {"id": 1}, {"name": "a"}, {"id": 1, "name": "a"}, {}) == [True, True, False, False]
    answers = converted(raw, direction="answer", One=one, Other=other)
    assert accepts(answers, {"id": 1, "name": "a"}, {}) == [True, False]


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("mapping", "tag"), [({"mapping": {"cat": "#/components/schemas/Cat", "dog": "Dog"}}, "cat"), ({}, "Cat")]
)
def test_a_discriminator_chooses(word: str, mapping: Any, tag: str) -> None:
    raw = {word: [ref("Cat"), ref("Dog")], "discriminator": {"propertyName": "kind", **mapping}}
    schema = converted(raw, Cat=CAT, Dog=DOG)
    good = {"kind": tag, "lives": 9}
    assert accepts(schema, good, {**good, "breed": "x"}, {"kind": tag, "breed": "x"}, {"kind": "cow", "lives": 9}) == [
        True, True, False, False,
    ]  # fmt: skip
    assert sample_of(schema)["kind"] == tag  # type: ignore[index,call-overload]  # an object


def test_a_schema_with_a_discriminator_stands_for_those_made_of_it() -> None:
    pet = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind"},
    }
    cat = {
        "allOf": [ref("Pet"), {"type": "object", "required": ["lives"], "properties": {"lives": {"type": "integer"}}}]
    }
    from recipe_engine.compile.facts import _strict

    schema = _strict(converted(ref("Pet"), Pet=pet, Cat=cat))
    assert accepts(schema, {"kind": "Cat", "lives": 9}, {"kind": "Cat", "wings": 2}, {"lives": 9}) == [
        True,
        False,
        False,
    ]


def test_a_reference_in_an_all_of_that_leads_back_ends() -> None:
    node = {
        "type": "object",
        "properties": {"parent": {"nullable": True, "allOf": [ref("Node")]}, "name": {"type": "string"}},
    }
    schema = converted(ref("Node"), Node=node)
    assert accepts(schema, {"parent": {"parent": None}}, {"parent": {"parent": {"name": 3}}}) == [True, False]
    more = {"type": "object", "properties": {"child": {"allOf": [ref("More"), {"required": ["name"]}]}}}
    base = {"allOf": [ref("More"), {"properties": {"child": {"allOf": [ref("Base")]}}}]}
    schema = converted(ref("Base"), More=more, Base=base)
    assert accepts(schema, {"child": {"name": "a"}}, {"child": {}}) == [True, False]


def test_conditions_of_json_schema() -> None:
    raw = {
        "type": "object",
        "properties": {"way": {"type": "string"}, "mail": {"type": "string"}, "card": {}, "bill": {}},
        "required": ["way"],
        "if": {"properties": {"way": {"const": "mail"}}},
        "then": {"required": ["mail"]},
        "dependentRequired": {"card": ["bill"]},
        "patternProperties": {"^x-": {"type": "integer"}},
        "propertyNames": {"maxLength": 5},
    }
    good = [
        {"way": "sms"},
        {"way": "mail", "mail": "a"},
        {"way": "sms", "card": 1, "bill": 2},
        {"way": "sms", "x-a": 1},
    ]
    bad = [{"way": "mail"}, {"way": "sms", "card": 1}, {"way": "sms", "x-a": "1"}, {"way": "sms", "longer": 1}]
    schema = converted(raw, openapi="3.1.0")
    assert accepts(schema, *good, *bad) == [True] * 4 + [False] * 4


def test_references_by_anchor() -> None:
    raw = {"$ref": "#money"}
    assert accepts(converted(raw, openapi="3.1.0", M={"$anchor": "money", "type": "integer"}), 1, "1") == [True, False]


def test_limits_of_all_parts_hold() -> None:
    raw = {
        "allOf": [
            {"type": "string", "minLength": 2, "pattern": "^a"},
            {"minLength": 3, "maxLength": 4, "pattern": "z$"},
        ]
    }
    assert accepts(converted(raw), "az", "abz", "abcdz", "abc") == [False, True, False, False]


def test_properties_travel_one_way_only() -> None:
    raw = {
        "type": "object",
        "properties": {"id": {"type": "string", "readOnly": True}, "password": {"type": "string", "writeOnly": True}},
        "required": ["id", "password"],
    }
    assert converted(raw)["properties"].keys() == {"password"}
    assert converted(raw)["required"] == ["password"]
    assert converted(raw, direction="answer")["properties"].keys() == {"id"}


def test_limits_of_both_dialects() -> None:
    old = converted({"type": "integer", "minimum": 1, "exclusiveMinimum": True})
    new = converted({"type": "integer", "exclusiveMinimum": 1}, openapi="3.1.0")
    assert accepts(old, 1, 2) == accepts(new, 1, 2) == [False, True]


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "string", "pattern": "(?<bad"},
        {"type": "String"},
        {"type": "object", "properties": {"a": "nonsense"}},
        {"type": "string", "minLength": "3"},
        {"type": "object", "required": True},
        {"$ref": "other.yaml#/X"},
        {"$ref": "#/components/schemas/Gone"},
        {"type": "array"},
        {"enum": []},
        "nonsense",
    ],
)
def test_what_no_validator_reads_becomes_anything(raw: Any) -> None:
    schemas = Schemas(Document({"openapi": "3.0.3"}), "request")
    found = schemas.schema(raw)
    jsonschema_rs.validator_for(schemas.finish(found if isinstance(found, dict) else {}))


def test_words_beside_a_reference_count_in_3_1_only() -> None:
    raw = {**ref("A"), "maxLength": 2}
    assert accepts(converted(raw, openapi="3.1.0", A={"type": "string"}), "ab", "abc") == [True, False]
    assert accepts(converted(raw, openapi="3.0.3", A={"type": "string"}), "ab", "abc") == [True, True]


def test_numbers_among_the_choices_of_a_text() -> None:
    assert accepts(converted({"type": "string", "enum": [1, 2]}), "1", 1) == [True, False]


def test_references_by_paths_with_escapes() -> None:
    document = Document({"openapi": "3.1.0", "paths": {"/a/{b}": {"get": {"x": {"type": "integer"}}}}})
    schemas = Schemas(document, "request")
    schema = schemas.finish({"items": schemas.schema({"$ref": "#/paths/~1a~1%7Bb%7D/get/x"})})
    assert accepts(schema, [1], ["a"]) == [True, False]


def test_what_is_tied_together_too_much_is_told_as_far_as_it_fits() -> None:
    names = [f"S{number}" for number in range(40)]
    every = {"type": "object", "properties": {name.lower(): ref(name) for name in names}}
    schema = converted(ref("S0"), **dict.fromkeys(names, every))
    cut, whole = bounded(schema)
    assert not whole
    assert "$defs" not in cut
    assert accepts(cut, {"s1": {"s2": {}}}, {"s1": 5}) == [True, False]
    from recipe_engine.expr.types import from_schema

    from_schema(cut)


@pytest.mark.parametrize(
    "pattern",
    [
        "^AC[0-9a-fA-F]{32}$",
        r"^\d{4}-\d{2}$",
        "^(SM|MM)[0-9a-f]{2,}$",
        "[^a-z]+",
        r"^\+?[1-9]\d{6,14}$",
        "^(?:a|b)?c*$",
        ".+@.+",
    ],
)
def test_a_text_for_a_pattern(pattern: str) -> None:
    text = matching(pattern)
    assert text is not None
    assert jsonschema_rs.is_valid({"pattern": pattern}, text)


@pytest.mark.parametrize("pattern", ["(", "[", "a{", "\\"])
def test_no_text_for_what_is_no_pattern(pattern: str) -> None:
    matching(pattern)
