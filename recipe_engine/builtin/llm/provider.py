"""What stands between `llm_call` and whoever answers: a request and an answer that belong to no vendor.

The one rule: a provider turns a `ModelRequest` into an exchange with its vendor and the vendor's answer into a
`ModelAnswer`, and raises Retryable or Terminal when there is none. It never judges the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from recipe_engine.builtin.llm.words import Effort, Stop, Thinking
from recipe_engine.plugin import JSON, JSONObject


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a prompt that is text."""

    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """A piece of a prompt that is an image or a document.

    `data` is base64 for the source `base64`, the address for `url`, the text itself for `text` (documents only).
    """

    kind: Literal["image", "document"]
    source: Literal["base64", "url", "text"]
    media_type: str
    data: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model asks of a tool: `id` ties the result to it, `name` is that of the `Tool`."""

    id: str
    name: str
    input: JSON


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered to the call `id`; `failed` when it did not do what was asked."""

    id: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A block of an earlier answer of `model` that goes back to it as it is (its thinking)."""

    model: str
    block: JSONObject


Part = Text | Media | ToolCall | ToolResult | Kept


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the exchange."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """What the model may call: a name of letters, digits and _, what it does, and the JSON Schema of its input."""

    name: str
    description: str
    input_schema: JSONObject


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. `step` is the path of the step that asks; `effort` None leaves depth to the model.

    `output_schema` is the author's own JSON Schema, None when the answer is plain text. A provider that cannot say
    it in its vendor's dialect asks for it in words. The first `examples` messages are the author's examples, the same in
    every request of the step; `cached` says that system prompt and examples are worth a place in the vendor's cache.
    `thinking` None leaves it to the model. `tools` may be called in the answer, unless `tools_over`: then they are only
    named because earlier turns speak of them. `timeout` is how long the exchange may take (seconds), None when only the
    step's own time limit counts.
    """

    step: str
    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    system: str | None = None
    effort: Effort | None = None
    output_schema: JSONObject | None = None
    examples: int = 0
    cached: bool = False
    thinking: Thinking | None = None
    timeout: float | None = None
    tools: tuple[Tool, ...] = ()
    tools_over: bool = False


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one exchange; `input` counts what was neither read from nor written to the vendor's cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What came back: the text, why it ended, what it consumed.

    `calls` is what the model asks of tools before it answers; `kept` are blocks that go back to it with their results.
    `detail` is the vendor's word on a refusal or an unusual stop. `notes` are lines for the step's log.
    """

    text: str
    stop: Stop = "end"
    usage: TokenUsage = field(default_factory=TokenUsage)
    detail: str = ""
    notes: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    kept: tuple[JSONObject, ...] = ()


class Provider(Protocol):
    """Whoever answers model requests."""

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The model's answer.

        Raises Retryable or Terminal with the codes of docs/reference/llm-call.md.
        """
        ...


@runtime_checkable
class TokenCounter(Protocol):
    """A provider that can count exactly and free of charge."""

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Input tokens of the request, None when this endpoint does not count."""
        ...
