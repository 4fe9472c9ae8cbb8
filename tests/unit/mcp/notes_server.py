"""A server made with the official SDK: over its input and output, or over HTTP on a port of this machine.

python notes_server.py                      a child process
with serving(notes()) as url: ...           streamable HTTP, in a thread
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel


class Note(BaseModel):
    id: int
    text: str


def notes() -> MCPServer:
    """A server with a few tools, which knows the secret NOTES_TOKEN and babbles."""
    secret = os.environ.get("NOTES_TOKEN", "no-token")
    server = MCPServer("Notes Server", instructions=f"Keeps notes. The token is {secret}.")
    kept: dict[int, Note] = {}

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def getNote(id: int) -> Note:  # noqa: N802  # a name that is none of the language's
        """Read a note."""
        return kept[id]

    @server.tool()
    def create_note(text: str, tags: list[str] | None = None) -> Note:
        """Make a note."""
        kept[len(kept) + 1] = Note(id=len(kept) + 1, text=text)
        return kept[len(kept)]

    @server.tool(annotations=ToolAnnotations(idempotent_hint=True))
    def delete_note(id: int) -> None:
        """Throw a note away."""
        kept.pop(id, None)

    @server.tool(structured_output=False, description=f"Draw something ({secret}).")
    def draw() -> Any:
        return ["a dot", Image(data=b"\x89PNG dot", format="png")]

    @server.tool(structured_output=False)
    def tell(fail: bool = False) -> str:
        """Tell everything."""
        if fail:
            raise ToolError(f"not with {secret}")
        return f"it is {secret}, in process {os.getpid()}"

    return server


@contextmanager
def serving(server: MCPServer | None, token: str = "", **options: Any) -> Iterator[Any]:
    """Serve over HTTP until the block ends; with a token, to those who have it. Gives the URL, with what it is asked under
    `url.app`. `server` None answers everything with 500."""
    import uvicorn

    own = socket.create_server(("127.0.0.1", 0))
    app = _Guarded(server.streamable_http_app(**options) if server is not None else None, token)
    running = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0, lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[own])), daemon=True)
    thread.start()
    try:
        yield _Url(f"http://127.0.0.1:{own.getsockname()[1]}/mcp", app)
    finally:
        running.should_exit = True
        thread.join()
        own.close()


class _Url(str):
    __slots__ = ("app",)
    app: _Guarded

    def __new__(cls, url: str, app: _Guarded) -> Self:
        made = super().__new__(cls, url)
        made.app = app
        return made


class _Guarded:
    """An application that wants a bearer token, and counts what it is asked."""

    def __init__(self, app: Any, token: str) -> None:
        self.app = app
        self.token = token
        self.methods: list[str] = []
        self.session = ""
        self.answer: tuple[int, list[tuple[bytes, bytes]], bytes] | None = None if app else (500, [], b"broken")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.methods.append(scope["method"])
            headers = dict(scope["headers"])
            self.session = headers.get(b"mcp-session-id", b"").decode()
            refused = self.token and headers.get(b"authorization") != f"Bearer {self.token}".encode()
            answer = (401, [], b'{"message": "who are you?"}') if refused else self.answer
            if answer:
                status, more, body = answer
                await send({"type": "http.response.start", "status": status, "headers": more})
                await send({"type": "http.response.body", "body": body})
                return
        if self.app is None:
            assert scope["type"] == "lifespan"
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await self.app(scope, receive, send)


if __name__ == "__main__":
    notes().run()
