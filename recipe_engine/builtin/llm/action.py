"""The step type `llm_call`: its fields, and what the catalog knows of it.

The one rule: what a check of a recipe needs is here; what a call needs is imported when there is one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from recipe_engine.builtin.llm import needs
from recipe_engine.builtin.llm.words import BASE_URL, OPENAI_URL, Complexity, Effort, Kind, ProviderName
from recipe_engine.plugin import JSON, Connector, Context, JSONObject, Params, Retry, Setting

llm = Connector(
    name="llm",
    title="Language models",
    base_url=BASE_URL,
    base_url_setting="ANTHROPIC_BASE_URL",
    settings=[
        Setting(
            "ANTHROPIC_API_KEY",
            secret=True,
            help="console.anthropic.com > API keys; not needed with --sandbox, nor where RECIPE_LLM names another",
            needed=needs.anthropic_key,
        ),
        Setting(
            "AGENT_MODEL",
            required=False,
            help="the model of every llm_call that names none; openai_compatible needs it",
            needed=needs.agent_model,
        ),
        Setting(
            "AGENT_MAX_TOKENS", required=False, help="the longest answer of every llm_call that sets none (tokens)"
        ),
        Setting(
            "RECIPE_LLM",
            required=False,
            default="anthropic",
            help="who answers: anthropic, openai_compatible, manual or sandbox",
        ),
        Setting("RECIPE_LLM_ANSWERS", required=False, help="folder of the answers of RECIPE_LLM=manual"),
        Setting("RECIPE_MODELS", required=False, help="file with models, prices and routes of your own (JSON)"),
        Setting("RECIPE_DAILY_COST_LIMIT", required=False, help="the most that models may cost a day, US dollars"),
        Setting("OPENAI_BASE_URL", required=False, default=OPENAI_URL, help="address of an OpenAI-compatible server"),
        Setting("OPENAI_API_KEY", secret=True, required=False, help="its key, when it asks for one"),
        Setting(
            "TRANSCRIPTION_BASE_URL",
            required=False,
            help="address of an OpenAI-compatible transcription server",
            needed=needs.transcription_address,
        ),
        Setting("TRANSCRIPTION_API_KEY", secret=True, required=False, help="its key, when it asks for one"),
        Setting("TRANSCRIPTION_MODEL", required=False, default="whisper-1", help="its model"),
    ],
    probe=needs.probe,
    endpoints=["OPENAI_BASE_URL", "TRANSCRIPTION_BASE_URL"],
    docs="docs/reference/llm-call.md",
)


def as_text(value: JSON) -> Any:
    """A rendered value as text of a prompt: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


class TextPart(BaseModel):
    """A piece of text of the prompt."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, BeforeValidator(as_text), WithJsonSchema({"description": "text; other values become JSON"})]


class MediaPart(BaseModel):
    """An image, a document or a recording of the prompt: base64 text, a data: or https address, or a file."""

    model_config = ConfigDict(extra="forbid")
    media: Any = Field(description="base64 text, a data: or https address, or a file; null is left out")
    kind: Kind = Field(
        default="file", description="what is expected; the bytes decide what it is. Recordings are transcribed first"
    )
    name: str = Field(default="", description="shown to the model as a document's title")


class Example(BaseModel):
    """A question and the answer that it should get."""

    model_config = ConfigDict(extra="forbid")
    input: Any = Field(description="the question: text; other values become JSON")
    output: Any = Field(description="the answer, in the form of output_schema")


class FallbackModel(BaseModel):
    """Another model, perhaps of another provider."""

    model_config = ConfigDict(extra="forbid")
    model: str
    provider: ProviderName | None = Field(default=None, description="who is asked; RECIPE_LLM names it otherwise")


class Fallback(BaseModel):
    """What answers when the step's model does not."""

    model_config = ConfigDict(extra="forbid")
    models: list[str | FallbackModel] = Field(
        default_factory=list, description="other models, asked in this order at once"
    )
    answer: Any = Field(
        default=None,
        description="the answer when no model gives one and the step is not tried again; fits output_schema",
    )


class ToolUse(BaseModel):
    """An action that the model may call before it answers."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    action: str = Field(description="the action: zoho_desk.get_ticket")
    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_]{1,64}$",
        description="what the model calls it; the action's name otherwise",
    )
    description: str | None = Field(
        default=None, description="what it is for, told to the model; the action's own words otherwise"
    )
    with_: dict[str, Any] = Field(
        default_factory=dict,
        alias="with",
        description="parameters that the recipe gives; the model neither sees nor changes them",
    )
    inputs: list[str] | None = Field(
        default=None, description="the parameters that the model gives; all that `with` does not give otherwise"
    )
    confirm: Literal["approval"] | None = Field(
        default=None, description="a person approves every call; needed for actions that change something"
    )
    to: str | None = Field(default=None, description="who is asked to approve: an e-mail address")


class Offer(BaseModel):
    """A tool as a call of the model is told of it; `tool` is its name in the recipe."""

    tool: str
    name: str
    description: str
    input_schema: JSONObject


class Exchange(BaseModel):
    """What a step with tools or a conversation hands to each of its calls. Written by the engine, never by authors."""

    tools: list[Offer] = Field(default_factory=list)
    limit: int = 0
    rounds: list[JSONObject] = Field(default_factory=list)
    history: list[JSONObject] = Field(default_factory=list)
    key: Any = Field(default=None, description="what the conversation is kept under; not given without one")


class Batched(BaseModel):
    """Where the answer may be found: the batches, the question's place among those handed over, and the question as it was
    then; none when there was none. Written by the engine."""

    ids: list[str]
    place: int
    question: JSONObject | None = None


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

    complexity: Complexity | None = Field(
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
    examples: list[Example] = Field(default_factory=list, description="questions with the answers that they should get")
    thinking: bool | None = Field(
        default=None, description="whether the model should think before it answers, where that can be chosen"
    )
    provider: ProviderName | None = Field(
        default=None, description="who answers; RECIPE_LLM says so where the step does not"
    )
    fallback: Fallback | None = Field(
        default=None, description="other models, then a prepared answer, for when the model gives none"
    )
    repair: int = Field(default=1, ge=0, le=2, description="how often an answer that does not fit is sent back")
    tools: list[str | ToolUse] = Field(
        default_factory=list,
        max_length=20,
        description="actions that the model may call before it answers: those that only read, others with confirm: approval",
    )
    tool_rounds: int = Field(
        default=8, ge=1, le=30, description="how often the model may call tools before it must answer"
    )
    conversation: Annotated[
        str | None,
        BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value),
        Field(
            description="what the exchange is kept under from one run to the next: a customer's e-mail address, a ticket's id"
        ),
        WithJsonSchema({"type": ["string", "integer", "null"]}),
    ] = None
    exchange: SkipJsonSchema[Exchange | None] = None
    batched: SkipJsonSchema[Batched | None] = None


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
    each call. When the model gives no answer, those of `fallback` are asked, then its prepared answer is taken.
    With `tools` the model may call actions first, each a step of its own in the run; with `conversation` it is shown what
    was said under the same key in earlier runs.
    """
    from recipe_engine.builtin.llm.call import answer_of

    return await answer_of(ctx, params)
