"""Calls actions of a connector in its tests: over its sandbox, or over a transport to a local server.

The one rule: everything between the test and the sandbox is the engine's own, so that what passes here is what runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed
from recipe_engine.core.failure import Failure
from recipe_engine.plugin import JSON, Blobs, Catalog, Connector, Effect, Fault, Transport
from recipe_engine.runtime.blobs import MemoryBlobs
from recipe_engine.runtime.clock import Clock, VirtualClock
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.perform import ActionPerformer
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.settings import Settings
from recipe_engine.runtime.value_store import ValueStore

# Friday 20 November 2026, 9:00 UTC.
START = 1_795_165_200.0


class ActionFailure(AssertionError):
    """An action failed although the test did not expect it to; `failure` is what the run would record."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.title} [{failure.code}]" + (f": {failure.detail}" if failure.detail else ""))
        self.failure = failure


class SandboxContext:
    """One connector and its sandbox: what `sandbox_context` gives.

    `clock` is the virtual clock that the sandbox sees, `blobs` the store of files, `host` holds the sandbox.
    `events` are the events that actions posted, in order: name and data.
    """

    def __init__(
        self,
        connector: Connector,
        settings: Mapping[str, str] | None,
        transport: Transport | None,
        blobs: Blobs | None,
        clock: Clock | None,
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
            ValueStore(MemoryStore(), self.clock),
            self.clock,
            sandboxes=self.host,
        )
        self.events: list[tuple[str, JSON]] = []
        self._performer.deliver_events_to(self._take_event)

    async def _take_event(self, event: str, data: JSON, *, event_id: str | None = None) -> None:
        self.events.append((event, data))

    @property
    def sandbox(self) -> Any:
        """The connector's sandbox (its own class)."""
        return self.host.sandbox(self.connector.name)

    @property
    def effects(self) -> list[Effect]:
        """What was changed at the sandbox, in order."""
        return self.host.effects

    def inject(self, fault: Fault) -> None:
        """Let the next requests meet a fault."""
        self.host.inject(self.connector.name, fault)

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
        """The action's result as a run would record it: one attempt, without the retries of a step.

        `action` is its name without the connector's. `step_key` is the idempotency key (else each call has its own).
        `recovered` calls it as after a crash under way. Raises ActionFailure.
        """
        name = f"{self.connector.name}.{action}"
        found = self.catalog.actions.get(name) or self.catalog.actions[action]
        key = step_key or f"run-1/{next(self._keys)}"
        command = PerformAction("steps.a", 1, "a", found.name, params, found.effect, key, 1)
        run = RunInfo("run-1", "run-1", "seed", "test", sandbox=self._sandboxed, dry_run=dry_run)
        answer = await self._performer.perform(run, command, recovered)
        if isinstance(answer, ActionFailed):
            raise ActionFailure(answer.failure)
        return answer.output

    async def close(self) -> None:
        """Close what the connector keeps open between its actions."""
        await self._performer.close()

    async def failure(self, action: str, /, **params: Any) -> Failure:
        """The failure of an action that must fail: what `on_error` would see as `error`."""
        try:
            result = await self.call(action, **params)
        except ActionFailure as failed:
            return failed.failure
        raise AssertionError(f"{action} succeeded: {result}")


def sandbox_context(
    connector: Connector,
    settings: Mapping[str, str] | None = None,
    *,
    transport: Transport | None = None,
    blobs: Blobs | None = None,
    clock: Clock | None = None,
) -> SandboxContext:
    """A connector ready to be called over its sandbox, by the engine's own performer.

    `settings` are those of the sandbox (what is missing is invented), or of the deployment when `transport` leads to a
    real server instead.
    """
    return SandboxContext(connector, settings, transport, blobs, clock)
