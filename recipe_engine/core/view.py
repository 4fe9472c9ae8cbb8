"""A run as people and programs see it: the one object that the command, the library and the API show."""

from __future__ import annotations

from recipe_engine.core.apply import moment
from recipe_engine.core.events import Usage
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import BETWEEN
from recipe_engine.core.state import State, StepState, total_tokens


def run_view(state: State, *, steps: bool = True) -> JSONObject:
    """The public object of a run.

    `usage` has tokens (all classes together) and cost (US dollars); moments are ISO 8601 in UTC; `error` is None
    or {code, title, detail, step}. `steps` lists step instances in the order in which they began.
    """
    view: JSONObject = {
        "run_id": state.run,
        "recipe": state.plan.slug,
        "status": state.status,
        "output": state.output,
        "error": error_view(state.failure) if state.ended in ("failed", "cancelled") else None,
    }
    if steps:
        began = (step for step in state.steps.values() if step.status != "pending" and step.step.type != BETWEEN)
        view["steps"] = [step_view(step) for step in began]
    view["usage"] = usage_view(state.usage)
    view["started_at"] = None if state.started_at is None else moment(state.started_at)
    view["ended_at"] = None if state.ended_at is None else moment(state.ended_at)
    return view


def step_view(step: StepState) -> JSONObject:
    """The public object of a step instance; `fallbacks` when a stand-in gave its answer."""
    view: JSONObject = {
        "path": step.path,
        "type": step.step.type,
        "status": step.status,
        "attempts": step.attempts,
        "started_at": None if step.started_at is None else moment(step.started_at),
        "ended_at": None if step.ended_at is None else moment(step.ended_at),
        "error": error_view(step.error),
    }
    return {**view, "fallbacks": step.usage.fallbacks} if step.usage and step.usage.fallbacks else view


def error_view(failure: Failure | None) -> JSON:
    """The public object of a failure."""
    if failure is None:
        return None
    return {"code": failure.code, "title": failure.title, "detail": failure.detail, "step": failure.step}


def usage_view(usage: Usage) -> JSONObject:
    """Tokens by class and together, and cost in US dollars; `fallbacks` when a stand-in gave answers, `repairs` when answers
    were sent back."""
    view: JSONObject = {
        "tokens": total_tokens(usage),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost": round(usage.cost, 6),
    }
    more = {"fallbacks": usage.fallbacks, "repairs": usage.repairs}
    return {**view, **{name: count for name, count in more.items() if count}}
