"""From a step's fields to a model request, and from an answer that does not fit to the request that repairs it.

The one rule: pure functions. What the prompt's text says is data: nothing here renders, interprets or shortens it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import replace

import orjson

from recipe_engine.builtin.llm.images import pixels
from recipe_engine.builtin.llm.provider import Media, Message, ModelRequest, Part, Text, ToolCall, ToolResult
from recipe_engine.builtin.llm.routing import Choice
from recipe_engine.plugin import JSONObject, Terminal

MAX_IMAGES = 100
MAX_REQUEST_BYTES = 32_000_000
# Estimates meant to be too high rather than too low; a provider that counts exactly is asked when they do not fit.
_BYTES_PER_TOKEN = 2
_PIXELS_PER_TOKEN = 750
_TOKENS_PER_IMAGE = 400
# An image at an address, of which nothing is known: as large as is taken.
_TOKENS_OF_UNKNOWN_IMAGE = 86_000
_TOKENS_PER_PAGE = 5_000
_PAGES_OF_UNKNOWN_PDF = 100
_TOKENS_PER_TURN = 20
_PDF_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")


def build(
    step: str,
    choice: Choice,
    parts: Sequence[Text | Media],
    *,
    system: str | None,
    output_schema: JSONObject | None,
    examples: Sequence[Message] = (),
    before: Sequence[Message] = (),
) -> ModelRequest:
    """The first request of a step. `examples` are the turns that show how such questions are answered, `before` those of
    the conversation so far.

    Raises Terminal `empty_prompt` when there is nothing to send and `media_too_large` when it is more than the
    vendor takes in one request.
    """
    kept = tuple(part for part in parts if isinstance(part, Media) or part.text.strip())
    if not kept:
        raise Terminal("the prompt is empty", code="empty_prompt", detail="user_prompt rendered to no text")
    images = sum(isinstance(part, Media) and part.kind == "image" for part in kept)
    if images > MAX_IMAGES:
        raise Terminal(f"the prompt has {images} images; at most {MAX_IMAGES} are taken", code="media_too_large")
    size = sum(_size(part) for part in kept) + len((system or "").encode())
    size += sum(_size(part) for message in (*examples, *before) for part in message.parts)
    if size > MAX_REQUEST_BYTES:
        raise Terminal(
            f"the prompt has {size:,} bytes; at most {MAX_REQUEST_BYTES:,} are taken in one request",
            code="media_too_large",
        )
    return ModelRequest(
        step=step,
        model=choice.model,
        messages=(*examples, *before, Message("user", kept)),
        max_tokens=choice.max_tokens,
        system=system if system and system.strip() else None,
        effort=choice.effort,
        output_schema=None if is_plain_text(output_schema) else output_schema,
        examples=len(examples),
        thinking=choice.thinking,
    )


def asked_of(request: ModelRequest, choice: Choice) -> ModelRequest:
    """The same question, to another model."""
    return replace(
        request, model=choice.model, max_tokens=choice.max_tokens, effort=choice.effort, thinking=choice.thinking
    )


def is_plain_text(schema: JSONObject | None) -> bool:
    """Whether an answer of this schema is best given as text: no schema, or a string without a closed list."""
    return schema is None or (schema.get("type") == "string" and "enum" not in schema and "const" not in schema)


def repaired(request: ModelRequest, answer: str, problems: Sequence[str]) -> ModelRequest:
    """The request that shows the model its answer and what is wrong with it."""
    asked, form = ("what was asked for", "text") if request.output_schema is None else ("the JSON Schema", "JSON")
    listed = "\n".join(f"- {problem}" for problem in problems)
    complaint = (
        f"Your answer does not fit {asked}:\n{listed}\nAnswer again with the whole corrected {form} and nothing else."
    )
    turns = [Message("user", (Text(complaint),))]
    if answer.strip():
        turns.insert(0, Message("assistant", (Text(answer),)))
    return replace(request, messages=(*request.messages, *turns))


def instructed(request: ModelRequest) -> str:
    """The system prompt for a provider that cannot express the schema: the author's own, then the demand in words."""
    schema = orjson.dumps(request.output_schema, option=orjson.OPT_INDENT_2).decode()
    demand = f"Answer with one JSON value and nothing else: no code fence, no comment. It must fit this JSON Schema:\n{schema}"
    return f"{request.system}\n\n{demand}" if request.system else demand


def estimated_tokens(request: ModelRequest) -> int:
    """Input tokens of a request, rather too many than too few."""
    text = len((request.system or "").encode())
    if request.output_schema is not None:
        text += len(orjson.dumps(request.output_schema)) * 2
    for tool in request.tools:
        text += len(tool.name) + len(tool.description.encode()) + len(orjson.dumps(tool.input_schema))
    tokens = len(request.messages) * _TOKENS_PER_TURN
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Media):
                tokens += _media_tokens(part)
            else:
                text += _size(part)
    return tokens + -(-text // _BYTES_PER_TOKEN)


def _media_tokens(part: Media) -> int:
    if part.kind == "image":
        size = pixels(base64.b64decode(part.data[:400_000])) if part.source == "base64" else None
        return size[0] * size[1] // _PIXELS_PER_TOKEN + _TOKENS_PER_IMAGE if size else _TOKENS_OF_UNKNOWN_IMAGE
    if part.source == "text":
        return -(-len(part.data.encode()) // _BYTES_PER_TOKEN)
    pages = 0
    if part.source == "base64":
        pages = len(_PDF_PAGE.findall(base64.b64decode(part.data)))
    return (pages or _PAGES_OF_UNKNOWN_PDF) * _TOKENS_PER_PAGE


def _size(part: Part) -> int:
    """The bytes of a part."""
    match part:
        case Text() | ToolResult():
            return len(part.text.encode())
        case Media():
            return len(part.data.encode())
        case ToolCall():
            return len(part.name) + len(orjson.dumps(part.input))
        case _:
            return len(orjson.dumps(part.block))
