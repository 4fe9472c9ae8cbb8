"""A request as people read it.

The one rule: all that is sent is there; of images and documents their kind and size stand for their bytes.
"""

from __future__ import annotations

import orjson

from recipe_engine.builtin.llm.provider import Kept, Media, ModelRequest, Part, Text, Tool, ToolCall, ToolResult
from recipe_engine.plugin import JSON, JSONObject

_LONGEST = 200
# How somebody who can only write text calls tools.
HOW_TO_CALL = 'To call tools instead of answering, write only: {"calls": [{"tool": NAME, "input": {...}}]}'


def as_text(request: ModelRequest) -> str:
    """The request as Markdown: who is asked, the system prompt, the turns, the schema of the answer."""
    about = [f"model: {request.model}", f"max_tokens: {request.max_tokens}"]
    if request.effort:
        about.append(f"effort: {request.effort}")
    if request.thinking:
        about.append(f"thinking: {request.thinking}")
    blocks = [f"# {request.step}\n\n" + "\n".join(about)]
    if request.system:
        blocks.append(f"## system\n\n{request.system.strip()}")
    for number, message in enumerate(request.messages):
        example = " (example)" if number < request.examples else ""
        text = "".join(_shown(part) for part in message.parts)
        blocks.append(f"## {message.role}{example}\n\n{text.strip()}")
    if request.tools:
        blocks.append("\n\n".join(["## tools", *(_tool(tool) for tool in request.tools)]))
        blocks.append("They may not be called any more." if request.tools_over else HOW_TO_CALL)
    if request.output_schema is not None:
        schema = orjson.dumps(request.output_schema, option=orjson.OPT_INDENT_2).decode()
        blocks.append(f"## answer\n\nJSON that fits this schema:\n\n{schema}")
    return "\n\n".join(blocks)


def _tool(tool: Tool) -> str:
    schema = orjson.dumps(tool.input_schema, option=orjson.OPT_INDENT_2).decode()
    return f"### {tool.name}\n\n{tool.description}\n\n{schema}"


def _shown(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case Media():
            return media_line(part)
        case ToolCall():
            return (
                f"\n[calls {part.name}, {part.id}]\n{orjson.dumps(part.input, option=orjson.OPT_INDENT_2).decode()}\n"
            )
        case ToolResult():
            return f"\n[{'failure' if part.failed else 'result'} of {part.id}]\n{part.text}\n"
        case Kept():
            return "\n[the model's own thinking]\n"


def media_line(part: Media) -> str:
    """What stands for an image or a document: `[image photo.png, image/png, 12,345 bytes]`."""
    name = f" {part.name}" if part.name else ""
    if part.source == "url":
        return f"\n[{part.kind}{name} at {part.data}]\n"
    size = len(part.data) * 3 // 4 if part.source == "base64" else len(part.data.encode())
    return f"\n[{part.kind}{name}, {part.media_type}, {size:,} bytes]\n"


def shortened(body: JSON) -> JSON:
    """A request's body with long base64 texts shortened, for people."""
    if isinstance(body, list):
        return [shortened(item) for item in body]
    if not isinstance(body, dict):
        return body
    out: JSONObject = {}
    for name, value in body.items():
        long = isinstance(value, str) and len(value) > _LONGEST
        if long and (name in ("data", "file_data") or (name == "url" and value.startswith("data:"))):
            out[name] = f"{value[:40]}... ({len(value):,} characters)"
        else:
            out[name] = shortened(value)
    return out
