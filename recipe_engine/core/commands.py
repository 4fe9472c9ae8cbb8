"""What the core asks of the runtime. Commands are never stored: they follow from the state (`outstanding`)."""

from __future__ import annotations

from dataclasses import dataclass

from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON
from recipe_engine.core.plan import Effect, Retry


@dataclass(frozen=True, slots=True)
class PerformAction:
    """Carry out one attempt and hand back ActionSucceeded or ActionFailed with this path and seq.

    `key` is the idempotency key, stable over attempts, crashes and retries of the run. `timeout` is in seconds.
    `cost_left` and `tokens_left` say what the run may still spend, None for no limit. `retry` is what happens after a
    failed attempt.
    """

    path: str
    seq: int
    step: str
    action: str
    params: JSON
    effect: Effect
    key: str
    attempt: int
    timeout: float | None = None
    cost_left: float | None = None
    tokens_left: int | None = None
    retry: Retry | None = None

    def repeats_after(self, failure: Failure) -> bool:
        """Whether there will be another attempt when this one ends with `failure`."""
        return self.retry is not None and self.attempt < self.retry.attempts and self.retry.admits(failure)


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Hand back TimerFired with this path and seq at `at` (seconds since 1970)."""

    path: str
    seq: int
    at: float


@dataclass(frozen=True, slots=True)
class AwaitEvent:
    """Hand back EventReceived when an event of this name arrives whose data has every field of `match`."""

    path: str
    seq: int
    event: str
    match: JSON


@dataclass(frozen=True, slots=True)
class RequestApproval:
    """Show `ask` to `to` and hand back ApprovalGiven; `fields` is the JSON Schema of what may be edited."""

    path: str
    seq: int
    ask: str
    to: str | None
    fields: JSON


@dataclass(frozen=True, slots=True)
class Withdraw:
    """What was asked under this path and seq is no longer wanted: stop the action, drop the timer or the wait."""

    path: str
    seq: int


Command = PerformAction | SetTimer | AwaitEvent | RequestApproval | Withdraw
