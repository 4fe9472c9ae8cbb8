"""One call of an operation: the request that its parameters make, and the result that the answer makes.

The one rule: what the vendor answers is handed on even where the document describes it wrongly. The effect has happened;
a remark in the run's log is all that a mistake of the description may cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

import jsonschema_rs
from pydantic import RootModel

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.operations import VARIABLE, Media, Operation, Parameter, kind_of
from recipe_engine.openapi.serialize import (
    cookie_pairs,
    header_text,
    json_text,
    path_text,
    query_pairs,
    styled_pairs,
    text,
)
from recipe_engine.plugin import Context, FileValue, Response, Terminal
from recipe_engine.plugin.file_values import as_file

_NO_BODY = (204, 205, 304)


class Answered(RootModel[Any]):
    """A result as the vendor sent it."""


class Called(Protocol):
    """What a call has to know of its connector."""

    idempotency_header: str

    def server_of(self, operation: Operation, ctx: Context) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What is called: the operation, the schema that its answers are said to have, and whether it changes nothing."""

    operation: Operation
    result: JSONObject
    reads: bool


async def call(connector: Called, shape: Shape, ctx: Context, params: JSONObject) -> Answered:
    """Carry out an operation."""
    response = await send(connector, shape, ctx, params)
    answer = await read_answer(shape.operation, response, ctx)
    if not jsonschema_rs.is_valid(shape.result, answer):
        problem = next(iter(jsonschema_rs.validator_for(shape.result).iter_errors(answer)))
        place = ".".join(map(str, problem.instance_path)) or "the whole"
        ctx.log("the answer is not what the document describes", at=place, problem=problem.kind.name)
    return Answered(answer)


async def send(connector: Called, shape: Shape, ctx: Context, params: JSONObject, link: str = "") -> Response:
    """Send the request of an operation; `link` is the address of a page, in the place of its own."""
    operation = shape.operation
    url, headers = address(operation, params)
    server = connector.server_of(operation, ctx)
    if server is not None:
        url = f"{server}{url}"
    url = link or url
    key_header = operation.key_header or connector.idempotency_header
    if key_header and operation.method in ("post", "patch"):
        headers.setdefault(key_header, ctx.key)
    return await ctx.http.request(
        operation.method.upper(),
        url,
        headers=headers,
        auth=operation.secured != "no",
        reads=shape.reads,
        **_body(operation, params, headers, ctx),
    )


def address(operation: Operation, params: JSONObject) -> tuple[str, dict[str, str]]:
    """Path with query, and headers, for these parameters.

    Raises Terminal `validation` when a value cannot stand in a path.
    """
    values = [(each, params.get(each.name, each.fixed)) for each in operation.parameters]
    in_path = {each.wire: _in_path(each, value) for each, value in values if each.place == "path"}
    template, _, literal = operation.path.partition("#")[0].partition("?")
    path = VARIABLE.sub(lambda found: in_path[found[1]], template)
    given = [(each, value) for each, value in values if value is not None]
    pairs = [pair for each, value in given if each.place == "query" for pair in query_pairs(each, value)]
    query = "&".join(filter(None, [literal, *(f"{name}={value}" for name, value in pairs)]))
    headers = {each.wire: header_text(each, value) for each, value in given if each.place == "header"}
    cookies = [pair for each, value in given if each.place == "cookie" for pair in cookie_pairs(each, value)]
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies)
    types = [media.type for answer in operation.successes for media in answer.media if "*" not in media.type]
    if types:
        headers["Accept"] = ", ".join(dict.fromkeys(types))
    headers |= {"Accept" if name == "accept" else "Content-Type": value for name, value in operation.said}
    return (f"{path}?{query}" if query else path), headers


def _in_path(parameter: Parameter, value: JSON) -> str:
    written = path_text(parameter, value)
    if written in ("", ".", ".."):
        raise Terminal(
            f"{parameter.name} is {written!r}, which cannot stand in a path", code="validation", detail=parameter.wire
        )
    return written


def media_of(operation: Operation, params: JSONObject) -> Media | None:
    """The form in which the body is sent; None when there is none to send."""
    if not operation.bodies or operation.body_name not in params:
        return None
    wanted = params.get(operation.type_name)
    return next((each for each in operation.bodies if each.type == wanted), _fitting(operation, params))


