"""The schema for editors takes what the reader takes."""

from __future__ import annotations

import jsonschema_rs
import pytest

from recipe_engine.resources import recipes_dir
from recipe_engine.source import load_file
from recipe_engine.testing.matching import MATCHER_DOCS, is_matcher
from recipe_engine.testing.reference import markdown, schema

SCHEMA = jsonschema_rs.Draft202012Validator(schema())


@pytest.mark.parametrize("path", sorted(recipes_dir().rglob("*.test.yml")), ids=lambda path: path.stem)
def test_bundled_tests_fit_the_schema(path):
    document, _ = load_file(path)
    assert [(error.instance_path, error.message) for error in SCHEMA.iter_errors(document.data)] == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"cases": []},
        {"cases": [{}]},
        {"cases": [{"name": "a", "expct": {}}]},
        {"cases": [{"name": "a", "expect": {"status": "success"}}]},
        {"cases": [{"name": "a", "faults": [{"status": 500}]}]},
        {"cases": [{"name": "a"}], "case": 1},
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(data):
    assert not SCHEMA.is_valid(data)


def test_every_matcher_of_the_page_is_one():
    assert all(is_matcher({word: None}) for word, _, _ in MATCHER_DOCS)


def test_the_page_has_a_row_for_every_field():
    page = markdown()
    for name in ("`crash`", "`invalid_input`", "`effects_exactly`", "`retry_after`", "`drop`"):
        assert f"| {name} |" in page
