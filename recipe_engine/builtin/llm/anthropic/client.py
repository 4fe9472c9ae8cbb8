"""The anthropic SDK as a provider.

The one rule: the step's own retries, time limit and connections are the only ones. The SDK makes requests and reads
errors; it tries once, and what it sends goes through `ctx.http` like every other request of the engine. Answers are
read as JSON, not through the SDK's models: an unexpected answer is then a failure of the step, and not an exception in
between.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from recipe_engine.builtin.llm.anthropic.errors import concerns_schema, failure_of
from recipe_engine.builtin.llm.anthropic.request import body
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, TokenUsage, ToolCall
from recipe_engine.builtin.llm.reading import count, inside, mended, no_message, parsed
from recipe_engine.builtin.llm.words import ASKED_IN_WORDS, BASE_URL, Stop
from recipe_engine.plugin import JSON, Context, JSONObject

if TYPE_CHECKING:
    import anthropic

_STOPS: dict[str | None, Stop] = {
    None: "end",
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "truncated",
    "refusal": "refused",
    "model_context_window_exceeded": "context_too_long",
}
_IN_WORDS = f"the API does not take this output_schema; {ASKED_IN_WORDS}"


@dataclass(slots=True)
class Account:
    """The SDK's client for one address and key, shared by all runs, and the schemas that the API turned down there."""

    client: anthropic.AsyncAnthropic
    refused_schemas: set[bytes] = field(default_factory=set)


class AnthropicModel:
    """The Messages API, for one attempt of one step."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The model's answer; a schema that the API turns down is asked for in words instead."""
        account = await self._account(request.timeout)
        import anthropic

        schema = orjson.dumps(request.output_schema)
        refused = schema in account.refused_schemas
        notes = (_IN_WORDS,) if refused and request.output_schema is not None else ()
        try:
            return _answer(await _post(account.client, body(request, native=not refused)), request, *notes)
        except anthropic.APIError as error:
            if request.output_schema is None or refused or not concerns_schema(error):
                raise failure_of(error) from error
        account.refused_schemas.add(schema)
        try:
            return _answer(await _post(account.client, body(request, native=False)), request, _IN_WORDS)
        except anthropic.APIError as error:
            raise failure_of(error) from error

    def read(self, message: JSON, request: ModelRequest) -> ModelAnswer:
        """A message of the API that came another way, as the answer to its request."""
        return _answer(message, request)

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Input tokens as the API counts them, free of charge; None where the address has no such endpoint."""
        account = await self._account(request.timeout)
        import anthropic

        counted = {key: value for key, value in body(request).items() if key != "max_tokens"}
        try:
            return (await account.client.messages.count_tokens(**counted)).input_tokens
        except anthropic.NotFoundError:
            return None
        except anthropic.APIError as error:
            raise failure_of(error) from error

    async def _account(self, seconds: float | None) -> Account:
        """The account of this deployment; from here on the attempt's `ctx.http` carries what its client sends."""
        key = self._ctx.settings.require("ANTHROPIC_API_KEY")
        base_url = (self._ctx.settings.get("ANTHROPIC_BASE_URL") or BASE_URL).rstrip("/")
        if "anthropic" not in sys.modules:
            # Over a second of computing: other runs go on meanwhile.
            await asyncio.to_thread(importlib.import_module, "anthropic")
        import anthropic

        from recipe_engine.builtin.llm.anthropic.seam import carried_by, seam_client

        carried_by.set((self._ctx.http, seconds))
        accounts: dict[tuple[str, str], Account] = self._ctx.tokens.setdefault("llm.anthropic", {})
        account = accounts.get((base_url, key))
        if account is None:
            client = anthropic.AsyncAnthropic(
                api_key=key,
                base_url=base_url,
                max_retries=0,
                timeout=None,
                http_client=seam_client(),
                open_telemetry=False,
            )
            account = accounts[base_url, key] = Account(client)
        return account


async def _post(client: anthropic.AsyncAnthropic, content: JSONObject) -> JSON:
    raw = await client.messages.with_raw_response.create(**content)
    return parsed(raw.http_response.content)


def _answer(message: JSON, request: ModelRequest, *notes: str) -> ModelAnswer:
    """The vendor's message as an answer. Structured output stands in the first text block; plain text is all of
    them."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise no_message(message)
    texts = [mended(block.get("text")) for block in message["content"] if _is_text(block)]
    reason = message.get("stop_reason")
    reason = None if reason is None else str(reason)
    return ModelAnswer(
        text="".join(texts if request.output_schema is None else texts[:1]),
        stop="end" if reason == "tool_use" and request.tools else _STOPS.get(reason, "other"),
        usage=_usage(inside(message, "usage")),
        detail=_detail(message, reason),
        notes=notes,
        calls=tuple(
            ToolCall(str(block.get("id")), str(block.get("name")), block.get("input"))
            for block in _of_kinds(message, "tool_use")
        ),
        kept=tuple(_of_kinds(message, "thinking", "redacted_thinking")),
    )


def _of_kinds(message: JSONObject, *kinds: str) -> list[JSONObject]:
    return [block for block in message["content"] if isinstance(block, dict) and block.get("type") in kinds]


def _is_text(block: JSON) -> bool:
    return isinstance(block, dict) and block.get("type") == "text"


def _detail(message: JSONObject, reason: JSON) -> str:
    details = inside(message, "stop_details")
    if reason == "refusal":
        return ": ".join(str(details[key]) for key in ("category", "explanation") if details.get(key))
    return str(reason or "")


def _usage(usage: JSONObject) -> TokenUsage:
    written = count(usage, "cache_creation_input_tokens")
    long_lived = min(count(inside(usage, "cache_creation"), "ephemeral_1h_input_tokens"), written)
    return TokenUsage(
        input=count(usage, "input_tokens"),
        output=count(usage, "output_tokens"),
        cache_read=count(usage, "cache_read_input_tokens"),
        cache_write_5m=written - long_lived,
        cache_write_1h=long_lived,
    )
