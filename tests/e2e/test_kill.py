"""A process that causes two hundred effects is killed again and again, at moments of the server's choice.

However often that happens: every keyed effect is there exactly once by its key, an effect of class `once` never twice,
and no run is lost. `HYPOTHESIS_PROFILE=soak` (make soak) does it for longer.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.sqlite import SqliteStore
from tests.e2e.effects import DOUBTFUL, ITEMS, Poster, drive, plan

SEEDS = range(200) if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else range(2)
KILLS = 12
ROOT = Path(__file__).parents[2]


class Server:
    """Counts what arrives, honours keys, and kills the process that posts when its hour has come: before the effect, after
    it but before the answer, or a moment after the answer."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.arrived: Counter[str] = Counter()
        self.once: Counter[str] = Counter()
        self.answers: dict[str, dict] = {}
        self.process: asyncio.subprocess.Process | None = None
        self.left = 0
        self.url = ""

    def arm(self, process: asyncio.subprocess.Process) -> None:
        """Kill a process after some more requests."""
        self.process = process
        self.left = self.chance.randint(1, 40)

    def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        self.process = None

    async def look(self, request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        return web.json_response(self.answers.get(key), status=200 if key in self.once else 404)

    async def handle(self, request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        data = await request.json()
        self.left -= 1
        moment = self.chance.choice(["before", "between", "after"]) if self.left == 0 else ""
        if moment == "before":
            self.kill()
            return web.Response(status=500)
        self.arrived[key] += 1
        if request.match_info["effect"] == "once":
            self.once[key] += 1
        answer = self.answers.setdefault(key, data)
        if moment == "between":
            self.kill()
        elif moment == "after":
            asyncio.get_running_loop().call_later(self.chance.random() / 500, self.kill)
        return web.json_response(answer)


@pytest.fixture(params=SEEDS)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    server = Server(request.param)
    app = web.Application()
    app.router.add_post("/{effect}", server.handle)
    app.router.add_get("/once", server.look)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


async def worker(database: Path, server: Server) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.effects", str(database), server.url, cwd=ROOT
    )


async def begin(database: Path, session: aiohttp.ClientSession, server: Server) -> str:
    """Start the run."""
    runtime = EmbeddedRuntime(SqliteStore(database), Poster(server.url, session), SystemClock())
    await runtime.open()
    run_id = await runtime.start(plan(), {"items": list(range(ITEMS))})
    await runtime.close()
    return run_id


async def test_effects_happen_once_however_often_the_process_is_killed(server: Server, tmp_path: Path):
    database = tmp_path / "runs.db"
    async with aiohttp.ClientSession() as session:
        run_id = await begin(database, session, server)
        killed = 0
        for _ in range(KILLS):
            process = await worker(database, server)
            server.arm(process)
            killed += await process.wait() != 0
        assert killed >= KILLS // 2
        server.process = None
        await drive(database, server.url)
        assert max(server.once.values()) == 1
        await settle(database, session, server, run_id)
    everything = {f"{run_id}/each[{n}]/{step}" for n in range(ITEMS) for step in "abc"}
    everything |= {f"{run_id}/each[{n}]/doubtful" for n in range(0, ITEMS, DOUBTFUL)}
    assert set(server.answers) == everything
    assert set(server.once.values()) == {1}


async def settle(database: Path, session: aiohttp.ClientSession, server: Server, run_id: str) -> None:
    """Do what a person would about steps in doubt: look at the server, and say what happened."""
    runtime = EmbeddedRuntime(SqliteStore(database), Poster(server.url, session), SystemClock())
    await runtime.open()
    while (view := await runtime.wait(run_id, {"succeeded", "in_doubt", "failed"})).status == "in_doubt":
        for step in view.steps or []:
            if step["status"] == "in_doubt":
                happened = f"{run_id}/{step['path']}" in server.once
                await runtime.resolve(run_id, step["path"], "done" if happened else "retry", "Ada")
    assert view.status == "succeeded"
    await runtime.close()
