"""A performer in a small world of its own, for tests of what actions meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import RawTestServer

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON
from recipe_engine.plugin import Catalog, Connector, Request, Response
from recipe_engine.runtime.blobs import MemoryBlobs
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.perform import ActionPerformer
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.settings import Settings

SEED = "seed-of-this-run"
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A real HTTP server on loopback; gives its base URL."""
    server = RawTestServer(handler)
    await server.start_server()
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()


async def settle(rounds: int = 30) -> None:
    """Let everything that can go on go on."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def drive(clock: VirtualClock, work: Awaitable[Any]) -> Any:
    """Await `work`, moving the clock whenever all is quiet."""
    task = asyncio.ensure_future(work)
    while not task.done():
        await settle()
        due = clock.next_due()
        if due is not None and not task.done():
            clock.advance_to(due)
    return await task


class FakeTransport:
    """Answers from a list; an exception in it is raised. Keeps what it was sent."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            request.sent = getattr(getattr(answer, "failure", None), "happened", "no") == "maybe"
            raise answer
        request.sent = True
        return answer

    async def close(self) -> None: ...


class Rig:
    """A performer over `connectors`, its clock, and what it logged and emitted."""

    def __init__(
        self,
        *connectors: Connector,
        transport: Any = None,
        settings: dict[str, str] | None = None,
        clock: Any = None,
        sandbox_settings: dict[str, str] | None = None,
        blobs: Any = None,
        services: dict[str, Any] | None = None,
        sandbox_services: dict[str, Any] | None = None,
    ) -> None:
        self.catalog = Catalog.of(connectors)
        self.clock = clock or VirtualClock(1_800_000_000.0)
        self.transport = transport or FakeTransport()
        self.blobs = blobs or MemoryBlobs()
        self.host = SandboxHost(self.catalog, self.clock, sandbox_settings, sandbox_services)
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.emitted: list[tuple[str, JSON, str | None]] = []
        self.performer = ActionPerformer(
            self.catalog,
            Settings(settings or {}),
            self.transport,
            self.blobs,
            None,  # type: ignore[arg-type]  # no test here keeps values
            self.clock,
            self.host,
            self,
            services,
        )
        self.performer.deliver_events_to(self._emit)

    def on_log(self, run_id: str, path: str, message: str, fields: dict[str, Any]) -> None:
        self.logged.append((message, fields))

    async def _emit(self, event: str, data: JSON, *, event_id: str | None = None) -> None:
        self.emitted.append((event, data, event_id))

    async def perform(
        self,
        action: str,
        params: JSON = None,
        *,
        recovered: bool = False,
        sandbox: bool = False,
        dry_run: bool = False,
        effect: str | None = None,
        **command: Any,
    ) -> ActionSucceeded | ActionFailed:
        known = self.catalog.actions.get(action)
        if effect is None:
            effect = "once" if known is None else known.effect
            if known is not None and known.effect_of is not None:
                effect = known.effect_of(params or {})
        run = RunInfo("run-1", "run-1", SEED, "test", None, sandbox, dry_run, self.clock.now())
        asked = PerformAction(
            "step", 1, "step", action, params or {}, effect, command.pop("key", "run-1/step"), 1, **command
        )  # type: ignore[arg-type]
        return await self.performer.perform(run, asked, recovered)

    async def output(self, action: str, params: JSON = None, **options: Any) -> Any:
        answer = await self.perform(action, params, **options)
        assert isinstance(answer, ActionSucceeded), answer
        return answer.output

    async def failure(self, action: str, params: JSON = None, **options: Any) -> Failure:
        answer = await self.perform(action, params, **options)
        assert isinstance(answer, ActionFailed), answer
        return answer.failure


def answer(status: int = 200, json: JSON = None, headers: dict[str, str] | None = None, body: bytes = b"") -> Response:
    import orjson

    return Response(status, headers or {}, orjson.dumps(json) if json is not None else body)