def _fitting(operation: Operation, params: JSONObject) -> Media:
    """The first form that can carry the body: files only travel in some."""
    body = params[operation.body_name]
    if as_file(body) is not None:
        return next((each for each in operation.bodies if each.kind in ("file", "text")), operation.bodies[0])
    if isinstance(body, dict) and any(as_file(each) is not None for each in body.values()):
        return next((each for each in operation.bodies if each.kind == "multipart"), operation.bodies[0])
    return operation.bodies[0]


def _body(operation: Operation, params: JSONObject, headers: dict[str, str], ctx: Context) -> dict[str, Any]:
    """The body, as the client takes it."""
    media = media_of(operation, params)
    if media is None:
        return {}
    body = params[operation.body_name]
    if media.kind == "multipart":
        return {"multipart": {name: _part(media, name, value) for name, value in body.items()}}
    if media.kind in ("json", "form") and _holds_file(body):
        raise Terminal(
            f"the body holds a file, which cannot be sent as {media.type}",
            code="validation",
            detail=operation.type_name,
        )
    headers["Content-Type"] = media.sent if "*" not in media.type else _plain_type(media)
    match media.kind:
        case "json":
            return {"content": b"null"} if body is None else {"json": body}
        case "form":
            return {"form": form_fields(media, body)}
        case _:
            file = as_file(body)
            if file is None:
                return {"content": text(body).encode()}
            if "*" in media.type:
                headers["Content-Type"] = file.media_type
            return {"content": ctx.blobs.open(file), "length": file.size}


def _holds_file(value: JSON) -> bool:
    if isinstance(value, dict):
        return as_file(value) is not None or any(map(_holds_file, value.values()))
    return isinstance(value, list) and any(map(_holds_file, value))


def _plain_type(media: Media) -> str:
    return "application/json" if media.kind == "json" else "application/octet-stream"


def form_fields(media: Media, body: JSONObject) -> dict[str, list[str]]:
    """The fields of a URL-encoded form."""
    fields: dict[str, list[str]] = {}
    for name, value in body.items():
        encoding = media.encoding.get(name) or {}
        style, explode = encoding.get("style"), encoding.get("explode")
        if style is None and explode is None and isinstance(value, dict):
            fields[name] = [json_text(value)]
            continue
        if value is None:
            continue
        style = style or "form"
        for key, item in styled_pairs(
            name, value, style, style in ("form", "deepObject") if explode is None else explode
        ):
            fields.setdefault(unquote(key), []).append(unquote(item))
    return fields


def _part(media: Media, name: str, value: JSON) -> Any:
    """One part of a multipart body, or the parts of a list."""
    if isinstance(value, list):
        return [_part(media, name, item) for item in value]
    if as_file(value) is not None or value is None:
        return value
    type_ = str((media.encoding.get(name) or {}).get("contentType") or "").partition(",")[0].strip()
    if isinstance(value, dict):
        return (None, json_text(value).encode(), type_ if "json" in type_ else "application/json")
    if type_ and "*" not in type_ and isinstance(value, str):
        return (None if kind_of(type_) in ("json", "text") else name, value.encode(), type_)
    return value


async def read_answer(operation: Operation, response: Response, ctx: Context) -> JSON:
    """The answer as a value: JSON, a text, a file, or nothing."""
    if operation.method == "head" or response.status in _NO_BODY:
        return None
    type_ = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    declared = next((media.kind for answer in operation.successes for media in answer.media), "json")
    kind = kind_of(type_) if type_ else declared
    if kind == "file":
        saved: FileValue = await ctx.blobs.save(
            response.chunks(), _file_name(operation, response), type_ or "application/octet-stream"
        )
        return saved.model_dump()
    if kind == "json":
        from recipe_engine.plugin.answers import parsed

        return parsed(await response.read())
    return await response.text()


def _file_name(operation: Operation, response: Response) -> str:
    from email.message import Message

    message = Message()
    message["content-disposition"] = response.headers.get("content-disposition", "")
    name = message.get_filename() or operation.name
    return name.replace("\\", "/").rpartition("/")[2] or operation.name
