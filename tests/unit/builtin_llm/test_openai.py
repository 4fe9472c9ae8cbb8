"""Chat completions servers, OpenAI's own and others: what is sent, what is read, what is learnt of a server."""

from __future__ import annotations

import base64
import json

import pytest

from recipe_engine import Engine
from recipe_engine.plugin import Retryable, Terminal
from tests.support.action_context import ActionContext
from tests.support.openai_server import OpenAIServer, completes, fails

from .conftest import ask

SCHEMA = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["a", "b"]}}}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
async def openai():
    async with OpenAIServer() as running:
        yield running


@pytest.fixture
async def ctx(openai):
    context = ActionContext(
        RECIPE_LLM="openai_compatible", OPENAI_BASE_URL=openai.url, OPENAI_API_KEY="sk-x", AGENT_MODEL="qwen3"
    )
    yield context
    await context.http.transport.close()


async def test_question_and_answer(openai, ctx):
    openai.will(completes("bonjour", usage={"prompt_tokens": 70, "completion_tokens": 9,
                                            "prompt_tokens_details": {"cached_tokens": 20}}))  # fmt: skip
    assert await ask(ctx, system_prompt="Tu salues.", user_prompt="Q", max_tokens=99) == "bonjour"
    assert openai.bodies == [
        {
            "model": "qwen3",
            "max_tokens": 99,
            "messages": [{"role": "system", "content": "Tu salues."}, {"role": "user", "content": "Q"}],
        }
    ]
    assert openai.headers[0]["authorization"] == "Bearer sk-x"
    assert ctx.usage == {"input_tokens": 50, "output_tokens": 9, "cache_read_tokens": 20, "cache_write_tokens": 0}


async def test_schema_images_and_documents(openai, ctx):
    openai.will(completes('{"kind": "a"}'))
    pdf, note = base64.b64encode(b"%PDF-1.7 x").decode(), base64.b64encode(b"note").decode()
    parts = [{"text": "Look"}, {"media": PNG}, {"media": pdf, "name": "a.pdf"}, {"media": note, "name": "n.txt"},
             {"media": "https://example.org/a.png", "kind": "image"}]  # fmt: skip
    assert await ask(ctx, user_prompt=parts, output_schema=SCHEMA, effort="max") == {"kind": "a"}
    body = openai.bodies[0]
    strict = body["response_format"]["json_schema"]
    assert (strict["strict"], strict["schema"]["additionalProperties"]) == (True, False)
    assert body["reasoning_effort"] == "high"
    assert [part["type"] for part in body["messages"][-1]["content"]] == [
        "text", "image_url", "file", "text", "image_url",
    ]  # fmt: skip
    assert body["messages"][-1]["content"][3]["text"] == '<data name="n.txt" kind="document">\nnote\n</data>'


async def test_optional_fields_are_not_held_to_strictly(openai, ctx):
    openai.will(completes("{}"))
    schema = {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "string"}}}}
    await ask(ctx, user_prompt="Q", output_schema=schema)
    assert openai.bodies[0]["response_format"]["json_schema"]["strict"] is False


async def test_what_a_server_refuses_is_said_otherwise_and_remembered(openai, ctx):
    openai.refuses = {"json_schema", "reasoning_effort", "max_tokens"}
    openai.will(completes('{"kind": "b"}'), completes('{"kind": "a"}'))
    assert await ask(ctx, user_prompt="Q", output_schema=SCHEMA, effort="low") == {"kind": "b"}
    assert len(openai.bodies) == 4
    last = openai.bodies[-1]
    assert last["max_completion_tokens"] > 0
    assert not {"max_tokens", "reasoning_effort", "response_format"} & last.keys()
    assert '"kind"' in last["messages"][0]["content"]
    assert len(ctx.lines) == 3  # no price, no schema, no effort
    await ask(ctx, user_prompt="Q", output_schema=SCHEMA, effort="low")
    assert len(openai.bodies) == 5


