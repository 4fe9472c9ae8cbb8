"""The loopback address that a vendor sends the browser back to (RFC 8252, section 7.3).

The one rule: it hears this machine only, takes one answer, and tells the browser what became of it.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aiohttp import web

from recipe_engine.plugin.login import Login, redirect_uri
from recipe_engine.runtime.login_index import LoginFailed

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 18px/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32em; padding: 0 1em }}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}


class LoginPage:
    """Listens at `redirect_uri` while it is open. `port` is the one to listen on, 0 for any that is free, None for the
    vendor's, or any when it takes any.

    Opening raises LoginFailed when the port is taken.
    """

    def __init__(self, login: Login, port: int | None = None) -> None:
        self._login = login
        self._port = (login.port or 0) if port is None else port
        self._answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
        self._outcome: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._runner = web.ServerRunner(web.Server(self._respond, access_log=None), shutdown_timeout=1.0)

    @property
    def redirect_uri(self) -> str:
        """What the vendor is told."""
        return redirect_uri(self._login, self._port)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise LoginFailed(
                f"port {self._port} of this machine cannot be used: {error.strerror or error}",
                f"end what uses it, or register {redirect_uri(self._login, 8718)} too and add --port 8718; "
                "--paste needs no port",
            ) from error
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._outcome.done():
            self.tell(done=False, text="The login ended without an answer.")
        await self._runner.cleanup()

    async def answer(self) -> Mapping[str, str]:
        """What the browser comes back with."""
        return await asyncio.shield(self._answer)

    def tell(self, *, done: bool, text: str) -> None:
        """Say in the browser what became of the answer."""
        self._outcome.set_result((done, text))

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != self._login.path or request.method != "GET" or not request.query:
            return web.Response(status=404, text="not found", headers=_HEADERS)
        if self._answer.done():
            return _page("Nothing to do", "This login has its answer already. You can close this page.")
        self._answer.set_result({name: request.query[name] for name in request.query})
        done, text = await self._outcome
        title = f"{self._login.title}: {'logged in' if done else 'not logged in'}"
        return _page(title, f"{text} You can close this page.", status=200 if done else 400)


def _page(title: str, text: str, status: int = 200) -> web.Response:
    page = _PAGE.format(title=html.escape(title), text=html.escape(text))
    return web.Response(status=status, text=page, content_type="text/html", headers=_HEADERS)
