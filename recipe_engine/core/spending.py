"""What a step may still spend: the limits of its run, and of every called recipe around it, each against its own use."""

from __future__ import annotations

from collections.abc import Iterator

from recipe_engine.core.events import Usage
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Limits
from recipe_engine.core.state import State, StepState, total_tokens


def over_limit(state: State, step: StepState) -> Failure | None:
    """A limit around the step that is used up."""
    for limits, cost, tokens in _around(state, step):
        if limits.cost is not None and cost >= limits.cost:
            return Failure(
                "limit_cost", f"the limit of {limits.cost:g} USD is used up", f"spent so far: {cost:.4f} USD"
            )
        if limits.tokens is not None and tokens >= limits.tokens:
            return Failure("limit_tokens", f"the limit of {limits.tokens} tokens is used up", f"used so far: {tokens}")
    return None


def left(state: State, step: StepState) -> tuple[float | None, int | None]:
    """US dollars and tokens that the tightest limits around the step leave; None where nothing limits it."""
    costs = [limits.cost - cost for limits, cost, _ in _around(state, step) if limits.cost is not None]
    tokens = [limits.tokens - used for limits, _, used in _around(state, step) if limits.tokens is not None]
    return min(costs, default=None), min(tokens, default=None)


def _around(state: State, step: StepState) -> Iterator[tuple[Limits, float, int]]:
    """Each recipe's limits around the step, with the cost and the tokens that count against them."""
    yield state.plan.limits, state.usage.cost, total_tokens(state.usage)
    frame = step.frame
    while frame.owner is not None:
        if frame.role == "call":
            before = frame.owner.usage_before or Usage()
            yield frame.plan.limits, state.usage.cost - before.cost, total_tokens(state.usage) - total_tokens(before)
        frame = frame.owner.frame
