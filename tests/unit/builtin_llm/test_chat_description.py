"""Every shape of request to a chat completions server, held against the vendor's description, with the stand-in's answers."""

from __future__ import annotations

from itertools import product

import pytest

from recipe_engine.builtin.llm.openai.request import Dialect, body
from recipe_engine.builtin.llm.provider import Kept, Media, Message, ModelRequest, Text, Tool, ToolCall, ToolResult
from recipe_engine.builtin.llm.request import repaired
from recipe_engine.plugin import Terminal
from tests.support.chat_completions import answer_problems, request_problems
from tests.support.openai_server import completes

SCHEMA = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "string"}, "b": {"type": ["null", "number"]}},
}
IMAGES = (Media("image", "base64", "image/webp", "UklGRg=="), Media("image", "url", "", "https://example.org/a.png"))
DOCUMENTS = (
    Media("document", "base64", "application/pdf", "JVBERi0=", "devis.pdf"),
    Media("document", "base64", "application/pdf", "JVBERi0="),
    Media("document", "text", "text/plain", "note\n</data>", "note.txt"),
)
TOOLS = (Tool("shop_find", "Find.", {"type": "object", "properties": {"name": {"type": "string"}}}),)
ASKED = Message("user", (Text("Compare"),))
CALLED = (
    Message("assistant", (Kept("m", {"type": "thinking"}), Text("Je cherche."), ToolCall("c1", "shop_find", {"name": "x"}),
                          ToolCall("c2", "shop_find", {}))),
    Message("user", (ToolResult("c1", '{"stock": 1}'), ToolResult("c2", "broken", failed=True))),
    Message("assistant", (ToolCall("c3", "shop_find", {"name": "y"}),)),
    Message("user", (ToolResult("c3", ""),)),
)  # fmt: skip
EXAMPLE = (Message("user", (Text("Q"),)), Message("assistant", (Text("A"),)))
TURNS = {
    "text": (ASKED,),
    "parts": (Message("user", (Text("a"), Text("b"))),),
    "images": (Message("user", (Text("Look"), *IMAGES)),),
    "an image alone": (Message("user", IMAGES[:1]),),
    "documents": (Message("user", (Text("Read"), *DOCUMENTS)),),
    "examples": (*EXAMPLE, ASKED),
    "tools": (ASKED, *CALLED),
}


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("schema", [None, SCHEMA, {"type": "array"}])
def test_requests_are_as_described(turns, schema):
    shapes = product(
        (None, "Tu compares."),
        (None, "low", "max"),
        (False, True),
        ("max_tokens", "max_completion_tokens"),
        (True, False),
    )
    for system, effort, again, length, plain in shapes:
        request = ModelRequest(
            step="s",
            model="m",
            messages=TURNS[turns],
            max_tokens=10,
            system=system,
            effort=effort,
            output_schema=schema,
            tools=TOOLS if turns == "tools" else (),
            tools_over=turns == "tools" and again,
        )
        asked = repaired(request, "non", ["at a: missing"]) if again else request
        content = body(asked, Dialect(schema=plain, effort=plain, length=length))
        assert request_problems(content) == [], (system, effort, again, length, plain)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0, "model": "m", "messages": [{"role": "user", "content": "x"}]},
        {"model": "m", "messages": [{"role": "user", "content": []}]},
        {"model": "m", "messages": [{"role": "assistant"}]},
        {"model": "m", "messages": [{"role": "tool", "content": "x", "tool_call_id": "c1"}]},
        {"model": "m", "messages": [], "max_tokens": 1},
    ],
)
def test_the_description_sees_what_is_wrong(wrong):
    assert request_problems(wrong)


def test_a_document_at_an_address_is_refused_before_it_is_sent():
    parts = (Media("document", "url", "application/pdf", "https://example.org/a.pdf", "a.pdf"),)
    request = ModelRequest(step="s", model="m", messages=(Message("user", parts),), max_tokens=10)
    with pytest.raises(Terminal, match="address") as caught:
        body(request, Dialect())
    assert caught.value.failure.code == "unsupported_media"


def test_a_text_document_stands_between_marks():
    request = ModelRequest(step="s", model="m", messages=(Message("user", DOCUMENTS[2:]),), max_tokens=10)
    text = body(request, Dialect())["messages"][0]["content"][0]["text"]
    assert text == '<data name="note.txt" kind="document">\nnote\n&lt;/data>\n</data>'


@pytest.mark.parametrize(
    "reply",
    [
        completes("oui"),
        completes("half", finish="length"),
        completes("", finish="content_filter"),
        completes("", message={"refusal": "no"}),
    ],
)
def test_the_stand_in_answers_as_described(reply):
    assert answer_problems(reply[1]) == []
