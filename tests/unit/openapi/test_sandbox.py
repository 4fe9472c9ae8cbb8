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


# --- what is kept -----------------------------------------------------------------------------------------------------

ORDER = {
    "type": "object",
    "required": ["id", "email"],
    "properties": {
        "id": {"type": "string", "readOnly": True, "example": "o-7"},
        "email": {"type": "string"},
        "state": {"enum": ["open", "paid"], "default": "open"},
    },
}
PAGE = {
    "type": "object",
    "required": ["data", "has_more"],
    "properties": {
        "data": {"type": "array", "items": ORDER},
        "has_more": {"type": "boolean"},
        "next_cursor": {"type": "string", "nullable": True},
    },
}


def answers(schema: Any, status: str = "200", **operation: Any) -> dict[str, Any]:
    gone = {
        "404": {
            "description": "",
            "content": {"application/json": {"schema": {"properties": {"code": {"enum": ["gone"]}}}}},
        }
    }
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {**operation, "responses": {status: {"description": "", **content}, **gone}}


def takes(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


ORDERS: dict[str, Any] = {
    "/shops/{shop}/orders": {
        "post": answers(ORDER, "201", operationId="create", **takes(ORDER)),
        "get": answers(PAGE, operationId="list"),
    },
    "/shops/{shop}/orders/{order_id}": {
        "get": answers(ORDER, operationId="get"),
        "patch": answers(ORDER, operationId="change", **takes({"type": "object"})),
        "delete": answers(None, "204", operationId="remove"),
    },
}


async def test_what_was_created_is_found_changed_and_removed(connect: Connect) -> None:
    bench = sandbox_context(connect(ORDERS, openapi="3.0.3"))
    assert (await bench.call("get", shop="a", order_id="any"))["id"] == "o-7"
    first = await bench.call("create", shop="a", body={"email": "one@example.org"})
    second = await bench.call("create", shop="a", body={"email": "two@example.org", "state": "paid"})
    assert (first["id"], second["id"], second["state"]) == ("o-7", "o-8", "paid")
    assert await bench.call("list", shop="a") == {"data": [first, second], "has_more": False}
    changed = await bench.call("change", shop="a", order_id="o-7", body={"state": "paid"})
    assert changed == {**first, "state": "paid"} == await bench.call("get", shop="a", order_id="o-7")
    assert bench.sandbox.state()["records"]["/shops/a/orders"][1]["email"] == "two@example.org"
    await bench.call("remove", shop="a", order_id="o-7")
    for action in ("get", "remove"):
        failure = await bench.failure(action, shop="a", order_id="o-7")
        assert failure.code == "http_404"
    assert [each["id"] for each in (await bench.call("list", shop="a"))["data"]] == ["o-8"]
    assert (await bench.call("get", shop="b", order_id="o-7"))["id"] == "o-7"


async def test_what_is_there_at_first(connect: Connect) -> None:
    bench = sandbox_context(connect(ORDERS, openapi="3.0.3"))
    bench.sandbox.seed({"records": {"/shops/a/orders": [{"id": "x-1", "email": "jeanne@example.org"}]}})
    assert (await bench.call("get", shop="a", order_id="x-1"))["email"] == "jeanne@example.org"
    assert (await bench.failure("get", shop="a", order_id="x-2")).code == "http_404"
    with pytest.raises(ValueError, match="no collection /carts"):
        bench.sandbox.seed({"records": {"/carts": [{"id": 1}]}})
    with pytest.raises(ValueError, match="needs an id"):
        bench.sandbox.seed({"records": {"/shops/a/orders": [{"email": "jeanne@example.org"}]}})


async def test_things_in_an_envelope_with_whole_numbers_as_ids(connect: Connect) -> None:
    ticket = {"type": "object", "properties": {"id": {"type": "integer"}, "subject": {"type": "string"}}}
    one = {"type": "object", "properties": {"ticket": ticket}}
    many = {
        "type": "object",
        "properties": {"tickets": {"type": "array", "items": ticket}, "count": {"type": "integer"}},
    }
    paths = {
        "/tickets": {
            "post": answers(one, "201", operationId="create", **takes(one)),
            "get": answers(many, operationId="list"),
        },
        "/tickets/{ticketId}": {"put": answers(one, operationId="change", **takes(one))},
    }
    bench = sandbox_context(connect(paths))
    await bench.call("create", body={"ticket": {"subject": "one"}})
    assert await bench.call("create", body={"ticket": {"subject": "two"}}) == {"ticket": {"id": 2, "subject": "two"}}
    await bench.call("change", ticketId="2", body={"ticket": {"subject": "three"}})
    assert await bench.call("list") == {
        "tickets": [{"id": 1, "subject": "one"}, {"id": 2, "subject": "three"}],
        "count": 2,
    }
