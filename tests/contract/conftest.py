"""The contract suite runs against every runtime there is, and against one that is closed and opened again all the time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.core.events import Entry
from recipe_engine.core.plan import Plan
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.protocol import RunView
from recipe_engine.runtime.sqlite import SqliteStore
from recipe_engine.runtime.store import Store
from tests.contract.scripted import Scripted

START = 1_767_225_600.0  # 2026-01-01, midnight UTC
_OPERATIONS = {"start", "send", "approve", "pause", "resume", "cancel", "resolve", "stop_all", "resume_all"}


class World:
    """A runtime with a clock to move and a performer to script. `restarting` closes and opens the runtime after every
    operation and after every commit."""

    def __init__(self, store: Store, *, restarting: bool) -> None:
        self.store = store
        self.restarting = restarting
        self.clock = VirtualClock(START)
        self.performer = Scripted(self.clock)
        self.entries: list[tuple[str, Entry]] = []
        self._committed = asyncio.Event()
        self.runtime = self._runtime()

    def _runtime(self) -> EmbeddedRuntime:
        return EmbeddedRuntime(self.store, self.performer, self.clock, self._observe)

    def _observe(self, run_id: str, entry: Entry) -> None:
        self.entries.append((run_id, entry))
        self._committed.set()

    async def reopen(self) -> None:
        """Close the runtime, as a process that ends does, and open another one on the same storage."""
        await self.runtime.close()
        self.runtime = self._runtime()
        await self.runtime.open()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.runtime, name)
        if name not in _OPERATIONS or not self.restarting:
            return operation

        async def and_reopen(*arguments: Any, **options: Any) -> Any:
            try:
                return await operation(*arguments, **options)
            finally:
                await self.reopen()

        return and_reopen

    async def idle(self, until: float | None = None) -> None:
        """Let everything happen that can, by the virtual clock; `until` is seconds from the beginning."""
        end = None if until is None else START + until
        while self.restarting:
            self._committed.clear()
            idle = asyncio.ensure_future(self.runtime.until_idle(end))
            commit = asyncio.ensure_future(self._committed.wait())
            await asyncio.wait([idle, commit], return_when=asyncio.FIRST_COMPLETED)
            finished = idle.done()
            idle.cancel()
            commit.cancel()
            await asyncio.gather(idle, commit, return_exceptions=True)
            await self.reopen()
            if finished:
                return
        await self.runtime.until_idle(end)

    async def run(self, plan: Plan, input: Any = None, **options: Any) -> RunView:
        """Start a run and let everything happen that can."""
        run_id = await self.start(plan, {} if input is None else input, **options)
        await self.idle()
        return await self.runtime.get(run_id)


@pytest.fixture(params=["memory", "sqlite", "restarting"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "runs.db")
    world = World(store, restarting=request.param == "restarting")
    await world.runtime.open()
    yield world
    await world.runtime.close()
