"""The anthropic SDK as a provider.

The one rule: the step's own retries and time limit are the only ones. The SDK is told to try once and to wait as long
as it is let; whoever runs the step cancels it when its time is up. Answers are read as JSON, not through the SDK's
models: an unexpected answer is then a failure of the step, with its usage counted, and not an exception in between.

aiohttp carries the requests: on the same machine it made 1.5 to 2.3 times the calls of the SDK's own choice
(docs/decisions/0004-model-calls.md).
"""

from __future__ import annotations

import asyncio
import importlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from recipe_engine.builtin.llm.anthropic.errors import concerns_schema, failure_of
from recipe_engine.builtin.llm.anthropic.request import body
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, Stop, TokenUsage
from recipe_engine.plugin import JSON, JSONObject, Retryable, Settings

if TYPE_CHECKING:
    import anthropic

BASE_URL = "https://api.anthropic.com"
_CONNECT_TIMEOUT = 10.0
_STOPS: dict[str | None, Stop] = {
    None: "end",
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "truncated",
    "refusal": "refused",
    "model_context_window_exceeded": "context_too_long",
}


@dataclass
class Clients:
    """The SDK's clients of a process, one for each address and key, with what was learned about schemas.

    A client lives on the event loop that made it; another loop (a script that calls the engine twice) gets its own.
    """

    by_account: dict[tuple[str, str], tuple[asyncio.AbstractEventLoop, anthropic.AsyncAnthropic]] = field(
        default_factory=dict
    )
    refused_schemas: set[bytes] = field(default_factory=set)

    async def get(self, base_url: str, key: str) -> anthropic.AsyncAnthropic:
        """The client for an account, made when it is first asked for."""
        # The import takes over a second of computing: other runs go on meanwhile.
        sdk = await asyncio.to_thread(importlib.import_module, "anthropic")
        loop = asyncio.get_running_loop()
        known = self.by_account.get((base_url, key))
        if known and known[0] is loop:
            return known[1]
        timeout = sdk.Timeout(None, connect=_CONNECT_TIMEOUT)
        client: anthropic.AsyncAnthropic = sdk.AsyncAnthropic(
            api_key=key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=sdk.DefaultAioHttpClient(timeout=timeout),
            open_telemetry=False,
        )
        self.by_account[base_url, key] = (loop, client)
        return client

    async def aclose(self) -> None:
        """Close the clients of the running loop and forget all."""
        loop = asyncio.get_running_loop()
        clients = [client for owner, client in self.by_account.values() if owner is loop]
        self.by_account.clear()
        for client in clients:
            await client.close()


class AnthropicModel:
    """The Messages API. `tokens` is the process's shared dict, in which the clients are kept."""

    def __init__(self, settings: Settings, tokens: dict[str, Any]) -> None:
        self._settings = settings
        self._clients: Clients = tokens.setdefault("llm.anthropic", Clients())

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The model's answer; a schema that the API turns down is asked for in words instead."""
        import anthropic

        client = await self._client()
        schema = orjson.dumps(request.output_schema)
        refused = schema in self._clients.refused_schemas
        try:
            return _answer(await _post(client, body(request, native=not refused)), request)
        except anthropic.APIError as error:
            if request.output_schema is None or refused or not concerns_schema(error):
                raise failure_of(error) from error
        self._clients.refused_schemas.add(schema)
        note = "the API does not take this output_schema; it was asked for in words"
        try:
            return _answer(await _post(client, body(request, native=False)), request, note)
        except anthropic.APIError as error:
            raise failure_of(error) from error

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Input tokens as the API counts them, free of charge; None where the address has no such endpoint."""
        import anthropic

        client = await self._client()
        counted = {key: value for key, value in body(request).items() if key != "max_tokens"}
        try:
            return (await client.messages.count_tokens(**counted)).input_tokens
        except anthropic.NotFoundError:
            return None
        except anthropic.APIError as error:
            raise failure_of(error) from error

    async def _client(self) -> anthropic.AsyncAnthropic:
        key = self._settings.require("ANTHROPIC_API_KEY")
        base_url = (self._settings.get("ANTHROPIC_BASE_URL") or BASE_URL).rstrip("/")
        return await self._clients.get(base_url, key)


async def _post(client: anthropic.AsyncAnthropic, content: JSONObject) -> JSON:
    raw = await client.messages.with_raw_response.create(**content)
    text = raw.http_response.content
    try:
        return json.loads(text)
    except ValueError as error:
        raise Retryable(
            "the model's service answered with something that is not JSON",
            code="invalid_answer",
            detail=text[:300].decode("utf-8", "replace"),
        ) from error


def _answer(message: JSON, request: ModelRequest, *notes: str) -> ModelAnswer:
    """The vendor's message as an answer. Structured output stands in the first text block; plain text is all of
    them."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise Retryable(
            "the model's service answered with no message", code="invalid_answer", detail=str(message)[:300]
        )
    texts = [str(block.get("text", "")) for block in message["content"] if _is_text(block)]
    reason = message.get("stop_reason")
    return ModelAnswer(
        text="".join(texts if request.output_schema is None else texts[:1]),
        stop=_STOPS.get(reason, "other"),
        usage=_usage(message.get("usage") or {}),
        detail=_detail(message, reason),
        notes=notes,
    )


def _is_text(block: JSON) -> bool:
    return isinstance(block, dict) and block.get("type") == "text"


def _detail(message: JSONObject, reason: JSON) -> str:
    details = message.get("stop_details") or {}
    if reason == "refusal":
        return ": ".join(str(details[key]) for key in ("category", "explanation") if details.get(key))
    return str(reason or "")


def _usage(usage: JSONObject) -> TokenUsage:
    written = usage.get("cache_creation_input_tokens") or 0
    long_lived = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0
    return TokenUsage(
        input=usage.get("input_tokens") or 0,
        output=usage.get("output_tokens") or 0,
        cache_read=usage.get("cache_read_input_tokens") or 0,
        cache_write_5m=written - long_lived,
        cache_write_1h=long_lived,
    )
