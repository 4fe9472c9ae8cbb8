"""Whatever a model's service does, a run ends as documented, within its limits, its money counted to the token."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from recipe_engine import Engine
from recipe_engine.plugin import Retryable
from tests.support.anthropic_server import Reply, fails, refuses, says

from .conftest import ask

USAGE = {"input_tokens": 100, "output_tokens": 20}
PAID = (100 * 1 + 20 * 5) / 1e6
HALVED = replace(says("oui"), halved=True)
RECIPE = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 0.05 USD}
steps:
  - id: each
    type: for_each
    items: range(%d)
    as: item
    concurrency: %d
    on_item_error: collect
    steps:
      - id: ask
        type: llm_call
        model: claude-haiku-4-5
        max_tokens: 200
        user_prompt: "{{ item }}"
        output_schema: {type: object, required: [kind], properties: {kind: {enum: [a]}}}
        retry: {attempts: 2, wait: 1ms}
        timeout: 20s
output: {kinds: "{{ each.results | compact | length }}", codes: "{{ each.errors | map('error.code') }}"}
"""
GOOD = says(value={"kind": "a"}, usage=USAGE)


async def run_of(server, tmp_path, replies, items=1, at_once=1):
    path = tmp_path / "essai.yml"
    path.write_text(RECIPE % (items, at_once), encoding="utf-8")
    server.will(*replies)
    async with Engine(":memory:", env={"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url}) as engine:
        return await engine.run(path, {})


@pytest.mark.parametrize(
    ("replies", "code", "paid"),
    [
        ([fails(429), GOOD], None, 1),
        ([fails(529), GOOD], None, 1),
        ([Reply(drop=True), GOOD], None, 1),
        ([HALVED, GOOD], None, 1),
        ([Reply(body="<html>"), GOOD], None, 1),
        ([says("{", usage=USAGE), GOOD], None, 2),
        ([says(value={"kind": "z"}, usage=USAGE), GOOD], None, 2),
        ([fails(529), fails(529)], "overloaded", 0),
        ([HALVED, HALVED], "connection", 0),
        ([Reply(body="<html>"), Reply(body="<html>")], "invalid_answer", 0),
        ([says("{", usage=USAGE), says("[", usage=USAGE)], "invalid_output", 2),
        ([says('{"kind": "', stop="max_tokens", usage=USAGE)], "truncated", 1),
        ([says("", stop="model_context_window_exceeded", usage=USAGE)], "context_too_long", 1),
        ([refuses()], "refused", 1),
        ([fails(429, details={"error_code": "contract_spend_limit_reached"})], "spend_limit", 0),
        ([fails(402)], "billing", 0),
    ],
)
async def test_each_trouble_ends_as_documented(server, tmp_path, replies, code, paid):
    run = await run_of(server, tmp_path, replies)
    assert run.status == "succeeded", run.error
    assert run.output == {"kinds": 0 if code else 1, "codes": [code] if code else []}
    assert (run.usage["input_tokens"], run.usage["output_tokens"]) == (100 * paid, 20 * paid)
    assert run.usage["cost"] == pytest.approx(PAID * paid)
    assert len(server.bodies) == len(replies)


async def test_all_of_it_at_once_in_one_run(server, tmp_path):
    troubles = [fails(429), fails(529), Reply(drop=True), HALVED, refuses(), says("{", usage=USAGE)] * 5
    run = await run_of(server, tmp_path, [*troubles, *[GOOD] * 60], items=24, at_once=12)
    assert run.status == "succeeded", run.error
    assert run.output["kinds"] + len(run.output["codes"]) == 24
    answered = len(server.bodies) - sum(reply.status != 200 or reply.drop or reply.halved for reply in troubles)
    assert run.usage["tokens"] == 120 * answered
    assert run.usage["cost"] == pytest.approx(PAID * answered, abs=1e-6)
    assert run.usage["cost"] <= 0.05


async def test_stream_that_stalls_is_cut_off_and_the_next_model_asked(server, ctx):
    gate = asyncio.Event()
    server.will(replace(says("lent"), halved=True, gate=gate), says("vite"))
    ctx.timeout = 0.5
    assert await ask(ctx, user_prompt="Q", fallback={"models": ["claude-haiku-4-5"]}) == "vite"
    gate.set()


async def test_stream_that_is_slow_but_comes_is_read(server, ctx):
    gate = asyncio.Event()
    server.will(replace(says("lent"), halved=True, gate=gate))
    asking = asyncio.create_task(ask(ctx, user_prompt="Q"))
    await server.arrived.wait()
    gate.set()
    assert await asking == "lent"


async def test_answer_that_breaks_off_may_be_asked_for_again(server, ctx):
    server.will(HALVED)
    with pytest.raises(Retryable) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == "connection"
    assert "cost" not in ctx.usage
