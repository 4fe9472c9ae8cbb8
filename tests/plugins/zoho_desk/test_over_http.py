"""Zoho over the real transport: the sandbox behind a real server, at the addresses that settings name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_engine.testing.server import SandboxServer
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from recipe_plugins.zoho_desk import register_connectors
from tests.support.vendor_specs import hold_to_spec

[DESK] = register_connectors()


@pytest.fixture
async def bench() -> AsyncIterator[SandboxContext]:
    async with SandboxServer() as server:
        transport = AiohttpTransport()
        settings = {
            "ZOHO_CLIENT_ID": "1000.CLIENT",
            "ZOHO_CLIENT_SECRET": "secret-of-client",
            "ZOHO_REFRESH_TOKEN": "1000.refresh-token",
            "ZOHO_DESK_ORG_ID": "60001234567",
            "ZOHO_DESK_BASE_URL": server.url,
            "ZOHO_ACCOUNTS_BASE_URL": server.url,
        }
        bench = sandbox_context(DESK, settings, transport=transport, clock=SystemClock())
        hold_to_spec(bench.sandbox, "zoho-desk")
        bench.sandbox.seed({"tickets": [{"id": str(1000 + n)} for n in range(200)]})
        server.answer = bench.sandbox.answer
        yield bench
        await transport.close()


async def test_two_hundred_actions_at_once_make_one_refresh_on_the_wire(bench: SandboxContext) -> None:
    for refreshes in (1, 2):
        await asyncio.gather(
            *(bench.call("update_ticket", id=str(1000 + n), priority="High", cf={}) for n in range(200))
        )
        tokens = [request for request in bench.sandbox.requests if request.path == TOKEN_PATH]
        assert len(tokens) == refreshes
        bench.sandbox.revoked.add(bench.sandbox.requests[-1].headers["authorization"].split()[1])
    assert len(bench.effects) == 400
    assert tokens[0].form()["refresh_token"] == "1000.refresh-token"
    assert tokens[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert tokens[0].query == {}
