"""OAuth 2.0 by refresh token: the access token that every request of a connector carries.

    zoho = oauth2_refresh("Zoho", accounts_url, client_id="ZOHO_CLIENT_ID", client_secret="ZOHO_CLIENT_SECRET",
                          refresh_token="ZOHO_REFRESH_TOKEN", scheme="Zoho-oauthtoken")
    desk = Connector(name="desk", ..., auth=zoho, renew=zoho.renew)

The one rule: one refresh in flight for a credential, whoever waits for it. What it gives, or why it failed, is everybody's.
With a login (`plugin.login`) that goes for all processes, and what the vendor gave is kept before it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from recipe_engine.core.json import JSON
from recipe_engine.plugin.api import AuthContext, Settings
from recipe_engine.plugin.errors import ActionError, Retryable, Terminal
from recipe_engine.plugin.http import Request, Response
from recipe_engine.plugin.login import AddressOf, KeptLogin, Login, Tokens, address

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger("recipe_engine")

# A token is replaced this long before it expires (seconds), or after nine tenths of a shorter life.
_EARLY = 60.0
# How long a token lives when its answer does not say (seconds).
_USUAL_LIFE = 3600.0
_LARGEST_ANSWER = 100_000
_TIMEOUT = 30.0

# The settings' token endpoint, and whether the operator put it there (then it may be a private address).
TokenUrl = AddressOf
# The seconds to wait when an answer says that too many tokens were asked for, None when it says something else.
Limited = Callable[[JSON], float | None]


@dataclass(eq=False, slots=True)
class _Account:
    """What the process knows of one credential. `refreshing` stands while a refresh is in flight; it ends with the
    failure that all who wait share, or with None: look again. `refused` is the token that the vendor took no more,
    `unkept` what it gave in place of a refresh token (the first) and could not be kept yet."""

    token: str = field(default="", repr=False)
    renew_at: float = 0.0
    refused: str = field(default="", repr=False)
    unkept: tuple[str, Tokens] | None = field(default=None, repr=False)
    blocked_until: float = 0.0
    refreshing: asyncio.Future[ActionError | None] | None = None


@dataclass(frozen=True, slots=True)
class OAuth2Refresh:
    """An auth: see `oauth2_refresh` and `login_token`, which make it."""

    title: str
    token_url: TokenUrl
    client_id: str
    client_secret: str
    refresh_token: str
    scheme: str
    advice: Mapping[str, str]
    limited: Limited
    stale: Callable[[JSON], bool]
    login: Login | None = None

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
        account = self._account(auth, self._kept(auth))
        if request.headers.get("Authorization") == f"{self.scheme} {account.token}":
            account.refused, account.token = account.token, ""
        return True

    async def _token(self, auth: AuthContext) -> str:
        kept = self._kept(auth)
        account = self._account(auth, kept)
        while not account.token or auth.now >= account.renew_at:
            if account.refreshing is None:
                if kept is None:
                    return await self._refresh(account, auth)
                account.refreshing = _detached(self._refresh_kept(account, auth, kept))
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
            given = await self._ask(account, auth, self._request(auth))
        except ActionError as error:
            failure = error
            raise
        else:
            account.token, account.renew_at = given.access_token, given.renew_at
            return account.token
        finally:
            account.refreshing = None
            refreshing.set_result(failure)

    async def _refresh_kept(self, account: _Account, auth: AuthContext, kept: KeptLogin) -> ActionError | None:
        """Have a token of a login in the account; the failure, when there is none.

        Nobody who waits for it can cut it off: the vendor may have changed the refresh token, and it would be lost.
        """
        try:
            async with kept.alone():
                tokens = await self._current(account, auth, kept)
                if not self._usable(tokens, account, auth):
                    tokens = await self._exchange(tokens, account, auth, kept)
                account.token, account.renew_at = tokens.access_token, tokens.renew_at
        except ActionError as error:
            return error
        finally:
            account.refreshing = None
        return None

    async def _current(self, account: _Account, auth: AuthContext, kept: KeptLogin) -> Tokens:
        """What is kept now, perhaps by another process. What could not be kept before is kept first."""
        tokens = await kept.read()
        if account.unkept is not None:
            replaced, given = account.unkept
            if tokens.refresh_token == replaced:
                await kept.keep(given)
                tokens = given
            account.unkept = None
        self._learn(auth, tokens)
        return tokens

    def _usable(self, tokens: Tokens, account: _Account, auth: AuthContext) -> bool:
        """Whether the access token that is kept is good: another process may have asked for it."""
        token = tokens.access_token
        return bool(token) and token != account.refused and auth.now < tokens.renew_at

    async def _exchange(self, tokens: Tokens, account: _Account, auth: AuthContext, kept: KeptLogin) -> Tokens:
        request = self._request(auth, tokens.refresh_token)
        given = await self._ask(account, auth, request)
        if not given.refresh_token:
            given = replace(given, refresh_token=tokens.refresh_token)
        try:
            await kept.keep(given)
        except ActionError as error:
            if given.refresh_token != tokens.refresh_token:
                account.unkept = (tokens.refresh_token, given)
                raise
            # The refresh token that is kept is still the right one; the next process asks for a token of its own.
            logger.warning("the access token of %s is not kept: %s", self.title, error)
        return given

    async def _ask(self, account: _Account, auth: AuthContext, request: Request) -> Tokens:
        """What one request to the token endpoint gives."""
        from recipe_engine.plugin.answers import parsed, retry_after

        if auth.now < account.blocked_until:
            raise self._too_many(account.blocked_until - auth.now)
        response = await auth.send(request)
        answer = parsed(await response.read(_LARGEST_ANSWER))
        tokens = tokens_of(answer, auth.now) if response.ok else None
        if tokens is not None:
            self._learn(auth, tokens)
            return tokens
        wait = self.limited(answer)
        if wait is None and response.status == 429:
            wait = _EARLY
        if wait is not None:
            wait = retry_after(response.headers, auth.now) or wait
            account.blocked_until = auth.now + wait
            raise self._too_many(wait)
        raise self._refusal(response.status, answer)

    def _learn(self, auth: AuthContext, tokens: Tokens) -> None:
        """Make what is used known to the scrubber."""
        if tokens.access_token:
            auth.learn(f"access token of {self.title}", tokens.access_token)
        if tokens.refresh_token:
            auth.learn(f"refresh token of {self.title}", tokens.refresh_token)

    def _request(self, auth: AuthContext, refresh_token: str | None = None) -> Request:
        url, trusted = self.token_url(auth.settings)
        form = {
            "grant_type": "refresh_token",
            "client_id": auth.settings.require(self.client_id),
            "client_secret": auth.settings.require(self.client_secret),
            "refresh_token": refresh_token or auth.settings.require(self.refresh_token),
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

    def _refusal(self, status: int, answer: JSON) -> ActionError:
        from recipe_engine.plugin.answers import vendor_words

        code, words = refusal_of(answer)
        if not code:
            said = f"{self.title} answered {status} without an access token"
            detail = vendor_words(answer)
            if status >= 500 or status == 408:
                return Retryable(said, code="unavailable", detail=detail)
            return Terminal(said, code="unauthorized", detail=detail)
        title = f"{self.title} gives no access token: {code}"
        if status >= 500:
            return Retryable(title, code="unavailable", detail=vendor_words(answer))
        return Terminal(title, code="unauthorized", detail="; ".join(filter(None, [words, self.advice.get(code, "")])))

    def _kept(self, auth: AuthContext) -> KeptLogin | None:
        """The login to use; None when the settings hold a refresh token, which goes first.

        Raises Terminal `not_configured` when there is neither.
        """
        if self.login is None or (self.refresh_token and auth.settings.get(self.refresh_token)):
            return None
        kept = auth.login(self.login.name)
        if kept is None:
            unset = f", and {self.refresh_token} is not set" if self.refresh_token else ""
            raise Terminal(
                f"nobody is logged in to {self.title}{unset}",
                code="not_configured",
                detail=f"`recipe connectors login {self.login.name}` opens the browser for it",
            )
        return kept

    def _account(self, auth: AuthContext, kept: KeptLogin | None) -> _Account:
        """What is known of the credential in use; another refresh token or another login is another credential."""
        import hashlib

        whose = auth.settings.require(self.refresh_token) if kept is None else kept.id
        parts = [self.token_url(auth.settings)[0], auth.settings.require(self.client_id), whose]
        name = f"oauth2:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}"
        account: _Account = auth.tokens.setdefault(name, _Account())
        return account


def _detached(work: Coroutine[Any, Any, ActionError | None]) -> asyncio.Future[ActionError | None]:
    import asyncio

    return asyncio.ensure_future(work)


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


def login_token(
    login: Login,
    *,
    refresh_token: str = "",
    scheme: str = "Bearer",
    advice: Mapping[str, str] | None = None,
    limited: Limited = lambda _answer: None,
    stale: Callable[[JSON], bool] = lambda _answer: True,
) -> OAuth2Refresh:
    """Auth by the access token of a login, kept and renewed as that of `oauth2_refresh`, whose other arguments these are.

    A refresh token that the vendor changes is kept before the access token that came with it is used, and no two processes
    use one at a time. `refresh_token` names a setting that may hold one instead; it then goes before the login.
    """
    renewed = f"`recipe connectors login {login.name}`"
    held = f", or set another {refresh_token}" if refresh_token else ""
    usual = {
        "invalid_grant": f"the access was withdrawn or is expired: {renewed}{held}",
        "invalid_client": f"check {login.client_id} and {login.client_secret}",
    }

    def url(settings: Settings) -> tuple[str, bool]:
        return address(login.token_url, settings)

    return OAuth2Refresh(
        login.title,
        url,
        login.client_id,
        login.client_secret,
        refresh_token,
        scheme,
        {**usual, **login.advice, **(advice or {})},
        limited,
        stale,
        login,
    )


def tokens_of(answer: JSON, now: float) -> Tokens | None:
    """The tokens in an answer of a token endpoint; None when there is no access token in it."""
    given: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    token, refresh_token = given.get("access_token"), given.get("refresh_token")
    if not isinstance(token, str) or not token:
        return None
    life = _life(given.get("expires_in"))
    return Tokens(refresh_token if isinstance(refresh_token, str) else "", token, now + life - min(_EARLY, life / 10))


def refusal_of(answer: JSON) -> tuple[str, str]:
    """The vendor's code and words for a refusal of a token endpoint; empty when it names none. Vendors who do not keep
    to RFC 6749 name it `status` or `category`."""
    given: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    codes = (given.get(name) for name in ("error", "status", "category"))
    code = next((each for each in codes if isinstance(each, str) and each not in ("", "error", "failure")), "")
    return code, str(given.get("error_description") or given.get("message") or "")


def _life(expires_in: Any) -> float:
    try:
        return max(1.0, float(expires_in))
    except (TypeError, ValueError):
        return _USUAL_LIFE
