"""The SDK's requests through `ctx.http`.

The one rule: nothing is connected here. The engine's client has the connections, the address rules and the queue that
waits when the vendor asks for it; the SDK's own pool would be a second one (docs/decisions/0004-model-calls.md has the
measurements).
"""

from __future__ import annotations

from contextvars import ContextVar

import httpx2

from recipe_engine.plugin import Http

# The client of the attempt that is under way in this task, and how long its request may take (seconds). The SDK's client
# is shared by all of them.
carried_by: ContextVar[tuple[Http, float | None]] = ContextVar("the http client of the attempt")

# Belong to one connection, or are set by whoever holds it.
_HOP_HEADERS = frozenset(("host", "connection", "content-length", "transfer-encoding", "accept-encoding"))
_DECODED_HEADERS = frozenset(("content-encoding", "content-length", "transfer-encoding"))
_LARGEST_ANSWER = 50_000_000


class SeamTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport that hands requests to `carried_by`."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The whole answer. What `ctx.http` raises passes through."""
        http, seconds = carried_by.get()
        answer = await http.request(
            request.method,
            str(request.url),
            headers={name: value for name, value in request.headers.items() if name not in _HOP_HEADERS},
            content=await request.aread(),
            timeout=seconds,
            raw=True,
            auth=False,
            reads=True,
        )
        headers = {name: value for name, value in answer.headers.items() if name not in _DECODED_HEADERS}
        content = await answer.read(_LARGEST_ANSWER)
        return httpx2.Response(answer.status, headers=headers, content=content, request=request)


def seam_client() -> httpx2.AsyncClient:
    """A client for the SDK that owns nothing and need not be closed."""
    return httpx2.AsyncClient(transport=SeamTransport(), follow_redirects=False, trust_env=False)
