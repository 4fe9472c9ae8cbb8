"""A login from its question to its tokens: OAuth 2.0 with a code, PKCE (RFC 7636) and a state that ties both ends together.

    question = ask(login, settings, scopes, redirect_uri)   # question.url is for the browser
    answer   = question.answered(sent_back)                 # what the browser was sent back with
    grant    = await question.exchange(answer, transport)   # tokens, and what they may

The one rule: nothing is sent anywhere before the state was seen to be ours, and everything that was obtained is in what is
returned or in nothing: no token, code or verifier stands in a message.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from recipe_engine.plugin.answers import parsed, vendor_words
from recipe_engine.plugin.errors import ActionError
from recipe_engine.plugin.http import Request, Response, Transport
from recipe_engine.plugin.login import Login, Tokens, address
from recipe_engine.plugin.oauth import refusal_of, tokens_of
from recipe_engine.runtime.login_index import LoginFailed, LoginRecord
from recipe_engine.runtime.secrets import Scrubber
from recipe_engine.runtime.settings import Settings

_TIMEOUT = 30.0
_LARGEST_ANSWER = 100_000
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
# What vendors call a code that is expired, used or not theirs; an address that is not registered; a wrong client.
_CODE_REFUSED = frozenset({"invalid_grant", "invalid_code", "BAD_AUTH_CODE"})
_ADDRESS_REFUSED = frozenset({"redirect_uri_mismatch", "invalid_redirect_uri", "MISMATCH_REDIRECT_URI_AUTH_CODE"})
_CLIENT_REFUSED = frozenset({"invalid_client", "unauthorized_client", "invalid_client_secret"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser was sent back with: a code, and the settings that the vendor told along with it."""

    code: str = field(repr=False)
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a login gave. `refused` are scopes that were asked for and not given; `until` is when it ends, if it does."""

    tokens: Tokens
    account: str
    scopes: tuple[str, ...]
    refused: tuple[str, ...]
    values: Mapping[str, str]
    until: float | None

    def record(self, name: str) -> LoginRecord:
        """What may be known of it."""
        return LoginRecord(name, "", time.time(), "file", self.account, self.scopes, dict(self.values), self.until)


@dataclass(frozen=True, slots=True)
class Question:
    """A login that was begun. `scrubber` knows every secret of it."""

    login: Login
    settings: Settings
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    scrubber: Scrubber = field(repr=False)

    @property
    def url(self) -> str:
        """Where the browser has to go."""
        login = self.login
        asked = {
            "response_type": "code",
            "client_id": self.settings.require(login.client_id),
            "redirect_uri": self.redirect_uri,
            "scope": login.separator.join(self.scopes),
            "state": self.state,
            **login.parameters,
        }
        if login.pkce:
            digest = hashlib.sha256(self.verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        where = address(login.authorize_url, self.settings)[0]
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def answered(self, sent: Mapping[str, str]) -> Answer:
        """What the vendor sent the browser back with. Raises LoginFailed."""
        title = self.login.title
        if not hmac.compare_digest(sent.get("state", "").encode(), self.state.encode()):
            raise LoginFailed(
                "what the browser came back with does not belong to this login (its `state` is another one)",
                "use the link of this login, in one window, and log in again",
            )
        refused = sent.get("error")
        if refused:
            words = self.scrubber.text(sent.get("error_description", ""))
            if refused == "access_denied":
                hint = "log in again and agree, with a user who may give this access"
                raise LoginFailed(f"{title} was not given leave in the browser: {_said(refused, words)}", hint)
            raise self._refused(f"{title} refused: {_said(refused, words)}", refused)
        code = sent.get("code")
        if not code:
            raise LoginFailed(f"{title} sent the browser back without a code", "log in again")
        self.scrubber.add("code", code)
        return Answer(code, self._told(sent))

    def pasted(self, text: str) -> Answer:
        """The same, of the address that the browser was sent back to. Raises LoginFailed."""
        query = urlsplit(text.strip().strip("\"'")).query
        if not query:
            hint = "paste the whole address that the browser shows after you agreed, from http to its end"
            raise LoginFailed("that is no address with an answer in it", hint)
        return self.answered(dict(parse_qsl(query, keep_blank_values=True)))

    async def exchange(self, answer: Answer, transport: Transport) -> Grant:
        """The tokens for a code. Raises LoginFailed."""
        login, settings = self.login, _With(self.settings, answer.values)
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": self.redirect_uri,
            "client_id": settings.require(login.client_id),
        }
        if login.client_secret:
            form["client_secret"] = settings.require(login.client_secret)
        if login.pkce:
            form["code_verifier"] = self.verifier
        url, trusted = address(login.token_url, settings)
        response = await _send(
            login, transport, Request("POST", url, dict(_FORM), urlencode(form).encode(), _TIMEOUT, trusted=trusted)
        )
        content = parsed(await response.read(_LARGEST_ANSWER))
        tokens = tokens_of(content, time.time()) if response.ok else None
        if tokens is None:
            raise self._not_exchanged(response.status, content)
        for secret in (tokens.refresh_token, tokens.access_token):
            self.scrubber.add("token", secret)
        if not tokens.refresh_token:
            title = f"{login.title} gave access for a while, but no refresh token to renew it with"
            raise LoginFailed(title, login.again)
        assert isinstance(content, dict)
        scopes = _scopes(content, login) or self.scopes
        missing = tuple(scope for scope in self.scopes if scope not in scopes)
        account = "" if login.account is None else login.account(content)
        return Grant(tokens, account, scopes, missing, answer.values, _ends(content))

    def _told(self, sent: Mapping[str, str]) -> Mapping[str, str]:
        """The settings that the vendor tells along with the code; what the operator set has to agree."""
        if self.login.told is None:
            return {}
        try:
            values = self.login.told(sent)
        except ValueError as error:
            raise LoginFailed(f"{self.login.title} sent the browser back with something odd: {error}") from error
        for name, value in values.items():
            given = self.settings.given(name)
            if given is not None and given.strip().lower() != value.lower():
                raise LoginFailed(
                    f"{self.login.title} says that {name} is {value} for this account, and it is set to {given}",
                    f"remove {name} (the login keeps it) or set it to {value}, and log in again",
                )
        return values

    def _not_exchanged(self, status: int, content: Any) -> LoginFailed:
        code, words = refusal_of(content)
        said = self.scrubber.text(_said(code, words) or vendor_words(content))
        return self._refused(f"{self.login.title} gives no tokens ({status}): {said or 'it does not say why'}", code)

    def _refused(self, message: str, code: str) -> LoginFailed:
        login = self.login
        hint = login.advice.get(code)
        if hint is None and code in _CODE_REFUSED:
            hint = "the code is expired or was used before: log in again, and agree within a minute or two"
        elif code in _ADDRESS_REFUSED:
            at = f" ({login.register})" if login.register else ""
            hint = f"register {self.redirect_uri} exactly so with the client{at}"
        elif hint is None and code in _CLIENT_REFUSED:
            hint = f"check {login.client_id} and {login.client_secret}"
        elif hint is None and code == "invalid_scope":
            hint = "the client or the account may not have these scopes; --scope asks for others"
        return LoginFailed(message, hint)


class _With(Settings):
    """The settings, as they will be once the vendor's values are kept."""

    def __init__(self, settings: Settings, values: Mapping[str, str]) -> None:
        super().__init__({}, declared=settings.declared)
        self._under = settings
        self._told = values

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # as its base
        return self._told.get(name) or self._under.get(name, default)


