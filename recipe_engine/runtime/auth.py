"""What an auth is given beside the request: `plugin.AuthContext`, for one connector in one world.

The one rule: a request of the auth's own is not the action's. Whatever becomes of it, the action did nothing yet.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from recipe_engine.plugin.api import Settings
from recipe_engine.plugin.errors import ActionError
from recipe_engine.plugin.http import Request, Response, Transport
from recipe_engine.plugin.login import KeptLogin
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.secrets import Scrubber

if TYPE_CHECKING:
    from recipe_engine.runtime.login_store import LoginStore

T = TypeVar("T")


class ConnectorAuth:
    """Implements `AuthContext`."""

    __slots__ = ("_clock", "_connector", "_logins", "_scrubber", "_transport", "settings", "tokens")

    def __init__(
        self,
        connector: str,
        settings: Settings,
        tokens: dict[str, Any],
        transport: Transport,
        clock: Clock,
        scrubber: Scrubber,
        logins: LoginStore | None = None,
    ) -> None:
        self.settings = settings
        self.tokens = tokens
        self._connector = connector
        self._transport = transport
        self._clock = clock
        self._scrubber = scrubber
        self._logins = logins

    @property
    def now(self) -> float:
        return self._clock.now()

    def learn(self, name: str, secret: str) -> None:
        self._scrubber.add(name, secret)

    async def follow(self, other: asyncio.Future[T]) -> T:
        return await self._clock.follow(other)

    def login(self, name: str) -> KeptLogin | None:
        return None if self._logins is None else self._logins.kept(name)

    async def send(self, request: Request) -> Response:
        request.connector = self._connector
        try:
            return await self._transport.send(request)
        except ActionError as error:
            if error.failure.happened != "no":
                error.failure = replace(error.failure, happened="no")
            raise
