"""What the driver asks for effects: one attempt of one action, answered with an event of the core.

The one rule: a performer never raises (but CancelledError, which passes): whatever goes wrong is an ActionFailed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.json import JSON


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What an action may know of the run it works for.

    `origin` is the run whose idempotency keys this one continues (itself, unless it retries another). `seed` seals the
    run's secret markers. `sandbox` sends every request to the connectors' sandboxes; `dry_run` shows writes instead of
    performing them. `started_at` is seconds since 1970.
    """

    run_id: str
    origin: str
    seed: str
    slug: str
    config: JSON = None
    sandbox: bool = False
    dry_run: bool = False
    started_at: float = 0.0


class Performer(Protocol):
    """Carries out actions."""

    async def perform(
        self, run: RunInfo, command: PerformAction, recovered: bool = False
    ) -> ActionSucceeded | ActionFailed:
        """One attempt of `command`.

        `recovered` says that the process died between the intent and the result of this very command. Then reads and
        keyed effects are simply performed again; for an effect that can happen only once the connector's `reconcile`
        is asked, and when it cannot tell the answer is a failure `interrupted` with `happened="maybe"`.
        """
        ...
