"""Questions handed over in batches, and their answers.

The one rule: a question is known by its place in the list that was handed over and by its own words, so that its answer is
found again whatever order the vendor answers in and whichever process asks, and no other is taken for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.action import LlmCall
from recipe_engine.builtin.llm.fallback import Candidate
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest
from recipe_engine.builtin.llm.providers import hosted_model
from recipe_engine.builtin.llm.spending import Spending
from recipe_engine.plugin import JSON, ActionError, Context, JSONObject, Terminal

if TYPE_CHECKING:
    from recipe_engine.builtin.llm.anthropic.batches import AnthropicBatches

# What is paid in a batch of the list's prices (platform.claude.com/docs/en/about-claude/pricing, autumn 2026).
SHARE = 0.5
# Questions in one batch: the vendor takes 100,000 and 256 MB; their answers are read in one piece.
_AT_MOST = 2_000
_MOST_BYTES = 100_000_000
_KEPT_RESULTS = 8


async def send(ctx: Context, questions: Sequence[JSONObject | None]) -> list[str]:
    """Hand questions over; the names of the batches. A question that cannot be asked is left to its own step.

    Raises Terminal `limit_cost`, `limit_tokens` or `limit_daily_cost` when all of them could cost more than may be spent.
    """
    asked: dict[str, tuple[Candidate, ModelRequest]] = {}
    for place, question in enumerate(questions):
        said = None if question is None else await _request_of(ctx, question)
        if said is not None and question is not None:
            asked[_name(place, question)] = said
    if hosted_model(ctx) is not None or any(each.provider != "anthropic" for each, _ in asked.values()):
        ctx.log("the provider has no batches: the questions are asked one by one, at full price")
        return []
    parts, ids = _parts(asked), list[str]()
    async with AsyncExitStack() as permits:
        for part in parts:
            (candidate, _), *_ = part.values()
            spending = Spending(ctx, candidate.choice, share=SHARE)
            await permits.enter_async_context(spending.all_permitted([request for _, request in part.values()]))
        for part in parts:
            try:
                ids.append(await _vendor(ctx).send({name: request for name, (_, request) in part.items()}))
            except ActionError as error:
                if not ids:
                    raise
                # Those handed over are paid: they are not handed over again for the sake of the others.
                ctx.log(f"{len(part)} questions were not taken: {error.failure.title}", code=error.failure.code)
    return ids


async def _request_of(ctx: Context, question: JSONObject) -> tuple[Candidate, ModelRequest] | None:
    """Who is asked, and what; None where the question's own step will fail, and say why."""
    from recipe_engine.builtin.llm.call import question_of

    try:
        models, request = await question_of(ctx, LlmCall.model_validate(question))
    except ValidationError as error:
        ctx.log("a question has fields that do not fit", problems=error.error_count())
    except ActionError as error:
        ctx.log(f"a question cannot be asked: {error.failure.title}", code=error.failure.code)
    else:
        return models[0], request
    return None


def _name(place: int, question: JSONObject) -> str:
    """What a question is called at the vendor's: by its place, and by what it says, so that an answer to another question,
    of a recipe that was mended since, is not taken for one to this."""
    said = orjson.dumps(question, option=orjson.OPT_SORT_KEYS)
    return f"{place}-{hashlib.sha256(said).hexdigest()[:40]}"


async def progress(ctx: Context, ids: list[str]) -> tuple[int, bool]:
    """How many questions have no answer yet, and whether all batches have ended. One that the vendor does not know (any
    more) has."""
    states = []
    for each in ids:
        try:
            states.append(await _vendor(ctx).status(each))
        except Terminal as error:
            if error.failure.code != "model_not_found":
                raise
            ctx.log(f"the vendor knows no batch {each}")
            states.append((0, True))
    return sum(waiting for waiting, _ in states), all(ended for _, ended in states)


async def answer_in(ctx: Context, params: LlmCall) -> tuple[bool, JSON]:
    """Whether the batches of a question have an answer for it that fits, and its value. What it cost is counted once: one that was of no
    use is not read again when the step is tried again."""
    batched = params.batched
    if batched is None or batched.question is None:
        return False, None
    name = _name(batched.place, batched.question)
    for batch in batched.ids:
        rows = await _results(ctx, batch)
        message = rows.get(name)
        if isinstance(message, ActionError):
            ctx.log(f"the batch has no answer: {message.failure.title}; asking directly", code=message.failure.code)
        elif message is not None:
            found, value = await _read(ctx, params, message)
            if not found:
                del rows[name]
            return found, value
    return False, None


async def _read(ctx: Context, params: LlmCall, message: JSON) -> tuple[bool, JSON]:
    from recipe_engine.builtin.llm.call import question_of

    models, request = await question_of(ctx, params)
    try:
        given = _vendor(ctx).read(message, request)
    except ActionError as error:
        ctx.log(f"the batch's answer cannot be read: {error.failure.title}; asking directly", code=error.failure.code)
        return False, None
    await Spending(ctx, models[0].choice, share=SHARE).report(given)
    return _judged(ctx, params, request, given)


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
        if batch in kept.known:
            return kept.known[batch]
        try:
            found = await _vendor(ctx).results(batch)
        except ActionError as error:
            if ctx.will_repeat(error):
                raise
            ctx.log(f"the answers of the batch cannot be read: {error.failure.title}; asking directly")
            found = {}
            if error.failure.retryable:
                return found
        kept.known[batch] = found
        if len(kept.known) > _KEPT_RESULTS:
            kept.known.popitem(last=False)
        return found


def _vendor(ctx: Context) -> AnthropicBatches:
    from recipe_engine.builtin.llm.anthropic.batches import AnthropicBatches

    return AnthropicBatches(ctx)
