"""A request as people read it.

The one rule: all that is sent is there; of images and documents their kind and size stand for their bytes.
"""

from __future__ import annotations

import orjson

from recipe_engine.builtin.llm.provider import Media, ModelRequest, Text
from recipe_engine.plugin import JSON, JSONObject

_LONGEST = 200


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
        text = "".join(part.text if isinstance(part, Text) else media_line(part) for part in message.parts)
        blocks.append(f"## {message.role}{example}\n\n{text.strip()}")
    if request.output_schema is not None:
        schema = orjson.dumps(request.output_schema, option=orjson.OPT_INDENT_2).decode()
        blocks.append(f"## answer\n\nJSON that fits this schema:\n\n{schema}")
    return "\n\n".join(blocks)


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
