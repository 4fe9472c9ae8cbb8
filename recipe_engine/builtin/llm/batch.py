"""The actions behind `for_each` with `batch: true`: questions handed over together, at half the price.

The one rule: a batch only makes answers cheaper. A question that has none in it (the provider has no batches, the row
failed, the vendor took too long) is asked directly, so that nothing is lost but the discount.
"""

from __future__ import annotations

from pydantic import Field

from recipe_engine.builtin.llm.action import llm
from recipe_engine.plugin import Context, JSONObject, Params, Result


class SendBatch(Params):
    """Questions to hand over."""

    questions: list[JSONObject | None] = Field(description="each the fields of an llm_call; null holds a place")


class SentBatch(Result):
    """What was handed over."""

    ids: list[str] = Field(description="the vendor's names of the batches; none where the provider has no batches")


class BatchStatus(Params):
    """Batches to look at."""

    ids: list[str]


class BatchProgress(Result):
    """How far they are."""

    ended: bool
    waiting: int = Field(description="questions that have no answer yet")


@llm.action(
    effect="read",
    timeout=600.0,
    example='{id: sent, type: llm.send_batch, with: {questions: [{user_prompt: "Bonjour"}]}}',
)
async def send_batch(ctx: Context, params: SendBatch) -> SentBatch:
    """Hand questions over to be answered within 24 hours at half the price.

    `for_each` with `batch: true` does this for the llm_call that its steps begin with. The most that all questions can
    cost is held against the limits first.
    """
    from recipe_engine.builtin.llm.batches import send

    return SentBatch(ids=await send(ctx, params.questions))


@llm.action(effect="read", example='{id: progress, type: llm.batch_status, with: {ids: "{{ sent.ids }}"}}')
async def batch_status(ctx: Context, params: BatchStatus) -> BatchProgress:
    """Look how far batches are. Nothing is asked of a model."""
    from recipe_engine.builtin.llm.batches import progress

    waiting, ended = await progress(ctx, params.ids)
    return BatchProgress(ended=ended, waiting=waiting)
