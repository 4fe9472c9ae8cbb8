"""The sandbox of `http` steps: it answers what a test scripted.

The one rule: it invents nothing. A request that no script fits is a failure that says what to write.

    http:
      answers:
        - {url: "https://shop.example/orders/7", json: {state: paid}}
        - {method: POST, url: "https://shop.example/orders*", status: 201, json: {id: "8"}, times: 1}

Effects: `POST /the/path`, and so on for PUT, PATCH and DELETE {url, body}.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.plugin import Sandbox, SandboxRequest, SandboxResponse, Terminal
from recipe_engine.plugin.http import SAFE_METHODS


class ScriptedExchange(BaseModel):
    """One answer: for which request (`*` in the URL stands for anything; without a query any query fits), what, and how
    often (`times`; without it for ever, or once when a later entry is for the same request)."""

    model_config = ConfigDict(extra="forbid")
    url: str
    method: str = "GET"
    status: int = Field(200, ge=100, le=599)
    json_body: JSON = Field(None, alias="json")
    text: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    times: int | None = Field(None, ge=1)

    @field_validator("method")
    @classmethod
    def _upper(cls, method: str) -> str:
        return method.upper()

    def fits(self, request: SandboxRequest) -> bool:
        """Whether this is for the request."""
        url = request.url if "?" in self.url else request.url.partition("?")[0]
        return self.method in (request.method, "*") and fnmatchcase(
            url, self.url.replace("[", "[[]").replace("?", "[?]")
        )


@dataclass(slots=True)
class _Entry:
    said: ScriptedExchange
    left: int | None = None


@dataclass(slots=True)
class _Script:
    entries: list[_Entry] = field(default_factory=list)


class HttpSandbox(Sandbox):
    """Any service, as far as the test says."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]  # the arguments are the base's
        self._script = _Script()

    def seed(self, data: JSONObject) -> None:
        """Take `answers`. Raises ValueError with the place of each problem."""
        unknown = data.keys() - {"answers"}
        if unknown:
            raise ValueError(f"the sandbox of http takes `answers`, not {', '.join(sorted(unknown))}")
        later: set[tuple[str, str]] = set()
        entries: list[_Entry] = []
        for item in reversed([ScriptedExchange.model_validate(item) for item in data.get("answers", [])]):
            place = (item.method, item.url)
            entries.append(_Entry(item, item.times or (1 if place in later else None)))
            later.add(place)
        self._script.entries += reversed(entries)

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        """The first scripted answer that fits. Writes are effects."""
        self.requests.append(request)
        for entry in self._script.entries:
            if entry.left != 0 and entry.said.fits(request):
                if entry.left is not None:
                    entry.left -= 1
                if request.method not in SAFE_METHODS:
                    self.record(f"{request.method} {request.path}", url=request.url, body=_readable(request))
                said = entry.said
                headers = dict(said.headers)
                if said.json_body is None and said.text:
                    headers.setdefault("content-type", "text/plain; charset=utf-8")
                return SandboxResponse(said.status, said.json_body, said.text.encode(), headers)
        raise Terminal(
            f"nothing answers {request.method} {request.url} in the sandbox",
            code="no_scripted_answer",
            detail=(
                "write in the test case: "
                f'http: [{{method: {request.method}, url: "{request.url.partition("?")[0]}", json: ...}}]'
            ),
        )


def _readable(request: SandboxRequest) -> JSON:
    """A body as an effect shows it: JSON, a form, a text, or its size."""
    if not request.body:
        return None
    kind = request.headers.get("content-type", "")
    try:
        if "json" in kind:
            return orjson.loads(request.body)
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(request.form())
        if request.size == len(request.body) and not kind.startswith("multipart/"):
            return request.body.decode()
    except ValueError:
        pass  # not what it says it is: shown by its size like any other bytes
    return f"<{request.size} bytes, sha256 {request.digest[:12]}>"
