"""The HTTP client of an action: the connector's base URL, auth, queue and error mapping around the transport.

The one rule: one call is one request. Repeating is the step's business, where it is recorded and can be seen; what this
client does not hide, a crash cannot double. The exceptions are answers after which nothing was done: a 401 that the
connector's `renew` can mend, and a 429 that says how long to wait (`patience`).
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson

from recipe_engine.core.failure import LONGEST_PUT_OFF
from recipe_engine.core.json import JSON
from recipe_engine.plugin.answers import failure_of_answer
from recipe_engine.plugin.api import Blobs
from recipe_engine.plugin.errors import ActionError, Terminal
from recipe_engine.plugin.http import SAFE_METHODS, Body, Request, Response
from recipe_engine.runtime.attempt import Attempt
from recipe_engine.runtime.bodies import Multipart, form_body, query_string
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.dry_run import WouldSend
from recipe_engine.runtime.patience import IN_ALL, SHORTEST, put_off
from recipe_engine.runtime.world import Link, World, origin_of

# How much of an error answer is read (bytes).
_ERROR_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class _Content:
    """A request's body: its bytes or stream, what kind, how long, and how a dry run shows it."""

    body: Body = None
    media_type: str | None = None
    length: int | None = None
    shown: JSON = None


class ActionHttp:
    """`ctx.http`, for one attempt and one connector."""

    __slots__ = ("_attempt", "_blobs", "_clock", "_dry", "_link", "_world")

    def __init__(self, world: World, link: Link, attempt: Attempt, blobs: Blobs, clock: Clock, *, dry: bool) -> None:
        self._world = world
        self._link = link
        self._attempt = attempt
        self._blobs = blobs
        self._clock = clock
        self._dry = dry

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: JSON = None,
        form: Mapping[str, Any] | None = None,
        multipart: Mapping[str, Any] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        length: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # part of what is asked for
        raw: bool = False,
        auth: bool = True,
        reads: bool = False,
    ) -> Response:
        """Send one request; see `plugin.Http`."""
        full, own = self._address(url, query)
        link = self._link
        endpoint = None if own else link.endpoints.get(origin_of(full))
        if endpoint is not None:
            link, own, auth = endpoint, True, False
        given = self._content(json, form, multipart, content, length)
        sent_headers = dict(headers) if headers else {}
        if given.media_type and not _has(sent_headers, "content-type"):
            sent_headers["Content-Type"] = given.media_type
        request = Request(
            method,
            full,
            sent_headers,
            given.body,
            timeout or math.inf,  # the attempt's own limit is watched where the attempt is
            given.length,
            link.connector.name,
            link.trusted and own and not (link.elsewhere and origin_of(full) in link.elsewhere),
            at=self._clock.now(),
        )
        signed = auth and own and link.connector.auth is not None
        if signed:
            await self._authorize(request)
        self._world.learn_basic(request.headers)
        writes = not reads and method not in SAFE_METHODS
        if writes and self._dry:
            raise WouldSend(method, full, given.shown)
        response = await self._send(link, request, writes=writes)
        if response.status == 401 and signed and await self._renewed(request, response):
            response = await self._send(link, request, writes=writes)
        while not response.ok and not raw:
            failure = await self._failure(link, request, response, reads=reads)
            if not isinstance(request.body, bytes | None) or not await self._sat_out(failure):
                raise failure
            await response.close()
            request.sent, request.at = False, self._clock.now()
            if signed:
                await self._authorize(request)
            response = await self._send(link, request, writes=writes)
        return response

    async def get(self, url: str, **options: Any) -> Response:
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> Response:
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Any) -> Response:
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Any) -> Response:
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Any) -> Response:
        return await self.request("DELETE", url, **options)

    async def _authorize(self, request: Request) -> None:
        link = self._link
        if link.connector.auth is not None:
            await link.connector.auth(request, link.auth)

    async def _renewed(self, request: Request, response: Response) -> bool:
        """Whether the connector has another credential for a request that was refused; it is then in the request."""
        renew = self._link.connector.renew
        if renew is None or not isinstance(request.body, bytes | None):
            return False  # a stream that was sent cannot be sent again
        if not await renew(request, response, self._link.auth):
            return False
        await response.close()
        request.sent, request.at = False, self._clock.now()
        await self._authorize(request)
        return True

    async def _send(self, link: Link, request: Request, *, writes: bool) -> Response:
        places = link.places
        if places is None:
            return await self._send_now(link, request, writes=writes)
        if not places.take_free():
            async with self._queued():
                await places.take()
        try:
            return await self._send_now(link, request, writes=writes)
        finally:
            places.give_back()

    @asynccontextmanager
    async def _queued(self) -> AsyncIterator[None]:
        """Standing in a queue is not the attempt's own time."""
        self._attempt.limit.hold()
        try:
            yield
        finally:
            self._attempt.limit.release()

    async def _send_now(self, link: Link, request: Request, *, writes: bool) -> Response:
        attempt = self._attempt
        await self._turn(link)
        if writes:
            attempt.under_way = request
        try:
            response = await self._world.transport.send(request)
        except ActionError as error:
            if not writes and error.failure.happened != "no":
                error.failure = replace(error.failure, happened="no")
            raise
        attempt.answered = True
        if writes:
            attempt.under_way = None
            attempt.wrote = attempt.wrote or response.ok
        attempt.progressed = attempt.progressed or response.ok
        if response.streamed:
            attempt.streams.append(response)
        if link.base:
            link.limiter.heed(response.status, response.headers)
        return response

    async def _turn(self, link: Link) -> None:
        """Wait for a place in the connector's queue."""
        while True:
            try:
                if not link.limiter.take_free():
                    async with self._queued():
                        await link.limiter.acquire()
            except ActionError as failure:
                if not await self._sat_out(failure):
                    raise
            else:
                return

    async def _sat_out(self, failure: Exception) -> bool:
        """Whether the vendor named a wait that a patient attempt has now waited."""
        attempt = self._attempt
        if not isinstance(failure, ActionError) or not attempt.may_wait:
            return False
        wait = put_off(failure.failure)
        if wait is None:
            return False
        if attempt.waited + wait > IN_ALL:
            # No put-off any more, but a vendor that gives nothing: the step's retries are counted.
            failure.failure = replace(failure.failure, retry_after=LONGEST_PUT_OFF + SHORTEST)
            return False
        attempt.waited += wait
        async with self._queued():
            await self._clock.sleep_until(self._clock.now() + wait)
        return True

    async def _failure(self, link: Link, request: Request, response: Response, *, reads: bool) -> Exception:
        try:
            body = await response.read(_ERROR_BODY)
        except ActionError:
            body = b""  # the status alone says enough; a body that breaks off adds nothing
        place = request.url.partition("?")[0]
        error = failure_of_answer(
            link.connector, request.method, place, response.status, response.headers, body, self._clock.now()
        )
        if isinstance(error, ActionError):
            if reads and error.failure.happened != "no":
                error.failure = replace(error.failure, happened="no")
            if response.status == 429 and error.failure.retry_after:
                link.limiter.pause(error.failure.retry_after)
        return error

    def _address(self, url: str, query: Mapping[str, Any] | None) -> tuple[str, bool]:
        """The absolute URL, and whether it is the connector's own: only there do its credentials go."""
        link = self._link
        if url.startswith(("https://", "http://")):
            own = not link.base or origin_of(url) == link.origin or origin_of(url) in link.elsewhere
        else:
            if not link.base:
                setting = link.connector.base_url_setting or f"{link.connector.name.upper()}_BASE_URL"
                raise Terminal(
                    f"{url[:100]!r} is not an absolute URL and {link.connector.title} has no base URL",
                    code="invalid_url",
                    detail=f"begin it with https://, or set {setting}",
                )
            url, own = f"{link.base}{url}" if url.startswith("/") else f"{link.base}/{url}", True
        if query:
            extra = query_string(query)
            if extra:
                url = url.partition("#")[0]
                url = f"{url}{'&' if '?' in url else '?'}{extra}"
        return url, own

    def _content(
        self,
        json: JSON,
        form: Mapping[str, Any] | None,
        multipart: Mapping[str, Any] | None,
        content: bytes | AsyncIterator[bytes] | None,
        length: int | None,
    ) -> _Content:
        if json is not None:
            return _Content(orjson.dumps(json), "application/json", shown=json)
        if form is not None:
            return _Content(form_body(form), "application/x-www-form-urlencoded", shown=dict(form))
        if multipart is not None:
            parts = Multipart(multipart, self._blobs)
            return _Content(parts.chunks(), parts.content_type, parts.length, shown=dict(multipart))
        if content is None:
            return _Content()
        return _Content(content, length=length, shown=None if isinstance(content, bytes) else "a stream")


def _has(headers: Mapping[str, str], name: str) -> bool:
    return any(given.lower() == name for given in headers)
