"""A sandbox behind a real HTTP server on loopback: a vendor for other programs, and for tests that go over the wire.

    async with SandboxServer(sandbox.answer) as server:
        ...  # it answers at server.url

The one rule: nothing that a client sends ends the server. What a sandbox did not expect is an answer 500 that says so.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Self

import orjson
from aiohttp import web

from recipe_engine.plugin import SandboxRequest, SandboxResponse
from recipe_engine.plugin.sandbox import split_url

logger = logging.getLogger("recipe_engine")

Answer = Callable[[SandboxRequest], SandboxResponse]

# How much of a body a sandbox sees (bytes); of the rest only size and digest.
_BODY_SEEN = 10_000_000
# What the server writes itself.
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


class SandboxServer:
    """Serves `answer` at `url` until the block ends. `port` 0 takes any that is free.

    `answer` may be set later, when the sandbox has to know the address first; until then every answer is 503.
    """

    def __init__(self, answer: Answer | None = None, *, port: int = 0) -> None:
        self.answer = answer
        self.url = ""
        self._port = port
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        arrived = await _arrived(request)
        if self.answer is None:
            return web.json_response({"message": "the sandbox is not ready yet"}, status=503)
        try:
            return _response(self.answer(arrived))
        except Exception as error:  # whatever a sandbox stumbles over is an answer, as at the vendor
            logger.exception("a sandbox failed at %s %s", request.method, arrived.path)
            told = f"the sandbox failed at this request: {type(error).__name__}: {error}"
            return web.json_response({"message": told}, status=500)


async def _arrived(request: web.Request) -> SandboxRequest:
    """The request as sandboxes take it, however large its body."""
    digest = hashlib.sha256()
    kept = bytearray()
    size = 0
    async for chunk in request.content.iter_any():
        digest.update(chunk)
        size += len(chunk)
        kept += chunk[: max(0, _BODY_SEEN - len(kept))]
    url = f"{request.scheme}://{request.host}{request.raw_path}"
    path, query = split_url(url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return SandboxRequest(request.method, url, path or "/", query, headers, bytes(kept), size, digest.hexdigest())


def _response(answer: SandboxResponse) -> web.Response:
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN_HEADERS}
    if answer.json is None:
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return web.Response(status=answer.status, body=orjson.dumps(answer.json), headers=headers)
