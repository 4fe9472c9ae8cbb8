"""The step type `llm_call`: one question to a model, its answer checked against a schema.

The one rule: this module only says in which order things happen; each of them is decided in a module of its own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.anthropic.client import BASE_URL, AnthropicModel
from recipe_engine.builtin.llm.media import Kind, read_media
from recipe_engine.builtin.llm.provider import Effort, Media, Provider, Text
from recipe_engine.builtin.llm.request import as_text, build, repaired
from recipe_engine.builtin.llm.routing import choose, shipped_table
from recipe_engine.builtin.llm.sandbox import SandboxModel
from recipe_engine.builtin.llm.spending import Spending
from recipe_engine.plugin import JSON, Connector, Context, JSONObject, Params, Retry, Setting, Terminal

llm = Connector(
    name="llm",
    title="Language models",
    base_url=BASE_URL,
    base_url_setting="ANTHROPIC_BASE_URL",
    settings=[
        Setting("ANTHROPIC_API_KEY", secret=True, help="console.anthropic.com > API keys; not needed with --sandbox"),
        Setting("AGENT_MODEL", required=False, help="the model of every llm_call that names none"),
        Setting(
            "AGENT_MAX_TOKENS", required=False, help="the longest answer of every llm_call that sets none (tokens)"
        ),
        Setting("RECIPE_LLM", required=False, default="anthropic", help="who answers: anthropic or sandbox"),
    ],
    docs="docs/reference/llm-call.md",
)


class TextPart(BaseModel):
    """A piece of text of the prompt."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, BeforeValidator(as_text), WithJsonSchema({"description": "text; other values become JSON"})]


class MediaPart(BaseModel):
    """An image or a document of the prompt: base64 text, a data: or https address, or a file."""

    model_config = ConfigDict(extra="forbid")
    media: Any = Field(description="base64 text, a data: or https address, or a file; null is left out")
    kind: Kind = Field(default="file", description="what is expected; the bytes decide what it is")
    name: str = Field(default="", description="shown to the model as a document's title")


def _parts(value: JSON) -> JSON:
    """The prompt as a list of parts: a text, or any other value as JSON, is a single part."""
    if value is None:
        raise ValueError("the prompt is null")
    if isinstance(value, list) and value and all(isinstance(i, dict) and ("text" in i or "media" in i) for i in value):
        return value
    return [{"text": as_text(value)}]


_PROMPT_SCHEMA: JSONObject = {
    "description": "what the model is asked: text (other values become JSON), or a list of parts {text} and {media, kind}",
    "anyOf": [
        {"type": ["string", "object", "number", "boolean"]},
        {"type": "array", "items": {"type": ["string", "object", "number", "boolean", "null", "array"]}},
    ],
}


class LlmCall(Params):
    """A question to a language model."""

    complexity: Literal["classify", "extract", "write", "analyze", "reason"] | None = Field(
        default=None, description="how hard the question is: chooses model, effort and length (default: analyze)"
    )
    model: str | None = Field(default=None, min_length=1, description="a model's id; wins over complexity")
    system_prompt: Annotated[
        str | None,
        BeforeValidator(lambda value: None if value is None else as_text(value)),
        Field(description="who the model is and what rules it follows"),
    ] = None
    user_prompt: Annotated[list[TextPart | MediaPart], BeforeValidator(_parts), WithJsonSchema(_PROMPT_SCHEMA)]
    max_tokens: int | None = Field(default=None, ge=1, description="the longest answer, thinking included")
    vision: bool | None = Field(
        default=None,
        description="true: the prompt must show something (image, PDF); false: it must not; left out: it may",
    )
    effort: Effort | None = Field(default=None, description="how long the model thinks; wins over complexity")
    output_schema: JSONObject | None = Field(
        default=None, description="JSON Schema of the answer; without it the answer is text"
    )
    repair: int = Field(default=1, ge=0, le=2, description="how often an answer that does not fit is sent back")


def _result_schema(authored: JSONObject) -> JSONObject:
    schema = authored.get("output_schema")
    return schema if isinstance(schema, dict) else {"type": "string"}


@llm.action(
    effect="read",
    name="llm_call",
    fields_at_step=True,
    result_schema_of=_result_schema,
    retry=Retry(attempts=3, wait=2.0),
    timeout=300.0,
    example="""\
- id: classify
  type: llm_call
  complexity: classify
  system_prompt: Tu tries les demandes d'un service client.
  user_prompt: "{{ subject }} {{ message }}"
  output_schema:
    type: object
    required: [category, confidence]
    properties:
      category: {enum: [support, modelisation]}
      confidence: {type: number, minimum: 0, maximum: 1}
""",
)
async def llm_call(ctx: Context, params: LlmCall) -> Any:
    """Ask a language model.

    The answer is JSON that fits `output_schema`, or text without one. An answer that does not fit is sent back to the
    model with what is wrong (`repair`). Tokens and cost are counted on the step; limits of the run are checked before
    each call.
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
