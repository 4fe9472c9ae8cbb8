"""One llm_call: a question to a model, its answer checked, its money counted.

The one rule: this module only says in which order things happen; each of them is decided in a module of its own.

    parts, examples -> request -> for the step's model, then those of its fallback:
        place in the cache -> money set aside -> provider -> usage -> judged -> sent back with what is wrong
    -> the prepared answer, unless the step will be tried again
"""

from __future__ import annotations

import re
from dataclasses import replace

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm import fallback
from recipe_engine.builtin.llm.action import LlmCall, TextPart
from recipe_engine.builtin.llm.caching import worth_caching
from recipe_engine.builtin.llm.examples import example_turns
from recipe_engine.builtin.llm.exchange import earlier, later, recorded, tools_of
from recipe_engine.builtin.llm.fallback import Candidate
from recipe_engine.builtin.llm.images import fitted
from recipe_engine.builtin.llm.kept import Record
from recipe_engine.builtin.llm.media import read_media
from recipe_engine.builtin.llm.provider import Media, ModelAnswer, ModelRequest, Provider, Text
from recipe_engine.builtin.llm.providers import FREE, hosted_model, provider_for
from recipe_engine.builtin.llm.request import asked_of, build, repaired
from recipe_engine.builtin.llm.routing import table_of
from recipe_engine.builtin.llm.spending import Spending
from recipe_engine.plugin import JSON, ActionError, Context, Terminal

# What the engine adds to the path of a step with tools or a conversation for each of its calls.
_INSIDE = re.compile(r"/(?:round\[\d+\]/)?model$")


async def answer_of(ctx: Context, params: LlmCall) -> JSON:
    """The value that the step answers with; what it records of the exchange when it is part of one.

    Raises what docs/reference/llm-call.md lists.
    """
    record = Record(ctx)
    try:
        value = await _answer_of(ctx, params, record)
    except ActionError:
        await record.keep()
        raise
    await record.keep()
    return value


async def _answer_of(ctx: Context, params: LlmCall, record: Record) -> JSON:
    began = ctx.now
    if params.batched is not None and params.batched.ids:
        from recipe_engine.builtin.llm.batches import answer_in

        found, value = await answer_in(ctx, params)
        if found:
            return value
    models, request = await question_of(ctx, params)
    prepared = fallback.has_prepared_answer(params)
    errors: list[ActionError] = []
    providers: dict[str, Provider] = {}
    for number, candidate in enumerate(models):
        waiting = len(models) - number - 1 + prepared
        limit = fallback.time_for_next(ctx, began, waiting)
        try:
            provider = providers.setdefault(candidate.provider, provider_for(ctx, candidate.provider))
            question = asked_of(request, candidate.choice)
            record.asks(candidate)
            value, answer = await _ask(ctx, params, candidate, provider, question, limit, record)
        except ActionError as error:
            errors.append(error)
            if waiting:
                failure = error.failure
                ctx.log(f"{candidate.choice.model} gave no answer: {failure.title}", code=failure.code)
        else:
            if number:
                _mark(ctx, f"the model {candidate.choice.model}", errors)
            return _result(params, question, answer, value)
    failed = fallback.the_failure(errors)
    if not prepared or ctx.will_repeat(failed):
        raise failed
    value = fallback.prepared_answer(params)
    _mark(ctx, "the prepared answer", errors)
    return _result(params, request, None, value)


def _result(params: LlmCall, request: ModelRequest, answer: ModelAnswer | None, value: JSON) -> JSON:
    return value if params.exchange is None else recorded(params.exchange, request, answer, value)


async def question_of(ctx: Context, params: LlmCall) -> tuple[list[Candidate], ModelRequest]:
    """Who may be asked, in order, and what the first of them is asked.

    Raises what is found before sending.
    """
    answers.refuse_bad_schema(params.output_schema)
    models = list(fallback.candidates(ctx, table_of(ctx.settings), params))
    parts = await _read_parts(ctx, params)
    request = build(
        ctx.path,
        models[0].choice,
        parts,
        system=params.system_prompt,
        output_schema=params.output_schema,
        examples=example_turns(params),
        before=earlier(params.exchange) if params.exchange is not None else (),
    )
    if params.exchange is not None:
        tools, over = tools_of(params.exchange)
        messages = (*request.messages, *later(params.exchange))
        request = replace(request, step=asking(ctx.path), messages=messages, tools=tools, tools_over=over)
    return models, request


def asking(path: str) -> str:
    """The path of the step that asks, of the path of one of its calls: those of an exchange are inside it."""
    return _INSIDE.sub("", path)


def _mark(ctx: Context, who: str, errors: list[ActionError]) -> None:
    ctx.report_usage(fallbacks=1)
    ctx.log(f"fallback: {who} stands in", reason=errors[0].failure.code)


async def _ask(
    ctx: Context,
    params: LlmCall,
    candidate: Candidate,
    provider: Provider,
    request: ModelRequest,
    limit: float | None,
    record: Record,
) -> tuple[JSON, ModelAnswer]:
    """The answer of one model, sent back as often as `repair` allows. All rounds together have `limit` seconds."""
    spending = Spending(ctx, candidate.choice, free=candidate.provider in FREE and hosted_model(ctx) is None)
    request = replace(request, cached=worth_caching(ctx, request, candidate.choice))
    for note in candidate.choice.notes:
        ctx.log(note)
    began = ctx.now
    for repairs in range(params.repair + 1):
        if limit is not None:
            request = replace(request, timeout=max(limit - (ctx.now - began), 0.001))
        async with spending.permitted(provider, request):
            answer = await provider.complete(request)
            await spending.report(answer)
        record.answered(answer)
        for note in answer.notes:
            ctx.log(note)
        answers.refuse_unusual_end(answer, request.max_tokens)
        if answer.calls and request.tools and not request.tools_over:
            return None, answer
        value, problems = answers.read(answer.text, params.output_schema, structured=request.output_schema is not None)
        if not problems:
            return value, replace(answer, calls=())
        ctx.log(f"the answer does not fit output_schema: {problems[0]}", problems=len(problems), round=repairs + 1)
        ctx.report_usage(repairs=int(repairs < params.repair))
        if repairs < params.repair:
            record.rejects(answer)
            request = repaired(request, answer.text, problems)
    raise answers.invalid_output(answer.text, problems, params.repair)


async def _read_parts(ctx: Context, params: LlmCall) -> list[Text | Media]:
    """The prompt's parts as they are sent: recordings as their text, images in a size that is taken."""
    parts: list[Text | Media] = []
    for part in params.user_prompt:
        if isinstance(part, TextPart):
            parts.append(Text(part.text))
        elif part.media is None:
            ctx.log(f"{part.name or 'a media value'} of the prompt is null and was left out")
        else:
            parts.append(await read_media(ctx, part.media, part.kind, part.name))
    seen = any(isinstance(part, Media) for part in parts)
    if params.vision is not None and params.vision != seen:
        said, found = ("true", "neither image nor document") if params.vision else ("false", "an image or a document")
        raise Terminal(f"the step says vision: {said}, but its prompt has {found}", code="unsupported_media")
    return await fitted(ctx, parts)
