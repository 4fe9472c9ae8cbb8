"""What happens next: for the first step that wants a decision, the events that make it.

The one rule: a function of the state alone. Whatever an expression says is recorded in the events, so that replay
evaluates nothing, and whatever goes wrong is a StepFailed, so that nothing is raised.
"""

from __future__ import annotations

from typing import assert_never

from recipe_engine import expr
from recipe_engine.core import events as ev
from recipe_engine.core.events import Event
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import (
    Branch,
    Call,
    ForEach,
    Group,
    Parallel,
    Perform,
    Repeat,
    Retry,
    Set,
    Stop,
    Transform,
    Wait,
)
from recipe_engine.core.scope import condition, evaluate, failure_of, render, scope_of
from recipe_engine.core.spending import over_limit
from recipe_engine.core.state import State, StepState

MAX_ITEMS = 100_000
MAX_ROUNDS = 100_000
MAX_PUT_OFFS = 30


def decide(state: State) -> list[Event]:
    """The events that the first waiting decision of the state leads to; at least one, none when nothing is ready."""
    if not state.ready or state.paused or state.ended is not None:
        return []
    path = next(iter(state.ready))
    try:
        return _decide_run(state) if not path else _decide_step(state, state.steps[path])
    except (expr.EvaluationError, expr.SyntaxProblem) as error:
        return [ev.StepFailed(path, failure_of(error))]


def _decide_run(state: State) -> list[Event]:
    plan = state.plan
    match state.wants:
        case "begin":
            assert plan.limits.duration is not None
            return [ev.TimerSet("", state.seq + 1, state.now + plan.limits.duration, "duration")]
        case "output":
            assert state.root is not None
            if not plan.has_output:
                return [ev.RunSucceeded(state.root.last)]
            return [ev.RunSucceeded(render(state, plan, plan.output, scope_of(state, state.root.names, "output")))]
        case _:
            assert state.failure is not None
            return [ev.RunFailed(state.failure)]


def _decide_step(state: State, step: StepState) -> list[Event]:
    match step.wants:
        case "begin":
            return _begin(state, step)
        case "again":
            if isinstance(step.step.do, Perform):
                return [ev.StepStarted(step.path, state.seq + 1, step.params, step.attempts + 1)]
            return _enter(state, step)
        case "items":
            return _next_item(state, step)
        case "until":
            return _round_ended(state, step)
        case "round":
            return _next_round(state, step)
        case "output":
            return _call_output(state, step)
        case "settle":
            return [_settle(state, step)]
        case None:
            raise AssertionError(f"{step.path} is ready but wants nothing")
        case _:
            assert_never(step.wants)


def _begin(state: State, step: StepState) -> list[Event]:
    """Skip the step, take its output over from the run that this one retries, or enter it."""
    if step.path in state.reused and isinstance(step.step.do, Perform | Wait | Set | Transform):
        return [ev.StepReused(step.path)]
    if step.step.if_ is not None and not condition(state, step.step.if_, _scope(state, step)):
        return [ev.StepSkipped(step.path)]
    return _enter(state, step)


def _scope(state: State, step: StepState) -> expr.Scope:
    return scope_of(state, step.frame.names, step.path)


def _enter(state: State, step: StepState) -> list[Event]:
    """Begin what the step is there for."""
    do, plan, path = step.step.do, step.frame.plan, step.path
    match do:
        case Perform():
            over = over_limit(state, step)
            if over is not None:
                return [ev.StepFailed(path, over)]
            return [ev.StepStarted(path, state.seq + 1, render(state, plan, do.params, _scope(state, step)))]
        case Set():
            return [ev.StepSucceeded(path, render(state, plan, do.values, _scope(state, step)))]
        case Transform():
            return [ev.StepSucceeded(path, _transform(state, step, do))]
        case Branch():
            scope = _scope(state, step)
            for index, case in enumerate(do.cases):
                if condition(state, case.when, scope):
                    return _timed(state, step, ev.BranchTaken(path, index))
            return _timed(state, step, ev.BranchTaken(path, None if do.otherwise is None else -1))
        case Wait():
            return _wait(state, step, do)
        case ForEach():
            items = expr.to_json(evaluate(state, do.items, _scope(state, step)))
            if not isinstance(items, list):
                return [ev.StepFailed(path, Failure("not_a_list", f"`items` must be a list, found {_kind(items)}"))]
            if len(items) > MAX_ITEMS:
                return [ev.StepFailed(path, Failure("too_many_items", f"{len(items)} items, at most {MAX_ITEMS}"))]
            return _timed(state, step, ev.LoopStarted(path, items))
        case Repeat():
            return _timed(state, step, ev.ItemStarted(path, 0))
        case Parallel() | Group():
            return _timed(state, step, ev.BodyStarted(path))
        case Call():
            return _call(state, step, do)
        case Stop():
            return [_stop(state, step, do)]
        case _:
            assert_never(do)


