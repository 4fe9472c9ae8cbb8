"""A server that counts effects, honours idempotency keys, and kills the process that posts when its hour has come."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class EffectServer:
    """`effects` holds the answer to each key, `once` counts what arrived under /once. The killing comes before an effect,
    after it but before its answer, or a moment after the answer."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.effects: dict[str, dict] = {}
        self.once: Counter[str] = Counter()
        self.url = ""
        self._process: asyncio.subprocess.Process | None = None
        self._left = 0

    def arm(self, process: asyncio.subprocess.Process) -> None:
        """Kill a process after some more requests."""
        self._process = process
        self._left = self.chance.randint(1, 40)

    def disarm(self) -> None:
        """Kill nobody any more."""
        self._process = None
        self._left = 0

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        self._process = None

    async def look(self, request: web.Request) -> web.Response:
        """Whether an effect of class once has happened."""
        key = request.headers["Idempotency-Key"]
        return web.json_response(self.effects.get(key), status=200 if key in self.once else 404)

    async def handle(self, request: web.Request) -> web.Response:
        """Take an effect in."""
        data = await request.json()
        # What a PUT is about is in its address; that of the command's once effects is in their content.
        key = request.headers.get("Idempotency-Key") or f"{request.path}/{data['n']}"
        self._left -= 1
        moment = self.chance.choice(["before", "between", "after"]) if self._left == 0 else ""
        if moment == "before":
            self._kill()
            return web.json_response({}, status=500)
        if request.path == "/once":
            self.once[key] += 1
        answer = self.effects.setdefault(key, data)
        if moment == "between":
            self._kill()
        elif moment == "after":
            asyncio.get_running_loop().call_later(self.chance.random() / 500, self._kill)
        return web.json_response(answer)


@asynccontextmanager
async def serving(seed: int) -> AsyncIterator[EffectServer]:
    """A server on a port of this machine."""
    server = EffectServer(seed)
    app = web.Application()
    app.router.add_get("/once", server.look)
    app.router.add_route("*", "/{effect:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()