def ask(login: Login, settings: Settings, scopes: Sequence[str], redirect_uri: str) -> Question:
    """Begin a login. Raises LoginFailed when the settings of its client are missing."""
    unset = [name for name in (login.client_id, login.client_secret) if name and settings.get(name) is None]
    if unset:
        listed = " and ".join(unset)
        helps = {name: setting.help for name in unset if (setting := settings.declared.get(name)) is not None}
        told = "; ".join(f"{name}: {text}" for name, text in helps.items() if text)
        raise LoginFailed(f"{listed} {'is' if len(unset) == 1 else 'are'} not set: put it into .env", told or None)
    scrubber = Scrubber()
    question = Question(
        login,
        settings,
        tuple(dict.fromkeys(scopes)),
        redirect_uri,
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(48),  # 64 characters of the 43 to 128 that RFC 7636 allows
        scrubber,
    )
    scrubber.add("verifier", question.verifier)
    if login.client_secret:
        scrubber.add(login.client_secret, settings.require(login.client_secret))
    return question


async def revoke(login: Login, settings: Settings, tokens: Tokens, transport: Transport) -> None:
    """Tell the vendor that the refresh token is not used any more (RFC 7009). A token that it does not know any more is
    revoked. Raises LoginFailed."""
    url, trusted = address(login.revoke_url, settings)
    form = {"token": tokens.refresh_token}
    if login.revoke_with == "client":
        form["token_type_hint"] = "refresh_token"  # noqa: S105  # a word of the protocol
        form["client_id"] = settings.require(login.client_id)
        if login.client_secret:
            form["client_secret"] = settings.require(login.client_secret)
    body = urlencode(form)
    if login.revoke_with == "query":
        url, body = f"{url}?{body}", ""
    response = await _send(
        login, transport, Request("POST", url, dict(_FORM), body.encode(), _TIMEOUT, trusted=trusted)
    )
    content = parsed(await response.read(_LARGEST_ANSWER))
    code, words = refusal_of(content)
    if response.ok or code in ("invalid_token", "invalid_grant", "invalid_code"):
        return
    scrubber = Scrubber()
    scrubber.add("token", tokens.refresh_token)
    said = scrubber.text(_said(code, words) or vendor_words(content))
    raise LoginFailed(f"{login.title} did not revoke the token ({response.status}): {said or 'it does not say why'}")


async def _send(login: Login, transport: Transport, request: Request) -> Response:
    try:
        return await transport.send(request)
    except ActionError as error:
        title = f"{login.title} could not be asked: {error.failure.title}"
        raise LoginFailed(title, error.failure.detail or None) from error


def _said(code: str, words: str) -> str:
    return f"{code} ({words})" if code and words else code or words


def _scopes(content: Mapping[str, Any], login: Login) -> tuple[str, ...]:
    """What was given: `scope` as RFC 6749 has it or with commas, or HubSpot's list; empty when the vendor does not tell."""
    told = content.get("scope") or content.get("scopes") or ()
    if isinstance(told, str):
        told = told.replace(login.separator, " ").replace(",", " ").split()
    return tuple(map(str, told))


def _ends(content: Mapping[str, Any]) -> float | None:
    """When the refresh token expires, where the vendor says so (Google does for access that is lent for a time)."""
    told = content.get("refresh_token_expires_in")
    return time.time() + told if isinstance(told, int | float) and not isinstance(told, bool) and told > 0 else None
