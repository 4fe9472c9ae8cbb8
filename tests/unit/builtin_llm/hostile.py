"""A server that answers with whatever bytes it is given, and breaks off where it is told to."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Raw:
    """An answer: the bytes of its body, and of these how many are sent before the connection is cut (None: all)."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    cut: int | None = None


def raw(body: Any, status: int = 200, cut: int | None = None, **headers: str) -> Raw:
    """An answer with this body: text as it is, anything else as JSON."""
    text = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(text, status, {"content-type": "application/json", **named}, cut)


class HostileServer:
    """`async with HostileServer() as server:` serves at `server.url`; `will` says what is answered, in turn."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[Any] = []
        self.most = 0
        self._under_way = 0
        self._replies: deque[Raw] = deque()
        self._server: asyncio.Server | None = None

    def will(self, *replies: Raw) -> None:
        self._replies.extend(replies)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
            self.bodies.append(json.loads(await reader.readexactly(length)))
            self._under_way += 1
            self.most = max(self.most, self._under_way)
            reply = self._replies.popleft()
            headers = {"content-length": str(len(reply.body)), "connection": "close", **reply.headers}
            lines = [f"HTTP/1.1 {reply.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            writer.write(reply.body if reply.cut is None else reply.body[: reply.cut])
            self._under_way -= 1
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
