"""The core's door: hand it what happened, get back what to record and what to do.

    state = new_state(plan)
    step = advance(state, RunStarted(...), at=now)
    # commit step.entry, then carry out step.commands; every answer goes back into advance

The rules. `advance` never raises for anything an author, a vendor or a clock can do. An entry is committed before its
commands are carried out: intents stand in the journal before effects. `replay` of the entries gives the same state,
and `outstanding` of that state is everything that still has to be asked of the outside, so recovery is: replay, then
carry out what is outstanding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from recipe_engine.core import events as ev
from recipe_engine.core.apply import apply
from recipe_engine.core.commands import AwaitEvent, Command, PerformAction, RequestApproval, SetTimer, Withdraw
from recipe_engine.core.decide import decide
from recipe_engine.core.events import Entry, Event
from recipe_engine.core.plan import Perform, Plan
from recipe_engine.core.spending import left
from recipe_engine.core.state import Pending, State


@dataclass(frozen=True, slots=True)
class Advance:
    """`entry` is to be committed, then `commands` carried out. No entry: the event was stale and changes nothing."""

    entry: Entry | None
    commands: list[Command]


def new_state(plan: Plan) -> State:
    """The state of a run that has not begun; its first event must be RunStarted."""
    return State(plan)


def advance(state: State, event: Event, at: float, functions: Mapping[str, Any] | None = None) -> Advance:
    """Take in an event from outside at the moment `at` (seconds since 1970) and decide all that follows from it.

    `functions` is the table of what expressions may call, None for the language's own.
    """
    state.functions = functions
    if not fits(state, event):
        return Advance(None, [])
    before = state.seq
    state.now = max(state.now, at)
    apply(state, event)
    recorded: list[Event] = [event]
    while following := decide(state):
        for decided in following:
            apply(state, decided)
        recorded += following
    commands: list[Command] = [Withdraw(item.path, item.seq) for item in state.withdrawn if item.seq <= before]
    state.withdrawn.clear()
    for seq in range(before + 1, state.seq + 1):
        if seq in state.pending:
            commands += _commands(state, state.pending[seq])
    return Advance(Entry(state.now, tuple(recorded)), commands)


def replay(plan: Plan, entries: Iterable[Entry]) -> State:
    """The state that the entries of a journal lead to."""
    state = State(plan)
    for entry in entries:
        state.now = entry.at
        for event in entry.events:
            apply(state, event)
    state.withdrawn.clear()
    return state


def outstanding(state: State) -> list[Command]:
    """Everything that was asked of the outside and not answered, in the order in which it was asked."""
    if state.ended is not None:
        return []
    return [command for pending in state.pending.values() for command in _commands(state, pending)]


def fits(state: State, event: Event) -> bool:
    """Whether an event from outside still means something to the run: stale and doubled ones do not."""
    if state.started_at is None or state.ended is not None:
        return isinstance(event, ev.RunStarted) and state.started_at is None
    match event:
        case ev.ActionSucceeded() | ev.ActionFailed():
            return _pending(state, event.path, event.seq, "action")
        case ev.TimerFired():
            pending = state.pending.get(event.seq)
            return pending is not None and pending.path == event.path and pending.wake_at is not None
        case ev.EventReceived():
            waiting = state.pending.get(event.seq)
            awaited = waiting is not None and waiting.event == event.event and waiting.path == event.path
            return awaited and event.event_id not in state.seen
        case ev.ApprovalGiven():
            return _pending(state, event.path, event.seq, "approval")
        case ev.StepResolved():
            return _pending(state, event.path, event.seq, "doubt")
        case ev.RunPaused():
            return not state.paused
        case ev.RunResumed():
            return state.paused
        case ev.RunCancelled() | ev.RunFailed():
            return True
        case _:
            return False


def _pending(state: State, path: str, seq: int, kind: str) -> bool:
    pending = state.pending.get(seq)
    return pending is not None and pending.path == path and pending.kind == kind


def _commands(state: State, pending: Pending) -> list[Command]:
    """What the outside is asked to do for something pending: nothing for a step in doubt, a person moves it."""
    commands: list[Command] = []
    match pending.kind:
        case "action":
            commands.append(_perform(state, pending))
        case "wait":
            if pending.event is not None:
                commands.append(AwaitEvent(pending.path, pending.seq, pending.event, pending.match))
        case "approval":
            asked = pending.approval
            commands.append(
                RequestApproval(
                    pending.path, pending.seq, str(asked.get("ask", "")), asked.get("to"), asked.get("fields")
                )
            )
        case "timer" | "doubt":
            pass
        case _:
            assert_never(pending.kind)
    if pending.wake_at is not None:
        commands.append(SetTimer(pending.path, pending.seq, pending.wake_at))
    return commands


def _perform(state: State, pending: Pending) -> PerformAction:
    step = state.steps[pending.path]
    do = step.step.do
    assert isinstance(do, Perform)
    cost_left, tokens_left = left(state, step)
    return PerformAction(
        path=pending.path,
        seq=pending.seq,
        step=step.step.id,
        action=do.action,
        params=step.params,
        effect=do.effect,
        key=f"{state.origin}/{pending.path}{step.frame.epoch}",
        attempt=step.attempts,
        timeout=step.step.timeout,
        cost_left=cost_left,
        tokens_left=tokens_left,
        retry=step.step.retry,
    )
