"""What `-i` and `--input` make of text."""

from pathlib import Path

import click
import pytest

from recipe_engine.cli.given import from_file, from_pairs

SCHEMA = {
    "type": "object",
    "properties": {
        "phone": {"type": "string"},
        "count": {"type": "integer"},
        "urgent": {"type": "boolean"},
        "note": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "address": {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "string"}}},
        "size": {"enum": ["s", "m", 3]},
        "photo": {"type": "string", "format": "base64_image"},
        "a.b": {"type": "integer"},
        "free": {},
    },
}


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("phone=0612345678", {"phone": "0612345678"}),
        ("count=3", {"count": 3}),
        ("count=three", {"count": "three"}),
        ("urgent=true", {"urgent": True}),
        ("note=null", {"note": "null"}),
        ("address.zip=75001", {"address": {"zip": "75001"}}),
        ('address={"city": "Paris"}', {"address": {"city": "Paris"}}),
        ('tags=["a", "b"]', {"tags": ["a", "b"]}),
        ("size=s", {"size": "s"}),
        ("size=3", {"size": 3}),
        ("a.b=4", {"a.b": 4}),
        ("free=12", {"free": 12}),
        ("free=a=b", {"free": "a=b"}),
        ("free=null", {"free": None}),
        ("phone=@@home", {"phone": "@home"}),
        ("phone=", {"phone": ""}),
    ],
)
def test_text_is_read_by_the_type_of_its_field(pair, expected):
    assert from_pairs([pair], SCHEMA) == expected


def test_a_repeated_key_adds_to_a_list_field_and_replaces_any_other():
    assert from_pairs(["tags=a", "tags=b", "phone=1", "phone=2"], SCHEMA) == {"tags": ["a", "b"], "phone": "2"}


def test_a_file_is_kept_as_a_path_for_the_engine_to_read(tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"jpeg")
    assert from_pairs([f"photo=@{photo}", f"tags=@{photo}"], SCHEMA) == {"photo": photo, "tags": [photo]}


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("phone", "'phone' has no value: write key=value"),
        ("=x", "'=x' has no value: write key=value"),
        ("photo=@missing.jpg", "photo: missing.jpg is no such file"),
        ("photo=@.", "photo: . is a folder"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(pair, message):
    with pytest.raises(click.UsageError) as caught:
        from_pairs([pair], SCHEMA)
    assert message in caught.value.message


def test_a_key_that_the_schema_does_not_have_is_refused_unless_it_admits_others():
    with pytest.raises(click.UsageError, match="there is no input 'phon'; did you mean 'phone'"):
        from_pairs(["phon=1"], SCHEMA)
    assert from_pairs(["phon=1"], SCHEMA | {"additionalProperties": True}) == {"phon": 1}
    assert from_pairs(["a.b=1"], {}) == {"a": {"b": 1}}


def test_reaching_into_a_value_is_refused():
    with pytest.raises(click.UsageError, match="reaches into phone"):
        from_pairs(["phone=1", "phone.x=2"], {})


def test_a_json_file_is_one_input_and_a_csv_file_one_a_row(tmp_path):
    (tmp_path / "one.json").write_text('{"count": 1}')
    (tmp_path / "many.csv").write_text("\ufeffphone;count;address.city\n0601;3;Lyon\n0602;;\n\n", encoding="utf-8")
    assert from_file(str(tmp_path / "one.json"), SCHEMA) == [{"count": 1}]
    assert from_file(str(tmp_path / "many.csv"), SCHEMA) == [
        {"phone": "0601", "count": 3, "address": {"city": "Lyon"}},
        {"phone": "0602"},
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.json", b'{"a": }', "is not JSON: Expecting value at line 1, column 7"),
        ("list.json", b"[1, 2]", "holds a list, expected an object"),
        ("latin.json", b'{"a": "\xe9"}', "is not UTF-8 text: bad byte at 7"),
        ("empty.csv", b"phone,count\n", "the CSV file has no rows"),
    ],
)
def test_a_file_that_is_no_input_is_refused_with_its_reason(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(click.UsageError) as caught:
        from_file(str(path), SCHEMA)
    assert message in caught.value.message


def test_a_file_that_cannot_be_read_is_named():
    with pytest.raises(click.UsageError, match=r"cannot read nowhere\.json: no such file or directory"):
        from_file(str(Path("nowhere.json")), SCHEMA)
