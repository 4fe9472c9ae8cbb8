"""A stand-in for a chat completions and transcription server: local, over real HTTP, and no model.

What it is told to answer (`will`) it gives in turn. It keeps what it received, and can be as narrow as real servers are:
`refuses` names what it does not know (`json_schema`, `reasoning_effort`, `max_tokens`). When it ends it asserts that every
request was as the vendor describes it (`chat_completions`).
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Self

from aiohttp import web

from tests.support.chat_completions import request_problems


def completes(text: str, *, finish: str = "stop", **fields: Any) -> tuple[int, Any]:
    """A chat completion with this text; `usage` and other fields may be given."""
    message = {"role": "assistant", "content": text, **fields.pop("message", {})}
    usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return 200, {"id": "chatcmpl-standin", "object": "chat.completion", "choices": [choice], "usage": usage, **fields}


def fails(status: int, message: str = "as scripted", code: str | None = None) -> tuple[int, Any]:
    """An error answer."""
    return status, {"error": {"message": message, "type": "error", "param": None, "code": code}}


class OpenAIServer:
    """`async with OpenAIServer() as server:` serves at `server.url` until the block ends."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.problems: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.recordings: list[dict[str, Any]] = []
        self.refuses: set[str] = set()
        self.url = ""
        self._replies: deque[tuple[int, Any] | None] = deque()
        self._runner: web.AppRunner | None = None

    def will(self, *replies: tuple[int, Any] | None) -> None:
        """Answer the next requests like this, in turn; None drops the connection."""
        self._replies.extend(replies)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64_000_000)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        assert self.problems == []

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        self.problems += request_problems(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if "json_schema" in self.refuses and "response_format" in body:
            return _sent(fails(400, "response_format.type must be text"))
        if "reasoning_effort" in self.refuses and "reasoning_effort" in body:
            return _sent(fails(400, "Unknown parameter: 'reasoning_effort'."))
        if "max_tokens" in self.refuses and "max_tokens" in body:
            said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
            return _sent(fails(400, said))
        return self._reply(request, completes("stand-in"))

    async def _transcribe(self, request: web.Request) -> web.Response:
        form = await request.post()
        fields: dict[str, Any] = {}
        for name, value in form.items():
            fields[name] = (
                (value.filename, value.content_type, value.file.read()) if isinstance(value, web.FileField) else value
            )
        self.recordings.append(fields)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return self._reply(request, (200, {"text": " Bonjour du bac à sable. "}))

    def _reply(self, request: web.Request, otherwise: tuple[int, Any]) -> web.Response:
        reply = self._replies.popleft() if self._replies else otherwise
        if reply is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return _sent(reply)


def _sent(reply: tuple[int, Any]) -> web.Response:
    status, body = reply
    text = body if isinstance(body, str) else json.dumps(body)
    return web.Response(status=status, text=text, content_type="application/json", headers={"x-stand-in": "openai"})
