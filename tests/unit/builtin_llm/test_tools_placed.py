"""Steps with tools wherever a step may stand, whatever they and their tools are called."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.builtin.llm.action import llm
from recipe_engine.builtin.store import store
from recipe_engine.plugin import Catalog, Connector, Context, Params, Result, Terminal
from recipe_engine.runtime.clock import VirtualClock
from tests.support.anthropic_server import Reply, fails, message, says

HEAD = """slug: SLUG
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
input_schema: {type: object, required: [message], properties: {message: {type: string}, nothing: {type: [string, 'null']}}}
"""
ASKING = "type: llm_call, user_prompt: '{{ message }}', tools: [shop.find]"
NAMES = ("call", "kept", "rounds", "question", "not", "3d", "_x", "model", "approval", "given")
MORE = ("run", "error", "tool_call", "past", "said", "round", "result", "tool", "to", "answer")


class Find(Params):
    name: str
    shelf: str = "any"


class Found(Result):
    stock: int


class Shop:
    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.failures: list[Exception] = []
        self.connector = Connector(name="shop", title="Shop")

        @self.connector.action(effect="read")
        async def find(ctx: Context, params: Find) -> Found:
            """How many are there."""
            self.found.append((params.name, params.shelf))
            if self.failures:
                raise self.failures.pop(0)
            return Found(stock=len(self.found))

        @self.connector.action(effect="once")
        async def order(ctx: Context, params: Find) -> Found:
            """Order something."""
            self.found.append((params.name, params.shelf))
            return Found(stock=0)


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def run(shop, server, tmp_path):
    """Run a recipe. The model calls all its tools at once, then answers."""
    server.otherwise = calls_once

    async def running(text: str, **called: str):
        for name, other in called.items():
            (tmp_path / f"{name}.yml").write_text(head(name) + other.replace("ASKING", ASKING), encoding="utf-8")
        path = tmp_path / "essai.yml"
        path.write_text(head("essai") + text.replace("ASKING", ASKING), encoding="utf-8")
        env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url}
        catalog = Catalog.of([llm, store, shop.connector])
        async with Engine(":memory:", env=env, catalog=catalog, clock=VirtualClock(1_773_651_600.0)) as engine:
            return await engine.run(path, {"message": "Combien ?", "nothing": None})

    return running


def head(slug: str) -> str:
    return HEAD.replace("SLUG", slug)


def calls_once(body: Any) -> Reply:
    if len(body["messages"]) > 1:
        return says(value={"text": "ok"}) if "format" in body.get("output_config", {}) else says("ok")
    asked = [(tool["name"], n) for n, tool in enumerate(body["tools"])]
    blocks = [{"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": {"name": "x"}} for name, n in asked]
    return Reply(body=message(blocks, stop="tool_use"))


@pytest.mark.parametrize("names", [NAMES, MORE])
async def test_a_tool_may_have_any_name(shop, run, names):
    tools = [f"{{action: shop.find, name: '{name}', with: {{shelf: '{name}'}}}}" for name in names]
    done = await run(f"steps:\n  - {{id: model, type: llm_call, user_prompt: Q, tools: [{', '.join(tools)}]}}\n")
    assert (done.status, done.output) == ("succeeded", "ok"), done.error
    assert sorted(shelf for _, shelf in shop.found) == sorted(names)


PLACES = {
    "loop": "{id: all, type: for_each, items: '[1, 2, 3]', as: n, concurrency: 3, steps: [{id: a, ASKING}]}",
    "repeat": "{id: all, type: repeat, until: a == 'ok', max_rounds: 2, steps: [{id: a, ASKING}]}",
    "parallel": "{id: all, type: parallel, branches: {x: [{id: a, ASKING}], y: [{id: b, ASKING}]}}",
    "branch": "{id: all, type: branch, cases: [{when: message == 'Combien ?', steps: [{id: a, ASKING}]}]}",
    "always": "{id: all, type: group, steps: [{id: b, ASKING}], always: [{id: a, ASKING}]}",
    "handler": "{id: bad, type: shop.find, with: {name: x}, on_error: [{id: a, ASKING}]}",
    "if": "{id: b, if: false, ASKING}\n  - {id: a, if: b is not defined, ASKING}",
    "long": "{id: a" + 60 * "b" + ", ASKING}",
    "called": "{id: a, type: recipe, recipe: inner, with: {message: '{{ message }}'}}\n  - {id: b, ASKING}\n"
    "  - {id: c, type: recipe, recipe: outer, with: {message: '{{ message }}'}}",
}
INNER = "steps:\n  - {id: a, ASKING}\n"
OUTER = "steps:\n  - {id: a, type: recipe, recipe: inner, with: {message: '{{ message }}'}}\n"


@pytest.mark.parametrize("place", PLACES)
async def test_a_step_with_tools_may_stand_anywhere(shop, run, place):
    shop.failures = [Terminal("no", code="no")] if place == "handler" else []
    done = await run(f"steps:\n  - {PLACES[place]}\n", inner=INNER, outer=OUTER)
    assert done.status == "succeeded", done.error
    assert len(shop.found) == {"loop": 3, "parallel": 2, "always": 2, "handler": 2, "called": 3}.get(place, 1)


async def test_a_step_with_tools_may_answer_for_a_run_that_failed(shop, run):
    shop.failures = [Terminal("no", code="no")]
    done = await run("steps:\n  - {id: bad, type: shop.find, with: {name: x}}\non_error:\n  - {id: a, ASKING}\n")
    assert (done.status, done.error["code"], len(shop.found)) == ("failed", "no", 2)
    assert ("a/round[1]/model", "succeeded") in [(step["path"], step["status"]) for step in done.steps]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("on_error: continue", None),
        ("on_error: [{id: b, type: set, values: {b: 1}}]", {"b": 1}),
        ("fallback: {answer: prepared}", "prepared"),
        ("fallback: {models: [claude-haiku-5-5]}", "ok"),
        ("retry: {attempts: 3, wait: 5s}", "ok"),
    ],
)
async def test_what_a_step_says_of_failures_holds_for_one_with_tools(server, run, fields, expected):
    server.will(fails(500 if "retry" in fields else 400))
    done = await run(f"steps:\n  - {{id: a, ASKING, {fields}}}\noutput: '{{{{ a | default(none) }}}}'\n")
    assert (done.status, done.output) == ("succeeded", expected), done.error


async def test_templates_of_a_step_with_tools_see_what_stands_around_it(server, shop, run):
    text = """steps:
  - id: all
    type: for_each
    items: "['write', 'classify']"
    as: kind
    steps:
      - id: a
        type: llm_call
        complexity: "{{ kind }}"
        system_prompt: "Du {{ kind }} {{ nothing | default('rien') }}"
        user_prompt: [{text: "{{ kind }} ?"}, {media: "{{ nothing }}"}]
        max_tokens: "{{ 100 + 11 }}"
        model: "{{ nothing }}"
        conversation: "{{ kind }}"
        tools: [{action: shop.find, with: {shelf: "{{ kind }}"}}]
