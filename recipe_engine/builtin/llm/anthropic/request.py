"""A model request as the JSON body of POST /v1/messages.

The one rule: only what every current model takes. No temperature, top_p or top_k, no forced tool, no assistant turn at
the end: newer models answer those with 400 (structured output and effort took their place).
"""

from __future__ import annotations

from functools import lru_cache

import orjson

from recipe_engine.builtin.llm.anthropic.schema import portable
from recipe_engine.builtin.llm.provider import (
    Kept,
    Media,
    Message,
    ModelRequest,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from recipe_engine.builtin.llm.request import instructed
from recipe_engine.plugin import JSONObject

_MARK = {"type": "ephemeral", "ttl": "5m"}
_LEAST_THINKING = 1024


def body(request: ModelRequest, *, native: bool = True) -> JSONObject:
    """The body. A schema goes into output_config.format when the dialect can say it and `native` is true, else into
    the system prompt, in words."""
    schema = _portable(orjson.dumps(request.output_schema)) if native and request.output_schema is not None else None
    system = request.system
    if request.output_schema is not None and schema is None:
        system = instructed(request)
    output: JSONObject = {}
    if schema is not None:
        output["format"] = {"type": "json_schema", "schema": schema}
    if request.effort:
        output["effort"] = request.effort
    out: JSONObject = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [_message(message, request.model) for message in request.messages],
    }
    if request.tools:
        out["tools"] = [_tool(tool) for tool in request.tools]
        if request.tools_over:
            out["tool_choice"] = {"type": "none"}
    if system:
        out["system"] = system
    if output:
        out["output_config"] = output
    if request.thinking == "adaptive":
        out["thinking"] = {"type": "adaptive"}
    elif request.thinking == "budget" and request.max_tokens > 2 * _LEAST_THINKING:
        out["thinking"] = {"type": "enabled", "budget_tokens": request.max_tokens // 2}
    return _marked(out, request) if request.cached else out


def _marked(content: JSONObject, request: ModelRequest) -> JSONObject:
    """The body with a mark for the vendor's cache at the end of what every request of the step begins with."""
    if request.examples:
        last = content["messages"][request.examples - 1]
        last["content"] = [{"type": "text", "text": last["content"], "cache_control": dict(_MARK)}]
    elif "system" in content:
        content["system"] = [{"type": "text", "text": content["system"], "cache_control": dict(_MARK)}]
    return content


@lru_cache(maxsize=256)
def _portable(schema: bytes) -> JSONObject | None:
    return portable(orjson.loads(schema))


def _tool(tool: Tool) -> JSONObject:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}


def _message(message: Message, model: str) -> JSONObject:
    # A model's thinking is bound to it: another one does not take it.
    parts = [part for part in message.parts if not isinstance(part, Kept) or part.model == model]
    if len(parts) == 1 and isinstance(parts[0], Text):
        return {"role": message.role, "content": parts[0].text}
    return {"role": message.role, "content": [_block(part) for part in parts]}


def _block(part: Part) -> JSONObject:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Kept():
            return part.block
        case ToolCall():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": part.input}
        case ToolResult():
            result: JSONObject = {"type": "tool_result", "tool_use_id": part.id, "content": part.text}
            return {**result, "is_error": True} if part.failed else result
        case Media():
            return _media(part)


def _media(part: Media) -> JSONObject:
    source: JSONObject
    if part.source == "url":
        source = {"type": "url", "url": part.data}
    else:
        source = {"type": part.source, "media_type": part.media_type, "data": part.data}
    block: JSONObject = {"type": part.kind, "source": source}
    if part.kind == "document" and part.name:
        block["title"] = part.name
    return block
