"""OAuth 2.0 by refresh token: the access token that every request of a connector carries.

    zoho = oauth2_refresh("Zoho", accounts_url, client_id="ZOHO_CLIENT_ID", client_secret="ZOHO_CLIENT_SECRET",
                          refresh_token="ZOHO_REFRESH_TOKEN", scheme="Zoho-oauthtoken")
    desk = Connector(name="desk", ..., auth=zoho, renew=zoho.renew)

The one rule: one refresh in flight for a credential, whoever waits for it. What it gives, or why it failed, is everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from recipe_engine.core.json import JSON
from recipe_engine.plugin.api import AuthContext, Settings
from recipe_engine.plugin.errors import ActionError, Retryable, Terminal
from recipe_engine.plugin.http import Request, Response

if TYPE_CHECKING:
    import asyncio

# A token is replaced this long before it expires (seconds), or after nine tenths of a shorter life.
_EARLY = 60.0
# How long a token lives when its answer does not say (seconds).
_USUAL_LIFE = 3600.0
_LARGEST_ANSWER = 100_000
_TIMEOUT = 30.0

# The settings' token endpoint, and whether the operator put it there (then it may be a private address).
TokenUrl = Callable[[Settings], tuple[str, bool]]
# The seconds to wait when an answer says that too many tokens were asked for, None when it says something else.
Limited = Callable[[JSON], float | None]


@dataclass(eq=False, slots=True)
class _Account:
    """What the process knows of one credential. `refreshing` stands while a refresh is in flight; it ends with the
    failure that all who wait share, or with None: look again."""

    token: str = field(default="", repr=False)
    renew_at: float = 0.0
    blocked_until: float = 0.0
    refreshing: asyncio.Future[ActionError | None] | None = None


@dataclass(frozen=True, slots=True)
class OAuth2Refresh:
    """An auth: see `oauth2_refresh`, which makes it."""

    title: str
    token_url: TokenUrl
    client_id: str
    client_secret: str
    refresh_token: str
    scheme: str
    advice: Mapping[str, str]
    limited: Limited
    stale: Callable[[JSON], bool]

    async def __call__(self, request: Request, auth: AuthContext) -> None:
        """Put a valid access token into the request.

        Raises Terminal `not_configured` or `unauthorized`, and Retryable when there is no token at the moment.
        """
        request.headers["Authorization"] = f"{self.scheme} {await self._token(auth)}"

    async def renew(self, request: Request, response: Response, auth: AuthContext) -> bool:
        """After a 401: forget the token that was refused, unless somebody did so already. False when the answer is
        about something else than the token."""
        from recipe_engine.plugin.answers import parsed

        if not self.stale(parsed(await response.read(_LARGEST_ANSWER))):
            return False
        account = self._account(auth)
        if request.headers.get("Authorization") == f"{self.scheme} {account.token}":
            account.token = ""
        return True

    async def _token(self, auth: AuthContext) -> str:
        account = self._account(auth)
        while not account.token or auth.now >= account.renew_at:
            if account.refreshing is None:
                return await self._refresh(account, auth)
            failure = await auth.follow(account.refreshing)
            if failure is not None:
                raise failure
        return account.token

    async def _refresh(self, account: _Account, auth: AuthContext) -> str:
        """A new token, for the caller and all who wait meanwhile. When the caller is cut off, another one takes over."""
        import asyncio

        refreshing: asyncio.Future[ActionError | None]
        refreshing = account.refreshing = asyncio.get_running_loop().create_future()
        failure: ActionError | None = None
        try:
            token, life = await self._ask(account, auth)
        except ActionError as error:
            failure = error
            raise
        else:
            account.token, account.renew_at = token, auth.now + life - min(_EARLY, life / 10)
            return token
        finally:
            account.refreshing = None
            refreshing.set_result(failure)

    async def _ask(self, account: _Account, auth: AuthContext) -> tuple[str, float]:
        """The token of one request to the token endpoint, and for how many seconds it is good."""
        from recipe_engine.plugin.answers import parsed, retry_after

        if auth.now < account.blocked_until:
            raise self._too_many(account.blocked_until - auth.now)
        response = await auth.send(self._request(auth))
        answer = parsed(await response.read(_LARGEST_ANSWER))
        given: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
        token = given.get("access_token")
        if response.ok and isinstance(token, str) and token:
            auth.learn(f"access token of {self.title}", token)
            return token, _life(given.get("expires_in"))
        wait = self.limited(answer)
        if wait is None and response.status == 429:
            wait = _EARLY
        if wait is not None:
            wait = retry_after(response.headers, auth.now) or wait
            account.blocked_until = auth.now + wait
            raise self._too_many(wait)
        raise self._refusal(response.status, given, answer)

    def _request(self, auth: AuthContext) -> Request:
        url, trusted = self.token_url(auth.settings)
        form = {
            "grant_type": "refresh_token",
            "client_id": auth.settings.require(self.client_id),
            "client_secret": auth.settings.require(self.client_secret),
            "refresh_token": auth.settings.require(self.refresh_token),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return Request("POST", url, headers, urlencode(form).encode(), _TIMEOUT, trusted=trusted, at=auth.now)

    def _too_many(self, wait: float) -> Retryable:
        return Retryable(
            f"{self.title} gives no further access tokens for now: too many were asked for",
            code="rate_limit",
            retry_after=wait,
            detail="all programs that use this refresh token share the limit",
        )

    def _refusal(self, status: int, given: Mapping[str, Any], answer: JSON) -> ActionError:
        from recipe_engine.plugin.answers import vendor_words

        code = str(given.get("error") or "")
        if not code:
            said = f"{self.title} answered {status} without an access token"
            detail = vendor_words(answer)
            if status >= 500 or status == 408:
                return Retryable(said, code="unavailable", detail=detail)
            return Terminal(said, code="unauthorized", detail=detail)
        title = f"{self.title} gives no access token: {code}"
        if status >= 500:
            return Retryable(title, code="unavailable", detail=vendor_words(answer))
        advice = self.advice.get(code, "")
        words = str(given.get("error_description") or "")
        return Terminal(title, code="unauthorized", detail="; ".join(filter(None, [words, advice])))

    def _account(self, auth: AuthContext) -> _Account:
        """What is known of the credential that the settings name; another refresh token is another credential."""
        import hashlib

        parts = [self.token_url(auth.settings)[0], *map(auth.settings.require, (self.client_id, self.refresh_token))]
        name = f"oauth2:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}"
        account: _Account = auth.tokens.setdefault(name, _Account())
        return account


def oauth2_refresh(
    title: str,
    token_url: str | TokenUrl,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    scheme: str = "Bearer",
    advice: Mapping[str, str] | None = None,
    limited: Limited = lambda _answer: None,
    stale: Callable[[JSON], bool] = lambda _answer: True,
) -> OAuth2Refresh:
    """Auth by an access token that a refresh token gives: kept until shortly before it expires, and by `renew` replaced
    once when it is refused.

    `client_id`, `client_secret` and `refresh_token` are names of settings. The header is `Authorization: <scheme> <token>`.
    `advice` says by error code what to do; `limited` reads from an error answer of the token endpoint how many seconds to
    wait; `stale` whether a 401 of the interface is about the token at all. The refresh token is kept as it is: for vendors
    that give a new one each time this is not the right auth.
    """
    usual = {
        "invalid_grant": f"{refresh_token} is wrong, expired or revoked: make a new one",
        "invalid_client": f"check {client_id} and {client_secret}",
    }
    url: TokenUrl = (lambda _settings: (token_url, False)) if isinstance(token_url, str) else token_url
    return OAuth2Refresh(
        title, url, client_id, client_secret, refresh_token, scheme, usual | dict(advice or {}), limited, stale
    )


def _life(expires_in: Any) -> float:
    try:
        return max(1.0, float(expires_in))
    except (TypeError, ValueError):
        return _USUAL_LIFE
