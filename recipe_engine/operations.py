"""Retrying a run that ended: which of its work is taken over, and what is done again.

The one rule: paid work before the step from which the retry goes on is never repeated. The new run has the origin of
the old one, so that idempotency keys stay the same for what is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recipe_engine.core.advance import replay
from recipe_engine.core.events import Entry, RunStarted
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Branch, Call, ForEach, Group, Parallel, Perform, Plan, Repeat, Step, Wait
from recipe_engine.core.state import Frame, State, StepState
from recipe_engine.diagnostics import suggest
from recipe_engine.errors import RecipeError

_INDEX = re.compile(r"\[\d+\]")


class RetryRefused(RecipeError):
    """The run cannot be retried so."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A run to start in the place of one that ended.

    `reused` maps step paths to the outputs taken over. `again` are the paths of steps that had succeeded and are done
    again all the same, `changed` those among them whose step the fixed recipe has changed or no longer has.
    `uncertain` are steps done again of which nobody knows whether they had happened.
    """

    plan: Plan
    input: JSON
    config: JSON
    event: JSON
    reused: JSONObject
    again: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()


def continuation(
    plan: Plan, entries: Iterable[Entry], *, fixed: Plan | None = None, start_at: str | None = None
) -> Continuation:
    """How to go on with an ended run of `plan` whose journal is `entries`.

    `fixed` is a mended recipe to go on with. `start_at` names the step (its id, or its path without indexes) from which
    everything is done again; without it, whatever succeeded is taken over. Raises RetryRefused when the run has not
    ended, has nothing left to do, or has no such step.
    """
    journal = list(entries)
    state = replay(plan, journal)
    target = fixed or plan
    # Steps that the engine put into a plan may share a name: the first of them has the place.
    order = {path: place for place, path in enumerate(dict.fromkeys(_paths(target, target)))}
    limit = len(order) if start_at is None else order[_place(start_at, order)]
    _refuse_unfinished(state, fixed, start_at)
    reused: JSONObject = {}
    again: list[str] = []
    changed: list[str] = []
    for step in _succeeded_leaves(state):
        place = order.get(_bare(step.path))
        if place is not None and place >= limit:
            again.append(step.path)
        elif fixed is None or _same_work(step.step, _step(target, _bare(step.path))):
            reused[step.path] = step.output
        elif isinstance(step.step.do, Perform | Wait):
            again.append(step.path)
            changed.append(step.path)
    started = journal[0].events[0]
    assert isinstance(started, RunStarted)
    return Continuation(
        target, state.input, state.config, started.event, reused, tuple(again), tuple(changed), _uncertain(state)
    )


def _refuse_unfinished(state: State, fixed: Plan | None, start_at: str | None) -> None:
    if state.ended is None:
        raise RetryRefused(
            f"run {state.run} has not ended, it is {state.status.replace('_', ' ')}",
            "cancel it first (`recipe runs cancel`), or let it go on (`recipe runs resume`, `recipe worker`)",
        )
    if state.ended == "succeeded" and fixed is None and start_at is None:
        raise RetryRefused(
            f"run {state.run} succeeded: there is nothing to do again", "--from STEP says from where to repeat it"
        )


def _succeeded_leaves(state: State) -> Iterator[StepState]:
    """Steps with work of their own that succeeded. What the run's handler did about its failure is no part of them:
    should the run fail again, its handler has to speak again."""
    for step in state.steps.values():
        inner = isinstance(step.step.do, Branch | ForEach | Repeat | Parallel | Group | Call)
        if step.status == "succeeded" and not inner and not _in_run_handler(step.frame):
            yield step


def _in_run_handler(frame: Frame | None) -> bool:
    while frame is not None:
        if frame.role in ("run_handler", "call_handler"):
            return True
        frame = frame.owner.frame if frame.owner else None
    return False


def _same_work(before: Step, after: Step | None) -> bool:
    """Whether an output still stands for a step of the fixed recipe. What the core evaluates costs nothing and may be
    what was mended, so it is done again."""
    if after is None:
        return False
    if isinstance(before.do, Perform) and isinstance(after.do, Perform):
        return before.do.action == after.do.action
    return isinstance(before.do, Wait) and isinstance(after.do, Wait)


def _uncertain(state: State) -> tuple[str, ...]:
    return tuple(
        step.path
        for step in state.steps.values()
        if step.status != "succeeded" and step.error is not None and step.error.code == "outcome_unknown"
    )


# --- the order of the steps of a plan ---------------------------------------------------------------------------------


def _paths(plan: Plan, whole: Plan, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """The path of every step, without indexes, in the order in which the recipe reads."""
    yield from _block_paths(plan, whole, plan.root, prefix, depth)
    if plan.on_error is not None:
        yield from _block_paths(plan, whole, plan.on_error, prefix, depth)


def _block_paths(plan: Plan, whole: Plan, block: int, prefix: str, depth: int) -> Iterator[str]:
    for index in plan.blocks[block]:
        step = plan.steps[index]
        path = f"{prefix}{step.id}"
        yield path
        if isinstance(step.do, ForEach | Repeat):
            yield from _block_paths(plan, whole, step.do.body, f"{path}/", depth)
        for inner in _inner_blocks(step):
            yield from _block_paths(plan, whole, inner, prefix, depth)
        if isinstance(step.do, Call) and depth <= len(whole.recipes):
            yield from _paths(whole.recipes[step.do.recipe], whole, f"{path}/", depth + 1)


def _inner_blocks(step: Step) -> Iterator[int]:
    """The blocks of a step whose steps have paths beside its own: all but the body of a loop."""
    match step.do:
        case Branch(cases, otherwise):
            yield from (case.block for case in cases)
            if otherwise is not None:
                yield otherwise
        case Wait(on_timeout=late) | Repeat(on_timeout=late) if late is not None:
            yield late
        case Parallel(lanes):
            yield from (lane.block for lane in lanes)
        case Group(body, always):
            yield body
            if always is not None:
                yield always
        case _:
            pass
    if isinstance(step.on_error, int):
        yield step.on_error


def _bare(path: str) -> str:
    return _INDEX.sub("", path)


def _place(name: str, order: JSONObject) -> str:
    """The path that a step's id, or its path with or without indexes, means."""
    bare = _bare(name)
    found = [bare] if bare in order else [path for path in order if path.rpartition("/")[2] == bare]
    if len(found) == 1:
        # A loop whose questions are handed over together begins with these.
        before, slash, last = found[0].rpartition("/")
        together = f"{before}{slash}_{last}_batch"
        return together if together in order else found[0]
    if found:
        raise RetryRefused(f"there are several steps {name!r}", f"say which: {', '.join(found)}")
    near = suggest(bare, order)
    raise RetryRefused(
        f"the recipe has no step {name!r}", f"did you mean {near}?" if near else f"it has {', '.join(order)}"
    )


def _step(plan: Plan, bare: str) -> Step | None:
    """The step at a path without indexes; None when the plan has none."""
    here, found = plan, None
    for name in bare.split("/"):
        if found is not None and isinstance(found.do, Call):
            here = plan.recipes[found.do.recipe]
        found = next((step for step in here.steps if step.id == name), None)
        if found is None:
            return None
    return found
