"""Carrying out an `http` step: the request, its credentials and body; the answer as JSON, text, file or pages.

The one rule: an answer becomes what the step asked for or a failure that says what to write instead. Nothing is guessed
from the content itself.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections.abc import AsyncIterator
from email.message import Message as Headers
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema_rs
import orjson

from recipe_engine.builtin.http_models import (
    LARGEST_FILE,
    SMALL_BODY,
    HttpAnswer,
    HttpFile,
    HttpPages,
    HttpStep,
)
from recipe_engine.builtin.http_pages import next_request, page_items
from recipe_engine.plugin import JSON, Context, JSONObject, Response, Terminal
from recipe_engine.plugin.answers import general_failure, parsed, retry_after
from recipe_engine.plugin.file_values import as_file

_KEY_LENGTH = 128


async def exchange(ctx: Context, params: HttpStep, *, keyed: bool) -> HttpAnswer | HttpFile | HttpPages:
    """Send the request of a step and read its answer. `keyed` sends the idempotency key along."""
    own = any(name.lower() == "idempotency-key" for name in params.headers)
    key = {"Idempotency-Key": _key(ctx.key)} if keyed and not own else {}
    if params.paginate is not None:
        return await _pages(ctx, params, key)
    answer = await _send(ctx, params, params.url, params.query, key)
    if params.save is not None:
        limit = params.max_bytes or LARGEST_FILE
        media_type = _media_type(answer) or "application/octet-stream"
        name = _file_name(answer, media_type)
        file = await ctx.blobs.save(_bounded(answer, limit), name, media_type)
        return HttpFile(status=answer.status, headers=answer.headers, file=file)
    body = await _body(answer, params)
    if params.response_schema is not None:
        _check(body, params.response_schema, answer.url)
    return HttpAnswer(status=answer.status, headers=answer.headers, body=body)


async def _pages(ctx: Context, params: HttpStep, key: dict[str, str]) -> HttpPages:
    assert params.paginate is not None
    url, query = params.url, params.query
    items: list[JSON] = []
    for page in range(1, params.paginate.max_pages + 1):
        answer = await _send(ctx, params, url, query, key)
        body = await _body(answer, params)
        items += page_items(params.paginate, body, answer.headers, page, ctx)
        following = next_request(params.paginate, body, answer.headers, page, ctx, (answer.url, url, query))
        if following is None:
            return HttpPages(items=_checked(items, params), pages=page)
        url, query = following
    return HttpPages(items=_checked(items, params), pages=params.paginate.max_pages, more=True)


async def _send(ctx: Context, params: HttpStep, url: str, query: dict[str, Any], key: dict[str, str]) -> Response:
    content = _content(ctx, params)
    headers = {**key, **params.headers, **_credentials(params, url)}
    media_type = content.pop("media_type", None)
    if media_type is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = media_type
    answer = await ctx.http.request(
        params.method,
        url,
        query=query,
        headers=headers,
        raw=True,
        reads=params.paginate is not None,
        **content,
    )
    if answer.ok or answer.status in params.accept:
        return answer
    raise general_failure(
        "the server",
        params.method,
        answer.url.partition("?")[0],
        answer.status,
        parsed(await answer.read(SMALL_BODY)),
        retry_after(answer.headers, ctx.now),
    )


def _credentials(params: HttpStep, url: str) -> dict[str, str]:
    """The header that says who asks; only for the origin of the step's own URL, when pages lead elsewhere."""
    auth = params.auth
    if auth is None or urlsplit(url)[:2] != urlsplit(params.url)[:2]:
        return {}
    if auth.bearer is not None:
        return {"Authorization": f"Bearer {auth.bearer}"}
    if auth.basic is not None:
        pair = f"{auth.basic.username}:{auth.basic.password}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    assert auth.header is not None
    return {auth.header.name: auth.header.value}


def _content(ctx: Context, params: HttpStep) -> dict[str, Any]:
    """The body as `ctx.http` takes it, with its `media_type` where that does not follow from the kind of body."""
    if params.form is not None:
        flat = [item for value in params.form.values() for item in (value if isinstance(value, list) else [value])]
        return {"multipart" if any(map(as_file, flat)) else "form": params.form}
    if isinstance(params.body, str):
        return {"content": params.body.encode()}
    if params.body is not None:
        file = params.body
        return {"content": ctx.blobs.open(file), "length": file.size, "media_type": file.media_type}
    if "json_body" not in params.model_fields_set:
        return {}
    if params.json_body is None:
        return {"content": b"null", "media_type": "application/json"}
    return {"json": params.json_body}


async def _body(answer: Response, params: HttpStep) -> JSON:
    """The body as JSON when it says that it is, as text when it can be; nothing when empty."""
    data = await answer.read(params.max_bytes or SMALL_BODY)
    if not data:
        return None
    media_type = _media_type(answer)
    if media_type == "application/json" or media_type.endswith("+json"):
        return await answer.json()
    try:
        return data.decode(_charset(answer))
    except (UnicodeDecodeError, LookupError) as error:
        raise Terminal(
            f"the answer of {urlsplit(answer.url).netloc} is {media_type or 'bytes'}, neither JSON nor text",
            code="binary_answer",
            detail="write `save: file` on the step to keep it as a file",
        ) from error


def _media_type(answer: Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _charset(answer: Response) -> str:
    headers = Headers()
    headers["Content-Type"] = answer.headers.get("content-type", "text/plain")
    return headers.get_content_charset() or "utf-8"


def _file_name(answer: Response, media_type: str) -> str:
    """The name that the server gives, else the end of the path, never with a folder in it."""
    headers = Headers()
    headers["Content-Disposition"] = answer.headers.get("content-disposition", "attachment")
    name = headers.get_filename() or unquote(urlsplit(answer.url).path)
    name = "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable()).strip(". ")[:150]
    name = name or "download"
    return name if "." in name else f"{name}{mimetypes.guess_extension(media_type) or ''}"


async def _bounded(answer: Response, limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in answer.chunks():
        size += len(chunk)
        if size > limit:
            raise Terminal(f"the answer is larger than {limit} bytes", code="response_too_large")
        yield chunk


def _checked(items: list[JSON], params: HttpStep) -> list[JSON]:
    if params.response_schema is not None:
        for item in items:
            _check(item, params.response_schema, params.url)
    return items


def _check(body: JSON, schema: JSONObject, url: str) -> None:
    """Terminal `invalid_answer` when the body is not what `response_schema` says."""
    errors = [
        f"{'.'.join(map(str, error.instance_path)) or 'body'}: {error.message[:200]}" for error in _errors(body, schema)
    ]
    if errors:
        raise Terminal(
            f"the answer of {urlsplit(url).netloc} does not fit response_schema",
            code="invalid_answer",
            detail="; ".join(errors[:20]),
        )


def _errors(body: JSON, schema: JSONObject) -> Any:
    return _validator(orjson.dumps(schema)).iter_errors(body)


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(orjson.loads(schema))
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise Terminal("response_schema is not a JSON Schema", code="validation", detail=str(error)[:300]) from error


def _key(key: str) -> str:
    """The idempotency key as a header can carry it."""
    return key if key.isascii() and len(key) <= _KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()
