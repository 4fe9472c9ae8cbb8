"""The result of an action from the answer of a tool.

The one rule: the effect has happened, so what the server answered is handed on, even where it promised something else. Only
what is too large for the journal goes elsewhere: into files.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema_rs
import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.mcp.snapshot import Tool
from recipe_engine.openapi.document import listing, mapping
from recipe_engine.plugin import Context, FileValue, Terminal

# Texts up to this many bytes stand in the result, together; longer ones are files.
_TEXT_KEPT = 200_000
_MOST_PARTS = 1_000
_ERROR_KEPT = 2_000


async def result_of(ctx: Context, tool: Tool, schema: JSONObject, title: str, answer: JSONObject) -> JSON:
    """The result that later steps see; `answer` is a `CallToolResult` as it is sent, `schema` the action's result.

    Raises Terminal `tool_error` with the tool's own words when it says that it failed.
    """
    content = [part for part in listing(answer.get("content")) if isinstance(part, dict)]
    if answer.get("isError") is True:
        words = "\n".join(str(part.get("text", "")) for part in content if part.get("type") == "text").strip()
        raise Terminal(
            f"{tool.name} of {title} failed",
            code="tool_error",
            detail=words[:_ERROR_KEPT],
            data=answer.get("structuredContent"),
        )
    if tool.output_schema is None:
        return await _unstructured(ctx, tool, content, answer)
    found = answer["structuredContent"] if "structuredContent" in answer else _written_out(content)
    error = next(jsonschema_rs.validator_for(schema).iter_errors(found), None)
    if error is not None:
        place = ".".join(map(str, error.instance_path)) or "the whole"
        ctx.log("the answer is not what the tool promised", at=place, problem=error.kind.name)
    left = sum(part.get("type") != "text" for part in content)
    if left:
        ctx.log("the tool answered with more than the structured result that it promised", left_out=left)
    return found


def _written_out(content: list[JSONObject]) -> JSON:
    """The result of a tool that wrote it as text, as older servers do; the text itself when it is no JSON."""
    text = _joined([str(part.get("text", "")) for part in content if part.get("type") == "text"])
    try:
        found: JSON = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return found


@dataclass(slots=True)
class _Told:
    """What was made of the parts so far. `room` is how many bytes of text may still stand in the result."""

    texts: list[str] = field(default_factory=list)
    parts: list[JSONObject] = field(default_factory=list)
    files: list[JSON] = field(default_factory=list)
    room: int = _TEXT_KEPT


async def _unstructured(ctx: Context, tool: Tool, content: list[JSONObject], answer: JSONObject) -> JSONObject:
    told = _Told()
    for number, part in enumerate(content[:_MOST_PARTS], start=1):
        await _tell(ctx, told, part, f"{tool.action}-{number}")
    if len(content) > _MOST_PARTS:
        ctx.log("the answer has more parts than are kept", left_out=len(content) - _MOST_PARTS)
    result: JSONObject = {"text": _joined(told.texts), "content": told.parts, "files": told.files}
    if "structuredContent" in answer:
        result["structured"] = answer["structuredContent"]
    return result


async def _tell(ctx: Context, told: _Told, part: JSONObject, name: str) -> None:
    """Add one part of the content."""
    kind = str(part.get("type"))
    match kind:
        case "text":
            await _tell_text(ctx, told, str(part.get("text", "")), {"type": kind}, f"{name}.txt")
        case "image" | "audio":
            type_ = str(part.get("mimeType") or f"{kind}/*")
            await _tell_file(ctx, told, {"type": kind}, str(part.get("data", "")), name + _suffix(type_), type_)
        case "resource":
            resource = mapping(part.get("resource"))
            shown, file_name, type_ = _described(kind, resource, name)
            if isinstance(resource.get("blob"), str):
                await _tell_file(ctx, told, shown, resource["blob"], file_name, type_)
            else:
                await _tell_text(ctx, told, str(resource.get("text", "")), shown, file_name)
        case "resource_link":
            told.parts.append(_described(kind, part, name)[0])
        case _:
            ctx.log("a part of the answer is of a kind that is not known", kind=kind[:100])


def _described(kind: str, resource: JSONObject, name: str) -> tuple[JSONObject, str, str]:
    """A resource as the result names it, the name of its file, and its media type."""
    uri = str(resource.get("uri", ""))
    type_ = str(resource.get("mimeType") or "application/octet-stream")
    last = _last_of(uri) or name + _suffix(type_)
    shown: JSONObject = {"type": kind, "uri": uri, "name": str(resource.get("name") or last), "media_type": type_}
    return shown, last, type_


async def _tell_text(ctx: Context, told: _Told, text: str, shown: JSONObject, name: str) -> None:
    size = len(text.encode("utf-8", "replace"))
    if size <= told.room:
        told.room -= size
        told.texts.append(text)
        told.parts.append({**shown, "text": text})
        return
    ctx.log("a text is too long for the result: it is a file", bytes=size, file=name)
    type_ = str(shown.get("media_type") or "text/plain")
    _add_file(told, shown, await ctx.blobs.save_bytes(text.encode("utf-8", "replace"), name, type_))


async def _tell_file(ctx: Context, told: _Told, shown: JSONObject, data: str, name: str, type_: str) -> None:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        ctx.log("a part of the answer is no base64, and left out", name=name)
        return
    _add_file(told, shown, await ctx.blobs.save_bytes(content, name, type_))


def _add_file(told: _Told, shown: JSONObject, file: FileValue) -> None:
    value: Any = file.model_dump()
    told.files.append(value)
    told.parts.append({**shown, "file": value})


def _joined(texts: list[str]) -> str:
    return "\n\n".join(texts)


def _suffix(media_type: str) -> str:
    from mimetypes import guess_extension

    plain = media_type.partition(";")[0].strip().lower()
    return ".wav" if plain == "audio/wav" else guess_extension(plain) or ""


def _last_of(uri: str) -> str:
    """The last part of a URI's path, as the name of a file; empty when there is none."""
    try:
        last = unquote(urlsplit(uri).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return ""
    return "".join(sign for sign in last if sign.isprintable() and sign not in '/\\:*?"<>|')[:100].strip(". ")
