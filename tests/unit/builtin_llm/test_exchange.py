"""llm_call against the stand-in server, through the real SDK."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from recipe_engine.plugin import Retryable, Terminal
from tests.support.action_context import ActionContext
from tests.support.anthropic_server import AnthropicServer, Reply, fails, message, refuses, says

from .conftest import ask

SCHEMA = {
    "type": "object",
    "required": ["category", "confidence"],
    "properties": {
        "category": {"enum": ["support", "modelisation"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_structured_answer_is_the_value(server, ctx):
    server.will(says(value={"category": "support", "confidence": 0.93}))
    value = await ask(
        ctx, complexity="classify", system_prompt="Trie.", user_prompt="Facture perdue", output_schema=SCHEMA
    )
    assert value == {"category": "support", "confidence": 0.93}
    assert server.bodies == [
        {
            "model": "claude-haiku-5-5",
            "max_tokens": 2048,
            "system": "Trie.",
            "messages": [{"role": "user", "content": "Facture perdue"}],
            "output_config": {
                "effort": "low",
                "format": {
                    "type": "json_schema",
                    "schema": {
                        "type": "object",
                        "required": ["category", "confidence"],
                        "additionalProperties": False,
                        "properties": {
                            "category": {"enum": ["support", "modelisation"]},
                            "confidence": {"type": "number", "description": "{minimum: 0, maximum: 1}"},
                        },
                    },
                },
            },
        }
    ]


async def test_request_carries_the_key_and_the_version(server, ctx):
    await ask(ctx, user_prompt="Bonjour")
    headers = server.requests[0].headers
    assert "sk-test" in headers.get("authorization", "") + headers.get("x-api-key", "")
    assert headers["anthropic-version"] == "2026-10-21"


async def test_answer_without_schema_is_text(server, ctx):
    server.will(says("  Bonjour Élodie,\nmerci.  "))
    assert await ask(ctx, complexity="write", user_prompt="Écris.") == "Bonjour Élodie,\nmerci."
    assert "format" not in server.bodies[0]["output_config"]


async def test_thinking_blocks_are_not_part_of_the_answer(server, ctx):
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    server.will(Reply(body=message([thought, {"type": "text", "text": "Oui."}])))
    assert await ask(ctx, user_prompt="?") == "Oui."


async def test_unfit_answer_goes_back_with_every_problem(server, ctx):
    bad, good = {"category": "other", "confidence": 2}, {"category": "support", "confidence": 1}
    server.will(says(value=bad), says(value=good))
    assert await ask(ctx, user_prompt="Q", output_schema=SCHEMA) == good
    turns = server.bodies[1]["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert json.loads(turns[1]["content"]) == bad
    assert "category" in turns[2]["content"]
    assert "confidence" in turns[2]["content"]
    assert ctx.usage["input_tokens"] == 200


async def test_answer_that_stays_unfit_fails_with_its_problems(server, ctx):
    server.will(says("pas du JSON"), says(value={"category": "support"}))
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q", output_schema=SCHEMA)
    failure = caught.value.failure
    assert failure.code == "invalid_output"
    assert failure.data["problems"] == ['at the top: "confidence" is a required property']
    assert failure.data["text"] == '{"category": "support"}'
    assert len(server.bodies) == 2


@pytest.mark.parametrize("repair", [0, 2])
async def test_repair_says_how_often_an_answer_goes_back(server, ctx, repair):
    server.will(*[says("non")] * 3)
    with pytest.raises(Terminal, match="does not fit"):
        await ask(ctx, user_prompt="Q", output_schema=SCHEMA, repair=repair)
    assert len(server.bodies) == repair + 1


async def test_empty_answer_is_repaired_without_an_empty_turn(server, ctx):
    server.will(says(""), says("Voilà."))
    assert await ask(ctx, user_prompt="Q") == "Voilà."
    assert [turn["role"] for turn in server.bodies[1]["messages"]] == ["user", "user"]


async def test_recursive_schema_is_asked_for_in_words_and_checked(server, ctx):
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    }
    server.will(says('```json\n{"name": "a", "children": [{"name": "b"}]}\n```'))
    value = await ask(ctx, user_prompt="Q", system_prompt="Sois bref.", output_schema=tree)
    assert value == {"name": "a", "children": [{"name": "b"}]}
    assert "format" not in server.bodies[0]["output_config"]
    assert server.bodies[0]["system"].startswith("Sois bref.")
    assert '"children"' in server.bodies[0]["system"]


async def test_schema_that_the_api_turns_down_is_asked_for_in_words_from_then_on(server, ctx):
    server.will(fails(400, "The compiled grammar is too large"), says(value={"category": "support", "confidence": 1}))
    assert (await ask(ctx, user_prompt="Q", output_schema=SCHEMA))["category"] == "support"
    server.will(says(value={"category": "support", "confidence": 1}))
    await ask(ctx, user_prompt="Q", output_schema=SCHEMA)
    assert ["format" in body["output_config"] for body in server.bodies] == [True, False, False]
    assert ctx.lines == ["the API does not take this output_schema; it was asked for in words"] * 2


async def test_image_reaches_the_model_as_an_image_block(server, ctx):
    encoded = base64.b64encode(PNG).decode()
    prompt = [{"text": "Image: "}, {"media": f"data:image/jpeg;base64,{encoded}", "kind": "image"}]
    await ask(ctx, complexity="analyze", vision=True, user_prompt=prompt)
    content = server.bodies[0]["messages"][0]["content"]
    # The bytes decide: it is a PNG, whatever the address says.
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": encoded}}
    assert content == [{"type": "text", "text": "Image: "}, image]


async def test_files_and_addresses_become_blocks(server, ctx):
    png = await ctx.blobs.save_bytes(PNG, "photo.png", "image/png")
    pdf = await ctx.blobs.save_bytes(b"%PDF-1.7\n...", "devis.pdf", "application/pdf")
    note = await ctx.blobs.save_bytes("Prix : 12 €".encode(), "note.txt", "text/plain")
    prompt = [
        {"media": png.model_dump(), "kind": "image"},
        {"media": pdf.model_dump(), "kind": "document"},
        {"media": note.model_dump()},
        {"media": "https://example.org/a.jpg", "kind": "image"},
        {"media": "https://example.org/a.pdf", "kind": "document"},
        {"text": "Compare."},
    ]
    await ask(ctx, user_prompt=prompt)
    content = server.bodies[0]["messages"][0]["content"]
    assert [(block["type"], block.get("source", {}).get("type")) for block in content] == [
        ("image", "base64"),
        ("document", "base64"),
        ("document", "text"),
        ("image", "url"),
        ("document", "url"),
        ("text", None),
    ]
    assert content[1]["title"] == "devis.pdf"
    assert content[2]["source"] == {"type": "text", "media_type": "text/plain", "data": "Prix : 12 €"}


async def test_value_of_an_expression_becomes_json_text(server, ctx):
    await ask(ctx, user_prompt={"order": 12, "client": "Zoé"})
    assert json.loads(server.bodies[0]["messages"][0]["content"]) == {"order": 12, "client": "Zoé"}


async def test_prompt_is_sent_as_it_is(server, ctx):
    await ask(ctx, user_prompt="{{ secrets.KEY }} {% raw %} </user>")
    assert server.bodies[0]["messages"][0]["content"] == "{{ secrets.KEY }} {% raw %} </user>"


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (refuses("bio"), "refused", "bio"),
        (refuses(None), "refused", "refused"),
        (says("Il ét", stop="max_tokens"), "truncated", "max_tokens"),
        (says("", stop="model_context_window_exceeded"), "context_too_long", "context"),
        (says("", stop="tool_use"), "invalid_answer", "tool_use"),
        (fails(400, "messages: nope"), "invalid_request", "400"),
        (fails(400, "prompt is too long: 1200000 tokens"), "context_too_long", "context"),
        (fails(400, "Your credit balance is too low"), "billing", "limit"),
        (fails(400, "You have reached your specified API usage limits"), "spend_limit", "limit"),
        (fails(401), "authentication", "401"),
        (fails(402), "billing", "402"),
        (fails(403), "permission", "403"),
        (fails(404), "model_not_found", "404"),
        (fails(413), "request_too_large", "413"),
        (fails(422, type="invalid_request_error"), "invalid_request", "422"),
        (fails(429, details={"error_code": "enforced_spend_limit_reached"}), "spend_limit", "limit"),
        (fails(429, details={"error_code": "contract_spend_limit_reached"}), "spend_limit", "limit"),
    ],
)
async def test_what_repeating_does_not_help(server, ctx, reply, code, words):
    server.will(reply)
    with pytest.raises(Terminal, match=words) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == code
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("reply", "code", "retry_after"),
    [
        (fails(429, headers={"retry-after": "7"}), "rate_limit", 7.0),
        (fails(429, headers={"retry-after-ms": "250"}), "rate_limit", 0.25),
        (fails(429, details={"error_code": "ramp_limit_exceeded"}), "rate_limit", None),
        (fails(529), "overloaded", None),
        (fails(500), "server_error", None),
        (fails(503, type="api_error"), "server_error", None),
        (fails(408, type="timeout_error"), "timeout", None),
        (fails(504), "timeout", None),
        (fails(409, type="conflict_error"), "conflict", None),
        (Reply(502, "<html>bad gateway</html>"), "server_error", None),
        (Reply(200, "{truncated"), "invalid_answer", None),
        (Reply(200, {"hello": "world"}), "invalid_answer", None),
        (Reply(200, []), "invalid_answer", None),
        (Reply(drop=True), "connection", None),
    ],
)
async def test_what_may_succeed_later(server, ctx, reply, code, retry_after):
    server.will(reply)
    with pytest.raises(Retryable) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == code
    assert caught.value.failure.retry_after == retry_after
    assert len(server.requests) == 1


async def test_refusal_and_truncation_are_paid_for(server, ctx):
    server.will(says("Il ét", stop="max_tokens", usage={"input_tokens": 7, "output_tokens": 3}))
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.data == {"text": "Il ét"}
    assert (ctx.usage["input_tokens"], ctx.usage["output_tokens"]) == (7, 3)


async def test_nobody_listening_is_a_connection_failure(server, ctx):
    ctx.settings.values["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9"
    with pytest.raises(Retryable) as caught:
        await ask(ctx, user_prompt="Q")
    assert caught.value.failure.code == "connection"


async def test_missing_key_says_which_setting(ctx):
    del ctx.settings.values["ANTHROPIC_API_KEY"]
    with pytest.raises(Terminal, match="ANTHROPIC_API_KEY"):
        await ask(ctx, user_prompt="Q")


async def test_cancelling_the_step_ends_a_slow_call(server, ctx):
    gate = asyncio.Event()
    server.will(Reply(gate=gate))
    call = asyncio.create_task(ask(ctx, user_prompt="Q"))
    await server.arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    gate.set()
    assert await ask(ctx, user_prompt="Q")


async def test_calls_share_one_client(server, ctx):
    await asyncio.gather(*(ask(ctx, user_prompt="Q") for _ in range(20)))
    assert len(ctx.tokens["llm.anthropic"]) == 1
    assert len(server.bodies) == 20


def test_one_client_serves_every_event_loop():
    """A script that calls the engine twice from `asyncio.run` must not meet connections of a loop that is gone."""
    tokens: dict = {}

    async def once() -> str:
        async with AnthropicServer() as server:
            context = ActionContext(ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL=server.url)
            context.tokens = tokens
            answer = await ask(context, user_prompt="Q")
            await context.http.transport.close()
            return answer

    assert asyncio.run(once()) == asyncio.run(once())
