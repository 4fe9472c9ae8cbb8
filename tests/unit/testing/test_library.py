"""Tests of recipes from Python: cases for pytest, cases without a file, actions of connectors."""

from __future__ import annotations

import pytest

from recipe_engine import InvalidRecipe
from recipe_engine.builtin.http import http
from recipe_engine.builtin.store import store
from recipe_engine.plugin import Fault
from recipe_engine.testing import (
    ActionFailure,
    CaseFailed,
    find_files,
    load_cases,
    run_case,
    sandbox_context,
)
from tests.unit.testing.support import ENGINE, HEAD, written

RECIPE = "input_schema: {type: object, properties: {n: {type: integer}}}\nsteps: [{id: a, type: set, values: {n: '{{ n }}'}}]"


def test_the_cases_of_a_file_are_values(tmp_path):
    path = written(
        tmp_path,
        RECIPE,
        "defaults: {input: {n: 1}}\ncases:\n- {name: right, expect: {output: {n: 1}}}\n- {name: wrong, expect: {output: {n: 2}}}",
    )
    right, wrong = load_cases(path, engine=ENGINE)
    assert [str(right), str(wrong), wrong.line] == ["right", "wrong", 8 - 4]
    assert right.check().passed
    with pytest.raises(CaseFailed, match=r"output\.n\n +expected  2\n +found     1") as failed:
        wrong.check()
    assert failed.value.report.misses[0].path == "output.n"


def test_a_file_with_errors_has_no_cases(tmp_path):
    path = written(tmp_path, RECIPE, "cases: [{nme: x}]")
    with pytest.raises(InvalidRecipe, match="R701"):
        load_cases(path, engine=ENGINE)


async def test_a_case_may_be_written_in_python(tmp_path):
    recipe = tmp_path / "sample.yml"
    recipe.write_text(HEAD + RECIPE)
    assert (await run_case(recipe, {"input": {"n": 3}, "expect": {"output": {"n": 3}}}, engine=ENGINE)).passed
    report = await run_case(recipe, {"name": "refused", "input": {"n": "x"}, "expect": {"invalid_input": ["n"]}})
    assert (report.name, report.passed) == ("refused", True)
    with pytest.raises(InvalidRecipe, match="R702"):
        await run_case(recipe, {"inputs": {}}, engine=ENGINE)


def test_files_are_found_once_and_hidden_folders_are_left_out(tmp_path):
    path = written(tmp_path, RECIPE, "cases: []")
    hidden = tmp_path / ".venv"
    hidden.mkdir()
    written(hidden, RECIPE, "cases: []")
    assert find_files([tmp_path, path, tmp_path / "sample.yml"], ENGINE) == [path]


async def test_actions_are_called_over_their_sandbox():
    context = sandbox_context(http)
    context.sandbox.seed({"answers": [{"url": "https://shop.example/", "json": {"a": 1}}]})
    assert (await context.call("http", url="https://shop.example/"))["body"] == {"a": 1}
    context.inject(Fault(status=404))
    with pytest.raises(ActionFailure, match="http_404"):
        await context.call("http", url="https://shop.example/")
    context.inject(Fault(drop="before"))
    assert (await context.failure("http", url="https://shop.example/")).code == "connection"
    with pytest.raises(AssertionError, match="http succeeded"):
        await context.failure("http", url="https://shop.example/")


async def test_actions_have_a_store_that_lasts_as_long_as_the_context():
    context = sandbox_context(store)
    assert (await context.call("claim", table="seen", key="1", step_key="a"))["claimed"]
    assert (await context.call("claim", table="seen", key="1", step_key="a"))["claimed"]
    assert not (await context.call("claim", table="seen", key="1", step_key="b"))["claimed"]
