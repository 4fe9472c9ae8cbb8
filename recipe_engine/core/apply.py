"""How events change a run's state: the fold. It evaluates no expression and makes no choice.

The one rule: `apply` is total over what `core.decide` and a checked runtime can produce, and replaying the same events
gives the same state, always. What needs an expression, a policy or a limit is left as a *want* for `core.decide`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import assert_never

from recipe_engine.core import events as ev
from recipe_engine.core.events import Event
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON
from recipe_engine.core.pending import (
    ask,
    cancel_frame,
    cancel_frames,
    count,
    uncount,
    unwant,
    unwant_run,
    want,
    want_run,
    withdraw,
    withdraw_all,
)
from recipe_engine.core.plan import Branch, Call, ForEach, Group, Parallel, Plan, Repeat, Wait
from recipe_engine.core.state import (
    Absent,
    Frame,
    Loop,
    Names,
    Pending,
    PendingKind,
    Role,
    State,
    StepState,
    StepStatus,
)


def apply(state: State, event: Event) -> None:
    """Fold one event into the state."""
    match event:
        case ev.RunStarted():
            _run_started(state, event)
        case ev.ActionSucceeded():
            step = _answered(state, event.path, event.seq)
            count(state, step, event.usage)
            _succeed(state, step, event.output)
        case ev.ActionFailed():
            step = _answered(state, event.path, event.seq)
            count(state, step, event.usage)
            step.failing = event.failure
            want(state, step, "settle")
        case ev.TimerFired():
            _timer_fired(state, event)
        case ev.EventReceived():
            state.seen.add(event.event_id)
            _succeed(state, _answered(state, event.path, event.seq), event.data)
        case ev.ApprovalGiven():
            answer = {"approved": event.approved, "by": event.by, "fields": event.fields or {}}
            _succeed(state, _answered(state, event.path, event.seq), answer)
        case ev.StepResolved():
            step = _answered(state, event.path, event.seq)
            if event.outcome == "done":
                _succeed(state, step, event.output)
            else:
                step.failing = None
                want(state, step, "again")
        case ev.RunPaused():
            state.paused = True
            state.paused_by = event.by
        case ev.RunResumed():
            state.paused = False
            state.paused_by = None
        case ev.RunCancelled():
            _end_run(state, "cancelled")
            state.failure = Failure("cancelled", f"cancelled by {event.by}", event.reason)
        case ev.StepSkipped():
            step = _begun(state, event.path)
            reason = (
                "was skipped: its condition did not hold"
                if event.reason == "if"
                else "was skipped: its moment was past"
            )
            _close(state, step, "skipped", Absent(f"step `{step.step.id}` {reason}"))
        case ev.StepReused():
            _succeed(state, _begun(state, event.path), state.reused[event.path])
        case ev.StepStarted():
            step = _begun(state, event.path)
            step.attempts = event.attempt
            step.status = "running"
            step.params = event.params
            ask(state, step, Pending(event.path, event.seq, "action"))
        case ev.StepSucceeded():
            step = _begun(state, event.path)
            step.attempts = 1
            _succeed(state, step, event.output)
        case ev.StepFailed():
            if event.path:
                step = _begun(state, event.path)
                step.failing = None
                _fail(state, step, event.failure.at(event.path))
            else:
                unwant_run(state)
                _run_failing(state, event.failure)
        case ev.RetryScheduled():
            step = state.steps[event.path]
            unwant(state, step)
            withdraw_all(state, step)
            cancel_frames(state, step)
            step.failing = None
            step.loop = None
            step.status = "retrying"
            step.error = event.failure
            step.put_offs += event.failure.put_off
            ask(state, step, Pending(event.path, event.seq, "timer", "retry", event.at))
        case ev.StepInDoubt():
            step = state.steps[event.path]
            unwant(state, step)
            step.failing = None
            step.status = "in_doubt"
            step.error = event.failure
            ask(state, step, Pending(event.path, event.seq, "doubt"))
        case ev.BranchTaken():
            _branch_taken(state, event)
        case ev.WaitStarted():
            step = _begun(state, event.path)
            step.status = "waiting"
            step.attempts += 1
            kind: PendingKind = "approval" if event.approval is not None else "wait"
            pending = Pending(event.path, event.seq, kind, "", event.wake_at, event.event, event.match, event.approval)
            ask(state, step, pending)
        case ev.LoopStarted():
            step = _begun(state, event.path)
            step.attempts += 1
            step.loop = Loop(items=event.items)
            _more_items(state, step)
        case ev.ItemStarted():
            _item_started(state, event)
        case ev.RoundEnded():
            step = state.steps[event.path]
            unwant(state, step)
            frame = step.frames.pop("round")
            _round_over(step, frame)
            if event.done:
                _succeed(state, step, frame.last)
            else:
                want(state, step, "round")
        case ev.BodyStarted():
            _body_started(state, event)
        case ev.TimerSet():
            _timer_set(state, event)
        case ev.CallEnded():
            _succeed(state, _begun(state, event.path), event.output)
        case ev.Stopped():
            _stopped(state, event)
        case ev.RunSucceeded():
            state.output = event.output
            _end_run(state, "succeeded")
        case ev.RunFailed():
            state.failure = event.failure
            _end_run(state, "failed")
        case _:
            assert_never(event)


# --- beginning and ending a run ---------------------------------------------------------------------------------------


def _run_started(state: State, event: ev.RunStarted) -> None:
    plan = state.plan
    state.run = event.run
    state.origin = event.origin or event.run
    state.seed = event.seed
    state.input = event.input
    state.config = event.config
    state.reused = event.reused or {}
    state.started_at = state.now
    about = {"id": event.run, "started_at": moment(state.now), "recipe": plan.slug}
    secrets = _secrets(plan, event.seed)
    names = Names({**event.input, "config": event.config or {}, "run": about, "event": event.event, "secrets": secrets})
    if plan.limits.duration is not None:
        want_run(state, "begin")
    state.root = Frame("root", None, plan, plan.blocks[plan.root], names, "")
    _next_step(state, state.root)


@lru_cache(maxsize=4096)
def moment(seconds: float) -> str:
    """A moment as text: ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _secrets(plan: Plan, seed: str) -> dict[str, str]:
    """Opaque markers under the names of secrets: only the runtime can turn those of this run into values."""
    names = plan.secret_names.union(*(called.secret_names for called in plan.recipes.values()))
    return {name: f"\x02secret:{seed}:{name}\x03" for name in names}


