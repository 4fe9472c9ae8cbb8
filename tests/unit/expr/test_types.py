"""Types, and the schemas that they come from."""

import pytest

from recipe_engine.expr.types import (
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
    UnionT,
    assignable,
    describe,
    from_schema,
    leaving,
    nullable,
    to_schema,
    union,
    without_null,
)

TEXT = StringT()
AB = StringT(("a", "b"))
PERSON = ObjectT({"name": TEXT, "age": IntT()}, frozenset({"name"}))


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((), AnyT()),
        ((TEXT,), TEXT),
        ((TEXT, AnyT()), AnyT()),
        ((IntT(), NumberT()), NumberT()),
        ((AB, StringT(("b", "c"))), StringT(("a", "b", "c"))),
        ((AB, TEXT), TEXT),
        ((StringT(None, "email"), StringT(None, "uri")), TEXT),
        ((ArrayT(IntT()), ArrayT(TEXT)), ArrayT(UnionT((IntT(), TEXT)))),
        ((TEXT, NullT(), TEXT), UnionT((TEXT, NullT()))),
        ((UnionT((TEXT, NullT())), IntT()), UnionT((TEXT, NullT(), IntT()))),
        ((PERSON, PERSON), PERSON),
    ],
)
def test_a_union_is_flat_and_short(types, expected):
    assert union(*types) == expected


def test_a_union_of_too_many_is_anything():
    assert union(*(ObjectT({str(index): TEXT}) for index in range(20))) == AnyT()


def test_null_is_told_apart():
    assert nullable(union(TEXT, NullT()))
    assert not nullable(TEXT)
    assert without_null(union(TEXT, NullT())) == TEXT
    assert without_null(NullT()) == NullT()


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, AnyT()),
        (True, AnyT()),
        (None, AnyT()),
        ({"type": "string"}, TEXT),
        ({"type": "string", "format": "email"}, StringT(None, "email")),
        ({"type": "string", "format": "base64_image"}, StringT(None, "base64_image")),
        ({"type": ["string", "null"]}, union(TEXT, NullT())),
        ({"type": "string", "nullable": True}, union(TEXT, NullT())),
        ({"enum": ["a", "b"]}, AB),
        ({"type": "string", "enum": ["a", "b"]}, AB),
        ({"enum": ["a", None, 1]}, union(StringT(("a",)), NullT(), IntT())),
        ({"const": "a"}, StringT(("a",))),
        ({"type": "integer"}, IntT()),
        ({"type": "number", "minimum": 0}, NumberT()),
        ({"type": "array", "items": {"type": "integer"}}, ArrayT(IntT())),
        ({"type": "array"}, ArrayT(AnyT())),
        ({"items": {"type": "integer"}}, ArrayT(IntT())),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
            ArrayT(union(IntT(), TEXT)),
        ),
        ({"type": "object"}, ObjectT(open=True)),
        ({"properties": {"a": {"type": "string"}}}, ObjectT({"a": TEXT})),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, ObjectT({"a": AnyT()}, frozenset({"a"}))),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, ObjectT({"a": AnyT()}, open=True)),
        ({"type": "object", "additionalProperties": False}, ObjectT()),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, ObjectT(open=True, rest=IntT())),
        ({"type": "object", "patternProperties": {"^x": {}}}, ObjectT(open=True)),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, union(TEXT, NullT())),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, union(TEXT, IntT())),
        ({"type": "string", "anyOf": [{"minLength": 1}, {"format": "email"}]}, TEXT),
        (
            {
                "allOf": [
                    {"properties": {"a": {"type": "string"}}, "required": ["a"]},
                    {"properties": {"b": {"type": "integer"}}},
                ]
            },
            ObjectT({"a": TEXT, "b": IntT()}, frozenset({"a"})),
        ),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, IntT()),
        ({"type": "object", "format": "file"}, FileT()),
        ({"format": "file"}, FileT()),
        ({"type": "strange"}, AnyT()),
        ({"type": [], "properties": 3, "required": 4}, ObjectT(open=True)),
    ],
)
def test_a_schema_is_read(schema, expected):
    assert from_schema(schema) == expected


def test_references_are_followed_and_recursion_ends():
    schema = {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
            },
            "a/b": {"type": "integer"},
        },
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/node"}, "n": {"$ref": "#/$defs/a~1b"}, "lost": {"$ref": "#/nowhere"}},
    }
    found = from_schema(schema)
    assert found.properties["root"] == ObjectT({"name": TEXT, "children": ArrayT(AnyT())})
    assert found.properties["n"] == IntT()
    assert found.properties["lost"] == AnyT()
    assert from_schema({"$ref": "#/$defs/node"}, schema) == found.properties["root"]
    assert from_schema({"$ref": "#"}) == AnyT()
    assert from_schema({"$ref": "https://example.org/schema"}) == AnyT()


