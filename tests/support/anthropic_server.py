"""A stand-in for the Messages API: a local server that answers as its description says, over real HTTP.

It is no model and says so: ids begin with `msg_standin`, every answer has the header `x-stand-in`. What it is told to
answer (`will`) it gives in turn; without that it answers with a sample of the output schema. It refuses what the API
refuses (no version header, no key, sampling parameters, an assistant turn at the end, empty text, open objects in a
schema) and keeps what it received in `requests`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from recipe_engine.plugin.sample import sample_from_schema

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass
class Received:
    """One request as it arrived; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """One answer of the server. `drop` closes the connection instead; `gate` is waited for before anything is sent.

    `halved` sends half of the answer and then closes the connection, or waits for `gate` there when it has one."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    gate: asyncio.Event | None = None
    halved: bool = False


def says(text: str | None = None, *, value: Any = None, stop: str = "end_turn", **fields: Any) -> Reply:
    """A message with this text, or with `value` as JSON. `usage` and other fields of the message may be given."""
    content = text if text is not None else json.dumps(value, ensure_ascii=False)
    blocks = [{"type": "text", "text": content, "citations": None}] if content else []
    return Reply(body=message(blocks, stop=stop, **fields))


def refuses(category: str | None = "cyber", explanation: str | None = None) -> Reply:
    """A refusal, which is a 200."""
    details = {"type": "refusal", "category": category, "explanation": explanation}
    return Reply(body=message([], stop="refusal", stop_details=details))


def fails(status: int, words: str = "as scripted", *, headers: dict[str, str] | None = None, **inner: Any) -> Reply:
    """An error answer; `details` and other fields of the inner error may be given."""
    error = {"type": ERROR_TYPES.get(status, "api_error"), "message": words, **inner}
    return Reply(status, {"type": "error", "error": error, "request_id": "req_standin"}, headers or {})


def message(blocks: list[Any], *, stop: str = "end_turn", **fields: Any) -> dict[str, Any]:
    """A Message object of the API."""
    return {
        "id": "msg_standin",
        "type": "message",
        "role": "assistant",
        "model": "claude-stand-in",
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": None,
        "usage": {"input_tokens": 100, "output_tokens": 20},
        **fields,
    }


class AnthropicServer:
    """`async with AnthropicServer() as server:` serves at `server.url` until the block ends.

    `check` is asked about every request and names what is wrong with it; `problems` collects that. `arrived` is set
    when a request came in.
    """

    def __init__(self, check: Callable[[Received], list[str]] | None = None) -> None:
        self.requests: list[Received] = []
        self.problems: list[str] = []
        self.url = ""
        self.arrived = asyncio.Event()
        # Batches by name; how often somebody looked, and how often that is too early; how often results were read.
        self.batches: dict[str, Any] = {}
        self.looks = 0
        self.slow = 0
        self.downloads = 0
        # What the vendor does not know any more (status, results), how many looks it fails, and what it tells as results.
        self.gone: set[str] = set()
        self.outage = 0
        self.results: Callable[[list[Any]], str] | None = None
        # What answers when nothing was scripted.
        self.otherwise: Callable[[Any], Reply] = _sample
        self._replies: deque[Reply] = deque()
        self._check = check
        self._runner: web.AppRunner | None = None

    def will(self, *replies: Reply) -> None:
        """Answer the next requests for messages like this, in turn."""
        self._replies.extend(replies)

    @property
    def bodies(self) -> list[Any]:
        """The bodies of the requests for messages."""
        return [received.body for received in self.requests if received.path == "/v1/messages"]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64_000_000)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", self._count)
        app.router.add_post("/v1/messages/batches", self._batch)
        app.router.add_get("/v1/messages/batches/{id}", self._batch_status)
        app.router.add_get("/v1/messages/batches/{id}/results", self._batch_results)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        received = await self._receive(request)
        refusal = _refusal(received)
        if refusal is not None:
            return _sent(refusal)
        reply = self._replies.popleft() if self._replies else self.otherwise(received.body)
        if reply.halved:
            return await _send_in_halves(request, reply)
        if reply.gate is not None:
            await reply.gate.wait()
        if reply.drop:
            assert request.transport is not None
            request.transport.abort()
        return _sent(reply)

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        received = await self._receive(request)
        batch = f"msgbatch_standin{len(self.batches)}"
        self.batches[batch] = received.body["requests"]
        return _sent(Reply(body=self._batch_of(batch)))

    async def _batch_status(self, request: web.Request) -> web.StreamResponse:
        self.looks += 1
        if "status" in self.gone:
            return _sent(fails(404))
        if 1 < self.looks <= 1 + self.outage:
            return _sent(fails(500))
        return _sent(Reply(body=self._batch_of(request.match_info["id"])))

    async def _batch_results(self, request: web.Request) -> web.StreamResponse:
        """The scripted replies in the order of the questions, told in the reverse one."""
        self.downloads += 1
        if "results" in self.gone or self.looks <= self.slow:
            return _sent(fails(404))
        asked = self.batches[request.match_info["id"]]
        if self.results is not None:
            return _sent(Reply(body=self.results(asked)))
        rows = []
        for row in asked:
            reply = self._replies.popleft() if self._replies else self.otherwise(row["params"])
            good = {"type": "succeeded", "message": reply.body}
            bad = {"type": "errored", "error": reply.body}
            rows.append({"custom_id": row["custom_id"], "result": good if reply.status == 200 else bad})
        return _sent(Reply(body="\n".join(json.dumps(row) for row in reversed(rows))))

    def _batch_of(self, batch: str) -> dict[str, Any]:
        ended = self.looks > self.slow
        count = len(self.batches[batch])
        counts = {"processing": 0 if ended else count, "succeeded": count if ended else 0}
        return {
            "id": batch,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {**counts, "errored": 0, "canceled": 0, "expired": 0},
            "created_at": "2026-11-20T08:00:00Z",
            "expires_at": "2026-11-21T08:00:00Z",
            "results_url": "https://elsewhere.example/results" if ended else None,
            **dict.fromkeys(("ended_at", "archived_at", "cancel_initiated_at")),
        }

    async def _count(self, request: web.Request) -> web.StreamResponse:
        received = await self._receive(request)
        return _sent(Reply(body={"input_tokens": counted(received.body)}))

    async def _receive(self, request: web.Request) -> Received:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.path, headers, await request.json())
        self.requests.append(received)
        self.arrived.set()
        if self._check is not None:
            self.problems += self._check(received)
        return received


def counted(body: Any) -> int:
    """Input tokens by the stand-in's own measure: one for four characters of the body."""
    return len(json.dumps(body)) // 4


