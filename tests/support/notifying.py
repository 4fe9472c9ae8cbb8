"""The step `notify` over the sandboxes of connectors that have channels."""

from __future__ import annotations

import itertools
from typing import Any

from recipe_engine.builtin.email import email
from recipe_engine.builtin.notify import notify
from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.plugin import Catalog, Connector, Effect
from recipe_engine.runtime.blobs import MemoryBlobs
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.perform import ActionPerformer
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.settings import Settings
from recipe_engine.runtime.value_store import ValueStore
from recipe_engine.testing import START


class Notifier:
    """One call is one attempt of one step; `settings` replace invented ones."""

    def __init__(self, *connectors: Connector, **settings: str) -> None:
        catalog = Catalog.of([notify, email, *connectors])
        self.clock = VirtualClock(START)
        self.blobs = MemoryBlobs()
        self.host = SandboxHost(catalog, self.clock, settings)
        values = ValueStore(MemoryStore(), self.clock)
        self._performer = ActionPerformer(catalog, Settings({}), self.host, self.blobs, values, self.clock, self.host)
        self._keys = itertools.count(1)

    @property
    def effects(self) -> list[Effect]:
        return self.host.effects

    def sandbox(self, connector: str) -> Any:
        return self.host.sandbox(connector)

    async def notify(self, **step: Any) -> Any:
        answer = await self._perform(**step)
        assert isinstance(answer, ActionSucceeded), answer
        return answer.output

    async def failure(self, **step: Any) -> Failure:
        answer = await self._perform(**step)
        assert isinstance(answer, ActionFailed), answer
        return answer.failure

    async def _perform(
        self, key: str | None = None, recovered: bool = False, **step: Any
    ) -> ActionSucceeded | ActionFailed:
        key = key or f"run-1/{next(self._keys)}"
        command = PerformAction("steps.a", 1, "a", "notify", step, "once", key, 1)
        return await self._performer.perform(
            RunInfo("run-1", "run-1", "seed", "test", sandbox=True), command, recovered
        )
