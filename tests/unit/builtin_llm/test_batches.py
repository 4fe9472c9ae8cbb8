"""for_each with `batch: true`, in whole runs against a server that keeps batches."""

from __future__ import annotations

import json

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


async def test_an_item_whose_question_cannot_be_said_fails_alone(server, recipe):
    recipe.write_text(
        RECIPE.replace('"{{ row }}"\n        output', '"{{ row | to_number }} ?"\n        output'), encoding="utf-8"
    )
    server.will(says(value={"kind": "b"}))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "2"])
    assert [(error["index"], error["item"]) for error in run.output["errors"]] == [(0, "un")], run.error
    assert run.output["lines"] == [{"row": "2", "kind": "b"}]
    assert ([len(rows) for rows in server.batches.values()], server.bodies) == ([1], [])


async def test_a_question_that_cannot_be_asked_fails_alone(server, recipe):
    prompt = '[{media: "{{ row }}", kind: image}]\n        output'
    recipe.write_text(RECIPE.replace('"{{ row }}"\n        output', prompt), encoding="utf-8")
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["bm90IGFuIGltYWdl", "x"])
    assert [error["error"]["code"] for error in run.output["errors"]] == ["unsupported_media", "invalid_media"]
    assert (run.status, server.batches) == ("succeeded", {})


@pytest.mark.parametrize("fault", ["expired", "canceled", "missing", "garbage", "twice", "no message"])
async def test_rows_that_say_nothing_are_asked_directly(server, recipe, fault):
    good = {"type": "succeeded", "message": says(value={"kind": "a"}).body}
    lines = {
        "expired": lambda name: [row(name, {"type": "expired"})],
        "canceled": lambda name: [row(name, {"type": "canceled"})],
        "missing": lambda name: [row("question-17", good)],
        "garbage": lambda name: ["{garbage", "[]", '"x"', row(name, good)[:-20]],
        "twice": lambda name: [row(name, good), row(name, {"type": "expired"})],
        "no message": lambda name: [row(name, {"type": "succeeded", "message": "hm"}), row(name, 17)],
    }[fault]
    server.results = lambda rows: "\n\n".join(line for each in rows for line in lines(each["custom_id"]))
    server.will(says(value={"kind": "b"}))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un"])
    assert run.output == {"lines": [{"row": "un", "kind": "a" if fault == "twice" else "b"}], "errors": []}
    assert len(server.bodies) == (0 if fault == "twice" else 1)


def row(name, result):
    return json.dumps({"custom_id": name, "result": result})


@pytest.mark.parametrize("lost", ["the batch", "its answers", "its end"])
async def test_when_a_batch_is_lost_all_is_asked_directly(server, recipe, lost):
    server.gone = {"the batch": {"status", "results"}, "its answers": {"results"}}.get(lost, set())
    server.slow = 10_000 if lost == "its end" else 0
    server.otherwise = lambda body: says(value={"kind": "b"})
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "deux"])
    assert [line["kind"] for line in run.output["lines"]] == ["b", "b"], run.error
    assert len(server.bodies) == 2


async def test_an_outage_while_answers_are_waited_for_costs_only_time(server, recipe):
    server.slow, server.outage = 100, 30
    server.will(says(value={"kind": "a"}))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un"])
    assert ([line["kind"] for line in run.output["lines"]], server.bodies) == (["a"], []), run.error


async def test_money_for_an_answer_of_no_use_is_counted_once(server, recipe):
    server.will(says(value={"kind": "z"}), fails(500), says(value={"kind": "b"}))
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un"])
    full = (100 * 0.1 + 20 * 0.5) / 1e6
    assert run.output["lines"] == [{"row": "un", "kind": "b"}]
    assert run.usage["cost"] == pytest.approx(1.5 * full, abs=1e-6)


@pytest.mark.parametrize("start_at", [None, "each"])
async def test_an_answer_to_another_question_is_not_taken_when_a_recipe_was_mended(server, recipe, start_at):
    text = RECIPE.replace("on_item_error: collect", "on_item_error: fail").replace("concurrency: 4", "concurrency: 1")
    line = text[text.index("{id: line") : text.index("\noutput:")]
    recipe.write_text(text.replace(line, "{id: line, type: stop, status: failed}"), encoding="utf-8")
    server.otherwise = lambda body: says(value={"kind": "a"})
    async with engine_for(server) as engine:
        run = await ended(engine, recipe, ["un", "deux"])
        assert run.status == "failed"
        recipe.write_text(text.replace("items: rows", "items: rows[1:] + rows[:1]"), encoding="utf-8")
        server.otherwise = lambda body: says(value={"kind": "b"})
        again, _ = await engine.retry(run.run_id, recipe=recipe, start_at=start_at)
        await engine.runtime.until_idle()
        view = await engine.runtime.get(again)
    kinds = [line["kind"] for line in view.output["lines"]]
    # What had been answered for the first item is taken over; handed over again is only what is begun again.
    assert (kinds, len(server.batches)) == ((["b", "b"], 2) if start_at else (["a", "b"], 1)), view.error