output_schema: {type: object}
"""
    done = await run(text)
    assert done.status == "succeeded", done.error
    assert [shelf for _, shelf in shop.found] == ["write", "classify"]
    assert [body["model"] for body in server.bodies[::2]] == ["claude-sonnet-5-5", "claude-haiku-5-5"]
    assert server.bodies[0]["max_tokens"] == 111


@pytest.mark.parametrize("key", ["{{ nothing }}", "{{ message | truncate(0) }}", "{{ ('x' * 301) }}"])
async def test_a_conversation_that_is_nobodys_is_refused(server, run, key):
    done = await run(f'steps:\n  - {{id: a, ASKING, conversation: "{key}", fallback: {{answer: no}}}}\n')
    assert (done.status, done.error["code"], server.bodies) == ("failed", "invalid_conversation", []), done.error


async def test_an_answer_takes_the_schema_of_the_recipe(server, run):
    schema = "output_schema: {type: object, required: [text], properties: {text: {type: string}}}\n"
    done = await run(f"{schema}steps:\n  - {{id: a, ASKING}}\n")
    assert done.output == {"text": "ok"}


async def test_who_approves_may_be_a_template(run):
    tool = "{action: shop.order, confirm: approval, to: '{{ message }}'}"
    done = await run(f"steps:\n  - {{id: a, name: 'À {{{{ x', type: llm_call, user_prompt: Q, tools: [{tool}]}}\n")
    assert done.status == "waiting", done.error


def calling(*asked: tuple[str, Any]) -> Reply:
    blocks = [{"type": "tool_use", "id": ident, "name": "shop_find", "input": given} for ident, given in asked]
    return Reply(body=message(blocks, stop="tool_use"))


async def test_what_a_model_asks_without_bounds_is_told_and_not_done(server, shop, run):
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    asked = [("a", {"name": deep}), ("b", {"name": "x" * 2_000_000}), *((f"c{n}", {"name": "x"}) for n in range(98))]
    server.will(calling(*asked), says("ok"))
    done = await run("steps:\n  - {id: a, ASKING}\n")
    assert (done.output, len(shop.found)) == ("ok", 8), done.error
    told = [block["content"] for block in server.bodies[1]["messages"][-1]["content"]]
    assert [text.startswith("the input is too large") for text in told[:3]] == [True, True, False]
    assert told[10:] == 90 * ["at most 10 calls at a time: ask again for what is still needed"]


async def test_calls_of_one_name_are_told_apart(server, shop, run):
    server.will(calling(("same", {"name": "x"}), ("same", {"name": "y"})), says("ok"))
    await run("steps:\n  - {id: a, ASKING}\n")
    told = server.bodies[1]["messages"][-1]["content"]
    assert [block["tool_use_id"] for block in told] == ["same", "same_1"]


async def test_long_words_in_any_script_are_remembered(server, run):
    server.otherwise = lambda body: says("漢" * 25_000)
    talk = "{id: a, type: llm_call, user_prompt: '{{ message }}', conversation: k}"
    done = await run(
        f"steps:\n  - {{id: all, type: repeat, until: false, max_rounds: 22, steps: [{talk}], on_error: continue}}\n"
    )
    assert done.status == "succeeded"
    assert [step["path"] for step in done.steps if step["status"] == "failed"] == ["all"]
    assert len(server.bodies[-1]["messages"]) == 41
