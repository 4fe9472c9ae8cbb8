"""The Message Batches API: questions handed over together, and their answers when all are there.

The one rule: addresses are made from the account's own; the one that the API names for results would be given the key.

Facts: vendor description of the Messages API, paths /v1/messages/batches (autumn 2026). Answers come as JSON lines in
any order; a batch ends within 24 hours, what is then unanswered is `expired`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar

from recipe_engine.builtin.llm.anthropic.client import AnthropicModel
from recipe_engine.builtin.llm.anthropic.errors import failure_of
from recipe_engine.builtin.llm.anthropic.request import body
from recipe_engine.builtin.llm.provider import ModelRequest
from recipe_engine.builtin.llm.reading import parsed
from recipe_engine.plugin import JSON, ActionError, JSONObject, Retryable, Terminal

if TYPE_CHECKING:
    import anthropic

_T = TypeVar("_T")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")


class AnthropicBatches(AnthropicModel):
    """Batches, for one attempt of one step."""

    async def send(self, requests: dict[str, ModelRequest]) -> str:
        """The vendor's name of a new batch with these requests, each under a name of its own."""
        client = (await self._account(None)).client
        rows: Any = [{"custom_id": name, "params": body(request)} for name, request in requests.items()]
        raw = await _told(client.messages.batches.with_raw_response.create(requests=rows))
        name = _object(raw.http_response.content).get("id")
        if not isinstance(name, str) or not _NAME.match(name):
            raise Terminal("the model's service gave the batch no name", code="invalid_answer", detail=str(name)[:300])
        return name

    async def status(self, batch: str) -> tuple[int, bool]:
        """How many requests are being processed, and whether the batch has ended."""
        client = (await self._account(None)).client
        raw = await _told(client.messages.batches.with_raw_response.retrieve(batch))
        state = _object(raw.http_response.content)
        counts = state.get("request_counts")
        waiting = counts.get("processing") if isinstance(counts, dict) else None
        return waiting if isinstance(waiting, int) else 0, state.get("processing_status") == "ended"

    async def results(self, batch: str) -> dict[str, JSON | ActionError]:
        """The message of every request by its name, or the failure in its place."""
        client = (await self._account(None)).client
        content = await _told(_lines(client, batch))
        found: dict[str, JSON | ActionError] = {}
        unreadable = 0
        for line in content.splitlines():
            if not line.strip():
                continue
            try:
                row = _object(line)
            except Retryable:
                unreadable += 1
                continue
            result, name = row.get("result"), str(row.get("custom_id"))
            # The vendor tells each row once; should it tell one twice, an answer stands against a failure.
            if not isinstance(found.get(name), dict):
                found[name] = _result(result if isinstance(result, dict) else {})
        if unreadable:
            self._ctx.log(f"{unreadable} lines of the batch's answers cannot be read")
        return found


async def _lines(client: anthropic.AsyncAnthropic, batch: str) -> bytes:
    import httpx2

    answer = await client.get(f"/v1/messages/batches/{batch}/results", cast_to=httpx2.Response)
    return answer.content


async def _told(work: Awaitable[_T]) -> _T:
    """What the SDK gives, its errors as failures of the step."""
    import anthropic

    try:
        return await work
    except anthropic.APIError as error:
        raise failure_of(error) from error


def _object(content: bytes) -> JSONObject:
    value = parsed(content)
    if not isinstance(value, dict):
        raise Retryable("the model's service answered with no batch", code="invalid_answer", detail=str(value)[:300])
    return value


def _result(result: JSONObject) -> JSON | ActionError:
    kind = result.get("type")
    if kind == "succeeded":
        return result.get("message")
    error = result.get("error")
    inner = error.get("error", error) if isinstance(error, dict) else None
    said = str(inner.get("message", "")) if isinstance(inner, dict) else ""
    return Terminal(f"its row is {kind}", code=f"batch_{kind}", detail=said[:500])
