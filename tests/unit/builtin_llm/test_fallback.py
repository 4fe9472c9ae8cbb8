"""Who stands in for a model, when, and how that is marked."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine import Engine
from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.plugin import Retryable, Terminal
from tests.support.anthropic_server import Reply, fails, refuses, says

from .conftest import ask

SCHEMA = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["a", "b"]}}}
RECIPE = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
input_schema: {type: object, required: [who], properties: {who: {type: string}}}
steps:
  - id: reply
    type: llm_call
    user_prompt: "{{ who }}"
    retry: {attempts: 2, wait: 1ms}
    fallback: {answer: "Bonjour {{ who }}, nous revenons vers vous."}
"""


@pytest.mark.parametrize(
    "reply", [fails(529), fails(400, "no"), refuses(), says("half", stop="max_tokens"), Reply(drop=True)]
)
async def test_next_model_is_asked_at_once_whatever_the_failure(server, ctx, reply):
    server.will(reply, says("oui"))
    assert await ask(ctx, user_prompt="Q", fallback={"models": ["claude-haiku-4-5"]}) == "oui"
    assert [body["model"] for body in server.bodies] == ["claude-sonnet-5-5", "claude-haiku-4-5"]
    assert ctx.usage["fallbacks"] == 1
    assert ctx.lines[-1] == "fallback: the model claude-haiku-4-5 stands in"


async def test_own_model_leaves_no_mark(server, ctx):
    server.will(says("oui"))
    await ask(ctx, user_prompt="Q", fallback={"models": ["claude-haiku-4-5"], "answer": "x"})
    assert "fallbacks" not in ctx.usage


async def test_each_model_is_paid_at_its_own_price(server, ctx):
    usage = {"input_tokens": 1000, "output_tokens": 100}
    server.will(says("half", stop="max_tokens", usage=usage), says("oui", usage=usage))
    await ask(ctx, model="claude-opus-5-5", user_prompt="Q", fallback={"models": ["claude-haiku-4-5"]})
    assert ctx.usage["cost"] == pytest.approx((1000 * 4 + 100 * 20 + 1000 * 1 + 100 * 5) / 1e6)


async def test_prepared_answer_comes_when_the_step_is_not_tried_again(server, ctx):
    server.will(fails(529), fails(529))
    ctx.repeats = True
    with pytest.raises(Retryable):
        await ask(ctx, user_prompt="Q", fallback={"answer": "plus tard"})
    ctx.repeats = False
    assert await ask(ctx, user_prompt="Q", fallback={"answer": "plus tard"}) == "plus tard"
    assert ctx.usage["fallbacks"] == 1


async def test_failure_that_may_pass_is_the_one_that_counts(server, ctx):
    server.will(refuses(), fails(529))
    with pytest.raises(Retryable) as caught:
        await ask(ctx, user_prompt="Q", fallback={"models": ["claude-haiku-4-5"]})
    assert caught.value.failure.code == "overloaded"


async def test_prepared_null_is_an_answer(server, ctx):
    server.will(refuses())
    schema = {"type": ["object", "null"]}
    assert await ask(ctx, user_prompt="Q", output_schema=schema, fallback={"answer": None}) is None


@pytest.mark.parametrize(("schema", "answer"), [(SCHEMA, {"kind": "c"}), (None, {"kind": "a"})])
async def test_prepared_answer_has_to_fit(server, ctx, schema, answer):
    server.will(refuses())
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q", output_schema=schema, fallback={"answer": answer})
    assert caught.value.failure.code == "invalid_fallback"


async def test_money_is_no_reason_to_stay_silent(server, ctx):
    ctx.cost_left = 0.000001
    assert await ask(ctx, user_prompt="Q", fallback={"answer": "plus tard"}) == "plus tard"
    assert server.bodies == []


async def test_slow_model_leaves_time_for_the_next(server, ctx):
    gate = asyncio.Event()
    server.will(Reply(gate=gate), says("oui"))
    ctx.timeout = 0.5
    assert await ask(ctx, user_prompt="Q", fallback={"models": ["claude-haiku-4-5"]}) == "oui"
    gate.set()
    assert ctx.usage["fallbacks"] == 1


async def test_prompt_that_is_empty_is_not_covered(server, ctx):
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt=" ", fallback={"answer": "x"})
    assert caught.value.failure.code == "empty_prompt"


async def test_other_provider_stands_in(server, ctx, tmp_path):
    ctx.settings.values["RECIPE_LLM_ANSWERS"] = str(tmp_path)
    (tmp_path / "classify-1.answer.txt").write_text("moi")
    server.will(refuses())
    fallback = {"models": [{"model": "me", "provider": "manual"}]}
    assert await ask(ctx, user_prompt="Q", fallback=fallback) == "moi"


async def test_script_tells_models_apart(ctx):
    ctx.services["llm"] = ScriptedModel(
        [{"step": "classify", "model": "claude-sonnet-5-5", "error": "refused"}, {"step": "classify", "answer": "oui"}]
    )
    assert await ask(ctx, user_prompt="Q", fallback={"models": ["claude-haiku-4-5"]}) == "oui"


async def test_run_shows_that_a_prepared_answer_stands_in(server, tmp_path):
    path = tmp_path / "essai.yml"
    path.write_text(RECIPE, encoding="utf-8")
    server.will(fails(529), fails(529))
    async with Engine(":memory:", env={"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url}) as engine:
        run = await engine.run(path, {"who": "Camille"})
    assert (run.status, run.output) == ("succeeded", "Bonjour Camille, nous revenons vers vous.")
    assert run.usage["fallbacks"] == 1
    assert len(server.bodies) == 2
