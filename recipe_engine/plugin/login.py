"""Logins: what a vendor's consent in the browser is made of, in a few lines of a connector's author.

    google = Login(
        name="google", title="Google",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        client_id="GOOGLE_CLIENT_ID", client_secret="GOOGLE_CLIENT_SECRET",
        scopes=["https://www.googleapis.com/auth/calendar.events"],
        parameters={"access_type": "offline", "prompt": "consent"},
    )
    token = login_token(google)
    calendar = Connector(name="google_calendar", ..., login=google, auth=token, renew=token.renew)

The one rule: this describes. `recipe connectors login NAME` does what is described, and an auth only uses what it kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Settings

# An address under these settings, and whether the operator put it there (then it may be a private one).
AddressOf = Callable[["Settings"], tuple[str, bool]]
Address = str | AddressOf


@dataclass(frozen=True, slots=True)
class Login:
    """One consent (OAuth 2.0: code, PKCE, refresh token) that any number of connectors may share.

    `name` is what `recipe connectors login` is given, beside the names of the connectors. `client_id` and `client_secret`
    are names of settings. `scopes` of connectors that share a login are asked for together, with `separator` between
    them. `parameters` go to the authorization address as they are.

    The vendor sends the browser back to `http://<host>:<port><path>`. `port` is None where the vendor takes any; else that
    very address has to be registered, and `register` says where. `told` reads from what the vendor sends along which
    settings it thereby tells (a data centre); ValueError when that is nonsense. Settings that a login tells, or that are
    not needed after it, say so: `Setting(..., login=name)`.

    `account` reads from the answer of the token address for whom it is. `revoke_url` is told of a logout: with the client's
    id and secret as well (RFC 7009), with the token alone, or with the token in the query, as `revoke_with` says.
    `advice` says by error code what to do, `again` what to do when there is no refresh token in the answer.
    """

    name: str
    title: str
    authorize_url: Address
    token_url: Address
    client_id: str
    client_secret: str
    scopes: Sequence[str]
    separator: str = " "
    parameters: Mapping[str, str] = field(default_factory=dict)
    pkce: bool = True
    host: str = "127.0.0.1"
    port: int | None = None
    path: str = "/callback"
    register: str = ""
    told: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    account: Callable[[Mapping[str, Any]], str] | None = None
    revoke_url: Address = ""
    revoke_with: Literal["client", "token", "query"] = "client"
    advice: Mapping[str, str] = field(default_factory=dict)
    again: str = "withdraw the access that was given before at the vendor, then log in again"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is kept of a login and nobody may see. `renew_at` is when the access token has to be replaced (seconds since
    1970)."""

    refresh_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    renew_at: float = 0.0


class KeptLogin(Protocol):
    """A login as the auth of a connector uses it. `id` is another one after each login.

    `alone` keeps every other process away from the tokens: a refresh token that changes with each use may be used by one
    at a time. All raise ActionError when the tokens cannot be reached.
    """

    id: str

    def alone(self) -> AbstractAsyncContextManager[None]: ...

    async def read(self) -> Tokens: ...

    async def keep(self, tokens: Tokens) -> None: ...


def address(where: Address, settings: Settings) -> tuple[str, bool]:
    """The URL under these settings, and whether the operator put it there."""
    return (where, False) if isinstance(where, str) else where(settings)


def redirect_uri(login: Login, port: int | None = None) -> str:
    """Where the vendor is to send the browser back to."""
    return f"http://{login.host}:{port or login.port}{login.path}"


def id_claims(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an OpenID vendor says of the person (`email`, `name`) in the answer of its token address; nothing without an
    id token in it. The signature is not looked at: the token comes from the vendor itself, over TLS (OpenID Connect Core,
    section 3.1.3.7)."""
    import base64
    import json

    payload = str(answer.get("id_token") or "").split(".")[1:2]
    if not payload:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def is_logged_in(name: str, settings: Any) -> bool:
    """Whether a login of that name is kept, as far as these settings know."""
    return bool(name) and name in (getattr(settings, "logins", None) or ())
