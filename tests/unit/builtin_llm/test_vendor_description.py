"""What is sent and what the stand-in answers, held against the vendor's description of both API versions."""

from __future__ import annotations

from itertools import product

import pytest

from recipe_engine.builtin.llm.anthropic.request import body
from recipe_engine.builtin.llm.provider import Kept, Media, Message, ModelRequest, Text, Tool, ToolCall, ToolResult
from recipe_engine.builtin.llm.request import repaired
from tests.support.anthropic_server import Received, fails, refuses, says
from tests.support.vendor_specs import folder

from .conftest import VERSIONS, answer_problems, described, request_problems

SCHEMA = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "string"}, "b": {"type": ["null", "number"]}},
}
PARTS = (
    Text("Compare"),
    Media("image", "base64", "image/webp", "UklGRg=="),
    Media("image", "url", "", "https://example.org/a.png"),
    Media("document", "base64", "application/pdf", "JVBERi0=", "devis.pdf"),
    Media("document", "url", "application/pdf", "https://example.org/a.pdf"),
    Media("document", "text", "text/plain", "note", "note.txt"),
)


@pytest.fixture(params=VERSIONS)
def version(request):
    if described(request.param) is None:
        pytest.skip(f"no description of the Messages API in {folder() / 'anthropic'}")
    return request.param


@pytest.mark.parametrize("effort", [None, "low", "max"])
@pytest.mark.parametrize("schema", [None, SCHEMA, {"type": "array"}])
@pytest.mark.parametrize("again", [False, True])
def test_requests_are_as_described(version, effort, schema, again):
    request = ModelRequest(
        step="s",
        model="claude-opus-5-5",
        messages=(Message("user", PARTS),),
        max_tokens=10,
        system="Tu compares.",
        effort=effort,
        output_schema=schema,
    )
    content = body(repaired(request, "non", ["at a: missing"]) if again else request)
    assert request_problems(Received("/v1/messages", {}, content)) == []


TOOLS = (Tool("shop_find", "Find.", {"type": "object", "properties": {"name": {"type": "string"}}}),)
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}
CALLED = (
    Message(
        "assistant", (Kept("claude-sonnet-5-5", THOUGHT), Text("Je cherche."), ToolCall("toolu_1", "shop_find", {}))
    ),
    Message("user", (ToolResult("toolu_1", "broken", failed=True),)),
    Message("assistant", (ToolCall("toolu_2", "shop_find", {"name": "x"}),)),
    Message("user", (ToolResult("toolu_2", '{"stock": 1}'),)),
)
EXAMPLE = (Message("user", (Text("Q"),)), Message("assistant", (Text("A"),)))


@pytest.mark.parametrize("thinking", [None, "always", "adaptive", "budget"])
@pytest.mark.parametrize("system", [None, "Tu compares."])
@pytest.mark.parametrize("examples", [(), EXAMPLE])
@pytest.mark.parametrize("tools", [False, True])
def test_thinking_caching_and_tools_are_as_described(version, thinking, system, examples, tools):
    for cached, over, native in product((False, True), repeat=3):
        request = ModelRequest(
            step="s",
            model="claude-sonnet-5-5",
            messages=(*examples, Message("user", PARTS), *(CALLED if tools else ())),
            max_tokens=5_000,
            system=system,
            effort="high",
            output_schema=SCHEMA,
            examples=len(examples),
            cached=cached,
            thinking=thinking,
            tools=TOOLS if tools else (),
            tools_over=tools and over,
        )
        content = body(request, native=native)
        assert request_problems(Received("/v1/messages", {}, content)) == [], (cached, over, native)
        counting = {key: value for key, value in content.items() if key != "max_tokens"}
        assert request_problems(Received("/v1/messages/count_tokens", {}, counting)) == []


def test_check_sees_what_the_current_version_refuses(version):
    content = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}], "temperature": 0}
    problems = request_problems(Received("/v1/messages", {}, content))
    assert any(problem.startswith("2026-10-21") for problem in problems)


@pytest.mark.parametrize("reply", [says("oui"), says(value={"a": 1}, stop="max_tokens"), refuses("bio"), refuses(None)])
def test_stand_in_answers_as_described(version, reply):
    assert answer_problems(version, "Message", reply.body) == []


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500, 504, 529])
def test_stand_in_fails_as_described(version, status):
    assert answer_problems(version, "ErrorResponse", fails(status).body) == []
