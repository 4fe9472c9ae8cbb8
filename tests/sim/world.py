"""A world around the core: it answers, loses answers, fails, crashes and comes back, as hypothesis tells it to."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import strategies as st

from recipe_engine.core import events as ev
from recipe_engine.core.advance import advance, new_state, outstanding, replay
from recipe_engine.core.commands import AwaitEvent, PerformAction, RequestApproval, SetTimer, Withdraw
from recipe_engine.core.events import Entry
from recipe_engine.core.failure import Failure
from recipe_engine.core.state import State

RETRYABLE = Failure("unavailable", "try again", retryable=True)
LOST = Failure("timeout", "no answer", retryable=True, happened="maybe")
TERMINAL = Failure("refused", "no")


def dump(state: State) -> object:
    """The whole state as comparable data; objects met again are named by where they were first met."""
    seen: dict[int, str] = {}

    def walk(value: object, path: str) -> object:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            if type(value).__name__ == "Plan":
                return value.slug
            if not type(value).__dataclass_params__.frozen:
                if id(value) in seen:
                    return seen[id(value)]
                seen[id(value)] = path
            return {f.name: walk(getattr(value, f.name), f"{path}.{f.name}") for f in dataclasses.fields(value)}
        if isinstance(value, dict):
            return {key: walk(item, f"{path}[{key}]") for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [walk(item, f"{path}[{i}]") for i, item in enumerate(value)]
        if isinstance(value, set):
            return sorted(value, key=repr)
        return value.reason if hasattr(value, "reason") else value

    return walk(state, "state")


class World:
    """One run from its start to its end. `done` counts effects by idempotency key."""

    def __init__(self, plan, data, *, crashes: bool = True) -> None:
        self.plan, self.data, self.crashes = plan, data, crashes
        self.clock = 1_000_000.0
        self.journal: list[object] = []
        self.state = new_state(plan)
        self.open: dict[int, object] = {}
        self.recovered: set[int] = set()
        self.done: Counter[str] = Counter()
        self.performed: list[tuple[str, str]] = []
        self.events = 0

    def run(self, *, most: int = 400) -> State:
        self.feed(ev.RunStarted("r1", self.plan.digest, {"n": 2, "flag": False, "items": [1, 2, 3]}, seed="s"))
        for _ in range(most):
            if self.state.ended:
                break
            self.turn()
        if not self.state.ended:
            self.feed(ev.RunCancelled("test"))
        assert self.state.ended
        assert not outstanding(self.state)
        return self.state

    def feed(self, event) -> bool:
        result = advance(self.state, event, self.clock)
        if result.entry is None:
            assert not result.commands
            return False
        self.journal.append(result.entry.to_json())
        for command in result.commands:
            if isinstance(command, Withdraw):
                self.open.pop(command.seq, None)
            elif not isinstance(command, SetTimer) or command.seq not in self.open:
                self.open[command.seq] = command
        return True

    def crash(self) -> None:
        """The process dies: only the journal is left."""
        back = replay(self.plan, [Entry.from_json(item) for item in self.journal])
        assert dump(back) == dump(self.state)
        self.state = back
        self.open = {}
        for command in outstanding(back):
            self.open.setdefault(command.seq, command)
            if isinstance(command, PerformAction):
                self.recovered.add(command.seq)

    def turn(self) -> None:
        choices = ["answer"] * 6 + ["timer"] * 3 + ["event", "pause", "stale"] + ["crash"] * self.crashes
        match self.data.draw(st.sampled_from(choices)):
            case "crash":
                self.crash()
            case "timer":
                self.timer()
            case "event":
                self.event()
            case "pause":
                self.feed(ev.RunPaused("ops"))
                assert self.state.status in ("paused", "succeeded", "failed", "cancelled")
                if self.data.draw(st.booleans()):
                    self.crash()
                self.feed(ev.RunResumed("ops"))
            case "stale":
                assert not self.feed(ev.ActionSucceeded("s0", 10_000, None))
            case _:
                self.answer()

    def answer(self) -> None:
        asked = [c for c in self.open.values() if not isinstance(c, SetTimer)]
        doubts = [p for p in self.state.pending.values() if p.kind == "doubt"]
        if doubts and (not asked or self.data.draw(st.booleans())):
            doubt = doubts[0]
            outcome = self.data.draw(st.sampled_from(["done", "retry"]))
            if outcome == "retry":
                self.done[self.key(doubt.path)] = 0
            assert self.feed(ev.StepResolved(doubt.path, doubt.seq, outcome, "ops", {"by": "hand"}))
            return
        if not asked:
            self.timer()
            return
        command = self.data.draw(st.sampled_from(asked))
        match command:
            case PerformAction():
                self.perform(command)
            case AwaitEvent():
                self.event()
            case RequestApproval():
                self.open.pop(command.seq)
                assert self.feed(ev.ApprovalGiven(command.path, command.seq, self.data.draw(st.booleans()), "boss"))

    def key(self, path: str) -> str:
        return f"r1/{path}{self.state.steps[path].frame.epoch}"

    def perform(self, command: PerformAction) -> None:
        self.open.pop(command.seq)
        if command.seq in self.recovered and command.effect == "once":
            self.feed(ev.ActionFailed(command.path, command.seq, LOST))
            return
        outcome = self.data.draw(st.sampled_from(["ok", "ok", "ok", "retryable", "terminal", "lost", "lost_before"]))
        if outcome in ("ok", "lost"):
            self.done[command.key] += 1
            if command.effect == "once":
                assert self.done[command.key] == 1, f"{command.path} happened twice"
        usage = ev.Usage(input_tokens=1, cost=0.01)
        match outcome:
            case "ok":
                assert self.feed(ev.ActionSucceeded(command.path, command.seq, {"id": command.key}, usage))
            case "retryable":
                assert self.feed(ev.ActionFailed(command.path, command.seq, RETRYABLE, usage))
            case "terminal":
                assert self.feed(ev.ActionFailed(command.path, command.seq, TERMINAL))
            case _:
                assert self.feed(ev.ActionFailed(command.path, command.seq, LOST))
        assert not self.feed(ev.ActionSucceeded(command.path, command.seq, {"doubled": True}))

    def timer(self) -> None:
        due = self.state.next_wake
        if due is None:
            return
        self.clock = max(self.clock, due)
        for pending in list(self.state.pending.values()):
            if pending.wake_at is not None and pending.wake_at <= self.clock:
                event = ev.TimerFired(pending.path, pending.seq)
                self.open.pop(pending.seq, None)
                if self.feed(event):
                    assert not self.feed(event)

    def event(self) -> None:
        waiting = [p for p in self.state.pending.values() if p.event is not None]
        if waiting:
            self.events += 1
            one = waiting[0]
            self.open.pop(one.seq, None)
            assert self.feed(ev.EventReceived(one.path, one.seq, one.event, f"e{self.events}", {"n": 2}))
