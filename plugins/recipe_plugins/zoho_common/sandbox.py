"""Zoho's accounts imitated: the token endpoint, and whether a request carries a valid token.

The one rule: a token says itself when it was issued and for which credential, under a seal, so that the sandboxes of all
Zoho products take each other's tokens as the products do.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import ClassVar

from recipe_engine.plugin import Sandbox, SandboxRequest, SandboxResponse, route
from recipe_plugins.zoho_common import TOKEN_WINDOW

LIFE = 3600
MOST_TOKENS = 10
TOKEN_PATH = "/oauth/v2/token"  # noqa: S105  # an address


class ZohoSandbox(Sandbox):
    """The base of the sandboxes of Zoho products. `issued` are the moments of its tokens, `revoked` those refused before
    their time; tests add to it."""

    invented: ClassVar[Mapping[str, str]] = {}

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.issued: list[float] = []
        self.revoked: set[str] = set()

    @route("POST", TOKEN_PATH)
    def token(self, request: SandboxRequest) -> SandboxResponse:
        asked = {**request.query, **request.form()}
        for name, setting, error in (
            ("client_id", "ZOHO_CLIENT_ID", "invalid_client"),
            ("client_secret", "ZOHO_CLIENT_SECRET", "invalid_client_secret"),
            ("refresh_token", "ZOHO_REFRESH_TOKEN", "invalid_code"),
        ):
            if asked.get(name) != self.settings.get(setting):
                return SandboxResponse(200, {"error": error})
        if asked.get("grant_type") != "refresh_token":
            return SandboxResponse(200, {"error": "unsupported_grant_type"})
        self.issued = [at for at in self.issued if at > self.now() - TOKEN_WINDOW]
        if len(self.issued) >= MOST_TOKENS:
            words = "You have made too many requests continuously. Please try again after some time."
            return SandboxResponse(400, {"error": "Access Denied", "error_description": words})
        self.issued.append(self.now())
        answer = {"access_token": self._sealed(len(self.issued)), "expires_in": LIFE, "token_type": "Bearer"}
        return SandboxResponse(200, {**answer, "api_domain": "https://www.zohoapis.com"})

    def carries_token(self, request: SandboxRequest) -> bool:
        """Whether a request carries a token of this account that is neither expired nor revoked."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme not in ("Zoho-oauthtoken", "Bearer") or token in self.revoked:
            return False
        body, _, seal = token.rpartition(".")
        issued = body.split(".")[1:2]
        return (
            bool(issued) and hmac.compare_digest(seal, self._seal(body)) and self.now() < int(issued[0]) / 1000 + LIFE
        )

    def _sealed(self, serial: int) -> str:
        body = f"1000.{int(self.now() * 1000)}.{serial}"
        return f"{body}.{self._seal(body)}"

    def _seal(self, body: str) -> str:
        key = f"{self.settings.get('ZOHO_CLIENT_SECRET')}/{self.settings.get('ZOHO_REFRESH_TOKEN')}"
        return hmac.new(key.encode(), body.encode(), "sha256").hexdigest()[:32]
