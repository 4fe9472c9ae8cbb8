"""for_each with `batch: true`, in whole runs against a server that keeps batches."""

from __future__ import annotations

import pytest

from recipe_engine import Engine
from recipe_engine.runtime.clock import VirtualClock
from tests.support.anthropic_server import fails, says

RECIPE = """
slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
input_schema: {type: object, required: [rows], properties: {rows: {type: array, items: {type: string}}}}
steps:
  - id: each
    type: for_each
    items: rows
    as: row
    batch: true
    concurrency: 4
    on_item_error: collect
    steps:
      - id: sort
        type: llm_call
        complexity: classify
        user_prompt: "{{ row }}"
        output_schema: {type: object, required: [kind], properties: {kind: {enum: [a, b]}}}
      - {id: line, type: set, values: {row: "{{ row }}", kind: "{{ sort.kind }}"}}
output: {lines: "{{ each.results }}", errors: "{{ each.errors }}"}
"""
START = 1_773_651_600.0


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "essai.yml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def engine_for(server, **how):
    env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url}
    return Engine(":memory:", env=env, clock=VirtualClock(START), **how)


async def ended(engine, recipe, rows):
    run_id = await engine.start(recipe, {"rows": rows})
    await engine.runtime.until_idle()
    return await engine.runtime.get(run_id)


async def test_questions_are_handed_over_together_at_half_the_price(server, recipe):
    server.slow = 3
    server.will(says(value={"kind": "a"}), says(value={"kind": "b"}), says(value={"kind": "a"}))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "deux", "un"])
        took = engine.clock.now() - START
    assert run.output["lines"] == [
        {"row": "un", "kind": "a"},
        {"row": "deux", "kind": "b"},
        {"row": "un", "kind": "a"},
    ]
    assert (took, server.downloads, server.bodies) == (180.0, 1, [])
    (rows,) = server.batches.values()
    assert [row["params"]["messages"][0]["content"] for row in rows] == ["un", "deux", "un"]
    assert run.usage["cost"] == pytest.approx(3 * (100 * 0.1 + 20 * 0.5) / 1e6 / 2)
    assert [step["path"] for step in run.steps if step["type"] == "llm_call"] == [f"each[{n}]/sort" for n in range(3)]


async def test_what_the_batch_does_not_answer_is_asked_directly(server, recipe):
    server.will(fails(500), says(value={"kind": "z"}), says(value={"kind": "b"}))
    server.will(says(value={"kind": "a"}), says(value={"kind": "b"}))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "deux", "trois"])
    assert [line["kind"] for line in run.output["lines"]] in (["a", "b", "b"], ["b", "a", "b"])
    assert {body["messages"][0]["content"] for body in server.bodies} == {"un", "deux"}


async def test_errors_of_a_loop_name_its_items(server, recipe):
    server.will(fails(500), says(value={"kind": "b"}), fails(400))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "deux"])
    assert [(error["index"], error["item"]) for error in run.output["errors"]] == [(0, "un")]
    assert run.output["lines"] == [{"row": "deux", "kind": "b"}]


async def test_nothing_is_handed_over_that_all_limits_do_not_cover(server, recipe):
    recipe.write_text(RECIPE.replace("cost: 1 USD", "cost: 0.0002 USD"), encoding="utf-8")
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "deux", "trois"])
    assert (run.status, run.error["code"], server.batches) == ("failed", "limit_cost", {})


async def test_a_model_without_batches_is_asked_one_by_one(recipe):
    answers = [{"step": "sort", "match": "un", "answer": {"kind": "a"}}, {"step": "sort", "answer": {"kind": "b"}}]
    async with Engine(":memory:", env={}, sandbox=True, answers=answers) as engine:
        run = await engine.run(recipe, {"rows": ["un", "deux"]})
    assert [line["kind"] for line in run.output["lines"]] == ["a", "b"]


async def test_an_empty_list_hands_over_nothing(server, recipe):
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, [])
    assert (run.status, run.output, server.batches) == ("succeeded", {"lines": [], "errors": []}, {})
