"""Whatever bytes a model's server sends, for both providers: the run ends as documented and pays what it was billed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.builtin.llm.anthropic.errors import retry_after as asked_by_vendor
from recipe_engine.plugin.answers import retry_after as waited

from .hostile import HostileServer, Raw, raw

IN, OUT = 100, 20
# Dollars a million tokens, in and out, of the model of this module's table.
PRICE = (1.0, 5.0)
PAID = (IN * PRICE[0] + OUT * PRICE[1]) / 1e6
RECIPE = """slug: essai
name: Essai
description: Essai
category: test
limits: {limits}
steps:
  - id: each
    type: for_each
    items: range({items})
    as: item
    concurrency: {at_once}
    on_item_error: collect
    steps:
      - id: ask
        type: llm_call
        model: own
        max_tokens: 200
        user_prompt: "Question {{{{ item }}}}"
        output_schema: {{type: object, required: [kind], properties: {{kind: {{enum: [a]}}}}}}
        retry: {{attempts: 2, wait: 1ms}}
        timeout: 20s
output:
  kinds: "{{{{ each.results | compact | length }}}}"
  codes: "{{{{ each.errors | map('error.code') | unique | sort }}}}"
"""


@dataclass(frozen=True)
class Side:
    """How one provider's server speaks."""

    provider: str

    def says(self, text: str, end: str = "end", usage: Any = "usual", **fields: Any) -> dict[str, Any]:
        """An answer with this text, ended for this reason."""
        if self.provider == "anthropic":
            reason = {"end": "end_turn", "cut": "max_tokens", "refused": "refusal"}.get(end, end)
            told = {"input_tokens": IN, "output_tokens": OUT} if usage == "usual" else usage
            content = [{"type": "text", "text": text}] if text else []
            return {
                "id": "msg_standin", "type": "message", "role": "assistant", "model": "own", "content": content,
                "stop_reason": reason, "stop_sequence": None, "usage": told, **fields,
            }  # fmt: skip
        reason = {"end": "stop", "cut": "length", "refused": "content_filter"}.get(end, end)
        told = {"prompt_tokens": IN, "completion_tokens": OUT} if usage == "usual" else usage
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return {"id": "chatcmpl-standin", "object": "chat.completion", "choices": [choice], "usage": told, **fields}

    def fails(self, status: int, code: str = "", words: str = "as scripted", **headers: str) -> Raw:
        """An error answer; `code` is the vendor's own word."""
        inner: dict[str, Any] = {"type": "error", "message": words}
        if self.provider == "anthropic" and code:
            inner["details"] = {"error_code": code}
        elif code:
            inner["code"] = code
        return raw({"type": "error", "error": inner}, status, **headers)

    @property
    def good(self) -> Raw:
        return raw(self.says('{"kind": "a"}'))

    def env(self, url: str) -> dict[str, str]:
        if self.provider == "anthropic":
            return {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": url}
        return {"RECIPE_LLM": "openai_compatible", "OPENAI_BASE_URL": f"{url}/v1"}


@pytest.fixture
async def hostile():
    async with HostileServer() as running:
        yield running


@pytest.fixture(params=["anthropic", "openai_compatible"])
def side(request):
    return Side(request.param)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "models.json"
    prices = [{"input": PRICE[0], "output": PRICE[1]}]
    path.write_text(json.dumps({"models": {"own": {"max_output": 4096, "prices": prices}}}), encoding="utf-8")
    return {"RECIPE_MODELS": str(path)}


async def run_of(hostile, side, table, tmp_path, replies, *, items=1, at_once=1, limits="{cost: 1 USD}", **settings):
    path = tmp_path / "essai.yml"
    path.write_text(RECIPE.format(limits=limits, items=items, at_once=at_once), encoding="utf-8")
    hostile.will(*replies)
    async with Engine(":memory:", env={**side.env(hostile.url), **table, **settings}) as engine:
        run = await engine.run(path, {})
    assert run.status == "succeeded", run.error
    return run


def paid_by(run) -> tuple[int, int, float]:
    usage = run.usage
    return usage.get("input_tokens", 0), usage.get("output_tokens", 0), usage.get("cost", 0.0)


# What the server answers (a name of the methods below), how the step ends, how many answers were paid for.
TROUBLES = {
    "busy once": (lambda s: [s.fails(429), s.good], None, 1),
    "busy with a wait": (lambda s: [s.fails(429, retry_after="0.01"), s.good], None, 1),
    "overloaded once": (lambda s: [s.fails(529), s.good], None, 1),
    "broken once": (lambda s: [s.fails(500), s.good], None, 1),
    "busy twice": (lambda s: [s.fails(429), s.fails(429)], "rate_limit", 0),
    "overloaded twice": (lambda s: [s.fails(529), s.fails(529)], "overloaded", 0),
    "broken twice": (lambda s: [s.fails(500), s.fails(502)], "server_error", 0),
    "no limit left": (lambda s: [s.fails(429, _QUOTA[s.provider])], "spend_limit", 0),
    "errors that are none": (lambda s: [raw("[]", 500), raw('{"error": "x"}', 503)], "*", 0),
    "an error of numbers": (lambda s: [raw('{"error": {"type": 1, "message": [], "code": {}}}', 400)], "invalid_request", 0),
    "an empty error": (lambda s: [raw(b"", 418)], "invalid_request", 0),
    "a page as an error": (lambda s: [raw("<html>", 403, content_type="text/html")], "permission", 0),
    "sent elsewhere": (lambda s: [raw(b"", 302, location="http://127.0.0.1:1/")], "*", 0),
    "refused": (lambda s: [raw(s.says("", "refused"))], "refused", 1),
    "cut off": (lambda s: [raw(s.says('{"kind": "', "cut"))], "truncated", 1),
    "ended for an unknown reason": (lambda s: [raw(s.says('{"kind": "a"}', "tired"))], "invalid_answer", 1),
    "no JSON, then JSON": (lambda s: [raw(s.says("{")), s.good], None, 2),
    "never JSON": (lambda s: [raw(s.says("{")), raw(s.says("kind: a"))], "invalid_output", 2),
    "off schema": (lambda s: [raw(s.says('{"kind": "z"}')), raw(s.says('{"sort": "a"}'))], "invalid_output", 2),
    "said nothing": (lambda s: [raw(s.says("")), s.good], None, 2),
    "very deep JSON": (lambda s: [raw(s.says("[" * 5000)), s.good], None, 2),
    "halves": (lambda s: [_half(s), s.good], None, 1),
    "only halves": (lambda s: [_half(s), _half(s)], "connection", 0),
    "nothing at all": (lambda s: [raw(b"x", cut=0), s.good], None, 1),
    "a page": (lambda s: [raw("<html>", content_type="text/html"), s.good], None, 1),
    "an empty body": (lambda s: [raw(b""), s.good], None, 1),
    "no text of this world": (lambda s: [raw(b"\xff\xfe\x00"), s.good], None, 1),
    "a stream": (lambda s: [raw('event: x\ndata: {"a": 1}\n\n', content_type="text/event-stream"), s.good], None, 1),
    "something else in JSON": (lambda s: [raw("[1]"), s.good], None, 1),
    "a body without end": (lambda s: [raw("[" * 200_000), s.good], None, 1),
    "an unknown type": (lambda s: [raw(s.says('{"kind": "a"}'), content_type="garbage")], None, 1),
    "a wrong encoding": (lambda s: [raw(s.says("x"), content_encoding="gzip"), s.good], None, 1),
}  # fmt: skip
_QUOTA = {"anthropic": "enforced_spend_limit_reached", "openai_compatible": "insufficient_quota"}


def _half(side: Side) -> Raw:
    good = side.good
    return Raw(good.body, good.status, good.headers, cut=len(good.body) // 2)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_each_trouble_ends_as_documented(hostile, side, table, tmp_path, trouble):
    replies, code, paid = TROUBLES[trouble]
    run = await run_of(hostile, side, table, tmp_path, replies(side))
    assert run.output["kinds"] == (0 if code else 1)
    if code != "*":
        assert run.output["codes"] == ([code] if code else [])
    assert paid_by(run) == (IN * paid, OUT * paid, pytest.approx(PAID * paid))
    assert len(hostile.bodies) == len(replies(side)) or code == "*"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        "many",
        {},
        {"input_tokens": "12", "output_tokens": None, "prompt_tokens": "12", "completion_tokens": []},
        {"input_tokens": -5, "output_tokens": -5, "prompt_tokens": -5, "completion_tokens": 1e300},
    ],
)
async def test_usage_that_says_nothing_is_estimated_and_never_negative(hostile, side, table, tmp_path, usage):
    run = await run_of(hostile, side, table, tmp_path, [raw(side.says('{"kind": "a"}', usage=usage))])
    consumed, answered, cost = paid_by(run)
    assert run.output["kinds"] == 1
    assert (consumed, answered) == (99, 7)
    assert cost == pytest.approx((consumed * PRICE[0] + answered * PRICE[1]) / 1e6)