def _timed(state: State, step: StepState, event: Event) -> list[Event]:
    """A compound step begins, under its time limit when it has one."""
    if step.step.timeout is None:
        return [event]
    limit = ev.TimerSet(step.path, state.seq + 1, state.now + step.step.timeout, "timeout")
    return [limit, event]


def _kind(value: JSON) -> str:
    names = {dict: "an object", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")


def _transform(state: State, step: StepState, do: Transform) -> JSON:
    scope = _scope(state, step)
    items = expr.to_json(evaluate(state, do.items, scope))
    limit = render(state, step.frame.plan, do.limit, scope)
    return expr.transform(
        items,
        scope,
        as_=do.as_,
        where=do.where,
        group_by=do.group_by,
        values=do.values,
        has_values=do.has_values,
        unique_by=do.unique_by,
        sort=do.sort,
        limit=limit,
        functions=state.functions,
    )


# --- waits ------------------------------------------------------------------------------------------------------------


def _wait(state: State, step: StepState, do: Wait) -> list[Event]:
    plan, path, scope = step.frame.plan, step.path, _scope(state, step)
    seq, timeout = state.seq + 1, step.step.timeout
    deadline = None if timeout is None else state.now + timeout
    if do.duration is not None:
        seconds = _seconds(render(state, plan, do.duration, scope))
        return [ev.WaitStarted(path, seq, state.now + seconds)]
    moment = None if do.until is None else _moment(evaluate(state, do.until, scope))
    if moment is not None and (do.event is not None or do.approval is not None):
        deadline = max(moment, state.now)
    elif moment is not None:
        if moment <= state.now:
            match do.if_past:
                case "skip":
                    return [ev.StepSkipped(path, "past")]
                case "fail":
                    return [ev.StepFailed(path, Failure("in_past", "the moment to wait for is past"))]
                case "continue":
                    return [ev.StepSucceeded(path)]
                case _:
                    assert_never(do.if_past)
        return [ev.WaitStarted(path, seq, moment)]
    if do.event is not None:
        name = str(render(state, plan, do.event, scope))
        return [ev.WaitStarted(path, seq, deadline, event=name, match=render(state, plan, do.match, scope) or {})]
    return [ev.WaitStarted(path, seq, deadline, approval=render(state, plan, do.approval, scope) or {})]


def _seconds(value: JSON) -> float:
    try:
        return expr.parse_duration(value)
    except ValueError as error:
        raise expr.EvaluationError(
            "type", f"not a duration: {value!r} (expected for instance 15m, 24h or 10d)"
        ) from error


def _moment(value: object) -> float:
    try:
        return expr.to_moment(value)
    except (ValueError, TypeError) as error:
        raise expr.EvaluationError("type", f"not a date and time: {value!r}") from error


# --- loops ------------------------------------------------------------------------------------------------------------


def _next_item(state: State, step: StepState) -> list[Event]:
    """Start the next item of a for_each, unless its pace asks to wait."""
    do, loop = step.step.do, step.loop
    assert isinstance(do, ForEach)
    assert loop is not None
    if do.pace_count is not None and do.pace_seconds is not None and len(loop.starts) >= do.pace_count:
        free_at = loop.starts[-do.pace_count] + do.pace_seconds
        if free_at > state.now:
            return [ev.TimerSet(step.path, state.seq + 1, free_at, "pace")]
    return [ev.ItemStarted(step.path, loop.next)]


def _round_ended(state: State, step: StepState) -> list[Event]:
    """Ask `until` with the round's own steps in scope."""
    do = step.step.do
    assert isinstance(do, Repeat)
    done = condition(state, do.until, scope_of(state, step.frames["round"].names, step.path))
    return [ev.RoundEnded(step.path, done)]


def _next_round(state: State, step: StepState) -> list[Event]:
    do, loop = step.step.do, step.loop
    assert isinstance(do, Repeat)
    assert loop is not None
    if loop.next >= (do.max_rounds or MAX_ROUNDS):
        failure = Failure("too_many_rounds", f"`until` did not hold after {loop.next} rounds")
        return [ev.StepFailed(step.path, failure)]
    if do.every > 0 and step.status != "waiting":
        return [ev.TimerSet(step.path, state.seq + 1, state.now + do.every, "every")]
    return [ev.ItemStarted(step.path, loop.next)]


# --- called recipes and ends ------------------------------------------------------------------------------------------


def _call(state: State, step: StepState, do: Call) -> list[Event]:
    called = state.plan.recipes[do.recipe]
    given = render(state, step.frame.plan, do.params, _scope(state, step)) or {}
    events = _timed(state, step, ev.BodyStarted(step.path, {**_defaults(called.input_schema), **given}))
    if called.limits.duration is not None:
        seq = state.seq + len(events)
        events.insert(0, ev.TimerSet(step.path, seq, state.now + called.limits.duration, "timeout"))
    return events


def _defaults(schema: JSON) -> JSONObject:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return {name: item["default"] for name, item in properties.items() if isinstance(item, dict) and "default" in item}


def _call_output(state: State, step: StepState) -> list[Event]:
    frame = step.frames["call"]
    if not frame.plan.has_output:
        return [ev.CallEnded(step.path, frame.last)]
    return [
        ev.CallEnded(step.path, render(state, frame.plan, frame.plan.output, scope_of(state, frame.names, step.path)))
    ]


def _stop(state: State, step: StepState, do: Stop) -> Event:
    plan, scope = step.frame.plan, _scope(state, step)
    output = render(state, plan, do.output, scope) if do.has_output else None
    if do.status == "succeeded":
        return ev.Stopped(step.path, output)
    message = render(state, plan, do.message, scope) if do.message is not None else "the recipe stopped the run"
    return ev.Stopped(step.path, output, Failure("stopped", str(message), step=step.path))


# --- failures ---------------------------------------------------------------------------------------------------------


def _settle(state: State, step: StepState) -> Event:
    """What becomes of a failed attempt: in doubt, tried again, or failed."""
    failure, do, retry = step.failing, step.step.do, step.step.retry
    assert failure is not None
    unsure = failure.happened == "maybe" and isinstance(do, Perform) and do.effect == "once"
    if unsure:
        return ev.StepInDoubt(step.path, state.seq + 1, failure)
    if retry is not None and retry.admits(failure) and _may_repeat(step, retry, failure):
        at = state.now + _delay(retry, step.attempts, failure)
        return ev.RetryScheduled(step.path, state.seq + 1, at, failure)
    return ev.StepFailed(step.path, failure)


def _may_repeat(step: StepState, retry: Retry, failure: Failure) -> bool:
    """Whether there is an attempt left. One that was only put off is none, up to a number of them."""
    if failure.put_off and retry.attempts > 1:
        return step.put_offs < MAX_PUT_OFFS
    return step.attempts - step.put_offs < retry.attempts


def _delay(retry: Retry, attempts: int, failure: Failure) -> float:
    """Seconds until the next attempt: the policy's, and never earlier than the vendor asks."""
    match retry.backoff:
        case "none":
            seconds = retry.wait
        case "linear":
            seconds = retry.wait * attempts
        case "exponential":
            seconds = retry.wait * 2.0 ** min(attempts - 1, 30)
        case _:
            assert_never(retry.backoff)
    return max(min(seconds, retry.max_wait), failure.retry_after or 0.0)
