"""The session with a server: opened by the first action that needs it, shared by all, opened anew after it broke.

The one rule: a connection belongs to a task of its own, which opens it and closes it, so that no action that is cut off
takes the session of the others with it.

    Session (kept by the process) -> Line (one connection) -> stdio or HTTP -> the SDK's ClientSession
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import httpx2
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation, PaginatedRequestParams
from pydantic import ValidationError

from recipe_engine.core.json import JSONObject
from recipe_engine.mcp.failures import (
    asks_back,
    cut_off,
    is_closed,
    is_lost,
    lost,
    not_opened,
    not_understood,
    of_protocol,
    silent,
)
from recipe_engine.mcp.snapshot import Offer
from recipe_engine.mcp.stdio import Child, child
from recipe_engine.mcp.wire import LARGEST_MESSAGE, Call, Wire, under_way
from recipe_engine.plugin import ActionError, Context, Terminal
from recipe_engine.version import VERSION

if TYPE_CHECKING:
    from recipe_engine.mcp.connector import McpConnector

T = TypeVar("T")

# How long a connection may take (seconds): starting a program can mean fetching it first.
_OPENING_SECONDS = 60.0
_MOST_TOOLS = 10_000
_MOST_PAGES = 500
# What the SDK would log of messages that it does not understand is in the failures, where secrets are taken out.
logging.getLogger("mcp").setLevel(logging.CRITICAL)


class Session:
    """What the actions of a connector share. It is kept under the connector's name."""

    def __init__(self, connector: McpConnector) -> None:
        self._connector = connector
        self._line: _Line | None = None
        self._lines: set[_Line] = set()

    async def call(self, ctx: Context, tool: str, arguments: JSONObject, *, reads: bool) -> JSONObject:
        """What a tool answers (a `CallToolResult` as it is sent). Raises ActionError when it gives no answer."""
        return await self._ask(ctx, reads, lambda line, call: line.call(call, tool, arguments))

    async def offer(self, ctx: Context) -> Offer:
        """What the server offers now, all pages of it. Raises ActionError."""
        return await self._ask(ctx, True, lambda line, call: line.offer(call))

    async def close(self) -> None:
        """End the connection, and the server when it is a child."""
        self._line = None
        await asyncio.gather(*(line.close() for line in self._lines))

    async def _ask(self, ctx: Context, reads: bool, ask: Callable[[_Line, Call], Awaitable[T]]) -> T:
        """Ask over the connection that there is. One that the server has forgotten, or that ended while nobody used it, is
        opened once more: nothing was done over it."""
        call = Call(ctx, self._connector, reads)
        line = await self._open(call)
        try:
            return await ask(line, call)
        except _ForgottenError:
            line.retire()
        call = Call(ctx, self._connector, reads)
        line = await self._open(call)
        try:
            return await ask(line, call)
        except _ForgottenError as again:
            raise again.failure from again

    async def _open(self, call: Call) -> _Line:
        line = self._line
        if line is None or line.over:
            line = self._line = _Line(self._connector, call, self._lines.discard)
            self._lines.add(line)
        seconds = min(_OPENING_SECONDS, call.ctx.timeout * 0.9)
        try:
            async with asyncio.timeout(seconds):
                await line.opened()
        except TimeoutError as error:
            raise silent(self._connector, seconds, line.child) from error
        return line


class _ForgottenError(Exception):
    """The connection is gone, and the request that found it so was not carried out. `failure` says so to a step."""

    def __init__(self, failure: ActionError) -> None:
        super().__init__(failure.failure.title)
        self.failure = failure