def _run_failing(state: State, failure: Failure) -> None:
    """The run's own steps failed: its handler runs once, then the run is settled."""
    state.failure = failure
    if state.root is not None:
        cancel_frame(state, state.root)
    for pending in [item for item in state.pending.values() if not item.path]:
        withdraw(state, pending)
    plan = state.plan
    if plan.on_error is not None and state.handler is None and state.root is not None:
        names = Names({"error": failure.value()}, state.root.names)
        state.handler = Frame("run_handler", None, plan, plan.blocks[plan.on_error], names, "")
        _next_step(state, state.handler)
    else:
        want_run(state, "settle")


def _end_run(state: State, ended: str) -> None:
    for frame in (state.root, state.handler):
        if frame is not None:
            cancel_frame(state, frame)
    for pending in list(state.pending.values()):
        withdraw(state, pending)
    state.ready.clear()
    state.wants = None
    state.paused = False
    state.ended = ended  # type: ignore[assignment]  # one of the three ends
    state.ended_at = state.now


def _stopped(state: State, event: ev.Stopped) -> None:
    """End the nearest called recipe, or the run."""
    step = _begun(state, event.path)
    step.status = "succeeded"
    step.attempts = 1
    step.started_at = step.ended_at = state.now
    frame = step.frame
    while frame.owner is not None and frame.role != "call":
        for other in frame.owner.frames.values():
            if other is not frame:
                cancel_frame(state, other)
        frame.owner.status = step.status
        frame.owner.ended_at = state.now
        withdraw_all(state, frame.owner)
        frame = frame.owner.frame
    if frame.owner is None:
        if event.failure is None:
            state.output = event.output
            _end_run(state, "succeeded")
        elif frame.role == "run_handler":
            state.failure = event.failure
            _end_run(state, "failed")
        else:
            _run_failing(state, event.failure)
    elif event.failure is None:
        cancel_frames(state, frame.owner)
        _succeed(state, frame.owner, event.output)
    else:
        _body_failed(state, frame, event.failure)


# --- frames -------------------------------------------------------------------------------------------------------------


