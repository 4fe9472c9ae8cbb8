"""What an expression sees at a step: the names around it, the run's recorded time, and its share of randomness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recipe_engine import expr
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON
from recipe_engine.core.plan import Plan
from recipe_engine.core.state import Absent, Names, State

_MISSING = object()


def scope_of(state: State, names: Names, path: str) -> expr.Scope:
    """The scope of the step at `path`; `random` differs between steps and agrees between replays."""

    def lookup(name: str) -> object:
        value = names.lookup(name, _MISSING)
        if value is _MISSING:
            return expr.UNDEFINED(f"`{name}` has no value here: its step has not run")
        if isinstance(value, Absent):
            return expr.UNDEFINED(value.reason)
        return value

    return expr.Scope(lookup, state.now, f"{state.seed}:{path}")


def condition(state: State, source: str, scope: expr.Scope) -> bool:
    """Whether a bare expression holds.

    Raises expr.EvaluationError.
    """
    return expr.truthy(expr.compile_expression(source, state.functions)(scope))


def evaluate(state: State, source: str, scope: expr.Scope) -> Any:
    """The value of a bare expression, typed as expressions type it (moments, durations).

    Raises expr.EvaluationError.
    """
    return expr.compile_expression(source, state.functions)(scope)


def render(state: State, plan: Plan, value: JSON, scope: expr.Scope) -> JSON:
    """A value of the plan with its templates rendered. What they produced is data and is not rendered again.

    Raises expr.EvaluationError.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    renderer: Callable[[expr.Scope], JSON] | None = plan.memo.get(id(value))
    if renderer is None:
        renderer = plan.memo[id(value)] = expr.compile_value(value, state.functions)
    return renderer(scope)


def failure_of(error: Exception) -> Failure:
    """The failure of a step whose expression could not be evaluated."""
    if isinstance(error, expr.EvaluationError):
        return Failure(f"expression_{error.code}", "an expression of this step could not be evaluated", str(error))
    return Failure("expression_syntax", "an expression of this step is not valid", str(error))