class _Line:
    """One connection, from its opening to its end."""

    def __init__(self, connector: McpConnector, call: Call, on_end: Callable[[_Line], None]) -> None:
        self.connector = connector
        self.over = False
        self.child: Child | None = None
        self._first = call
        self._on_end = on_end
        self._asked = 0
        self._done = asyncio.Event()
        self._ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(_seen)
        self._task = asyncio.create_task(self._live())

    async def opened(self) -> ClientSession:
        """The session, once it is there. Raises ActionError when it does not come to that."""
        return await asyncio.shield(self._ready)

    async def close(self) -> None:
        """End it, and wait until it has ended."""
        self._end()
        await asyncio.gather(self._task, return_exceptions=True)

    def retire(self) -> None:
        """Take no more requests, and end when those under way are answered."""
        self.over = True
        if not self._asked:
            self._done.set()

    async def call(self, call: Call, tool: str, arguments: JSONObject) -> JSONObject:
        """What a tool answers."""
        async with self._asking(call, tool) as session:
            result = await session.call_tool(tool, arguments)
        answer: JSONObject = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        if "structured_content" in result.model_fields_set:
            answer["structuredContent"] = result.structured_content
        return answer

    async def offer(self, call: Call) -> Offer:
        """What the server says of itself, and every tool."""
        async with self._asking(call, "tools/list") as session:
            tools = await self._tools(session)
        info = session.server_info
        server = {} if info is None else info.model_dump(by_alias=True, mode="json", exclude_none=True)
        return Offer(server, session.protocol_version or "", session.instructions or "", tools)

    @asynccontextmanager
    async def _asking(self, call: Call, what: str) -> AsyncIterator[ClientSession]:
        """The session for one request, whose exceptions become failures."""
        session = await self.opened()
        token = under_way.set(call)
        self._asked += 1
        try:
            yield session
        except MCPError as error:
            if self.child is not None and is_closed(error):
                await self.close()  # how the child ended is known then
            failure = of_protocol(error, call, what, self.child)
            raise (_ForgottenError(failure) if is_lost(error, call) else failure) from error
        except (anyio.ClosedResourceError, anyio.BrokenResourceError) as error:  # nothing could be sent
            raise _ForgottenError(lost(call, what, self.child)) from error
        except ValidationError as error:
            raise not_understood(error, call, what) from error
        except RuntimeError as error:
            raise (cut_off(call, what, self.child) if self.over else asks_back(error, call, what)) from error
        finally:
            under_way.reset(token)
            self._asked -= 1
            if self.over and not self._asked:
                self._done.set()

    async def _tools(self, session: ClientSession) -> list[JSONObject]:
        capabilities = session.server_capabilities
        if capabilities is not None and capabilities.tools is None:
            return []
        tools: list[JSONObject] = []
        cursors: set[str | None] = set()
        cursor: str | None = None
        while cursor not in cursors and len(cursors) < _MOST_PAGES and len(tools) < _MOST_TOOLS:
            cursors.add(cursor)
            page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
            tools += [each.model_dump(by_alias=True, mode="json", exclude_none=True) for each in page.tools]
            cursor = page.next_cursor
            if not cursor:
                return tools
        raise Terminal(f"the list of tools of {self.connector.title} does not end", code="invalid_answer")

    # --- the task that owns the connection

    async def _live(self) -> None:
        under_way.set(self._first)
        try:
            async with (
                asyncio.timeout(_OPENING_SECONDS) as opening,
                self._streams() as (read, write),
                _Session(read, write, client_info=Implementation(name="recipe-engine", version=VERSION)) as session,
            ):
                await self._shake_hands(session)
                opening.reschedule(None)
                if not self._ready.done():
                    self._ready.set_result(session)
                await self._done.wait()
        except asyncio.CancelledError:
            self._fail(asyncio.CancelledError())
            raise
        except Exception as error:  # noqa: BLE001  # whatever ends a connection is told to those who wait for it
            self._fail(error)
        finally:
            self.over = True
            self._on_end(self)

    @asynccontextmanager
    async def _streams(self) -> AsyncIterator[tuple[Any, Any]]:
        config, ctx = self.connector.config, self._first.ctx
        url = self.connector.url(ctx.settings)
        if url:
            async with (
                httpx2.AsyncClient(transport=Wire(), timeout=None) as client,  # the step's limit holds
                streamable_http_client(url, http_client=client, max_sse_event_size=LARGEST_MESSAGE) as streams,
            ):
                yield streams
            return
        given = {name: ctx.settings.require(name) for name in config.env}
        command = self.connector.command(ctx.settings)
        async with child(command, given, LARGEST_MESSAGE, self._end) as (read, write, running):
            self.child = running
            yield read, write

    async def _shake_hands(self, session: ClientSession) -> None:
        """Agree on a version: the handshake that nearly every server knows, else what replaced it in 2026."""
        try:
            await session.initialize()
        except MCPError as refused:
            try:
                await session.discover()
            except (MCPError, ValidationError, RuntimeError):
                raise refused from None
            with suppress(MCPError):
                await self._tools(session)  # the headers of calls go by the list

    def _end(self) -> None:
        self.over = True
        self._done.set()

    def _fail(self, error: BaseException) -> None:
        if self._ready.done():
            return
        if isinstance(error, asyncio.CancelledError):
            self._ready.cancel()
            return
        self._ready.set_exception(not_opened(error, self._first, self.child))


class _Session(ClientSession):
    """The SDK's session, handing on what tools answer. It would refuse what is not as promised, after the effect."""

    async def validate_tool_result(self, name: str, result: Any) -> None:
        """Everything is taken; what is not as promised is told in the run's log."""


def _seen(ready: asyncio.Future[ClientSession]) -> None:
    """A failure that nobody waited for is no warning at the end of the process."""
    if not ready.cancelled():
        ready.exception()
