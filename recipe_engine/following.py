"""Following a run: every entry as it is committed, until the run ends or has nothing to do for a while.

The one rule: a run that only waits for a moment that is near (a retry, a pace, a short wait) is not parked; whoever
started it wants to see it go on.
"""

from __future__ import annotations

from collections.abc import Callable

from recipe_engine.core.apply import apply
from recipe_engine.core.events import Entry
from recipe_engine.core.state import State
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.protocol import ENDED, Runtime

# How long a wait may be and still be sat through, in seconds.
PATIENCE = 60.0

Seen = Callable[[Entry], None]


async def follow(
    runtime: Runtime, run: str, clock: Clock, *, patience: float = PATIENCE, seen: Seen | None = None, skip: int = 0
) -> State:
    """The run's state once it has ended, or is paused, in doubt, or waits for longer than `patience` seconds.

    `seen` is told of every entry from the beginning of the journal on, but for the first `skip`.
    """
    state = State(await runtime.plan(run))
    known = len(await runtime.journal(run))
    count = 0
    async for entry in runtime.watch(run):
        fold(state, entry)
        count += 1
        if seen is not None and count > skip:
            seen(entry)
        if count >= known and is_parked(state, clock.now(), patience):
            break
    return state


def fold(state: State, entry: Entry) -> None:
    """Take one entry of the journal into the state."""
    state.now = entry.at
    for event in entry.events:
        apply(state, event)
    state.withdrawn.clear()


def is_parked(state: State, now: float, patience: float) -> bool:
    """Whether nothing will happen to the run by itself within `patience` seconds."""
    status = state.status
    if status == "running":
        return False
    if status in ENDED or status in ("paused", "in_doubt"):
        return True
    wake = state.next_wake
    return wake is None or wake - now > patience
