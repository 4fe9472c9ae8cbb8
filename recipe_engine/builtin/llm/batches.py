"""Questions handed over in batches, and their answers.

The one rule: a question is known by its place in the list that was handed over, so that its answer is found again whatever
order the vendor answers in and whichever process asks.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

import orjson

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.action import LlmCall
from recipe_engine.builtin.llm.fallback import Candidate
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest
from recipe_engine.builtin.llm.providers import hosted_model
from recipe_engine.builtin.llm.spending import Spending
from recipe_engine.plugin import JSON, ActionError, Context, Terminal

if TYPE_CHECKING:
    from recipe_engine.builtin.llm.anthropic.batches import AnthropicBatches

# What is paid in a batch of the list's prices (platform.claude.com/docs/en/about-claude/pricing, autumn 2026).
SHARE = 0.5
# Questions in one batch: the vendor takes 100,000 and 256 MB; their answers are read in one piece.
_AT_MOST = 2_000
_MOST_BYTES = 100_000_000
_KEPT_RESULTS = 8


async def send(ctx: Context, questions: list[LlmCall]) -> list[str]:
    """Hand questions over; the names of the batches.

    Raises Terminal `limit_cost`, `limit_tokens` or `limit_daily_cost` when all of them could cost more than may be spent.
    """
    from recipe_engine.builtin.llm.call import question_of

    asked: dict[str, tuple[Candidate, ModelRequest]] = {}
    for place, params in enumerate(questions):
        models, request = await question_of(ctx, params)
        asked[_name(place)] = (models[0], request)
    if hosted_model(ctx) is not None or any(each.provider != "anthropic" for each, _ in asked.values()):
        ctx.log("the provider has no batches: the questions are asked one by one, at full price")
        return []
    ids = []
    for part in _parts(asked):
        (candidate, _), *_ = part.values()
        spending = Spending(ctx, candidate.choice, share=SHARE)
        async with spending.all_permitted([request for _, request in part.values()]):
            ids.append(await _vendor(ctx).send({name: request for name, (_, request) in part.items()}))
    return ids


def _name(place: int) -> str:
    return f"question-{place}"


async def progress(ctx: Context, ids: list[str]) -> tuple[int, bool]:
    """How many questions have no answer yet, and whether all batches have ended."""
    states = [await _vendor(ctx).status(each) for each in ids]
    return sum(waiting for waiting, _ in states), all(ended for _, ended in states)


async def answer_in(ctx: Context, params: LlmCall) -> tuple[bool, JSON]:
    """Whether the batches of a question have an answer for it that fits, and its value. What it cost is counted."""
    assert params.batched is not None
    from recipe_engine.builtin.llm.call import question_of

    name = _name(params.batched.place)
    for batch in params.batched.ids:
        message = (await _results(ctx, batch)).get(name)
        if isinstance(message, ActionError):
            ctx.log(f"the batch has no answer: {message.failure.title}; asking directly", code=message.failure.code)
        elif message is not None:
            models, request = await question_of(ctx, params)
            given = _vendor(ctx).read(message, request)
            await Spending(ctx, models[0].choice, share=SHARE).report(given)
            return _judged(ctx, params, request, given)
    return False, None


def _judged(ctx: Context, params: LlmCall, request: ModelRequest, given: ModelAnswer) -> tuple[bool, JSON]:
    try:
        answers.refuse_unusual_end(given, request.max_tokens)
    except ActionError as error:
        ctx.log(f"the batch's answer is none: {error.failure.title}; asking directly", code=error.failure.code)
        return False, None
    value, problems = answers.read(given.text, params.output_schema, structured=request.output_schema is not None)
    if problems:
        ctx.log(f"the batch's answer does not fit output_schema: {problems[0]}; asking directly")
    return not problems, value


def _parts(asked: dict[str, tuple[Candidate, ModelRequest]]) -> list[dict[str, tuple[Candidate, ModelRequest]]]:
    """The questions in batches of one model each, none too large."""
    from recipe_engine.builtin.llm.anthropic.request import body

    parts: list[dict[str, tuple[Candidate, ModelRequest]]] = []
    sizes: list[int] = []
    place: dict[str, int] = {}
    for name, (candidate, request) in asked.items():
        model, size = candidate.choice.model, len(orjson.dumps(body(request)))
        number = place.get(model)
        if number is None or len(parts[number]) >= _AT_MOST or sizes[number] + size > _MOST_BYTES:
            number = place[model] = len(parts)
            parts.append({})
            sizes.append(0)
        parts[number][name] = (candidate, request)
        sizes[number] += size
    return parts


class _Results:
    """The answers of the batches that were read last; each is read once, however many steps want theirs."""

    def __init__(self) -> None:
        self.known: OrderedDict[str, dict[str, JSON | ActionError]] = OrderedDict()
        self.turn = asyncio.Lock()


async def _results(ctx: Context, batch: str) -> dict[str, JSON | ActionError]:
    kept: _Results = ctx.tokens.setdefault("llm.batches", _Results())
    async with kept.turn:
        if batch not in kept.known:
            try:
                kept.known[batch] = await _vendor(ctx).results(batch)
            except Terminal as error:
                ctx.log(f"the answers of the batch cannot be read: {error.failure.title}; asking directly")
                kept.known[batch] = {}
            if len(kept.known) > _KEPT_RESULTS:
                kept.known.popitem(last=False)
        return kept.known[batch]


def _vendor(ctx: Context) -> AnthropicBatches:
    from recipe_engine.builtin.llm.anthropic.batches import AnthropicBatches

    return AnthropicBatches(ctx)
