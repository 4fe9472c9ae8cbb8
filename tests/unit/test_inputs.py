"""Inputs against their schema: defaults, and every miss at once."""

import pytest

from recipe_engine.errors import InvalidInput
from recipe_engine.inputs import fitted

SCHEMA = {
    "type": "object",
    "required": ["email", "lines"],
    "additionalProperties": False,
    "properties": {
        "email": {"type": "string", "format": "email", "description": "where the answer goes"},
        "urgent": {"type": "boolean", "default": False},
        "kind": {"enum": ["support", "modelling"]},
        "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}},
    },
    "$defs": {
        "line": {
            "type": "object",
            "required": ["price"],
            "properties": {"price": {"type": "number"}, "quantity": {"type": "integer", "default": 1}},
        }
    },
}


def problems(value, schema=SCHEMA):
    with pytest.raises(InvalidInput) as caught:
        fitted("input", schema, value)
    return {problem.path: (problem.found, problem.expected) for problem in caught.value.problems}


def test_defaults_are_filled_in_at_every_depth_and_the_value_given_is_left_alone():
    given = {"email": "a@b.org", "lines": [{"price": 2}]}
    assert fitted("input", SCHEMA, given) == {
        "email": "a@b.org",
        "urgent": False,
        "lines": [{"price": 2, "quantity": 1}],
    }
    assert given == {"email": "a@b.org", "lines": [{"price": 2}]}


def test_every_miss_is_reported_at_once_with_where_what_and_what_instead():
    assert problems({"kind": "suport", "lines": [{"price": "two"}, {}], "urgnt": True}) == {
        "email": ("nothing", "text in the form of email (where the answer goes)"),
        "kind": ('"suport"', 'one of "support", "modelling"'),
        "lines[0].price": ('"two"', "a number"),
        "lines[1].price": ("nothing", "a number"),
        "urgnt": ("a field that is not in the schema", "urgent (did you mean that?)"),
    }


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer", "minimum": 3}, 1, "at least 3"),
        ({"maximum": 3}, 4, "at most 3"),
        ({"minLength": 3}, "a", "at least 3 characters"),
        ({"maxLength": 1}, "ab", "at most 1 characters"),
        ({"minItems": 1}, [], "at least 1 items"),
        ({"maxItems": 1}, [1, 2], "at most 1 items"),
        ({"pattern": "^a"}, "b", "text that matches ^a"),
        ({"const": 5}, 6, "5"),
        ({"type": ["string", "null"]}, 6, "text or null"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, 6, "text or a list"),
        ({"type": "number", "multipleOf": 5}, 6, "is not a multiple of 5"),
    ],
)
def test_what_was_expected_is_said_in_words(schema, value, expected):
    assert problems(value, schema)[""][1] == expected


def test_a_long_value_is_cut_in_the_message():
    found, _ = problems("x" * 10_000, {"type": "integer"})[""]
    assert len(found) < 100
    assert "10002 characters" in found


def test_a_schema_never_loads_anything_from_elsewhere():
    with pytest.raises(ValueError, match=r"may not load https://example\.org/schema\.json"):
        fitted("input", {"$ref": "https://example.org/schema.json"}, {})


def test_no_schema_accepts_everything():
    assert fitted("input", None, {"a": 1}) == {"a": 1}
