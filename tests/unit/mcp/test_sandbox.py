"""The stand-in of a server: answers from what was written down, refusals, credentials, and real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from recipe_engine.mcp.connector import McpConnector
from recipe_engine.plugin import Fault, SandboxRequest
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.private_addresses import Allowed
from recipe_engine.testing import sandbox_context
from recipe_engine.testing.server import SandboxServer
from tests.unit.mcp.conftest import tool

TICKET = {
    "type": "object",
    "properties": {
        "subject": {"type": "string", "minLength": 3},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["subject"],
    "dependentRequired": {"tags": ["color"]},
}
MADE = {"type": "object", "properties": {"id": {"type": "integer", "examples": [4711]}}, "required": ["id"]}
TOOLS = [
    tool("makeTicket", inputSchema=TICKET, outputSchema=MADE),
    tool("tell"),
    tool("find", annotations={"readOnlyHint": True}, outputSchema=MADE),
]
URL = "https://mcp.shop.example/mcp"


@pytest.fixture(params=["url", "command"])
def bench(request: Any, connect: Callable[..., McpConnector]) -> Any:
    way = {"url": URL} if request.param == "url" else {"command": ["no-program"], "env": ["SHOP_KEY"]}
    return sandbox_context(connect(TOOLS, **way))


async def test_it_answers_as_the_tools_promise_and_shows_what_was_done(bench: Any) -> None:
    assert await bench.call("make_ticket", subject="leak") == {"id": 4711}
    assert (await bench.call("tell"))["text"] == "sample tell"
    assert await bench.call("find") == {"id": 4711}
    assert [(each.action, each.data) for each in bench.effects] == [("make_ticket", {"subject": "leak"}), ("tell", {})]


async def test_what_the_tools_own_schema_refuses_is_refused_before_the_server_is_asked(bench: Any) -> None:
    failure = await bench.failure("make_ticket", subject="leak", tags=["x"])
    assert failure.code == "validation"
    assert '"color" is a required property' in failure.detail
    assert not bench.effects


async def test_a_test_says_what_it_answers(bench: Any) -> None:
    bench.sandbox.seed(
        {
            "answers": [
                {"tool": "make_ticket", "structured": {"id": 1}, "times": 1},
                {"tool": "makeTicket", "error": "no more tickets", "times": 1},
                {"tool": "tell", "text": "a", "content": [{"type": "text", "text": "b"}]},
            ]
        }
    )
    assert await bench.call("make_ticket", subject="leak") == {"id": 1}
    assert (await bench.failure("make_ticket", subject="leak")).detail == "no more tickets"
    assert await bench.call("make_ticket", subject="leak") == {"id": 4711}
    assert (await bench.call("tell"))["text"] == "a\n\nb"
    with pytest.raises(ValueError, match="shop has no tool buy"):
        bench.sandbox.seed({"answers": [{"tool": "buy"}]})


async def test_it_can_be_told_to_fail(bench: Any) -> None:
    bench.inject(Fault(status=503))
    assert (await bench.failure("tell")).code == "unavailable"
    bench.inject(Fault(drop="after"))
    assert (await bench.failure("tell")).happened == "maybe"


@pytest.mark.parametrize(
    "auth",
    ["bearer:SHOP_TOKEN", "header:X-Key:SHOP_TOKEN", "oauth2:https://id.shop.example/token:SHOP_ID:SHOP_SECRET"],
)
async def test_it_wants_the_credentials(connect: Callable[..., McpConnector], auth: str) -> None:
    bench = sandbox_context(connect(TOOLS, url=URL, auth=auth))
    assert await bench.call("find") == {"id": 4711}
    if not auth.startswith("oauth2"):
        bench.sandbox.settings["SHOP_TOKEN"] = "another"
        assert (await bench.failure("find")).code == "http_401"


async def test_a_client_can_talk_to_it_over_http(connect: Callable[..., McpConnector]) -> None:
    connector = connect(TOOLS, url=URL, auth="bearer:SHOP_TOKEN")
    pretended = sandbox_context(connector)
    async with SandboxServer(pretended.sandbox.answer) as server:
        settings = {"SHOP_TOKEN": "sandbox-shop-token", "SHOP_BASE_URL": f"{server.url}/mcp"}
        transport = AiohttpTransport(Allowed())
        real = sandbox_context(connector, settings, transport=transport)
        assert await real.call("make_ticket", subject="leak") == {"id": 4711}
        assert [each["name"] for each in (await real.call("mcp_tools"))["tools"]] == ["find", "makeTicket", "tell"]
        await real.close()
        await transport.close()
    assert len(pretended.effects) == 1


async def test_programs_that_ask_it_are_held_to_the_schema_too(connect: Callable[..., McpConnector]) -> None:
    sandbox = sandbox_context(connect(TOOLS, url=URL)).sandbox
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "makeTicket", "arguments": {"tags": []}},
    }
    body = json.dumps(call).encode()
    headers = {"authorization": "Bearer sandbox-shop-token", "content-type": "application/json"}
    answer = sandbox.answer(SandboxRequest("POST", URL, "/mcp", {}, headers, body, len(body), ""))
    assert answer.status == 200
    result = answer.json["result"]
    assert result["isError"] is True
    assert '"subject" is a required property' in result["content"][0]["text"]
    assert not sandbox.effects