def _open(
    state: State, owner: StepState, role: Role, block: int, *, key: int | str, names: Names | None = None
) -> None:
    """Open a frame of `owner` and begin its first step."""
    _next_step(state, _frame(owner, role, block, key=key, names=names))


def _frame(owner: StepState, role: Role, block: int, *, key: int | str, names: Names | None = None) -> Frame:
    """A new frame of `owner` on a block of the plan that the owner stands in."""
    outer = owner.frame
    plan, prefix = outer.plan, outer.prefix
    epoch = f"{outer.epoch}~{owner.step.id}.{owner.attempts}" if owner.attempts > 1 else outer.epoch
    if role in ("item", "round"):
        index = owner.loop.next - 1 if owner.loop is not None else 0
        prefix = f"{owner.path}[{index}]/"
    frame = Frame(role, owner, plan, plan.blocks[block], names or outer.names, prefix, epoch, key)
    owner.frames[key] = frame
    return frame


def _next_step(state: State, frame: Frame) -> None:
    """Make the frame's next step current, or end the frame."""
    if frame.position >= len(frame.block):
        frame.current = None
        _frame_done(state, frame)
        return
    definition = frame.plan.steps[frame.block[frame.position]]
    step = StepState(frame.prefix + definition.id, definition, frame)
    state.steps[step.path] = step
    frame.current = step
    want(state, step, "begin")


def _frame_done(state: State, frame: Frame) -> None:
    """All steps of a frame were worked through."""
    owner = frame.owner
    if owner is None:
        want_run(state, "output" if frame.role == "root" else "settle")
        return
    match frame.role:
        case "arm" | "body" | "timeout":
            del owner.frames[frame.key]
            if frame.role == "body" and _always(state, owner, None, frame.last):
                return
            _succeed(state, owner, frame.last)
        case "lane":
            del owner.frames[frame.key]
            owner.output[frame.key] = frame.last
            if not owner.frames:
                _succeed(state, owner, owner.output)
        case "item":
            _item_done(state, owner, frame, frame.last, None)
        case "round":
            want(state, owner, "until")
        case "call":
            want(state, owner, "output")
        case "always":
            del owner.frames[frame.key]
            if owner.failing is not None:
                want(state, owner, "settle")
            else:
                _succeed(state, owner, owner.output)
        case "handler":
            del owner.frames[frame.key]
            _handled(state, owner, frame.last)
        case "call_handler":
            del owner.frames[frame.key]
            want(state, owner, "settle")
        case "root" | "run_handler":
            raise AssertionError("the run's own frames have no owner")
        case _:
            assert_never(frame.role)


def _body_failed(state: State, frame: Frame, failure: Failure) -> None:
    """A frame ended by a failure that no step of it handled: its owner has to deal with it."""
    owner = frame.owner
    if owner is None:
        if frame.role == "root":
            _run_failing(state, failure)
        else:
            want_run(state, "settle")
        return
    if frame.role == "item" and isinstance(owner.step.do, ForEach) and owner.step.do.on_item_error == "collect":
        _item_done(state, owner, frame, None, failure)
        return
    cancel_frames(state, owner)
    unwant(state, owner)
    if frame.role == "handler":
        _close(state, owner, "failed", Absent(f"step `{owner.step.id}` failed"), failure, propagate=True)
        return
    if frame.role == "body" and _always(state, owner, failure, None):
        return
    if frame.role == "call" and _call_handler(state, owner, frame, failure):
        return
    if frame.role != "call_handler":
        owner.failing = failure
    want(state, owner, "settle")


def _always(state: State, owner: StepState, failure: Failure | None, output: JSON) -> bool:
    """Open the `always` block of a group once its body ended; False when it has none."""
    do = owner.step.do
    if not isinstance(do, Group) or do.always is None:
        return False
    owner.failing = failure
    owner.output = output
    _open(state, owner, "always", do.always, key="always")
    return True


def _call_handler(state: State, owner: StepState, frame: Frame, failure: Failure) -> bool:
    """Open the called recipe's own `on_error`; False when it has none."""
    plan = frame.plan
    if plan.on_error is None:
        return False
    owner.failing = failure
    names = Names({"error": failure.value()}, frame.names)
    handler = Frame(
        "call_handler", owner, plan, plan.blocks[plan.on_error], names, frame.prefix, frame.epoch, "handler"
    )
    owner.frames["handler"] = handler
    _next_step(state, handler)
    return True


