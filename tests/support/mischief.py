"""Vendors that misbehave, over real HTTP: they repeat what they were sent, break off, talk nonsense, send elsewhere.

The one rule: the worst that a server, or a proxy before it, may do with a credential is done here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Self

from aiohttp import web

from recipe_engine.plugin import SandboxRequest, SandboxResponse

# The answer to a request; None breaks the connection.
Behaviour = Callable[[SandboxRequest], SandboxResponse | None]


def echo(request: SandboxRequest) -> dict[str, object]:
    """What was sent, wherever vendors put words and readers look for them."""
    said = f"{request.method} {request.url} {request.headers} {request.body.decode('utf-8', 'replace')}"
    words = dict.fromkeys(
        ("message", "error_description", "detail", "title", "err", "msg", "reason", "more_info"), said
    )
    named = dict.fromkeys(("code", "errorCode", "category", "errorType", "name", "ECODE", "policyName"), said)
    nested = {"message": said, "code": said, "error_data": {"details": said}, "fieldName": said, "errorMessage": said}
    return words | named | {"error": said, "errors": [nested], "details": {"echo": said}, "data": [nested], "ok": False}


def _headers(request: SandboxRequest) -> dict[str, str]:
    given = request.headers.get("authorization", "none")
    return {"WWW-Authenticate": f'Bearer realm="{given}"', "X-Echo": given, "Content-Type": "application/json"}


def refuses(request: SandboxRequest) -> SandboxResponse:
    return SandboxResponse(401, echo(request), headers=_headers(request))


def is_confused(request: SandboxRequest) -> SandboxResponse:
    return SandboxResponse(400, echo(request), headers=_headers(request))


def names_an_error(request: SandboxRequest) -> SandboxResponse:
    """An error in the shape of the vendors whose shape matters: nested, in a row, with a number for a code."""
    said = json.dumps(request.headers)
    row = {"status": "error", "code": said, "message": said, "details": {"echo": said}}
    return SandboxResponse(
        403, {"error": {"code": 190, "message": said}, "data": [row], "code": 20003, "message": said}
    )


def breaks_down(request: SandboxRequest) -> SandboxResponse:
    text = f"<pre>{request.method} {request.url}\n{request.headers}\n{request.body!r}</pre>"
    return SandboxResponse(500, body=text.encode(), headers=_headers(request) | {"Content-Type": "text/html"})


def breaks_off(_: SandboxRequest) -> None:
    return None


def talks_nonsense(request: SandboxRequest) -> SandboxResponse:
    return SandboxResponse(200, body=json.dumps(echo(request)).encode()[:-20], headers=_headers(request))


def talks_of_something_else(request: SandboxRequest) -> SandboxResponse:
    return SandboxResponse(200, echo(request) | {"ok": True, "id": [echo(request)]}, headers=_headers(request))


BEHAVIOURS: dict[str, Behaviour] = {
    each.__name__: each
    for each in (
        refuses,
        is_confused,
        names_an_error,
        breaks_down,
        breaks_off,
        talks_nonsense,
        talks_of_something_else,
    )
}


class MischiefServer:
    """Serves `behave` on a free port of loopback until the block ends; `requests` is all that arrived."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.requests: list[SandboxRequest] = []
        self.url = ""
        app = web.Application(client_max_size=64_000_000)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = f"{request.scheme}://{request.host}{request.raw_path}"
        path = request.raw_path.partition("?")[0]
        arrived = SandboxRequest(
            request.method, url, path, dict(request.query), headers, body, len(body), hashlib.sha256(body).hexdigest()
        )
        self.requests.append(arrived)
        answer = self.behave(arrived)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        given = {name: "".join(value.split("\n")) for name, value in answer.headers.items()}
        if answer.json is None:
            return web.Response(status=answer.status, body=answer.body, headers=given)
        given.setdefault("Content-Type", "application/json")
        return web.Response(status=answer.status, body=json.dumps(answer.json).encode(), headers=given)