def test_a_schema_nested_without_end_is_read():
    schema: dict = {"type": "string"}
    for _ in range(500):
        schema = {"type": "array", "items": schema}
    assert isinstance(from_schema(schema), ArrayT)


@pytest.mark.parametrize(
    "type_",
    [
        AnyT(),
        NullT(),
        BoolT(),
        IntT(),
        AB,
        ArrayT(TEXT),
        PERSON,
        ObjectT(open=True, rest=IntT()),
        union(TEXT, IntT()),
        FileT(),
    ],
)
def test_a_schema_says_what_the_type_says(type_):
    assert from_schema(to_schema(type_)) == type_


def test_what_leaves_is_text():
    assert leaving(ObjectT({"at": MomentT(), "for": union(DurationT(), NullT())})) == ObjectT(
        {"at": StringT(None, "date-time"), "for": union(TEXT, NullT())}
    )
    assert to_schema(MomentT()) == {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (AnyT(), IntT()),
        (TEXT, AnyT()),
        (IntT(), NumberT()),
        (TEXT, AB),
        (AB, TEXT),
        (StringT(("a",)), AB),
        (TEXT, StringT(None, "email")),
        (MomentT(), TEXT),
        (MomentT(), StringT(None, "date-time")),
        (TEXT, MomentT()),
        (StringT(("2026-01-01",)), MomentT()),
        (DurationT(), TEXT),
        (StringT(("2h",)), DurationT()),
        (SecretT(), TEXT),
        (TEXT, union(TEXT, NullT())),
        (union(TEXT, NullT()), union(TEXT, NullT(), IntT())),
        (ArrayT(AnyT()), ArrayT(IntT())),
        (ArrayT(IntT()), ArrayT(NumberT())),
        (ObjectT({"name": TEXT}, frozenset({"name"})), PERSON),
        (ObjectT(open=True), PERSON),
        (PERSON, ObjectT(open=True)),
        (FileT(), FileT()),
        (FileT(), ObjectT(open=True)),
        (ObjectT(open=True), FileT()),
    ],
)
def test_it_fits(source, target):
    assert assignable(source, target) is None


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (TEXT, IntT(), "it is text, where a whole number is expected"),
        (NumberT(), IntT(), "it is a number, where a whole number is expected"),
        (IntT(), TEXT, "it is a whole number, where text is expected"),
        (StringT(("a", "c")), AB, "it may be 'c', where one of 'a', 'b' is expected"),
        (union(TEXT, NullT()), TEXT, "it may be null, where text is expected"),
        (union(TEXT, IntT()), TEXT, "it may be a whole number, where text is expected"),
        (NullT(), TEXT, "it is null, where text is expected"),
        (StringT(None, "email"), MomentT(), "it is text (email), where a moment is expected"),
        (StringT(("soon",)), MomentT(), "it is the text 'soon', where a moment is expected"),
        (MomentT(), AB, "it is a moment, where one of 'a', 'b' is expected"),
        (TEXT, union(IntT(), NullT()), "it is text, where a whole number or null is expected"),
        (ArrayT(TEXT), ArrayT(IntT()), "in the items of the list: it is text, where a whole number is expected"),
        (
            ArrayT(TEXT),
            union(ArrayT(IntT()), NullT()),
            "in the items of the list: it is text, where a whole number is expected",
        ),
        (ObjectT({"age": IntT()}), PERSON, "the field name is missing"),
        (ObjectT({"name": IntT()}), PERSON, "in the field name: it is a whole number, where text is expected"),
        (ObjectT({"name": TEXT, "nom": TEXT}), PERSON, "there is no field nom in what is expected: name, age"),
        (ObjectT({"digest": TEXT}), FileT(), "the field media_type is missing"),
        (TEXT, FileT(), "it is text, where a file is expected"),
        (BoolT(), NumberT(), "it is true or false, where a number is expected"),
    ],
)
def test_it_does_not_fit_and_why(source, target, reason):
    assert assignable(source, target) == reason


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (AnyT(), "anything"),
        (AB, "one of 'a', 'b'"),
        (StringT(tuple("abcdefgh")), "one of 'a', 'b', 'c', 'd', 'e', 'f', ..."),
        (ArrayT(TEXT), "a list of texts"),
        (ArrayT(AnyT()), "a list"),
        (PERSON, "an object with name, age"),
        (ObjectT(open=True), "an object"),
        (union(NullT(), TEXT), "text or null"),
        (union(TEXT, IntT()), "text or a whole number"),
        (FileT(), "a file"),
        (SecretT(), "a secret"),
    ],
)
def test_a_type_in_words(type_, words):
    assert describe(type_) == words
