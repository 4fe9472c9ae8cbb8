"""The sandbox refuses what the document refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recipe_engine.openapi.connector import OpenApiConnector
from recipe_engine.plugin import Sandbox, SandboxRequest
from recipe_engine.plugin.sandbox import split_url
from recipe_engine.runtime.sandboxing import sandbox_class_of
from recipe_engine.testing import sandbox_context

Connect = Callable[..., OpenApiConnector]
THING = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "kind": {"enum": ["a", "b"]},
        "mail": {"type": "string", "format": "email"},
    },
    "required": ["name"],
}
PATHS: dict[str, Any] = {
    "/things/{id}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "put": {
            "operationId": "set_thing",
            "parameters": [{"name": "mode", "in": "query", "required": True, "schema": {"enum": ["x", "y"]}}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": THING}}},
            "responses": {
                "200": {"description": "", "content": {"application/json": {"schema": THING, "example": {"name": "n"}}}}
            },
        },
    },
    "/things/mine": {"put": {"operationId": "set_mine", "responses": {"204": {"description": ""}}}},
}


@pytest.fixture
def sandbox(connect: Connect) -> Sandbox:
    made = sandbox_class_of(connect(PATHS, config={"server": "https://api.shop.example/v1"}))()
    made.connector = "shop"
    return made


def request(method: str, url: str, body: bytes = b"", type_: str = "application/json") -> SandboxRequest:
    path, query = split_url(url)
    headers = {"content-type": type_} if body else {}
    return SandboxRequest(method, url, path, query, headers, body, len(body), "")


URL = "https://api.shop.example/v1/things/7?mode=x"


@pytest.mark.parametrize(
    ("method", "url", "body", "status", "words"),
    [
        ("PUT", URL, b'{"name": "n"}', 200, ""),
        ("PUT", URL, b'{"name": "n", "more": 1}', 200, ""),
        ("PUT", URL, b"", 400, '"body" is a required property'),
        ("PUT", URL, b"{}", 400, '"name" is a required property'),
        ("PUT", URL, b'{"name": 5}', 400, "body.name"),
        ("PUT", URL, b'{"name": "too long"}', 400, "body.name"),
        ("PUT", URL, b'{"name": "n", "kind": "c"}', 400, "body.kind"),
        ("PUT", URL, b'{"name": "n", "mail": "no"}', 400, "body.mail"),
        ("PUT", URL, b'{"name": ', 400, "is not JSON"),
        ("PUT", URL, b"\xff\xfe", 400, "is not JSON"),
        ("PUT", URL.partition("?")[0], b'{"name": "n"}', 400, '"mode" is a required property'),
        ("PUT", URL.replace("=x", "=z"), b'{"name": "n"}', 400, "mode"),
        ("PUT", URL + "&other=1", b'{"name": "n"}', 400, "unknown query parameter other"),
        ("PUT", URL.replace("/7", "/seven"), b'{"name": "n"}', 400, "id"),
        ("PUT", "https://api.shop.example/v1/things/mine", b"", 204, ""),
        ("PUT", "https://api.shop.example/v1/things/mine", b"{}", 400, "takes no body"),
        ("GET", URL, b"", 405, "takes PUT"),
        ("GET", "https://api.shop.example/v1/other", b"", 404, "no GET"),
    ],
)
def test_refusals(sandbox: Sandbox, method: str, url: str, body: bytes, status: int, words: str) -> None:
    answer = sandbox.answer(request(method, url, body))
    assert answer.status == status
    assert words in str(answer.json)
    assert [each.action for each in sandbox.effects] == (
        ["set_thing"] if status == 200 else ["set_mine"] if status == 204 else []
    )


def test_the_type_of_a_body_must_be_one_of_the_documents(sandbox: Sandbox) -> None:
    answer = sandbox.answer(request("PUT", URL, b"name=n", "application/x-www-form-urlencoded"))
    assert (answer.status, answer.json["message"]) == (
        415,
        "content type application/x-www-form-urlencoded; expected application/json",
    )


def test_the_documents_example_is_the_answer(sandbox: Sandbox) -> None:
    assert sandbox.answer(request("PUT", URL, b'{"name": "n"}')).json == {"name": "n"}


async def test_tests_say_what_is_answered(connect: Connect) -> None:
    bench = sandbox_context(connect(PATHS))
    bench.sandbox.seed(
        {"answers": [{"operation": "set_thing", "status": 409, "json": {"message": "taken"}, "times": 1}]}
    )
    params = {"id": 7, "mode": "x", "body": {"name": "n"}}
    failure = await bench.failure("set_thing", **params)
    assert (failure.code, failure.detail, bench.effects) == ("http_409", "taken", [])
    assert await bench.call("set_thing", **params) == {"name": "n"}
    with pytest.raises(ValueError, match="no operation nothing"):
        bench.sandbox.seed({"answers": [{"operation": "nothing"}]})
    with pytest.raises(ValueError, match="keeps no state named things"):
        bench.sandbox.seed({"things": []})
