"""A sandbox behind a real HTTP server on loopback: a vendor for tests that go over the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Self

import orjson
from aiohttp import web

from recipe_engine.plugin import SandboxRequest, SandboxResponse
from recipe_engine.plugin.sandbox import split_url

Answer = Callable[[SandboxRequest], SandboxResponse]


class SandboxServer:
    """`async with SandboxServer(sandbox.answer) as server:` serves at `server.url` until the block ends.

    `answer` may be set later, when the sandbox has to know the address first.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer
        self.url = ""
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        assert self.answer is not None
        body = await request.read()
        url = f"{request.scheme}://{request.host}{request.raw_path}"
        path, query = split_url(url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.answer(
            SandboxRequest(request.method, url, path, query, headers, body, len(body), hashlib.sha256(body).hexdigest())
        )
        if answer.json is None:
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        content = {"Content-Type": "application/json", **answer.headers}
        return web.Response(status=answer.status, body=orjson.dumps(answer.json), headers=content)
