"""What editors are told is what the checker says."""

import json

import jsonschema
import pytest
import yaml

from recipe_engine import source
from recipe_engine.editor_schema import recipe_schema, shipped_catalog, text
from recipe_engine.model import CONTROL_STEPS, TRIGGERS
from recipe_engine.resources import bundled_recipes, schemas_dir
from tests.unit.compile.support import CATALOG, HEAD
from tests.unit.compile.test_checks import IMAGE


@pytest.fixture(scope="module")
def schema():
    return recipe_schema(CATALOG)


@pytest.fixture(scope="module")
def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def refused(validator, steps: str) -> list[str]:
    return [error.message for error in validator.iter_errors(yaml.safe_load(f"{HEAD}steps: [{steps}]"))]


@pytest.mark.parametrize(
    "step",
    [
        "{id: a, type: wait, duration: 15m}",
        "{id: a, type: wait, duration: '{{ config.delay }}', if: x, timeout: 5m, retry: {attempts: 3}}",
        "{id: a, type: desk.create_ticket, with: {subject: Panne, weight: 5, address: {street: Rue}}}",
        "{id: a, type: desk.create_ticket, with: {subject: Panne, weight: '{{ n }}', tags: '{{ t }}', priority: '{{ p }}'}}",
        "{id: a, type: http, url: 'https://example.org', json: {a: [1, '{{ b }}']}}",
        "{id: a, type: branch, cases: [{when: b, steps: [{id: c, type: stop}]}], else: [{id: d, type: stop}]}",
        "{id: a, type: parallel, branches: {b: [{id: c, type: stop}]}, on_error: [{id: d, type: stop}]}",
        "{id: a, type: for_each, items: b, as: c, pace: 20/1m, steps: [{id: d, type: stop}], on_error: continue}",
        "{id: a, type: transform, items: b, sort: [-c, d], limit: 5}",
        "{id: a, type: set, values: {b: 1}}",
    ],
)
def test_what_the_checker_takes_the_editor_takes(validator, step):
    assert refused(validator, step) == []


@pytest.mark.parametrize(
    "step",
    [
        "{id: a, type: wait, duraton: 15m}",
        "{id: a, type: wait, duration: soon}",
        "{id: a, type: nothing}",
        "{type: wait, duration: 15m}",
        "{id: A, type: wait, duration: 15m}",
        "{id: a, type: desk.create_ticket}",
        "{id: a, type: desk.create_ticket, with: {}}",
        "{id: a, type: desk.create_ticket, with: {subject: Panne, colour: red}}",
        "{id: a, type: desk.create_ticket, with: {subject: Panne, priority: huge}}",
        "{id: a, type: desk.create_ticket, subject: Panne}",
        "{id: a, type: http, url: 5}",
        "{id: a, type: http, with: {url: b}}",
        "{id: a, type: branch, cases: []}",
        "{id: a, type: group, steps: []}",
        "{id: a, type: set, values: {}}",
    ],
)
def test_what_the_checker_refuses_the_editor_marks(validator, step):
    assert refused(validator, step)


def test_whole_recipes_are_valid(validator):
    assert not list(validator.iter_errors(yaml.safe_load(IMAGE)))


def test_the_recipes_that_come_with_the_engine_are_valid():
    shipped = jsonschema.Draft202012Validator(recipe_schema(shipped_catalog()))
    assert bundled_recipes()
    for path in bundled_recipes().values():
        document, _ = source.load(path.read_text(encoding="utf-8"), path.name)
        assert document is not None
        assert [error.message for error in shipped.iter_errors(document.data)] == [], path.name


def test_every_type_is_offered_with_its_help(schema):
    offered = {item["const"]: item["description"] for item in schema["$defs"]["step"]["properties"]["type"]["anyOf"]}
    assert set(offered) == {*CONTROL_STEPS, *CATALOG.actions}
    assert all(offered.values())
    assert offered["desk.create_ticket"].startswith("Open a ticket.\n\nThe customer is told.")
    triggers = schema["$defs"]["triggers"]["items"]["properties"]["type"]["anyOf"]
    assert {item["const"] for item in triggers} == set(TRIGGERS)


def test_parameters_are_described_under_with(schema):
    fields = schema["$defs"]["step.desk.create_ticket"]["properties"]["with"]["properties"]
    assert fields["subject"]["description"] == "what it is about"


def test_the_schema_is_the_same_every_time():
    assert text(CATALOG) == text(CATALOG)


def test_the_file_follows_from_the_code():
    written = (schemas_dir() / "recipe.schema.json").read_text(encoding="utf-8")
    assert written == text(shipped_catalog()), "run python -m recipe_engine.editor_schema"
    assert json.loads(written)["title"] == "Recipe"
