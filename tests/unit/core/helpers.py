"""A run driven by hand: what a test says happens, happens."""

from __future__ import annotations

from recipe_engine.core import events as ev
from recipe_engine.core.advance import advance, new_state
from recipe_engine.core.commands import Command, PerformAction
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Limits, Perform, Plan, Step

REFUSED = Failure("refused", "no")
BUSY = Failure("unavailable", "later", retryable=True)
LOST = Failure("timeout", "no answer", retryable=True, happened="maybe")


def step(id: str, do, **fields) -> Step:
    return Step(id, id.title(), do.kind, do, **fields)


def act(id: str, params=None, effect: str = "read", **fields) -> Step:
    return step(id, Perform("act", params or {}, effect), **fields)


def plan(*blocks: list[Step], **fields) -> Plan:
    """A plan of which block 0 is the root; the steps of each block in order."""
    steps: list[Step] = []
    indexes = []
    for block in blocks:
        indexes.append(tuple(range(len(steps), len(steps) + len(block))))
        steps += block
    fields.setdefault("limits", Limits())
    return Plan("test", "Test", tuple(steps), tuple(indexes), 0, **fields)


class Hand:
    """A run and what it has asked for."""

    def __init__(self, the_plan: Plan, input=None, **start) -> None:
        self.state = new_state(the_plan)
        self.now = 1000.0
        self.entries = []
        self.commands: list[Command] = []
        self.feed(ev.RunStarted("r", the_plan.digest, input or {}, seed="seed", **start))

    def feed(self, event, after: float = 0.0) -> list[Command]:
        self.now += after
        result = advance(self.state, event, self.now)
        if result.entry is not None:
            self.entries.append(result.entry)
        self.commands = result.commands
        return result.commands

    def asked(self, path: str) -> PerformAction:
        return next(c for c in reversed(self.commands) if isinstance(c, PerformAction) and c.path == path)

    def seq(self, path: str) -> int:
        return next(p.seq for p in self.state.pending.values() if p.path == path)

    def answer(self, path: str, output=None, usage=None) -> list[Command]:
        return self.feed(ev.ActionSucceeded(path, self.seq(path), output, usage))

    def fail(self, path: str, failure: Failure = REFUSED) -> list[Command]:
        return self.feed(ev.ActionFailed(path, self.seq(path), failure))

    def fire(self, path: str, after: float = 0.0) -> list[Command]:
        timers = [p for p in self.state.pending.values() if p.path == path and p.wake_at is not None]
        return self.feed(ev.TimerFired(path, timers[-1].seq), after)

    def status(self, path: str) -> str:
        return self.state.steps[path].status