# --- steps --------------------------------------------------------------------------------------------------------------


def _begun(state: State, path: str) -> StepState:
    """The step that an event of the core is about, no longer wanting anything."""
    step = state.steps[path]
    unwant(state, step)
    if step.started_at is None:
        step.started_at = state.now
    if step.status in ("pending", "retrying"):
        step.status = "running"
    return step


def _answered(state: State, path: str, seq: int) -> StepState:
    """The step whose pending request `seq` was answered."""
    pending = state.pending.pop(seq)
    step = state.steps[path]
    step.pending.discard(seq)
    uncount(state, pending)
    return step


def _succeed(state: State, step: StepState, output: JSON) -> None:
    step.output = output
    step.failing = None
    step.error = None
    _close(state, step, "succeeded", output)


def _handled(state: State, step: StepState, output: JSON) -> None:
    """The step's `on_error` block dealt with its failure: the block's output is the step's."""
    step.output = output
    _close(state, step, "failed", output)


def _close(
    state: State,
    step: StepState,
    status: StepStatus,
    value: JSON | Absent,
    failure: Failure | None = None,
    *,
    propagate: bool = False,
) -> None:
    """End a step: bind its name, then go on with its frame, or fail it."""
    unwant(state, step)
    withdraw_all(state, step)
    step.status = status
    step.ended_at = state.now
    step.loop = None
    step.params = None
    step.frames = {}
    frame = step.frame
    frame.names.own[step.step.id] = value
    if failure is not None:
        step.error = failure
    if propagate and failure is not None:
        _body_failed(state, frame, failure)
        return
    if not isinstance(value, Absent):
        frame.last = value
    frame.position += 1
    _next_step(state, frame)


def _fail(state: State, step: StepState, failure: Failure) -> None:
    """A step failed for good: its `on_error` decides what becomes of it."""
    cancel_frames(state, step)
    withdraw_all(state, step)
    step.error = failure
    on_error = step.step.on_error
    gone = Absent(f"step `{step.step.id}` failed ({failure.code})")
    if on_error == "continue":
        _close(state, step, "failed", gone)
    elif isinstance(on_error, int):
        step.status = "running"
        _open(
            state, step, "handler", on_error, key="handler", names=Names({"error": failure.value()}, step.frame.names)
        )
    else:
        _close(state, step, "failed", gone, failure, propagate=True)


def _branch_taken(state: State, event: ev.BranchTaken) -> None:
    step = _begun(state, event.path)
    step.attempts += 1
    do = step.step.do
    assert isinstance(do, Branch)
    if event.case is None:
        _close(state, step, "succeeded", Absent(f"no case of `{step.step.id}` held"))
        return
    block = do.otherwise if event.case < 0 else do.cases[event.case].block
    assert block is not None
    _open(state, step, "arm", block, key="arm")


def _body_started(state: State, event: ev.BodyStarted) -> None:
    step = _begun(state, event.path)
    step.attempts += 1
    do = step.step.do
    if isinstance(do, Group):
        _open(state, step, "body", do.body, key="body")
    elif isinstance(do, Parallel):
        step.output = {}
        for lane in do.lanes:
            step.output[lane.name] = None
        frames = [_frame(step, "lane", lane.block, key=lane.name) for lane in do.lanes]
        if not frames:
            _succeed(state, step, {})
        for frame in frames:
            _next_step(state, frame)
    else:
        assert isinstance(do, Call)
        _open_call(state, step, do, event.input)


def _open_call(state: State, step: StepState, do: Call, given: JSON) -> None:
    """Open a called recipe in a scope of its own: its input, and what belongs to the run."""
    plan = state.plan.recipes[do.recipe]
    root = state.root
    assert root is not None
    names = Names({**given, **{name: root.names.own[name] for name in ("config", "run", "event", "secrets")}})
    outer = step.frame
    epoch = f"{outer.epoch}~{step.step.id}.{step.attempts}" if step.attempts > 1 else outer.epoch
    step.usage_before = state.usage
    frame = Frame("call", step, plan, plan.blocks[plan.root], names, f"{step.path}/", epoch, "call")
    step.frames["call"] = frame
    _next_step(state, frame)


# --- loops --------------------------------------------------------------------------------------------------------------


