"""The HTTP seam: what connectors send through and what stands behind it (a real client, or a sandbox).

The one rule: a connector never sees which transport it talks to. A sandbox answers the very request that the vendor
would have received.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from recipe_engine.plugin.errors import Terminal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Body = bytes | AsyncIterator[bytes] | None


@dataclass(slots=True)
class Request:
    """A request ready to go: absolute URL with its query, header names as written, a body of bytes or a stream.

    `timeout` is seconds for the whole exchange (math.inf when somebody else watches the time). `length` is the size of a streamed body when known (bytes).
    `connector` names who sends, for the sandboxes. `trusted` says that the operator configured this very address, so
    that it may be a private one. A transport sets `sent` once the request may have reached the other side.
    `at` is when it is made, by the runtime's clock (seconds since 1970): what signatures are dated with.
    """

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = None
    timeout: float = 60.0
    length: int | None = None
    connector: str = ""
    trusted: bool = False
    sent: bool = False
    at: float = field(default_factory=time.time)


class Response:
    """An answer. Small bodies are read with `read`, `text`, `json`; large ones streamed with `chunks`."""

    def __init__(
        self, status: int, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes], url: str = ""
    ) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.url = url
        self._body = body

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def streamed(self) -> bool:
        """Whether the body still comes in, on a connection of its own."""
        return not isinstance(self._body, bytes)

    async def read(self, limit: int = 10_000_000) -> bytes:
        """The whole body; more than `limit` bytes is a Terminal failure `response_too_large`."""
        if isinstance(self._body, bytes):
            if len(self._body) > limit:
                raise _too_large(limit)
            return self._body
        parts: list[bytes] = []
        size = 0
        async for part in self._body:
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
        self._body = b"".join(parts)
        return self._body

    async def text(self) -> str:
        """The body as text (UTF-8, bad bytes replaced)."""
        return (await self.read()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """The body as JSON, None when it is empty; anything else raises Terminal `invalid_answer`."""
        import orjson

        body = await self.read()
        if not body:
            return None
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Terminal(
                "the answer is not JSON", code="invalid_answer", detail=body[:300].decode("utf-8", "replace")
            ) from error

    async def object(self) -> dict[str, Any]:
        """The body as a JSON object; anything else raises Terminal `invalid_answer`."""
        found = await self.json()
        if not isinstance(found, dict):
            raise Terminal("the answer is no JSON object", code="invalid_answer", detail=str(found)[:300])
        return found

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece, never whole in memory."""
        if isinstance(self._body, bytes):
            yield self._body
        else:
            async for part in self._body:
                yield part

    async def close(self) -> None:
        """Give up what was not read of the body. The engine does this when the action ends."""
        close = getattr(self._body, "aclose", None)
        if close is not None:
            await close()


def _too_large(limit: int) -> Terminal:
    return Terminal(f"the answer is larger than {limit} bytes", code="response_too_large")


class Transport(Protocol):
    """Sends a request and gives the answer as soon as its headers are in.

    Raises `Retryable` with `happened="no"` when nothing was sent (name not found, connection refused), with
    `happened="maybe"` when the answer was lost (time-out after sending, connection dropped). A lost answer of a method
    that changes nothing (`SAFE_METHODS`) is a "no" too.
    """

    async def send(self, request: Request) -> Response: ...

    async def close(self) -> None: ...
