"""What POST /chat/completions takes and answers, as far as it is used here, as JSON Schema.

Source: the schemas CreateChatCompletionRequest and CreateChatCompletionResponse with their parts in the vendor's own OpenAPI
document (github.com/openai/openai-openapi, openapi.yaml), read on 2026-11-20. Held strictly: a field that is not in it is a
problem, and what it calls deprecated is only taken where servers of others still ask for it (`max_tokens`).
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

Schema = dict[str, Any]
TEXT = {"type": "string"}


def closed(required: list[str], **properties: Schema) -> Schema:
    """An object with these fields and no others."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def one(value: str) -> Schema:
    return {"type": "string", "enum": [value]}


PARTS = [
    closed(["type", "text"], type=one("text"), text=TEXT),
    closed(
        ["type", "image_url"],
        type=one("image_url"),
        image_url=closed(
            ["url"],
            url={"type": "string", "pattern": "^(https?://|data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$)"},
            detail={"enum": ["auto", "low", "high"]},
        ),
    ),
    closed(
        ["type", "file"],
        type=one("file"),
        file=closed(
            [],
            filename=TEXT,
            # "The base64 encoded file data": an address is none.
            file_data={"type": "string", "pattern": "^data:[a-z]+/[a-z.+-]+;base64,[A-Za-z0-9+/]+=*$"},
            file_id=TEXT,
        ),
    ),
]
CALL = closed(
    ["id", "type", "function"],
    id=TEXT,
    type=one("function"),
    function=closed(["name", "arguments"], name=TEXT, arguments=TEXT),
)
NAME = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
MESSAGES = [
    closed(["role", "content"], role=one("system"), content=TEXT, name=TEXT),
    closed(
        ["role", "content"],
        role=one("user"),
        content={"anyOf": [TEXT, {"type": "array", "minItems": 1, "items": {"anyOf": PARTS}}]},
        name=TEXT,
    ),
    {
        **closed(
            ["role"],
            role=one("assistant"),
            content={"type": ["string", "null"]},
            refusal={"type": ["string", "null"]},
            name=TEXT,
            tool_calls={"type": "array", "items": CALL},
        ),
        # "Required unless `tool_calls` is specified."
        "anyOf": [{"required": ["content"]}, {"required": ["tool_calls"]}],
    },
    closed(["role", "content", "tool_call_id"], role=one("tool"), content=TEXT, tool_call_id=TEXT),
]
REQUEST = closed(
    ["model", "messages"],
    model=TEXT,
    messages={"type": "array", "minItems": 1, "items": {"anyOf": MESSAGES}},
    max_tokens={"type": "integer", "minimum": 1},
    max_completion_tokens={"type": "integer", "minimum": 1},
    reasoning_effort={"enum": ["none", "minimal", "low", "medium", "high", "xhigh"]},
    response_format=closed(
        ["type", "json_schema"],
        type=one("json_schema"),
        json_schema=closed(
            ["name"], name=NAME, description=TEXT, schema={"type": "object"}, strict={"type": ["boolean", "null"]}
        ),
    ),
    tools={
        "type": "array",
        "maxItems": 128,
        "items": closed(
            ["type", "function"],
            type=one("function"),
            function=closed(
                ["name"],
                name=NAME,
                description=TEXT,
                parameters={"type": "object"},
                strict={"type": ["boolean", "null"]},
            ),
        ),
    },
    tool_choice={"enum": ["none", "auto", "required"]},
)
ANSWER = {
    "type": "object",
    "required": ["id", "object", "choices"],
    "properties": {
        "object": one("chat.completion"),
        "choices": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "message", "finish_reason"],
                "properties": {
                    "finish_reason": {"enum": ["stop", "length", "tool_calls", "content_filter", "function_call"]},
                    "message": {
                        "type": "object",
                        "required": ["role", "content"],
                        "properties": {
                            "role": one("assistant"),
                            "content": {"type": ["string", "null"]},
                            "refusal": {"type": ["string", "null"]},
                            "tool_calls": {"type": "array", "items": CALL},
                        },
                    },
                },
            },
        },
        "usage": {
            "type": "object",
            "required": ["prompt_tokens", "completion_tokens", "total_tokens"],
            "properties": {
                "prompt_tokens": {"type": "integer"},
                "completion_tokens": {"type": "integer"},
                "total_tokens": {"type": "integer"},
                "prompt_tokens_details": {"type": "object", "properties": {"cached_tokens": {"type": "integer"}}},
            },
        },
    },
}
_REQUEST = jsonschema_rs.validator_for(REQUEST)
_ANSWER = jsonschema_rs.validator_for(ANSWER)


def request_problems(body: Any) -> list[str]:
    """What the description forbids in a request, and calls without a result, which servers refuse."""
    problems = [error.message for error in _REQUEST.iter_errors(body)]
    if "max_tokens" in body and "max_completion_tokens" in body:
        problems.append("both names of the length")
    open_calls: set[str] = set()
    for message in body.get("messages", []):
        if open_calls and message["role"] != "tool":
            problems.append(f"calls without a result: {sorted(open_calls)}")
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                problems.append(f"a result without a call: {message['tool_call_id']}")
            open_calls.discard(message["tool_call_id"])
        open_calls |= {call["id"] for call in message.get("tool_calls", ())}
    return [*problems, *(["calls without a result at the end"] if open_calls else [])]


def answer_problems(body: Any) -> list[str]:
    """In what an answer is not as described."""
    return [error.message for error in _ANSWER.iter_errors(body)]