def _item_started(state: State, event: ev.ItemStarted) -> None:
    step = _begun(state, event.path)
    do = step.step.do
    if isinstance(do, Repeat):
        if step.loop is None:
            step.attempts += 1
            step.loop = Loop(items=[])
        step.loop.next = event.index + 1
        step.status = "running"
        before = {} if do.rounds_as is None else {do.rounds_as: list(step.loop.results.values())}
        _open(state, step, "round", do.body, key="round", names=Names(before, step.frame.names))
        return
    assert isinstance(do, ForEach)
    loop = step.loop
    assert loop is not None
    loop.next = event.index + 1
    if do.pace_count is not None:
        loop.starts = [*loop.starts, state.now][-do.pace_count :]
    own = {do.as_: loop.items[event.index]}
    if do.index_as is not None:
        own[do.index_as] = event.index
    names = Names(own, step.frame.names)
    _open(state, step, "item", do.body, key=event.index, names=names)
    if step.loop is not None and step.failing is None:
        _more_items(state, step)


def _round_over(step: StepState, frame: Frame) -> None:
    """Keep the output of a round for those after it, where they see it."""
    do, loop = step.step.do, step.loop
    if isinstance(do, Repeat) and do.rounds_as is not None and loop is not None:
        loop.results[loop.next - 1] = frame.last


def _more_items(state: State, step: StepState) -> None:
    """End the loop when every item is done, or want the next items when there is room."""
    loop, do = step.loop, step.step.do
    assert loop is not None
    assert isinstance(do, ForEach)
    if loop.next >= len(loop.items):
        if not step.frames and len(loop.results) + len(loop.errors) >= len(loop.items):
            results = [loop.results[index] for index in sorted(loop.results)]
            errors = sorted(loop.errors, key=lambda item: item["index"])
            _succeed(state, step, {"results": results, "errors": errors})
    elif not loop.paced and len(step.frames) < do.concurrency:
        want(state, step, "items")


def _item_done(state: State, owner: StepState, frame: Frame, output: JSON, failure: Failure | None) -> None:
    loop = owner.loop
    assert loop is not None
    assert isinstance(frame.key, int)
    owner.frames.pop(frame.key, None)
    if failure is None:
        loop.results[frame.key] = output
    else:
        loop.errors.append({"index": frame.key, "item": loop.items[frame.key], "error": failure.value()})
    _more_items(state, owner)


# --- timers -------------------------------------------------------------------------------------------------------------


def _timer_set(state: State, event: ev.TimerSet) -> None:
    pending = Pending(event.path, event.seq, "timer", event.purpose, event.at)
    if not event.path:
        unwant_run(state)
        state.seq = max(state.seq, event.seq)
        state.pending[event.seq] = pending
        return
    step = state.steps[event.path]
    if event.purpose in ("pace", "every"):
        unwant(state, step)
    if event.purpose == "every":
        step.status = "waiting"
    if step.loop is not None and event.purpose == "pace":
        step.loop.paced = True
    ask(state, step, pending)


def _timer_fired(state: State, event: ev.TimerFired) -> None:
    pending = state.pending[event.seq]
    if not event.path:
        state.pending.pop(event.seq)
        limit = state.plan.limits.duration
        _run_failing(state, Failure("limit_duration", f"the run took longer than its limit of {limit:g} seconds"))
        return
    step = _answered(state, event.path, event.seq)
    match pending.purpose:
        case "retry":
            want(state, step, "again")
        case "pace":
            assert step.loop is not None
            step.loop.paced = False
            _more_items(state, step)
        case "every":
            want(state, step, "round")
        case "timeout":
            _timed_out(state, step)
        case _:
            do = step.step.do
            assert isinstance(do, Wait)
            if pending.event is None and pending.approval is None:
                _succeed(state, step, None)
            else:
                _timed_out(state, step)


def _timed_out(state: State, step: StepState) -> None:
    """A step's time is up: its `on_timeout` block runs, or it fails."""
    do = step.step.do
    cancel_frames(state, step)
    unwant(state, step)
    withdraw_all(state, step)
    if isinstance(do, Wait | Repeat) and do.on_timeout is not None:
        step.status = "running"
        _open(state, step, "timeout", do.on_timeout, key="timeout")
        return
    failure = Failure("timeout", "the time limit passed", step=step.path, retryable=not isinstance(do, Wait))
    if _always(state, step, failure, None):
        return
    step.failing = failure
    want(state, step, "settle")
