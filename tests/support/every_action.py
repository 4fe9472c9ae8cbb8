"""Any action of the connectors, tried over real HTTP against a server of the test's own.

The one rule: nothing here knows an action. What is called stands in `action_cases`, how a vendor is held in `vendors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit

from recipe_engine.installed import installed
from recipe_engine.plugin import Connector
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.testing import START, SandboxContext, sandbox_context
from recipe_engine.testing.server import SandboxServer
from tests.support.action_cases import FILES, SEEDS, SERVICE, SETTINGS
from tests.support.vendors import DESCRIBED, hold, settings_for, vendors

CATALOG = installed().catalog
VENDORS = vendors(CATALOG)
# Between two calls so much time goes by that no vendor's limit of requests is in the way (seconds).
A_WHILE = 60.0
# What is no vendor over HTTP is tried in its sandbox, where it is one.
IN_SANDBOX = {"contacts", "imap"}


class Bench:
    """A connector whose vendor is the test's own server; `vendor` answers behind it, until `answer` is replaced."""

    def __init__(self, connector: Connector, context: SandboxContext, server: SandboxServer) -> None:
        self.connector = connector
        self.context = context
        self.server = server

    @property
    def vendor(self) -> Any:
        """The sandbox that imitates the vendor."""
        return self.context.sandbox

    async def perform(self, name: str, params: Mapping[str, Any], **options: Any) -> Any:
        """The action's result; what begins with @ is filled in by what the vendor has."""
        filled = await self.filled(params)
        self.context.clock.advance_to(self.context.clock.now() + A_WHILE)
        return await self.context.call(name.partition(".")[2], **options, **filled)

    async def filled(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters, with what the vendor has in place of words that begin with @."""
        return {key: await self._filled(value) for key, value in params.items()}

    async def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [await self._filled(each) for each in value]
        call = self.context.call
        match value:
            case "@contact":
                return (await call("find", email="ada@example.org"))["contact"]["id"]
            case "@token":
                link = await call("unsubscribe_link", email="ada@example.org")
                return parse_qs(urlsplit(link["url"]).query)["token"][0]
            case "@mail":
                return (await call("messages"))["messages"][0]["id"]
            case "@message":
                return (await call("send_sms", to="+33639980001", body="Bonjour"))["id"]
            case "@scheduled":
                at = "2026-11-22T09:00:00+01:00"
                return (await call("send_sms", to="+33639980001", body="Bonjour", sender=SERVICE, send_at=at))["id"]
            case "@email":
                return (await call("send", to="ada@example.org", subject="Devis", text="Bonjour"))["id"]
            case "@media":
                return (await call("upload_media", file=await self._picture()))["id"]
        return value

    async def _picture(self) -> dict[str, Any]:
        return (await self.context.blobs.save_bytes(*FILES[1])).model_dump()


@asynccontextmanager
async def served(
    name: str, *, held: bool = True, wire: bool = True, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Bench]:
    """A connector over real HTTP (`wire`), its vendor's sandbox seeded and, when `held`, held against the description."""
    connector = CATALOG.connectors[name]
    own = {each.name: SETTINGS[each.name] for each in connector.settings if each.name in SETTINGS}
    transport, clock = AiohttpTransport(), VirtualClock(START)
    known = SandboxHost(CATALOG, clock, own).settings
    async with SandboxServer() as server:
        values = settings_for(connector, known, server.url) | dict(settings or {})
        over_http = wire and name not in IN_SANDBOX
        context = sandbox_context(
            connector, values if over_http else own, transport=transport if over_http else None, clock=clock
        )
        for each in FILES:
            await context.blobs.save_bytes(*each)
        context.sandbox.seed(deepcopy(SEEDS.get(name, {})))
        if held and name in DESCRIBED:
            hold(context.sandbox, name)
        server.answer = context.sandbox.answer
        try:
            yield Bench(connector, context, server)
        finally:
            await transport.close()
