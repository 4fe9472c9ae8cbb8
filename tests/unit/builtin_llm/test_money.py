"""Tokens and money: counted to the token, limited before the call."""

from __future__ import annotations

import pytest

from recipe_engine.builtin.llm import pricing
from recipe_engine.builtin.llm.provider import TokenUsage
from recipe_engine.builtin.llm.routing import shipped_table
from recipe_engine.plugin import Terminal
from tests.support.anthropic_server import counted, says

from .conftest import ask

DAY = 86_400.0
USAGE = {
    "input_tokens": 1_000,
    "output_tokens": 200,
    "cache_read_input_tokens": 5_000,
    "cache_creation_input_tokens": 700,
    "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 300},
}


async def test_usage_and_cost_to_the_token(server, ctx):
    server.will(says("ok", usage=USAGE))
    await ask(ctx, model="claude-sonnet-5-5", user_prompt="Q")
    assert ctx.usage == {
        "input_tokens": 1_000,
        "output_tokens": 200,
        "cache_read_tokens": 5_000,
        "cache_write_tokens": 700,
        "cost": pytest.approx((1_000 * 2 + 200 * 10 + 5_000 * 0.1 + 400 * 2.5 + 300 * 4) / 1e6),
    }


async def test_each_repair_round_is_counted(server, ctx):
    server.will(says("", usage={"input_tokens": 10, "output_tokens": 0}))
    server.will(says("ok", usage={"input_tokens": 30, "output_tokens": 5}))
    await ask(ctx, model="claude-haiku-4-5", user_prompt="Q")
    assert ctx.usage["cost"] == pytest.approx((40 * 1 + 5 * 5) / 1e6)


def test_price_holds_from_its_date():
    prices = shipped_table().models["claude-sonnet-5-5"].prices
    read = TokenUsage(cache_read=1_000_000)
    october_7 = 1_791_331_200.0
    assert pricing.cost(prices, read, october_7 - 1) == pytest.approx(0.2)
    assert pricing.cost(prices, read, october_7) == pytest.approx(0.1)


def test_long_prompt_has_its_own_price():
    prices = shipped_table().models["claude-haiku-5-5"].prices
    assert pricing.cost(prices, TokenUsage(input=100_000), DAY) == pytest.approx(0.01)
    assert pricing.cost(prices, TokenUsage(input=90_000, cache_read=10_001), DAY) == pytest.approx(0.045 + 0.00050005)


def test_cache_price_that_was_not_published_follows_the_general_rule():
    prices = shipped_table().models["claude-fable-5-2"].prices
    usage = TokenUsage(cache_read=1_000, cache_write_5m=1_000, cache_write_1h=1_000)
    assert pricing.cost(prices, usage, DAY) == pytest.approx((8 + 10 + 16) / 1000)


async def test_model_without_a_price_counts_tokens_and_says_so(server, ctx):
    await ask(ctx, model="claude-next", user_prompt="Q")
    assert "cost" not in ctx.usage
    assert ctx.usage["input_tokens"] == 100
    assert ctx.lines == ["no price is known for the model claude-next: tokens are counted, money is not"]


async def test_cost_limit_holds_before_the_call(server, ctx):
    ctx.cost_left = 0.0001
    with pytest.raises(Terminal) as caught:
        await ask(ctx, model="claude-opus-5-5", max_tokens=1_000, user_prompt="Q")
    assert caught.value.failure.code == "limit_cost"
    assert server.bodies == []


async def test_token_limit_holds_before_the_call(server, ctx):
    ctx.tokens_left = 900
    with pytest.raises(Terminal) as caught:
        await ask(ctx, max_tokens=1_000, user_prompt="Q")
    assert caught.value.failure.code == "limit_tokens"
    assert server.bodies == []


async def test_call_within_its_limits_is_made_without_counting(server, ctx):
    ctx.cost_left, ctx.tokens_left = 1.0, 5_000
    await ask(ctx, max_tokens=1_000, user_prompt="Q")
    assert [received.path for received in server.requests] == ["/v1/messages"]


async def test_exact_count_decides_when_the_estimate_does_not_fit(server, ctx):
    prompt = "mot " * 2_000
    ctx.tokens_left = 1_000 + counted({"prompt": prompt}) + 200
    await ask(ctx, max_tokens=1_000, user_prompt=prompt)
    assert [received.path for received in server.requests] == ["/v1/messages/count_tokens", "/v1/messages"]


async def test_repair_round_is_checked_against_what_is_left(server, ctx):
    server.will(says("", usage={"input_tokens": 100, "output_tokens": 900}))
    ctx.tokens_left = 1_800
    with pytest.raises(Terminal) as caught:
        await ask(ctx, max_tokens=1_000, user_prompt="Q")
    assert caught.value.failure.code == "limit_tokens"
    assert len(server.bodies) == 1


async def test_cost_limit_with_an_unknown_price_is_refused(server, ctx):
    ctx.cost_left = 100.0
    with pytest.raises(Terminal, match="no price is known"):
        await ask(ctx, model="claude-next", user_prompt="Q")
    assert server.bodies == []
