"""The real transport: aiohttp behind the HTTP seam of the plugins.

The one rule: it says truthfully whether a request may have arrived. `request.sent` is set when a connection stands and
writing begins; a failure before that is `happened="no"`, one after it `happened="maybe"`.

Requests go through one of two sessions with their own connections: a guarded one that refuses private addresses
at the moment of connecting (after the name was resolved, to the very address that was judged), and one for requests
whose address the operator configured (`request.trusted`).
"""

from __future__ import annotations

import asyncio
import math
import socket
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from recipe_engine.plugin.errors import ActionError, Terminal
from recipe_engine.plugin.http import Request, Response
from recipe_engine.runtime.http_failures import CONNECT_SECONDS, failure_of, refused, shown
from recipe_engine.runtime.private_addresses import Allowed, is_literal, refusal
from recipe_engine.version import VERSION

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection

# Bodies up to this size (bytes) are read at once, so that their connection is free for the next request.
_SMALL = 65_536
_CHUNK = 262_144
# Below the five seconds after which common servers close idle connections: a request sent on a connection that is
# just being closed is lost in a way that nobody can tell from a request that arrived.
_KEEP_ALIVE_SECONDS = 4.0
_CONNECTIONS = 256
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
# What a request may tell a host that a redirect names. Everything else could be a credential.
_HARMLESS_HEADERS = frozenset(
    {"accept", "accept-language", "accept-encoding", "user-agent", "range", "if-none-match", "if-modified-since"}
)

_under_way: ContextVar[Request] = ContextVar("request under way")


class AiohttpTransport:
    """A `Transport` over the network. Opens nothing before its first request; `close` ends all connections.

    `allowed` are the hosts exempt from the refusal of private addresses (RECIPE_HTTP_ALLOW).
    """

    def __init__(self, allowed: Allowed | None = None) -> None:
        self._allowed = allowed or Allowed()
        self._guarded: aiohttp.ClientSession | None = None
        self._trusted: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Response:
        """The answer, redirects of GET and HEAD followed. See `Transport` for what it raises."""
        response = await self._exchange(request)
        if response.status in _REDIRECTS and request.method in ("GET", "HEAD"):
            return await self._follow(request, response)
        return response

    async def close(self) -> None:
        for session in (self._guarded, self._trusted):
            if session is not None:
                await session.close()
        self._guarded = self._trusted = None

    async def _follow(self, request: Request, response: Response) -> Response:
        for _ in range(_MOST_REDIRECTS):
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location:
                return response
            await response.close()
            request = _redirected(request, urljoin(request.url, location))
            response = await self._exchange(request)
        await response.close()
        raise Terminal(
            f"more than {_MOST_REDIRECTS} redirects, the last to {shown(request.url)}", code="too_many_redirects"
        )

    async def _exchange(self, request: Request) -> Response:
        url = _parsed(request.url)
        if not request.trusted:
            self._refuse_literal(url)
        session = self._session(request.trusted)
        _under_way.set(request)
        headers = request.headers
        if request.length is not None and not isinstance(request.body, bytes):
            headers = {**headers, "Content-Length": str(request.length)}
        try:
            answer = await session.request(
                request.method,
                url,
                data=request.body,
                headers=headers,
                allow_redirects=False,
                # A request without a body has no type, whatever the client would say of it.
                skip_auto_headers=("Content-Type",) if request.body is None else (),
                timeout=_timeout(request.timeout),
            )
            if _is_small(answer):
                return Response(answer.status, answer.headers, await answer.read(), request.url)
        except ActionError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise failure_of(error, request) from error
        return Response(answer.status, answer.headers, _Stream(answer, request), request.url)

    def _session(self, trusted: bool) -> aiohttp.ClientSession:
        session = self._trusted if trusted else self._guarded
        if session is None:
            resolver = None if trusted else _GuardedResolver(self._allowed)
            session = aiohttp.ClientSession(
                connector=_Connector(
                    resolver=resolver or aiohttp.ThreadedResolver(),
                    limit=_CONNECTIONS,
                    keepalive_timeout=_KEEP_ALIVE_SECONDS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"recipe-engine/{VERSION}"},
            )
            if trusted:
                self._trusted = session
            else:
                self._guarded = session
        return session

    def _refuse_literal(self, url: URL) -> None:
        """Names are judged by the resolver; an address in the URL never gets there."""
        host = url.raw_host or ""
        if is_literal(host):
            why = refusal(host)
            if why is not None and (host, url.port or 0) not in self._allowed:
                raise refused(host, url.port or 0, host, why)


class _Connector(aiohttp.TCPConnector):
    """Notes on the request under way that a connection stands: from here on it may arrive."""

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout) -> Connection:  # noqa: ASYNC109  # aiohttp's signature
        connection = await super().connect(req, traces, timeout)
        _under_way.get().sent = True
        return connection


class _GuardedResolver(AbstractResolver):
    """Resolves names and refuses those that lead, by any of their addresses, to where recipes may not go."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if (host, port) in self._allowed:
            return found
        for result in found:
            why = refusal(result["host"])
            if why is not None:
                raise refused(host, port, result["host"], why)
        return found

    async def close(self) -> None:
        await self._system.close()


class _Stream:
    """The body of a large answer, piece by piece; its connection is given back at the end or by `aclose`."""

    def __init__(self, answer: aiohttp.ClientResponse, request: Request) -> None:
        self._answer = answer
        self._chunks = answer.content.iter_chunked(_CHUNK)
        self._request = request

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            self._answer.release()
            raise
        except (aiohttp.ClientError, OSError) as error:
            self._answer.close()
            raise failure_of(error, self._request) from error

    async def aclose(self) -> None:
        self._answer.close()


def _is_small(answer: aiohttp.ClientResponse) -> bool:
    """Whether the body is here already, or short. A compressed one may be short only until it is unpacked."""
    if answer.content.is_eof():
        return True
    length = answer.content_length
    return length is not None and length <= _SMALL and "Content-Encoding" not in answer.headers


def _redirected(request: Request, url: str) -> Request:
    """The next request of a redirect: the same to the same origin, stripped and untrusted to another."""
    before, after = urlsplit(request.url), urlsplit(url)
    if after.scheme not in ("http", "https"):
        raise Terminal(f"{shown(request.url)} redirects to a {after.scheme} address", code="invalid_url")
    if (before.scheme, before.netloc) == (after.scheme, after.netloc):
        headers, trusted = request.headers, request.trusted
    else:
        headers = {name: value for name, value in request.headers.items() if name.lower() in _HARMLESS_HEADERS}
        trusted = False
    return Request(request.method, url, headers, timeout=request.timeout, connector=request.connector, trusted=trusted)


@lru_cache(maxsize=1024)
def _parsed(url: str) -> URL:
    """The URL, sent exactly as it is when it is plain ASCII (a signature may cover it), else encoded."""
    try:
        parsed = URL(url, encoded=url.isascii() and " " not in url)
    except ValueError as error:
        raise Terminal(f"not a URL that can be called: {url[:200]}", code="invalid_url", detail=str(error)) from error
    if parsed.scheme not in ("http", "https") or not parsed.raw_host:
        raise Terminal(f"not an http or https URL: {url[:200]!r}", code="invalid_url")
    return parsed


@lru_cache(maxsize=256)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    total = None if seconds == math.inf else seconds
    return aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS)


# asyncio.TimeoutError is TimeoutError since 3.11, and TimeoutError is an OSError: the handlers above rely on it.
assert issubclass(asyncio.TimeoutError, OSError)
