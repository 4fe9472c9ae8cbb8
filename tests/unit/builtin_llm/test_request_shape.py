"""Examples, marks for the vendor's cache, and how thinking is asked for."""

from __future__ import annotations

import pytest

from recipe_engine.builtin.llm.provider import Media, Message, ModelRequest, Text
from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.builtin.llm.shown import as_text, shortened
from recipe_engine.plugin import Terminal
from tests.support.anthropic_server import says

from .conftest import ask

SCHEMA = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["a", "b"]}}}
LONG = "Règles de la maison. " * 300
MARK = {"type": "ephemeral", "ttl": "5m"}


async def test_examples_are_turns_before_the_question(server, ctx):
    server.will(says(value={"kind": "b"}))
    examples = [{"input": {"n": 1}, "output": {"kind": "a"}}]
    await ask(ctx, user_prompt="Q", output_schema=SCHEMA, examples=examples)
    turns = server.bodies[0]["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == '{"kind":"a"}'


@pytest.mark.parametrize("example", [{"input": "x", "output": {"kind": "c"}}, {"input": " ", "output": {"kind": "a"}}])
async def test_example_has_to_show_what_is_asked(server, ctx, example):
    with pytest.raises(Terminal, match=r"examples\[0\]") as caught:
        await ask(ctx, user_prompt="Q", output_schema=SCHEMA, examples=[example])
    assert (caught.value.failure.code, server.bodies) == ("invalid_example", [])


async def test_beginning_is_marked_when_it_was_sent_before(server, ctx):
    for seconds in (0, 10, 1000):
        ctx.now += seconds
        await ask(ctx, system_prompt=LONG, user_prompt="Q")
    plain = LONG
    assert [body["system"] for body in server.bodies] == [
        plain, [{"type": "text", "text": LONG, "cache_control": MARK}], plain,
    ]  # fmt: skip


async def test_mark_stands_after_the_examples(server, ctx):
    examples = [{"input": LONG, "output": "oui"}]
    for question in ("Q", "R"):
        await ask(ctx, user_prompt=question, examples=examples)
    assert server.bodies[1]["messages"][1]["content"] == [{"type": "text", "text": "oui", "cache_control": MARK}]


@pytest.mark.parametrize("fields", [{"system_prompt": "court"}, {}, {"system_prompt": LONG, "model": "claude-next"}])
async def test_what_the_cache_would_not_take_is_not_marked(server, ctx, fields):
    for _ in range(2):
        await ask(ctx, user_prompt="Q" * 9000, **fields)
    assert "cache_control" not in str(server.bodies)


async def test_writing_the_cache_is_part_of_the_worst_case(ctx):
    ctx.services["llm"] = ScriptedModel([{"answer": "oui"}])
    fields = {"model": "claude-sonnet-4-6", "user_prompt": "Q", "max_tokens": 10}
    # About 3,300 tokens at 3 dollars a million are 0.0100 dollars, and 0.0125 when they are written to the cache.
    ctx.cost_left = 0.011
    await ask(ctx, system_prompt=LONG, **fields)
    with pytest.raises(Terminal) as caught:
        await ask(ctx, system_prompt=LONG, **fields)
    assert caught.value.failure.code == "limit_cost"


@pytest.mark.parametrize(
    ("model", "wanted", "sent", "noted"),
    [
        ("claude-opus-5-5", True, None, False),
        ("claude-sonnet-5-5", True, {"type": "adaptive"}, False),
        ("claude-opus-4-5", True, {"type": "enabled", "budget_tokens": 4000}, False),
        ("claude-next", True, None, True),
        ("claude-opus-5-5", False, None, True),
        ("claude-opus-4-5", False, None, False),
        ("claude-sonnet-5-5", None, None, False),
    ],
)
async def test_thinking_is_asked_for_in_each_models_way(server, ctx, model, wanted, sent, noted):
    await ask(ctx, model=model, thinking=wanted, max_tokens=8000, user_prompt="Q")
    assert server.bodies[0].get("thinking") == sent
    assert any("think" in line for line in ctx.lines) == noted


async def test_model_that_cannot_stop_thinking_thinks_little(server, ctx):
    await ask(ctx, model="claude-opus-5-5", thinking=False, user_prompt="Q")
    assert server.bodies[0]["output_config"] == {"effort": "low"}


def test_request_as_people_read_it():
    parts = (
        Text("Vois "),
        Media("image", "url", "", "https://example.org/a.png"),
        Media("document", "text", "text/plain", "é"),
    )
    request = ModelRequest("s", "m", (Message("user", parts),), 10, "Sys", "low", SCHEMA, thinking="adaptive")
    text = as_text(request)
    assert "effort: low\nthinking: adaptive" in text
    assert "[image at https://example.org/a.png]" in text
    assert "[document, text/plain, 2 bytes]" in text
    assert '"enum"' in text


def test_long_media_are_shortened_wherever_they_stand():
    body = [
        {"source": {"data": "A" * 999}},
        {"url": "data:image/png;base64," + "A" * 999},
        {"url": "https://" + "a" * 300},
    ]
    shown = shortened(body)
    assert shown[0]["source"]["data"].endswith("(999 characters)")
    assert "characters" in shown[1]["url"]
    assert shown[2] == body[2]
