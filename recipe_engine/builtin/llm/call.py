"""One llm_call: a question to a model, its answer checked, its money counted.

The one rule: this module only says in which order things happen; each of them is decided in a module of its own.
"""

from __future__ import annotations

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.action import LlmCall, TextPart
from recipe_engine.builtin.llm.anthropic.client import AnthropicModel
from recipe_engine.builtin.llm.media import read_media
from recipe_engine.builtin.llm.provider import Media, Provider, Text
from recipe_engine.builtin.llm.request import build, repaired
from recipe_engine.builtin.llm.routing import choose, shipped_table
from recipe_engine.builtin.llm.sandbox import SandboxModel
from recipe_engine.builtin.llm.spending import Spending
from recipe_engine.plugin import JSON, Context, Terminal


async def answer_of(ctx: Context, params: LlmCall) -> JSON:
    """The value that the step answers with.

    Raises what docs/reference/llm-call.md lists.
    """
    choice = choose(
        shipped_table(),
        ctx.settings,
        complexity=params.complexity,
        model=params.model,
        effort=params.effort,
        max_tokens=params.max_tokens,
    )
    answers.refuse_bad_schema(params.output_schema)
    parts = await _read_parts(ctx, params)
    request = build(ctx.path, choice, parts, system=params.system_prompt, output_schema=params.output_schema)
    provider = provider_for(ctx)
    spending = Spending(ctx, choice)
    for note in choice.notes:
        ctx.log(note)
    for repairs in range(params.repair + 1):
        await spending.permit(provider, request)
        answer = await provider.complete(request)
        spending.report(answer)
        for note in answer.notes:
            ctx.log(note)
        answers.refuse_unusual_end(answer, request.max_tokens)
        value, problems = answers.read(answer.text, params.output_schema, structured=request.output_schema is not None)
        if not problems:
            return value
        ctx.log(f"the answer does not fit output_schema: {problems[0]}", problems=len(problems), round=repairs + 1)
        request = repaired(request, answer.text, problems)
    raise answers.invalid_output(answer.text, problems, params.repair)


async def _read_parts(ctx: Context, params: LlmCall) -> list[Text | Media]:
    parts: list[Text | Media] = []
    for part in params.user_prompt:
        if isinstance(part, TextPart):
            parts.append(Text(part.text))
        elif part.media is None:
            ctx.log(f"{part.name or 'a media value'} of the prompt is null and was left out")
        else:
            parts.append(await read_media(part.media, part.kind, part.name, ctx.blobs))
    seen = any(isinstance(part, Media) for part in parts)
    if params.vision is not None and params.vision != seen:
        said, found = ("true", "neither image nor document") if params.vision else ("false", "an image or a document")
        raise Terminal(f"the step says vision: {said}, but its prompt has {found}", code="unsupported_media")
    return parts


def provider_for(ctx: Context) -> Provider:
    """Who answers: the host's own model when it gives one, the sandbox's in a sandbox, else the one RECIPE_LLM names.

    Raises Terminal `not_configured` for a name that is not known.
    """
    hosted = _hosted(ctx)
    if hosted is not None:
        return hosted
    name = "sandbox" if ctx.sandbox else ctx.settings.get("RECIPE_LLM") or "anthropic"
    match name:
        case "anthropic":
            return AnthropicModel(ctx)
        case "sandbox":
            return SandboxModel()
        case _:
            raise Terminal(f"RECIPE_LLM is {name!r}; expected anthropic or sandbox", code="not_configured")


def _hosted(ctx: Context) -> Provider | None:
    try:
        provider: Provider = ctx.service("llm")
    except Terminal as error:
        if error.failure.code == "not_available":
            return None
        raise
    return provider
