"""Calls actions of connectors in tests: over their sandboxes, or over a transport to a local server.

The one rule: everything between the test and the sandbox is the engine's own, so that what passes here is what runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed
from recipe_engine.core.failure import Failure
from recipe_engine.plugin import Blobs, Catalog, Connector, Effect, Transport
from recipe_engine.runtime.blobs import MemoryBlobs
from recipe_engine.runtime.clock import Clock, VirtualClock
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.perform import ActionPerformer
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.settings import Settings

# Friday 20 November 2026, 9:00 UTC.
START = 1_795_165_200.0


class Failed(AssertionError):
    """An action failed although the test did not expect it to; `failure` is what the run would record."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure.to_json()))
        self.failure = failure


class Bench:
    """One connector and its sandbox; with `transport`, the connector and what that leads to.

    `settings` are those of the sandbox, or of the deployment when there is a transport.
    """

    def __init__(
        self,
        connector: Connector,
        settings: Mapping[str, str] | None = None,
        *,
        transport: Transport | None = None,
        blobs: Blobs | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.connector = connector
        self.catalog = Catalog.of([connector])
        self.clock: Any = clock or VirtualClock(START)
        self.host = SandboxHost(self.catalog, self.clock, settings)
        self.blobs = blobs or MemoryBlobs()
        self._sandboxed = transport is None
        self._keys = itertools.count(1)
        self._performer = ActionPerformer(
            self.catalog,
            Settings(settings or {}),
            transport or self.host,
            self.blobs,
            MemoryStore(),
            self.clock,
            sandboxes=self.host,
        )

    @property
    def sandbox(self) -> Any:
        """The connector's sandbox (its own class)."""
        return self.host.sandbox(self.connector.name)

    @property
    def effects(self) -> list[Effect]:
        return self.host.effects

    async def call(
        self,
        action: str,
        /,
        *,
        step_key: str | None = None,
        recovered: bool = False,
        dry_run: bool = False,
        **params: Any,
    ) -> Any:
        """The action's result as a run would record it; raises Failed. `recovered` as after a crash under way."""
        name = f"{self.connector.name}.{action}"
        found = self.catalog.actions[name]
        command = PerformAction(
            "steps.a", 1, "a", name, params, found.effect, step_key or f"run-1/{next(self._keys)}", 1
        )
        run = RunInfo("run-1", "run-1", "seed", "test", sandbox=self._sandboxed, dry_run=dry_run)
        answer = await self._performer.perform(run, command, recovered)
        if isinstance(answer, ActionFailed):
            raise Failed(answer.failure)
        return answer.output

    async def failure(self, action: str, /, **params: Any) -> Failure:
        """The failure of an action that must fail."""
        try:
            result = await self.call(action, **params)
        except Failed as failed:
            return failed.failure
        raise AssertionError(f"{action} succeeded: {result}")
