"""Credentials of a connector made from a document: how they are written on the command line, sent, and missed.

The one rule: a credential is named here by its setting; its value is read when a request is authorized, never kept.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlsplit

from recipe_engine.errors import RecipeError
from recipe_engine.plugin import AuthContext, OAuth2Refresh, Request, SandboxRequest, Setting, Settings

FORMS = (
    "bearer:SETTING, header:NAME:SETTING, query:NAME:SETTING, cookie:NAME:SETTING, basic:USER_SETTING:PASSWORD_SETTING, "
    "oauth2:TOKEN_URL:ID_SETTING:SECRET_SETTING or none, several with commas between"
)
SANDBOX_TOKEN = "sandbox-access-token"  # noqa: S105  # what a sandbox gives in place of a token


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks: `kind`, the names of its settings, and the header, query parameter, cookie or token address (`where`).
    `more` are those that are sent beside."""

    kind: str
    settings: tuple[str, ...] = ()
    where: str = ""
    more: tuple[Credentials, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Credentials:
        """The credentials of `bearer:INTERCOM_TOKEN` and its like.

        Raises RecipeError naming the forms that there are.
        """
        first, comma, others = text.partition(",")
        if comma and not text.startswith("oauth2:"):
            one, other = cls.parse(first.strip()), cls.parse(others.strip())
            if "oauth2" not in (one.kind, other.kind) and "none" not in (one.kind, other.kind):
                return replace(one, more=(replace(other, more=()), *other.more))
        kind, _, rest = text.partition(":")
        parts = rest.rsplit(":", 2) if kind == "oauth2" else rest.split(":")
        match kind, parts:
            case "none", [""]:
                return cls("none")
            case "bearer", [setting] if _is_setting(setting):
                return cls(kind, (setting,))
            case (("header" | "query" | "cookie"), [name, setting]) if name and _is_setting(setting):
                return cls(kind, (setting,), name)
            case "basic", [user, password] if _is_setting(user) and _is_setting(password):
                return cls(kind, (user, password))
            case "oauth2", [url, user, secret] if url.startswith("http") and _is_setting(user) and _is_setting(secret):
                return cls(kind, (user, secret), url)
        raise RecipeError(f"{text!r} is no way to authenticate", f"write {FORMS}; settings are in CAPITALS")

    def declared(self) -> list[Setting]:
        """The settings, for the catalog."""
        help_ = {
            "bearer": "sent as `Authorization: Bearer ...`",
            "header": f"sent in the header {self.where}",
            "query": f"sent as the query parameter {self.where}",
            "cookie": f"sent as the cookie {self.where}",
            "basic": "user or password of HTTP basic authentication",
            "oauth2": f"client credentials for {self.where}",
        }.get(self.kind, "")
        public = 1 if self.kind in ("basic", "oauth2") else 0
        own = [Setting(name, secret=at >= public, help=help_) for at, name in enumerate(self.settings)]
        return [*own, *(setting for each in self.more for setting in each.declared())]

    @property
    def query_names(self) -> list[str]:
        """The query parameters that carry credentials."""
        return [each.where for each in (self, *self.more) if each.kind == "query"]

    def sent(self, settings: Settings) -> tuple[dict[str, str], str]:
        """Headers and query with which requests are authorized; nothing for oauth2, whose tokens have to be fetched.

        Raises Terminal `not_configured`.
        """
        headers: dict[str, str] = {}
        queries: list[str] = []
        for each in (self, *self.more):
            own, query = each.sent_alone(settings)
            if "Cookie" in own and "Cookie" in headers:
                own = {"Cookie": f"{headers['Cookie']}; {own['Cookie']}"}
            headers |= own
            queries += [query] if query else []
        return headers, "&".join(queries)

    def sent_alone(self, settings: Settings) -> tuple[dict[str, str], str]:
        """The same without `more`."""
        values = [settings.require(name) for name in self.settings] if self.kind != "oauth2" else []
        match self.kind:
            case "bearer":
                return {"Authorization": f"Bearer {values[0]}"}, ""
            case "header":
                return {self.where: values[0]}, ""
            case "query":
                return {}, f"{quote(self.where)}={quote(values[0], safe='')}"
            case "cookie":
                return {"Cookie": f"{self.where}={values[0]}"}, ""
            case "basic":
                pair = base64.b64encode(":".join(values).encode()).decode()
                return {"Authorization": f"Basic {pair}"}, ""
        return {}, ""

    def sends(self, place: str, name: str) -> bool:
        """Whether a parameter of the document is the credential, which nobody gives in a recipe."""
        names = [each.where for each in (self, *self.more) if each.kind == place]
        return name in names or (place == "header" and name.lower() in (each.lower() for each in names))

    def missed_by(self, request: SandboxRequest, settings: Mapping[str, str]) -> bool:
        """Whether a request lacks the credentials of these settings."""
        return any(each.missed_alone_by(request, settings) for each in (self, *self.more))

    def missed_alone_by(self, request: SandboxRequest, settings: Mapping[str, str]) -> bool:
        """The same without `more`."""
        values = [settings.get(name, "") for name in self.settings]
        given = request.headers.get("authorization", "")
        match self.kind:
            case "bearer":
                return given != f"Bearer {values[0]}"
            case "header":
                return request.headers.get(self.where.lower()) != values[0]
            case "query":
                return (self.where, values[0]) not in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
            case "cookie":
                return f"{self.where}={values[0]}" not in request.headers.get("cookie", "").split("; ")
            case "basic":
                return given != f"Basic {base64.b64encode(':'.join(values).encode()).decode()}"
            case "oauth2":
                return given != f"Bearer {SANDBOX_TOKEN}"
        return False


def _is_setting(name: str) -> bool:
    return name.isidentifier() and name == name.upper()


@dataclass(frozen=True, slots=True)
class Authorize:
    """The auth of a connector whose credentials are settings."""

    credentials: Credentials

    async def __call__(self, request: Request, auth: AuthContext) -> None:
        headers, query = self.credentials.sent(auth.settings)
        cookie = headers.pop("Cookie", "")
        if cookie and cookie not in request.headers.get("Cookie", ""):
            headers["Cookie"] = "; ".join(filter(None, [request.headers.get("Cookie", ""), cookie]))
        request.headers.update(headers)
        if query and query not in urlsplit(request.url).query:  # the address of a next page may have it
            request.url += f"{'&' if '?' in request.url else '?'}{query}"


class ClientCredentials(OAuth2Refresh):
    """OAuth 2.0 client credentials: a token by id and secret, kept and renewed as by a refresh token."""

    scope: str

    def __init__(self, title: str, credentials: Credentials, scope: str, token_setting: str) -> None:
        identity, secret = credentials.settings

        def token_url(settings: Settings) -> tuple[str, bool]:
            replaced = settings.get(token_setting)
            return (replaced, True) if replaced else (credentials.where, False)

        super().__init__(
            title,
            token_url,
            identity,
            secret,
            identity,
            "Bearer",
            {"invalid_client": f"check {identity} and {secret}"},
            lambda _answer: None,
            lambda _answer: True,
        )
        object.__setattr__(self, "scope", scope)

    def _request(self, auth: AuthContext, refresh_token: str | None = None) -> Request:
        from urllib.parse import urlencode

        url, trusted = self.token_url(auth.settings)
        form = {
            "grant_type": "client_credentials",
            "client_id": auth.settings.require(self.client_id),
            "client_secret": auth.settings.require(self.client_secret),
        }
        if self.scope:
            form["scope"] = self.scope
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return Request("POST", url, headers, urlencode(form).encode(), 30.0, trusted=trusted, at=auth.now)
