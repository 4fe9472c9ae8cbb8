"""Reading all pages of an operation, as an `http` step does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recipe_engine.openapi.connector import OpenApiConnector
from recipe_engine.plugin import Response
from recipe_engine.plugin.http import Request
from recipe_engine.testing import sandbox_context

Connect = Callable[..., OpenApiConnector]
ITEM = {"type": "object", "properties": {"id": {"type": "integer"}}}
PAGE = {"type": "object", "properties": {"data": {"type": "array", "items": ITEM}, "next": {"type": "string"}}}
ANSWER = {"200": {"description": "", "content": {"application/json": {"schema": PAGE}}}}
PATHS: dict[str, Any] = {
    "/things": {
        "get": {
            "operationId": "list",
            "parameters": [{"name": n, "in": "query", "schema": {"type": "string"}} for n in ("after", "state")],
            "responses": ANSWER,
        }
    },
    "/search": {
        "post": {
            "operationId": "search",
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
            "responses": ANSWER,
        }
    },
}


class Vendor:
    """Answers with three pages, by a cursor or by addresses."""

    def __init__(self, *, links: bool = False) -> None:
        self.links = links
        self.asked: list[tuple[str, bytes]] = []

    async def send(self, request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer a-token"
        self.asked.append((request.url.partition("shop.example")[2], request.body or b""))  # type: ignore[arg-type]  # bytes
        page = len(self.asked)
        following = {1: '"b"', 2: '"c"'}.get(page, "null")
        link = (
            {"link": f'<https://api.shop.example/things?page={page + 1}>; rel="next"'}
            if self.links and page < 3
            else {}
        )
        body = b'{"data": [{"id": %d}], "next": %b}' % (page, following.encode())
        return Response(200, {"content-type": "application/json", **link}, body, request.url)

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("links", "action", "params", "next_", "asked"),
    [
        (
            False, "list", {"state": "open"}, "{'after': body.next} if body.next else none",
            [("/things?state=open", b""), ("/things?after=b&state=open", b""), ("/things?after=c&state=open", b"")],
        ),
        (
            False, "search", {"body": {"q": 1}}, "{'cursor': body.next} if body.next else none",
            [("/search", b'{"q":1}'), ("/search", b'{"q":1,"cursor":"b"}'), ("/search", b'{"q":1,"cursor":"c"}')],
        ),
        (True, "list", {}, "links.next", [("/things", b""), ("/things?page=2", b""), ("/things?page=3", b"")]),
    ],
)  # fmt: skip
async def test_all_pages(connect: Connect, links: bool, action: str, params: Any, next_: str, asked: Any) -> None:
    connector = connect(PATHS, config={"auth": "bearer:SHOP_TOKEN", "effects": {"search": "read"}})
    vendor = Vendor(links=links)
    bench = sandbox_context(connector, {"SHOP_TOKEN": "a-token"}, transport=vendor)
    found = await bench.call(action, **params, paginate={"next": next_, "items": "body.data"})
    assert found == {"items": [{"id": 1}, {"id": 2}, {"id": 3}], "pages": 3, "more": False}
    assert vendor.asked == asked


async def test_as_many_pages_as_are_wanted(connect: Connect) -> None:
    connector = connect(PATHS, config={"auth": "bearer:SHOP_TOKEN"})
    bench = sandbox_context(connector, {"SHOP_TOKEN": "a-token"}, transport=Vendor())
    paginate = {"next": "{'after': body.next}", "items": "body.data", "max_pages": 2}
    assert await bench.call("list", paginate=paginate) == {"items": [{"id": 1}, {"id": 2}], "pages": 2, "more": True}
    failure = await bench.failure("list", paginate={**paginate, "next": "{'cursor': body.next}"})
    assert (failure.code, failure.detail) == ("validation", "it has after, state")


def test_the_items_are_typed(connect: Connect) -> None:
    action = connect(PATHS).actions["shop.list"]
    assert action.result_schema_of is not None
    assert action.result_schema_of({})["properties"].keys() == {"data", "next"}
    paged = action.result_schema_of({"paginate": {"next": "body.next", "items": "body.data"}})
    assert paged["properties"]["items"]["items"] == ITEM
    assert "paginate" not in connect(PATHS).actions["shop.search"].params_schema["properties"]