async def test_cached_tokens_beyond_the_prompt_make_nothing_cheaper(hostile, side, table, tmp_path):
    if side.provider == "anthropic":
        usage = {"input_tokens": 10, "output_tokens": 1, "cache_creation_input_tokens": 5,
                 "cache_creation": {"ephemeral_1h_input_tokens": 900}, "cache_read_input_tokens": -7}  # fmt: skip
    else:
        usage = {"prompt_tokens": 15, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 900}}
    run = await run_of(hostile, side, table, tmp_path, [raw(side.says('{"kind": "a"}', usage=usage))])
    assert run.usage["input_tokens"] >= 0
    assert run.usage["tokens"] == 16
    assert run.usage["cost"] >= 15 * PRICE[0] / 1e6


@pytest.mark.parametrize("text", ['"\\ud83d"', '{"kind": "\\ud83d\\ud83d"}'])
async def test_half_a_character_harms_nothing(hostile, side, table, tmp_path, text):
    run = await run_of(hostile, side, table, tmp_path, [raw(side.says(json.loads(f'"{_escaped(text)}"'))), side.good])
    assert run.output["kinds"] == 1
    assert paid_by(run)[0] == 2 * IN


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


@pytest.mark.parametrize("asked", ["inf", "1e300", "99999999", "Fri, 31 Dec 9998 23:59:59 GMT"])
def test_nobody_is_kept_waiting_for_ever_by_a_header(asked):
    assert waited({"retry-after": asked}, 0.0) == 86_400.0
    assert asked_by_vendor({"retry-after": asked}) in (86_400.0, None)