@pytest.mark.parametrize(
    ("reply", "code", "kind"),
    [
        (fails(401), "authentication", Terminal),
        (fails(404, "no such model"), "model_not_found", Terminal),
        (fails(429), "rate_limit", Retryable),
        (fails(429, "quota", "insufficient_quota"), "spend_limit", Terminal),
        (fails(400, "too long", "context_length_exceeded"), "context_too_long", Terminal),
        (fails(400, "bad"), "invalid_request", Terminal),
        (fails(503), "overloaded", Retryable),
        (fails(500), "server_error", Retryable),
        ((500, "<html>"), "server_error", Retryable),
        ((400, {"detail": "bad"}), "invalid_request", Terminal),
        ((400, '"bad"'), "invalid_request", Terminal),
        ((200, "<html>"), "invalid_answer", Retryable),
        ((200, {"choices": []}), "invalid_answer", Retryable),
        (completes("half", finish="length"), "truncated", Terminal),
        (completes("", finish="content_filter"), "refused", Terminal),
        (completes("", message={"refusal": "no"}), "refused", Terminal),
        (completes("", finish="tool_calls"), "invalid_answer", Terminal),
        (None, "connection", Retryable),
    ],
)
async def test_failures(openai, ctx, reply, code, kind):
    openai.will(reply)
    with pytest.raises(kind) as caught:
        await ask(ctx, user_prompt="Q", repair=0)
    assert caught.value.failure.code == code


async def test_refused_and_truncated_answers_are_counted(openai, ctx):
    openai.will(completes("half", finish="length"))
    with pytest.raises(Terminal):
        await ask(ctx, user_prompt="Q")
    assert (ctx.usage["input_tokens"], ctx.usage["output_tokens"]) == (50, 10)


async def test_answer_without_usage_is_counted_by_estimate(openai, ctx):
    openai.will(completes("ok", usage=None))
    assert await ask(ctx, user_prompt="Question") == "ok"
    assert (ctx.usage["input_tokens"], ctx.usage["output_tokens"]) == (24, 1)
    assert "the model's service does not say what the answer consumed: tokens are estimated" in ctx.lines


async def test_server_needs_a_model(openai, ctx):
    del ctx.settings.values["AGENT_MODEL"]
    with pytest.raises(Terminal, match="which model") as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == "not_configured"


async def test_step_names_the_provider(openai, ctx):
    ctx.settings.values["RECIPE_LLM"] = "anthropic"
    assert await ask(ctx, user_prompt="Q", provider="openai_compatible") == "stand-in"


async def test_price_of_an_own_model(openai, ctx, tmp_path):
    table = tmp_path / "models.json"
    table.write_text(json.dumps({"models": {"qwen3": {"max_output": 4096, "prices": [{"input": 1, "output": 2}]}}}))
    ctx.settings.values["RECIPE_MODELS"] = str(table)
    ctx.cost_left = 1.0
    await ask(ctx, user_prompt="Q")
    assert ctx.usage["cost"] == pytest.approx((50 + 20) / 1e6)
    assert openai.bodies[0]["max_tokens"] == 4096


@pytest.mark.parametrize("text", ["", "[]", '{"routes": {"hard": {}}}', '{"models": {"x": {}}}'])
async def test_table_that_is_none(openai, ctx, tmp_path, text):
    table = tmp_path / "models.json"
    table.write_text(text)
    ctx.settings.values["RECIPE_MODELS"] = str(table)
    with pytest.raises(Terminal, match="RECIPE_MODELS") as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == "not_configured"


async def test_private_address_of_the_setting_is_reached_from_a_run(openai, tmp_path):
    path = tmp_path / "essai.yml"
    path.write_text(
        "slug: essai\nname: Essai\ndescription: Essai\ncategory: test\nlimits: {tokens: 100000}\n"
        "steps:\n  - {id: ask, type: llm_call, user_prompt: Q, model: qwen3, provider: openai_compatible}\n"
    )
    async with Engine(":memory:", env={"OPENAI_BASE_URL": openai.url}) as engine:
        run = await engine.run(path, {})
    assert (run.status, run.output) == ("succeeded", "stand-in")
    assert "authorization" not in openai.headers[0]


async def test_only_actions_of_models_reach_that_address(openai, tmp_path):
    path = tmp_path / "essai.yml"
    path.write_text(
        "slug: essai\nname: Essai\ndescription: Essai\ncategory: test\n"
        f"steps:\n  - {{id: ask, type: http, url: '{openai.url}/chat/completions', method: GET, retry: {{attempts: 1}}}}\n"
    )
    async with Engine(":memory:", env={"OPENAI_BASE_URL": openai.url}) as engine:
        run = await engine.run(path, {})
    assert run.status == "failed"
    assert openai.bodies == []
    assert run.error["code"] == "refused_address"
