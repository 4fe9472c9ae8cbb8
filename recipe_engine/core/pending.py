"""What is pending, wanted and counted in a state: the bookkeeping under `core.apply`, and what cancelling undoes.

The one rule: `state.pending`, a step's own `pending`, and the counts of what is in flight or in doubt change only here,
and always together.
"""

from __future__ import annotations

from collections.abc import Iterable

from recipe_engine.core.events import Usage
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Perform
from recipe_engine.core.state import ENDED, Frame, Pending, State, StepState, Wants, add_usage


def meant(found: Iterable[Pending], step: str | None) -> list[Pending]:
    """What a step's path or id means among what is pending; everything without one. A step that others are inside means what
    is pending there: the approval of a tool, by the step whose model calls it."""
    pending = list(found)
    if step is None:
        return pending
    own = [item for item in pending if step in (item.path, item.path.rpartition("/")[2])]
    return own or [item for item in pending if step in _around(item.path)]


def _around(path: str) -> set[str]:
    """The paths and ids of the steps that a path leads through."""
    parts = path.split("/")[:-1]
    paths = {"/".join(parts[: number + 1]) for number in range(len(parts))}
    return paths | {part.partition("[")[0] for part in parts}


def want(state: State, step: StepState, wants: Wants) -> None:
    step.wants = wants
    state.ready[step.path] = None


def unwant(state: State, step: StepState) -> None:
    if step.wants is not None:
        step.wants = None
        state.ready.pop(step.path, None)


def want_run(state: State, wants: Wants) -> None:
    state.wants = wants
    state.ready[""] = None


def unwant_run(state: State) -> None:
    state.wants = None
    state.ready.pop("", None)


def ask(state: State, step: StepState, pending: Pending) -> None:
    state.seq = max(state.seq, pending.seq)
    state.pending[pending.seq] = pending
    step.pending.add(pending.seq)
    step.seq = pending.seq
    if pending.kind == "action":
        state.in_flight += 1
    elif pending.kind == "doubt":
        state.doubts += 1


def uncount(state: State, pending: Pending) -> None:
    if pending.kind == "action":
        state.in_flight -= 1
    elif pending.kind == "doubt":
        state.doubts -= 1


def withdraw(state: State, pending: Pending) -> None:
    del state.pending[pending.seq]
    uncount(state, pending)
    state.withdrawn.append(pending)


def withdraw_all(state: State, step: StepState) -> None:
    for seq in step.pending:
        withdraw(state, state.pending[seq])
    step.pending.clear()


def count(state: State, step: StepState, usage: Usage | None) -> None:
    if usage is not None:
        state.usage = add_usage(state.usage, usage)
        step.usage = usage if step.usage is None else add_usage(step.usage, usage)


def cancel_frames(state: State, owner: StepState) -> None:
    """Cancel whatever runs inside a compound step."""
    for frame in list(owner.frames.values()):
        cancel_frame(state, frame)
    owner.frames.clear()


def cancel_frame(state: State, frame: Frame) -> None:
    stack = [frame]
    while stack:
        step = stack.pop().current
        if step is None or step.status in ENDED:
            continue
        stack.extend(step.frames.values())
        unknown = (
            step.status in ("running", "in_doubt")
            and isinstance(step.step.do, Perform)
            and step.step.do.effect == "once"
        )
        if unknown and step.pending:
            step.error = Failure("outcome_unknown", "cancelled under way: the effect may have happened", step=step.path)
        unwant(state, step)
        withdraw_all(state, step)
        if step.status == "pending":
            state.steps.pop(step.path, None)
        step.status = "cancelled"
        step.ended_at = state.now
        step.frames = {}