@pytest.mark.parametrize("kind", ["cost", "tokens", "day"])
async def test_fifty_calls_at_once_stay_within_the_limit(hostile, side, table, tmp_path, kind):
    """The worst of a call is about 350 tokens (0.00115 dollars); what each answer costs is 120 tokens (0.0002)."""
    allowed = {"cost": 0.004, "tokens": 2_000, "day": 0.004}[kind]
    limits = {"cost": "{cost: 0.004 USD}", "tokens": "{tokens: 2000}", "day": "{tokens: 1000000}"}[kind]
    settings = {"RECIPE_DAILY_COST_LIMIT": "0.004"} if kind == "day" else {}
    troubles = [side.fails(429), _half(side), raw("<html>"), raw(side.says("{")), raw(side.says("", "refused"))] * 4
    replies = [*troubles, *[side.good] * 200]
    run = await run_of(hostile, side, table, tmp_path, replies, items=50, at_once=50, limits=limits, **settings)
    answered = run.output["kinds"]
    assert 0 < answered < 50
    spent = run.usage["tokens"] if kind == "tokens" else run.usage["cost"]
    assert spent <= allowed
    code = {"cost": "limit_cost", "tokens": "limit_tokens", "day": "limit_daily_cost"}[kind]
    assert code in run.output["codes"]
    assert set(run.output["codes"]) <= {code, "rate_limit", "connection", "invalid_answer", "invalid_output", "refused"}
    assert run.usage["cost"] == pytest.approx(run.usage["input_tokens"] * 1e-6 + run.usage["output_tokens"] * 5e-6)
    assert hostile.most < 50
