"""The step type `http`: any request to any service.

    - {id: order, type: http, url: "https://shop.example/orders/{{ id }}", auth: {bearer: "{{ secrets.SHOP_KEY }}"}}

The one rule: what may be repeated follows from the method. GET and HEAD read; PUT and DELETE are repeated, since HTTP
defines them so; POST and PATCH happen once, unless the step says `idempotent: true` and sends the key that makes it so.
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
from recipe_engine.core.plan import Effect, Retry
from recipe_engine.plugin import JSON, Connector, Context, JSONObject, Response, Terminal, hookimpl
from recipe_engine.plugin.answers import general_failure, parsed, retry_after
from recipe_engine.plugin.file_values import as_file

http = Connector(
    name="http",
    title="HTTP",
    over_http=True,
    sandbox="recipe_engine.builtin.http_sandbox:HttpSandbox",
    docs="Requests to any service. Private addresses are refused unless RECIPE_HTTP_ALLOW lists them.",
)

_KEY_LENGTH = 128
# Failures after which certainly nothing happened, and which pass.
_TRANSIENT = Retry(attempts=3, on=("connection", "rate_limit", "unavailable"))


def effect_of(params: JSONObject) -> Effect:
    """The effect of a step as it is written; a method that a template gives could be any. Paging reads, whatever the
    method: a search is often a POST."""
    method = str(params.get("method", "GET")).upper()
    if method in ("GET", "HEAD", "OPTIONS") or params.get("paginate") is not None:
        return "read"
    if method in ("PUT", "DELETE") or params.get("idempotent") is True:
        return "keyed"
    return "once"


def result_schema_of(params: JSONObject) -> JSONObject:
    """The shape of what a step as it is written returns."""
    body = params.get("response_schema")
    if params.get("paginate") is not None:
        schema = HttpPages.model_json_schema(mode="serialization")
        schema["properties"]["items"]["items"] = body if isinstance(body, dict) else {}
    elif params.get("save") is not None:
        schema = HttpFile.model_json_schema(mode="serialization")
    else:
        schema = HttpAnswer.model_json_schema(mode="serialization")
        schema["properties"]["body"] = body if isinstance(body, dict) else {}
        schema["required"] = ["status", "headers", "body"]
    return schema


@http.action(
    effect="once",
    name="http",
    effect_of=effect_of,
    result_schema_of=result_schema_of,
    secret_params=("headers.*", "auth.*"),
    fields_at_step=True,
    retry=_TRANSIENT,
    example='{id: order, type: http, url: "https://shop.example/orders/{{ id }}", auth: {bearer: "{{ secrets.SHOP_KEY }}"}}',
)
async def request(ctx: Context, params: HttpStep) -> HttpAnswer | HttpFile | HttpPages:
    """Send a request and return status, headers and body.

    A status other than 2xx fails with `http_<status>` unless `accept` lists it; 429 fails with `rate_limit`, 503 with
    `unavailable`, a lost connection with `connection`. An answer that is neither JSON nor text needs `save: file`.
    """
    if params.paginate is not None:
        return await _pages(ctx, params)
    answer = await _send(ctx, params, params.url, params.query)
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


async def _pages(ctx: Context, params: HttpStep) -> HttpPages:
    assert params.paginate is not None
    url, query = params.url, params.query
    items: list[JSON] = []
    for page in range(1, params.paginate.max_pages + 1):
        answer = await _send(ctx, params, url, query)
        body = await _body(answer, params)
        items += page_items(params.paginate, body, answer.headers, page, ctx)
        following = next_request(params.paginate, body, answer.headers, page, ctx, (answer.url, url, query))
        if following is None:
            return HttpPages(items=_checked(items, params), pages=page)
        url, query = following
    return HttpPages(items=_checked(items, params), pages=params.paginate.max_pages, more=True)


async def _send(ctx: Context, params: HttpStep, url: str, query: dict[str, Any]) -> Response:
    content = _content(ctx, params)
    headers = {**params.headers, **_credentials(params, url)}
    media_type = content.pop("media_type", None)
    if media_type is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = media_type
    if params.idempotent and effect_of({"method": params.method}) != "read":
        headers.setdefault("Idempotency-Key", _key(ctx.key))
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


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of the `http` step."""
    return [http]
