"""Every route of every sandbox, found in its table, against requests that are none: a refusal in the vendor's shape, as
other programs that use `recipe sandbox` expect it. Never an error of the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from recipe_engine.plugin import ActionError, Sandbox, SandboxRequest, SandboxResponse
from recipe_engine.plugin.answers import parsed
from recipe_engine.plugin.sandbox import split_url
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from tests.support.action_cases import CASES
from tests.support.every_action import IN_SANDBOX, VENDORS, served

OVER_HTTP = [name for name in VENDORS if name not in IN_SANDBOX]
NO_JSON = [b"{", b"[]", b"5", b'"x"', b"null", b"[[1]]", b"\xff\xfe\x00", b"a=b&c", b"<xml/>"]
VALUES: list[Any] = [5, "x", None, True, [], {}, [5], {"x": [5]}, "9" * 400, -1, 1e308, [[None]], "\x00", "\ud800"]
NAMES = {
    "limit",
    "page",
    "per_page",
    "from",
    "PageSize",
    "Page",
    "max-keys",
    "page_size",
    "cursor",
    "start_cursor",
    "start",
}
NAMES |= {
    "DateSent>",
    "DateSent<",
    "partNumber",
    "uploadId",
    "since",
    "after",
    "fields",
    "criteria",
    "sortBy",
    "X-Amz-Date",
}
NAMES |= {"properties", "idProperty", "createdTimeRange", "include", "date_created_gt", "archived", "ts", "channel"}
NAMES |= {"continuation-token", "start_id", "dateSent", "X-Amz-Signature", "X-Amz-Expires", "list-type", "uploads"}


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_request_that_is_none_is_refused_in_the_vendors_shape(name: str) -> None:
    async with served(name, held=False, wire=False) as bench:
        sandbox: Sandbox = bench.vendor
        for action in bench.connector.actions:
            for case in CASES[action]:
                await bench.perform(action, case)
        seen = list(sandbox.requests)
        sandbox.authorize = lambda _: None  # type: ignore[method-assign, assignment]  # who asks is not the question here
        wrong = [
            problem
            for request in requests(seen)
            for problem in judged(bench.connector, request, sandbox.answer(request))
        ]
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:20])


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_credential_that_is_none_is_refused(name: str) -> None:
    async with served(name, held=False, wire=False) as bench:
        for credential in ("", "Bearer", "Basic", "Basic !!!", "Basic eA==", "AWS4-HMAC-SHA256", "x" * 5000, "é"):
            answer = bench.vendor.answer(made("GET", "/x", {"authorization": credential}, b""))
            assert 400 <= answer.status < 500 or name == "slack", answer
        twisted = "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=;;host, Signature=zz"
        answer = bench.vendor.answer(
            made("GET", "/x", {"authorization": twisted, "x-amz-date": "99999999T999999Z"}, b"")
        )
        assert 400 <= answer.status < 500 or name == "slack", answer


def requests(seen: list[SandboxRequest]) -> Iterator[SandboxRequest]:
    """What was really asked, spoilt in every way: the body, each value in it, the query, the path, the content type."""
    for request in {(each.method, each.path): each for each in seen}.values():
        url = request.url.partition("?")[0]
        for value in VALUES:
            yield made(
                request.method,
                f"{url}?{urlencode({each: str(value) for each in NAMES}, errors='replace')}",
                request.headers,
                request.body,
            )
        yield made(request.method, url + "%00%ff", request.headers, request.body)
        yield made(request.method, url.rpartition("/")[0] + "/..%2f", request.headers, request.body)
        for body in NO_JSON:
            yield made(request.method, request.url, request.headers, body)
            yield made(request.method, request.url, request.headers | {"content-type": "text/plain"}, body)
            yield made(request.method, request.url, request.headers | {"content-type": "multipart/form-data"}, body)
        content = parsed(request.body)
        if isinstance(content, dict | list):
            for spoilt in spoiling(content):
                yield made(request.method, request.url, request.headers, json.dumps(spoilt).encode())
            for value in VALUES:
                everything = dict.fromkeys(content, value) if isinstance(content, dict) else [value]
                yield made(request.method, request.url, request.headers, json.dumps(everything).encode())


def spoiling(content: Any) -> Iterator[Any]:
    """The content with one value in it, at any depth, replaced or left out."""
    pairs = list(content.items()) if isinstance(content, dict) else list(enumerate(content))
    for key, inner in pairs:
        for value in VALUES:
            yield _with(content, key, value)
        if isinstance(content, dict):
            yield {name: each for name, each in content.items() if name != key}
        if isinstance(inner, dict | list):
            for spoilt in spoiling(inner):
                yield _with(content, key, spoilt)


def _with(content: Any, key: Any, value: Any) -> Any:
    if isinstance(content, dict):
        return {**content, key: value}
    return [*content[:key], value, *content[key + 1 :]]


def made(method: str, url: str, headers: dict[str, str], body: bytes) -> SandboxRequest:
    path, query = split_url(url)
    return SandboxRequest(method, url, path, query, headers, body, len(body), "")


def judged(connector: Any, request: SandboxRequest, answer: SandboxResponse) -> list[str]:
    """What is wrong with the answer to a request that may be malformed."""
    place = f"{request.method} {request.url[:150]} {request.body[:200]!r}: {answer.status}"
    if answer.status >= 500 and answer.status != 501:
        return [f"{place} {answer.json or answer.body!r}"]
    orjson.dumps(answer.json)
    if answer.status < 400 or request.path == TOKEN_PATH:
        return []
    body = answer.json if answer.json is not None else parsed(answer.body)
    failure = connector.errors(answer.status, {}, body)
    return [] if isinstance(failure, ActionError) else [f"{place} is not of the vendor's shape: {body!r}"]
