"""An authorization server and an interface behind it, on loopback, in a thread of its own: it holds clients to OAuth 2.0.

The one rule: it is as strict as a vendor. Redirect addresses are compared letter by letter, codes are good once, the verifier
has to fit the challenge, and a refresh token that was replaced is refused for ever.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT, SECRET = "client-1", "canary-client-secret-&-1"


@dataclass
class Asked:
    """A request to a token or revocation address, or to the interface."""

    method: str
    path: str
    form: dict[str, str]
    query: dict[str, str]
    authorization: str


@dataclass
class Grant:
    """What a person agreed to."""

    scope: str
    redirect_uri: str = ""
    challenge: str = ""
    used: bool = False


@dataclass
class AuthorizationServer:
    """`agrees` is the person at the browser; `told` is sent along with the code, `extra` along with tokens. `rotates` gives
    a new refresh token with each refresh; `forgets` gives none for a code. `any_port` lets redirect addresses on loopback
    have whatever port they like, else they are `registered`. `style` is how refusals look."""

    registered: set[str] = field(default_factory=set)
    any_port: bool = True
    needs_secret: bool = True
    agrees: bool = True
    rotates: bool = False
    forgets: bool = False
    expired: bool = False
    life: int = 3600
    told: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    tampers: Callable[[dict[str, str]], None] = lambda sent: None
    style: str = "rfc"
    scope_key: str = "scope"
    interface: Callable[[Asked], tuple[int, Any]] = lambda asked: (200, {"ok": True})
    url: str = ""
    authorizations: list[dict[str, str]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    codes: dict[str, Grant] = field(default_factory=dict)
    refresh_tokens: dict[str, Grant] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    access_tokens: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._one_at_a_time = threading.Lock()

    def requests(self, ending: str) -> list[Asked]:
        return [each for each in self.asked if each.path.endswith(ending)]

    def secrets(self) -> set[str]:
        """Every value that may stand nowhere."""
        return {SECRET, *self.codes, *self.refresh_tokens, *self.replaced, *self.access_tokens}

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """The address to send the browser to, or the page of a vendor that will not."""
        self.authorizations.append(asked)
        where = asked.get("redirect_uri", "")
        loopback = urlsplit(where).hostname in ("127.0.0.1", "localhost")
        if asked.get("client_id") != CLIENT or not (where in self.registered or (self.any_port and loopback)):
            return 400, "redirect_uri_mismatch or unknown client"
        sent = {"state": asked["state"], **self.told}
        if not self.agrees:
            sent |= {"error": "access_denied", "error_description": "The person said no"}
        else:
            code = f"canary-code-{next(self._numbers)}"
            assert asked.get("code_challenge_method", "S256") == "S256"
            self.codes[code] = Grant(asked["scope"], where, asked.get("code_challenge", ""))
            sent["code"] = code
        self.tampers(sent)
        return 302, f"{where}?{urlencode(sent)}"

    def token(self, asked: Asked) -> tuple[int, Any]:
        form = asked.form
        if form.get("client_id") != CLIENT or (self.needs_secret and form.get("client_secret") != SECRET):
            return self._refuse("invalid_client", "Unknown client")
        if form.get("grant_type") == "authorization_code":
            return self._for_code(form)
        if form.get("grant_type") == "refresh_token":
            return self._for_refresh_token(form)
        return self._refuse("unsupported_grant_type", "What?")

    def revoke(self, asked: Asked) -> tuple[int, Any]:
        token = asked.form.get("token") or asked.query.get("token", "")
        if self.refresh_tokens.pop(token, None) is None:
            return self._refuse("invalid_token", "Not known")
        self.replaced.add(token)
        self.access_tokens.clear()
        return 200, {"status": "success"}

    def _for_code(self, form: dict[str, str]) -> tuple[int, Any]:
        grant = self.codes.get(form.get("code", ""))
        if grant is None or grant.used or self.expired:
            return self._refuse("invalid_grant", f"Bad code {form.get('code')}")
        grant.used = True
        if form.get("redirect_uri") != grant.redirect_uri:
            return self._refuse("redirect_uri_mismatch", "Not the address of before")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant.challenge and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            return self._refuse("invalid_grant", "The verifier does not fit")
        return 200, self._tokens(grant, give_refresh_token=not self.forgets)

    def _for_refresh_token(self, form: dict[str, str]) -> tuple[int, Any]:
        token = form.get("refresh_token", "")
        grant = self.refresh_tokens.get(token)
        if grant is None:
            return self._refuse("invalid_grant", f"Bad refresh token {token}")
        if self.rotates:
            del self.refresh_tokens[token]
            self.replaced.add(token)
        return 200, self._tokens(grant, give_refresh_token=self.rotates)

    def _tokens(self, grant: Grant, *, give_refresh_token: bool) -> dict[str, Any]:
        access = f"canary-access-{next(self._numbers)}"
        self.access_tokens.add(access)
        scope: Any = grant.scope if self.scope_key == "scope" else grant.scope.split()
        answer = {"access_token": access, "expires_in": self.life, "token_type": "Bearer", self.scope_key: scope}
        if give_refresh_token:
            answer["refresh_token"] = f"canary-refresh-{next(self._numbers)}"
            self.refresh_tokens[answer["refresh_token"]] = grant
        return answer | self.extra

    def _refuse(self, code: str, words: str) -> tuple[int, Any]:
        if self.style == "zoho":  # a refusal with status 200
            return 200, {"error": {"invalid_grant": "invalid_code"}.get(code, code)}
        if self.style == "hubspot":
            named = {"invalid_grant": "BAD_AUTH_CODE", "redirect_uri_mismatch": "MISMATCH_REDIRECT_URI_AUTH_CODE"}
            return 400, {"status": named.get(code, code), "message": words}
        return 400, {"error": code, "error_description": words}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        with self._one_at_a_time:
            self.asked.append(asked)
            if asked.path.endswith("/token"):
                return self.token(asked)
            if asked.path.endswith("/revoke"):
                return self.revoke(asked)
            if asked.authorization.partition(" ")[2] not in self.access_tokens:
                return 401, {"error": "expired"}
            return self.interface(asked)

    @contextmanager
    def serving(self) -> Iterator[AuthorizationServer]:
        """Serve at `url` until the end of the block."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def _handler(vendor: AuthorizationServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.endswith(("/auth", "/authorize")):
                status, told = vendor.authorize(dict(parse_qsl(parts.query)))
                if status == 302:
                    self._reply(302, b"", {"Location": told})
                else:
                    self._reply(status, told.encode(), {})
                return
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def do_PATCH(self) -> None:
            self._answer("PATCH")

        def _answer(self, method: str) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_form = "x-www-form-urlencoded" in self.headers.get("Content-Type", "")
            form = dict(parse_qsl(body.decode())) if is_form else {}
            query = dict(parse_qsl(parts.query))
            asked = Asked(method, parts.path, form, query, self.headers.get("Authorization", ""))
            status, content = vendor.answer(asked)
            self._reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

        def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    return Handler


def browse(url: str) -> tuple[int, str]:
    """What a person sees in the end who opens a link and agrees: status and page, redirects followed."""
    try:
        with urllib.request.urlopen(url) as page:  # the server of a test
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Browser:
    """In the place of `webbrowser.open`: goes where it is sent. `page` is what it saw last, once it is there."""

    def __init__(self) -> None:
        self.opened = 0
        self._pages: queue.Queue[tuple[int, str]] = queue.Queue()

    def open(self, url: str) -> bool:
        self.opened += 1
        self._pages.put(browse(url))
        return True

    def page(self) -> tuple[int, str]:
        return self._pages.get(timeout=60)
