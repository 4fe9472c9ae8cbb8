"""Where actions act: the vendors themselves, or their sandboxes.

The one rule: nothing of one world reaches the other. Settings, connections, limits and access tokens are each world's
own, so that a sandbox run can neither use a real key nor leave a token behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from recipe_engine.plugin.api import AuthContext, Connector
from recipe_engine.plugin.catalog import Catalog
from recipe_engine.plugin.errors import Terminal
from recipe_engine.plugin.http import Transport
from recipe_engine.runtime.auth import ConnectorAuth
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.limiter import Limiter
from recipe_engine.runtime.places import Places
from recipe_engine.runtime.secrets import Scrubber, strings_in
from recipe_engine.runtime.settings import Settings

if TYPE_CHECKING:
    from recipe_engine.runtime.login_store import LoginStore


@dataclass(frozen=True, slots=True)
class Link:
    """How one connector is reached: its base URL without a final slash, the origin of that, whether the operator put
    it there (then it may be a private address), the queue of its credential, what its auth is given, and the places
    for requests under way at the same time. `endpoints` are the links of its other addresses, by origin; `elsewhere`
    are the origins beside its own to which its credentials go."""

    connector: Connector
    base: str
    origin: str
    trusted: bool
    limiter: Limiter
    auth: AuthContext
    places: Places | None = None
    endpoints: Mapping[str, Link] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()


class World:
    """Everything that a connector's actions share in one process."""

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        transport: Transport,
        clock: Clock,
        services: Mapping[str, Any],
        scrubber: Scrubber,
    ) -> None:
        self.catalog = catalog
        self.settings = settings
        self.transport = transport
        self.services = services
        self.tokens: dict[str, Any] = {}
        self._clock = clock
        self._scrubber = scrubber
        self._logins = _logins_of(settings, scrubber)
        self._links: dict[str, Link] = {}
        self._limiters: dict[tuple[str, str], Limiter] = {}

    def link(self, connector: Connector) -> Link:
        """The connector's link, made when it is first used; its secrets are known to the scrubber from then on."""
        link = self._links.get(connector.name)
        if link is None:
            link = self._links[connector.name] = self._make_link(connector)
        return link

    async def close(self) -> None:
        """Let the refresh of a login that is under way come to its end. The transport must still work."""
        if self._logins is not None:
            await self._logins.close()

    def secret(self, name: str) -> str:
        """The value of `secrets.NAME`; Terminal `not_configured` when it has none."""
        value = self.settings.require(name)
        self._scrubber.add(name, value)
        return value

    def learn_basic(self, headers: Mapping[str, str]) -> None:
        """Make the scrubber know user and password as they are sent: together, in base64."""
        value = headers.get("Authorization") or headers.get("authorization")
        if value is not None and value.startswith("Basic "):
            self._scrubber.add("basic", value[6:])

    def learn_tokens(self) -> None:
        """Make the scrubber know the access tokens that connectors keep at this moment."""
        for name, tokens in self.tokens.items():
            for text in strings_in(tokens):
                self._scrubber.add(name, text)

    def _make_link(self, connector: Connector) -> Link:
        replaced = self.settings.get(connector.base_url_setting or f"{connector.name.upper()}_BASE_URL")
        base = (replaced or connector.address(self.settings)).rstrip("/")
        if base:
            _refuse_other_than_http(base, f"the base URL of {connector.name}")
        auth = ConnectorAuth(
            connector.name, self.settings, self.tokens, self.transport, self._clock, self._scrubber, self._logins
        )
        places = Places(connector.at_once, self._clock) if connector.at_once else None
        endpoints = {}
        for name in connector.endpoints:
            address = (self.settings.get(name) or "").rstrip("/")
            if address:
                _refuse_other_than_http(address, name)
                origin = origin_of(address)
                limiter = Limiter(self._clock)
                endpoints[origin] = Link(connector, address, origin, True, limiter, auth)
        limiter = self._limiter(connector)
        elsewhere = frozenset(map(origin_of, connector.elsewhere))
        return Link(connector, base, origin_of(base), bool(replaced), limiter, auth, places, endpoints, elsewhere)

    def _limiter(self, connector: Connector) -> Limiter:
        credential = hashlib.sha256()
        for setting in connector.settings:
            value = self.settings.get(setting.name) if setting.secret else None
            if value:
                self._scrubber.add(setting.name, value)
                credential.update(f"{setting.name}\0{value}\0".encode())
        place = (connector.name, credential.hexdigest())
        if place not in self._limiters:
            self._limiters[place] = Limiter(self._clock, connector.limits)
        return self._limiters[place]


def _logins_of(settings: Settings, scrubber: Scrubber) -> LoginStore | None:
    """The logins of a place, None where there can be none: in sandboxes."""
    if settings.logins is None:
        return None
    from recipe_engine.runtime.login_store import LoginStore
    from recipe_engine.runtime.login_vaults import KEY_SETTING

    key = settings.get(KEY_SETTING)
    if key:
        scrubber.add(KEY_SETTING, key)
    return LoginStore(settings.logins, key)


def _refuse_other_than_http(address: str, what: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Terminal(f"{what} is not an http or https URL", code="not_configured")


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: everything before its path."""
    scheme, found, rest = url.partition("://")
    if not found:
        return ""
    for end, sign in enumerate(rest):
        if sign in "/?#":
            return f"{scheme}://{rest[:end]}"
    return url