def _sample(body: Any) -> Reply:
    wanted = (body.get("output_config") or {}).get("format")
    if wanted is None:
        return says("This is a stand-in, not a model.")
    return says(value=sample_from_schema(wanted["schema"]))


def _sent(reply: Reply) -> web.Response:
    text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    headers = {"x-stand-in": "anthropic", "request-id": "req_standin", **reply.headers}
    return web.Response(status=reply.status, text=text, content_type="application/json", headers=headers)


async def _send_in_halves(request: web.Request, reply: Reply) -> web.StreamResponse:
    data = json.dumps(reply.body).encode()
    response = web.StreamResponse(status=reply.status, headers={"content-type": "application/json"})
    response.content_length = len(data)
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    if reply.gate is None:
        assert request.transport is not None
        request.transport.abort()
        return response
    await reply.gate.wait()
    await response.write(data[len(data) // 2 :])
    return response


def _refusal(received: Received) -> Reply | None:
    """What the API would turn down, in the words of its documentation."""
    body, headers = received.body, received.headers
    if "anthropic-version" not in headers:
        return fails(400, "anthropic-version: header is required")
    if "x-api-key" not in headers and "authorization" not in headers:
        return fails(401, "x-api-key header is required")
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            return fails(400, f"{name}: Field required")
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            return fails(400, f"{name}: Extra inputs are not permitted")
    if body["messages"][-1]["role"] == "assistant":
        return fails(400, "This model does not support assistant message prefill.")
    for block in (block for turn in body["messages"] for block in _blocks(turn["content"])):
        if block["type"] == "text" and not block["text"]:
            return fails(400, "messages: text content blocks must be non-empty")
    wanted = (body.get("output_config") or {}).get("format")
    if wanted is not None and not _closed(wanted["schema"]):
        return fails(400, "output_config.format.schema: 'additionalProperties' must be explicitly set to false")
    return None


def _blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _closed(schema: Any) -> bool:
    """Whether every object of a schema is closed."""
    if isinstance(schema, list):
        return all(_closed(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return False
    return all(_closed(item) for item in schema.values())
