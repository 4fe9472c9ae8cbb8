"""Limits that calls made at the same time keep together, and the limit of a day."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine import Engine
from recipe_engine.builtin.llm import ledger as ledgers
from recipe_engine.builtin.llm.ledger import Ledger, Share
from recipe_engine.builtin.llm.provider import ModelAnswer, TokenUsage
from recipe_engine.plugin import Terminal
from tests.support.anthropic_server import fails, says

from .conftest import ask

# Haiku 4.5: 1 dollar a million in, 5 out.
MODEL = "claude-haiku-4-5"
LOOP = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: %s USD}
steps:
  - id: each
    type: for_each
    items: range(8)
    as: item
    concurrency: 8
    on_item_error: collect
    steps:
      - {id: ask, type: llm_call, model: claude-haiku-4-5, max_tokens: 1000, user_prompt: "{{ item }}", retry: {attempts: 1}}
output: "{{ each.results | compact | length }}"
"""


class Gated:
    """A model that answers when it is let; it counts how many are asked at once."""

    def __init__(self, usage):
        self.gate, self.usage = asyncio.Event(), usage
        self.under_way = self.most = self.asked = 0

    async def complete(self, request):
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        return ModelAnswer("oui", usage=self.usage)


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_calls_at_once_set_their_worst_aside_and_wait_for_room(ctx):
    # The worst of one call is a little above 1000 * 5 / 1e6 = 0.005 dollars.
    model = ctx.services["llm"] = Gated(TokenUsage(input=10, output=20))
    ctx.cost_left = 0.0121
    calls = [asyncio.create_task(ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q")) for _ in range(10)]
    await settled()
    assert (model.asked, model.most) == (2, 2)
    model.gate.set()
    assert await asyncio.gather(*calls) == ["oui"] * 10
    assert model.most == 2
    assert ctx.usage["cost"] == pytest.approx(10 * (10 + 20 * 5) / 1e6)


async def test_calls_that_cost_their_worst_stop_at_the_limit(ctx):
    model = ctx.services["llm"] = Gated(TokenUsage(input=20, output=1000))
    ctx.cost_left = 0.0121
    calls = [asyncio.create_task(ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q")) for _ in range(10)]
    await settled()
    model.gate.set()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert ended.count("oui") == 2
    assert {item.failure.code for item in ended if item != "oui"} == {"limit_cost"}
    assert ctx.usage["cost"] <= 0.0121


async def test_tokens_are_kept_together_too(ctx):
    model = ctx.services["llm"] = Gated(TokenUsage(input=5, output=5))
    ctx.tokens_left = 2_500
    calls = [asyncio.create_task(ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q")) for _ in range(4)]
    await settled()
    assert model.asked == 2
    model.gate.set()
    assert await asyncio.gather(*calls) == ["oui"] * 4


async def test_cancelled_call_gives_its_share_back(ctx):
    model = ctx.services["llm"] = Gated(TokenUsage())
    ctx.cost_left = 0.006
    first = asyncio.create_task(ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q"))
    await settled()
    second = asyncio.create_task(ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q"))
    await settled()
    assert model.asked == 1
    first.cancel()
    await settled()
    assert model.asked == 2
    model.gate.set()
    assert await second == "oui"


async def test_loop_of_a_run_stays_within_its_limit(server, tmp_path):
    path = tmp_path / "essai.yml"
    path.write_text(LOOP % "0.0121", encoding="utf-8")
    usage = {"input_tokens": 20, "output_tokens": 1000}
    server.will(*[says("oui", usage=usage) for _ in range(8)])
    async with Engine(":memory:", env={"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url}) as engine:
        run = await engine.run(path, {})
    assert (run.status, run.output) == ("succeeded", 2)
    assert run.usage["cost"] == pytest.approx(2 * (20 + 5000) / 1e6)
    assert len(server.bodies) == 2


async def test_day_has_a_limit_over_all_runs(server, ctx):
    ctx.settings.values["RECIPE_DAILY_COST_LIMIT"] = "0.006"
    usage = {"input_tokens": 100, "output_tokens": 100}
    server.will(*[says("oui", usage=usage) for _ in range(3)])
    for run in ("run-1", "run-2"):
        ctx.run_id = run
        await ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q")
    ctx.run_id = "run-3"
    ctx.tokens.clear()  # another process: what was spent is in the database
    with pytest.raises(Terminal) as caught:
        await ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q")
    assert caught.value.failure.code == "limit_daily_cost"
    assert await ctx.store.get("llm.cost", "2026-11-26") == pytest.approx(2 * 600 / 1e6)
    ctx.now += 86_400
    assert await ask(ctx, model=MODEL, max_tokens=1000, user_prompt="Q") == "oui"


async def test_day_of_models_without_a_price_cannot_be_limited(server, ctx):
    ctx.settings.values["RECIPE_DAILY_COST_LIMIT"] = "$5"
    with pytest.raises(Terminal, match="RECIPE_DAILY_COST_LIMIT"):
        await ask(ctx, model="claude-next", user_prompt="Q")


@pytest.mark.parametrize("text", ["much", "-1", "inf", "nan"])
async def test_daily_limit_that_is_no_amount(server, ctx, text):
    ctx.settings.values["RECIPE_DAILY_COST_LIMIT"] = text
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == "not_configured"


async def test_sandbox_spends_nothing_of_the_day(ctx):
    ctx.settings.values["RECIPE_DAILY_COST_LIMIT"] = "0"
    ctx.sandbox = True
    assert await ask(ctx, user_prompt="Q", output_schema={"enum": ["a"]}) == "a"


async def test_spend_limit_of_the_account_is_not_repeated(server, ctx):
    server.will(fails(429, details={"error_code": "enforced_spend_limit_reached"}))
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == "spend_limit"


async def test_idle_purses_are_forgotten_and_used_ones_kept(monkeypatch):
    monkeypatch.setattr(ledgers, "_MOST_IDLE", 2)
    ledger = Ledger()
    kept = ledger.purse(("cost", "a"), 1.0)
    assert await ledger.reserve([Share(kept, 1.0, 0.5)]) is None
    ledger.purse(("cost", "b"), 1.0)
    ledger.purse(("cost", "c"), 1.0)
    assert ledger.known(("cost", "a")) is kept
    assert ledger.known(("cost", "b")) is None
