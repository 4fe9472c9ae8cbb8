"""Calls of tools over streamable HTTP, at a server made with the official SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from recipe_engine.mcp.connector import McpConnector
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.private_addresses import Allowed
from recipe_engine.testing import sandbox_context
from tests.unit.mcp.conftest import tool
from tests.unit.mcp.notes_server import notes, serving

TOOLS = [tool("getNote", annotations={"readOnlyHint": True}), tool("create_note"), tool("draw"), tool("tell")]
ALLOWED = Allowed.parse("127.0.0.1")


@pytest.fixture(scope="module")
def one_server() -> Iterator[Any]:
    """A server for all tests that do not end it."""
    with serving(notes()) as url:
        yield url


@pytest.fixture
def served(one_server: Any) -> Any:
    """Its URL; what it was asked before is forgotten."""
    one_server.app.methods, one_server.app.answer = [], None
    return one_server


@pytest.fixture
async def reach(connect: Callable[..., McpConnector]) -> AsyncIterator[Callable[..., Any]]:
    """`reach(url)` is the connector of a server; `allowed` are the private hosts that runs may reach."""
    opened: list[Any] = []

    def reach(url: str, allowed: Allowed = ALLOWED, token: str = "", **config: Any) -> Any:
        auth = {"auth": "bearer:SHOP_TOKEN"} if token else {}
        connector = connect(TOOLS, url=str(url), **auth, **config)
        transport = AiohttpTransport(allowed)
        bench = sandbox_context(connector, {"SHOP_TOKEN": token} if token else {}, transport=transport)
        opened.append((bench, transport))
        return bench

    yield reach
    for bench, transport in opened:
        await bench.close()
        await transport.close()


@pytest.mark.parametrize("options", [{}, {"json_response": True}, {"stateless_http": True}])
async def test_tools_are_called_over_one_session(reach: Any, options: Any) -> None:
    with serving(notes(), "t-123456", **options) as url:
        bench = reach(url, token="t-123456")
        made = await bench.call("create_note", text="hello")
        assert made["structured"] == {"id": 1, "text": "hello"}
        assert (await bench.call("get_note", id=1))["structured"]["text"] == "hello"
        assert (await bench.call("draw"))["files"][0]["media_type"] == "image/png"
        failure = await bench.failure("tell", fail=True)
        assert failure.code == "tool_error"
        assert "not with" in failure.detail
        await bench.close()
        ends = 0 if options.get("stateless_http") else 1
        assert url.app.methods == ["POST"] * 6 + ["DELETE"] * ends


async def test_a_session_that_the_server_has_forgotten_is_opened_anew(reach: Any, served: Any) -> None:
    bench = reach(served)
    await bench.call("create_note", text="one")
    first = served.app.session
    end = Request(served, method="DELETE", headers={"mcp-session-id": first})
    await asyncio.to_thread(urlopen, end)
    assert (await bench.call("create_note", text="two"))["structured"]["id"] == 2
    assert served.app.session != first


async def test_private_addresses_are_refused_as_for_every_connector(reach: Any, served: Any) -> None:
    failure = await reach(served, allowed=Allowed()).failure("tell")
    assert failure.code == "refused_address"
    assert not served.app.methods


async def test_a_redirect_to_elsewhere_is_not_followed(reach: Any, served: Any) -> None:
    with serving(notes()) as other:
        bench = reach(served)
        await bench.call("tell")
        asked = len(other.app.methods)
        served.app.answer = (307, [(b"location", other.encode())], b"")
        failure = await bench.failure("tell")
        assert not failure.retryable
        assert "not followed" in failure.detail
        assert len(other.app.methods) == asked


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "happened"),
    [
        ((429, [(b"retry-after", b"0")], b"slow down"), "rate_limit", True, "no"),
        ((401, [], b"who?"), "http_401", False, "no"),
        ((503, [], b"later"), "unavailable", True, "no"),
        ((502, [], b"gateway"), "bad_gateway", True, "maybe"),
        ((200, [(b"content-type", b"application/json")], b"garbage"), "invalid_answer", False, "maybe"),
        ((200, [(b"content-type", b"text/event-stream")], b"data: {}\n\n"), "invalid_answer", False, "maybe"),
        ((200, [(b"content-type", b"text/event-stream")], b": nothing\n\n"), "connection", True, "maybe"),
        ((200, [(b"content-type", b"text/html")], b"<p>"), "mcp_invalid_request", False, "no"),
    ],
)
async def test_answers_that_are_none(
    reach: Any, served: Any, answer: Any, code: str, retryable: bool, happened: str
) -> None:
    bench = reach(served)
    await bench.call("tell")
    served.app.answer = answer
    failure = await bench.failure("tell")
    assert (failure.code, failure.retryable, failure.happened) == (code, retryable, happened)
    served.app.answer = None
    assert await bench.call("tell")


async def test_an_answer_beyond_all_measure_is_refused(reach: Any, served: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("recipe_engine.mcp.wire.LARGEST_MESSAGE", 100_000)
    bench = reach(served)
    await bench.call("tell")
    served.app.answer = (200, [(b"content-type", b"application/json")], b" " * 200_000)
    assert (await bench.failure("tell")).code == "response_too_large"


async def test_a_server_that_is_not_there_or_not_one(reach: Any) -> None:
    with serving(None) as url:
        failure = await reach(url).failure("tell")
        assert (failure.code, failure.happened) == ("server_error", "no")
    failure = await reach(url).failure("tell")
    assert (failure.code, failure.retryable, failure.happened) == ("connection", True, "no")


async def test_a_dry_run_shows_a_call_and_does_not_make_it(reach: Any, served: Any) -> None:
    bench = reach(served)
    assert "text" in await bench.call("create_note", dry_run=True, text="hello")
    assert not served.app.methods
    assert (await bench.failure("get_note", dry_run=True, id=99)).code == "tool_error", "what reads is done"
