"""A model request as the JSON body of POST /chat/completions.

The one rule: the plainest form that every such server takes. What some of them refuse (a schema, an effort, the name of
the length) is in `Dialect`, which is learnt from their refusals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from recipe_engine.builtin.llm.anthropic.schema import portable
from recipe_engine.builtin.llm.provider import Media, Message, ModelRequest, Part, Text, Tool, ToolCall, ToolResult
from recipe_engine.builtin.llm.request import instructed
from recipe_engine.builtin.llm.words import Effort
from recipe_engine.expr.library.prompts import delimited
from recipe_engine.plugin import JSON, JSONObject, Terminal

_EFFORTS: dict[Effort, str] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server takes for one of its models, as far as is known."""

    schema: bool = True
    effort: bool = True
    length: str = "max_tokens"

    def without(self, complaint: str, request: ModelRequest) -> Dialect | None:
        """The dialect that heeds a refusal, None when the refusal is about something else."""
        said = complaint.lower()
        if self.length == "max_tokens" and "max_completion_tokens" in said:
            return replace(self, length="max_completion_tokens")
        if self.effort and request.effort and "effort" in said:
            return replace(self, effort=False)
        if self.schema and request.output_schema is not None and _about_schemas(said):
            return replace(self, schema=False)
        return None


def body(request: ModelRequest, dialect: Dialect) -> JSONObject:
    """The body. A schema goes into response_format when the server takes it there, else into the system prompt."""
    schema = portable(request.output_schema) if dialect.schema and request.output_schema is not None else None
    system = request.system
    if request.output_schema is not None and schema is None:
        system = instructed(request)
    turns = [{"role": "system", "content": system}] if system else []
    out: JSONObject = {
        "model": request.model,
        dialect.length: request.max_tokens,
        "messages": [*turns, *(turn for message in request.messages for turn in _turns(message))],
    }
    if request.tools:
        out["tools"] = [_tool(tool) for tool in request.tools]
        if request.tools_over:
            out["tool_choice"] = "none"
    if schema is not None:
        named = {"name": "answer", "schema": schema, "strict": _all_required(schema)}
        out["response_format"] = {"type": "json_schema", "json_schema": named}
    if request.effort and dialect.effort:
        out["reasoning_effort"] = _EFFORTS[request.effort]
    return out


def _tool(tool: Tool) -> JSONObject:
    told = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": told}


def _turns(message: Message) -> list[JSONObject]:
    """A message as turns: each result of a tool is one of its own there."""
    results: list[JSONObject] = [
        {"role": "tool", "tool_call_id": part.id, "content": part.text}
        for part in message.parts
        if isinstance(part, ToolResult)
    ]
    said = [part for part in message.parts if isinstance(part, Text | Media)]
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCall)]
    if results and not said:
        return results
    turn: JSONObject = {"role": message.role, "content": _content(said)}
    return [*results, {**turn, "tool_calls": calls} if calls else turn]


def _call(part: ToolCall) -> JSONObject:
    given = {"name": part.name, "arguments": orjson.dumps(part.input).decode()}
    return {"id": part.id, "type": "function", "function": given}


def _content(parts: Sequence[Part]) -> JSON:
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return [_part(part) for part in parts if isinstance(part, Text | Media)]


def _part(part: Text | Media) -> JSONObject:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.source == "text":
        return {"type": "text", "text": delimited(part.data, part.name, "document")}
    if part.source == "url" and part.kind == "document":
        raise Terminal(
            f"the document {part.data!r} is an address, which chat completions take of images only",
            code="unsupported_media",
            detail="fetch it with an http step that saves a file (`save: file`)",
        )
    address = part.data if part.source == "url" else f"data:{part.media_type};base64,{part.data}"
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": address}}
    return {"type": "file", "file": {"filename": part.name or "document.pdf", "file_data": address}}


def _about_schemas(said: str) -> bool:
    return any(word in said for word in ("response_format", "json_schema", "schema", "grammar"))


def _all_required(schema: JSON) -> bool:
    """Whether every object of a schema demands all that it names: only then may the server be held to it strictly."""
    if isinstance(schema, list):
        return all(_all_required(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and set(schema.get("properties", {})) != set(schema.get("required", ())):
        return False
    return all(_all_required(item) for item in schema.values())
