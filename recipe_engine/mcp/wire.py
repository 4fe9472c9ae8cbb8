"""HTTP as the SDK knows it, carried out by the client of the action that is under way.

The one rule: the SDK opens no connection. Credentials, queues, refused addresses, time limits and the account of what may
have happened are those of `ctx.http`, as for every connector. What goes wrong is noted on the call and answered with an
error, for an exception in here would end the session for all runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from recipe_engine.openapi.document import mapping
from recipe_engine.plugin import ActionError, Connector, Context, Response
from recipe_engine.plugin.answers import failure_of_answer

# What one message may weigh (bytes).
LARGEST_MESSAGE = 32_000_000
_ERROR_BODY = 1_000_000
_SENT_HEADERS = ("accept", "content-type", "last-event-id", "cache-control")
_KEPT_HEADERS = ("content-type", "location", "mcp-session-id")
# With these statuses the answer of the protocol itself says more than that of HTTP.
_SPOKEN = (400, 404, 405, 406, 409, 415, 422)


@dataclass(slots=True)
class Call:
    """A call under way: whose it is, whether it changes nothing, the last status of its requests, and what went wrong."""

    ctx: Context
    connector: Connector
    reads: bool
    status: int = 0
    failure: Exception | None = None


under_way: ContextVar[Call] = ContextVar("MCP call under way")


class Wire(httpx2.AsyncBaseTransport):
    """The transport of the SDK's client."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer to a request of the SDK's, or one of our own when there is none."""
        if request.method == "GET" and "last-event-id" not in request.headers:
            # A stream for what the server says unasked: there is nobody here to listen.
            return httpx2.Response(405)
        call = under_way.get()
        body = await request.aread()
        headers = {
            name: value for name, value in request.headers.items() if name in _SENT_HEADERS or name.startswith("mcp-")
        }
        try:
            response = await call.ctx.http.request(
                request.method,
                str(request.url),
                headers=headers,
                content=body,
                raw=True,
                reads=call.reads or not _is_tool_call(body),
            )
            call.status = response.status
            return await self._answer(call, request, response)
        except ActionError as error:
            call.failure = error
            return httpx2.Response(503)

    async def _answer(self, call: Call, request: httpx2.Request, response: Response) -> httpx2.Response:
        headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        if response.status >= 400:
            content = await response.read(_ERROR_BODY)
            call.failure = failure_of_answer(
                call.connector,
                request.method,
                str(request.url).partition("?")[0],
                response.status,
                response.headers,
                content,
                call.ctx.now,
            )
            if response.status in _SPOKEN and _is_spoken(content):
                call.failure = None
            return httpx2.Response(response.status, headers=headers, content=content)
        if headers.get("content-type", "").startswith("text/event-stream"):
            return httpx2.Response(response.status, headers=headers, stream=_Events(call, response))
        content = await response.read(LARGEST_MESSAGE)
        return httpx2.Response(response.status, headers=headers, content=content)


class _Events(httpx2.AsyncByteStream):
    """The events of an answer as they come in."""

    def __init__(self, call: Call, response: Response) -> None:
        self._call = call
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.chunks():
                yield chunk
        except ActionError as error:
            # The stream ends here; that its answer is missing is told by the call.
            self._call.failure = error

    async def aclose(self) -> None:
        await self._response.close()


def _message(body: bytes) -> dict[str, Any]:
    try:
        return mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def _is_tool_call(body: bytes) -> bool:
    return _message(body).get("method") == "tools/call"


def _is_spoken(content: bytes) -> bool:
    """Whether an error answer is one of the protocol."""
    return isinstance(_message(content).get("error"), dict)
