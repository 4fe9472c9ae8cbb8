"""What a step does when its model does not answer: other models in their order, then a prepared answer.

The one rule: the answer of a stand-in is counted as `fallbacks` in the step's usage, which is journaled and shown, so that
the output has the author's schema and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.action import FallbackModel, LlmCall
from recipe_engine.builtin.llm.providers import provider_name
from recipe_engine.builtin.llm.request import is_plain_text
from recipe_engine.builtin.llm.routing import Choice, ModelTable, choose
from recipe_engine.builtin.llm.words import ProviderName
from recipe_engine.plugin import JSON, ActionError, Context, Terminal

# Of the time that is left, what is kept for whoever comes after the next model.
_KEPT = 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may answer, and by whom it is reached."""

    provider: ProviderName
    choice: Choice


def candidates(ctx: Context, table: ModelTable, params: LlmCall) -> Iterator[Candidate]:
    """The step's own model, then those of its fallback.

    Raises Terminal `not_configured`.
    """
    own = FallbackModel(model=params.model or "", provider=params.provider)
    others = params.fallback.models if params.fallback else []
    for wanted in (own, *others):
        given = wanted if isinstance(wanted, FallbackModel) else FallbackModel(model=wanted, provider=params.provider)
        provider = provider_name(ctx, given.provider)
        choice = choose(
            table,
            ctx.settings,
            complexity=params.complexity,
            model=given.model or None,
            effort=params.effort,
            max_tokens=params.max_tokens,
            thinking=params.thinking,
            provider=provider,
        )
        yield Candidate(provider, choice)


def time_for_next(ctx: Context, began: float, waiting: int) -> float | None:
    """How long the next model may take, in seconds, when `waiting` others may answer after it: an equal share of the time
    that the attempt has left. None when nobody comes after it: then only the step's own time limit counts."""
    if not waiting:
        return None
    left = max(ctx.timeout - (ctx.now - began), 0.0)
    return max(left * (1 - _KEPT) / (waiting + 1), 0.001)


def has_prepared_answer(params: LlmCall) -> bool:
    """Whether the step has an answer of its own for when no model gives one."""
    return params.fallback is not None and "answer" in params.fallback.model_fields_set


def prepared_answer(params: LlmCall) -> JSON:
    """That answer.

    Raises Terminal `invalid_fallback` when it is not what the step promises.
    """
    assert params.fallback is not None
    value = params.fallback.answer
    if is_plain_text(params.output_schema) and not isinstance(value, str):
        problems = ["at the top: it is not a text"]
    else:
        problems = [] if params.output_schema is None else answers.problems_of(value, params.output_schema)
    if problems:
        raise Terminal(
            f"the fallback's answer does not fit output_schema: {problems[0]}",
            code="invalid_fallback",
            detail="\n".join(problems),
        )
    return value


def the_failure(errors: list[ActionError]) -> ActionError:
    """What the attempt failed with when several models did: one that may pass, when there is one, else the first."""
    return next((error for error in errors if error.failure.retryable), errors[0])
