"""The base of sandboxes: a small stateful imitation of a vendor's HTTP interface, and says that it is one.

    class DeskSandbox(Sandbox):
        @route("POST", "/tickets")
        def create(self, request: SandboxRequest) -> SandboxResponse: ...

The one rule: a sandbox checks what it receives as the vendor would, and shows every write as an effect. `effects` is
what tests look at: what a person would see in the vendor's own screens.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from recipe_engine.core.json import JSON, JSONObject

logger = logging.getLogger("recipe_engine")

# What reading a request raises that is not of the form which a handler expects.
_MISREAD = (LookupError, TypeError, AttributeError, ValueError)


@dataclass(slots=True)
class SandboxRequest:
    """What arrived: path and query apart, header names in lower case, path variables in `variables`.

    Bodies up to 1 MB are in `body`; of a longer streamed one `body` holds the beginning, while `size` (bytes) and
    `digest` (SHA-256, hex) are of the whole.
    """

    method: str
    url: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    size: int
    digest: str
    variables: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON; ValueError when it is not."""
        import orjson  # json would let in what no answer can hold again: NaN, halves of characters

        return orjson.loads(self.body or b"null")

    def form(self) -> dict[str, str]:
        """The body as a URL-encoded form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def query_values(self, name: str) -> list[str]:
        """Every value of a query parameter that may be repeated, in order."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        return [value for key, value in pairs if key == name]


@dataclass(slots=True)
class SandboxResponse:
    """What the sandbox answers; `json` is encoded, else `body` is sent as it is."""

    status: int = 200
    json: JSON = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """Raised by a handler to give the vendor's refusal from wherever it finds the reason."""

    def __init__(self, answer: SandboxResponse) -> None:
        super().__init__(f"{answer.status}: {answer.json or answer.body!r}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Effect:
    """A write that the vendor would have carried out: `action` names what (`create ticket`), `data` its content."""

    connector: str
    action: str
    data: JSONObject


@dataclass(slots=True)
class Fault:
    """`times` requests (matching `method` and a `path` prefix, empty for all) get `status`, a `delay` (seconds of the
    runtime's clock), or a dropped connection: `drop` is "before" (nothing arrived) or "after" (done, answer lost)."""

    status: int | None = None
    times: int = 1
    method: str = ""
    path: str = ""
    delay: float = 0.0
    drop: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: JSON = None


Handler = Callable[[Any, SandboxRequest], SandboxResponse]


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of `pattern`, in which `{name}` matches one path segment and `{name:path}` many.

    The path is matched as it was sent (percent-encoded); the handler gets the variables decoded.
    """

    def mark(handler: Handler) -> Handler:
        regex = re.sub(r"\\\{(\w+):path\\\}", r"(?P<\1>.+)", re.escape(pattern).replace(r"\:", ":"))
        regex = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", regex)
        routes = getattr(handler, "_routes", [])
        setattr(handler, "_routes", [*routes, (method, re.compile(regex + r"\Z"))])  # noqa: B010  # a mark on a function
        return handler

    return mark


class Sandbox:
    """A vendor imitated. Subclasses add routes and state; `connector` is set to the connector's name.

    `seed(data)` loads the state a test case begins with. `state()` shows the state for expectations.
    `settings` are the values under which the sandbox expects to be called (a connector's secrets get invented ones;
    `invented` gives values for what is not required but makes the imitation complete).
    """

    connector = ""
    invented: ClassVar[Mapping[str, str]] = {}
    _table: ClassVar[tuple[tuple[str, re.Pattern[str], Handler], ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        """Build the table of routes, once a class: its own in the order they are written, then what it inherits."""
        super().__init_subclass__(**options)
        cls._table = tuple(
            (method, regex, handler)
            for handler in _definitions(cls)
            for method, regex in getattr(handler, "_routes", ())
        )

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        self.settings = dict(settings or {})
        self.now = now
        self.effects: list[Effect] = []
        self.faults: list[Fault] = []
        self.requests: list[SandboxRequest] = []

    def seed(self, data: JSONObject) -> None:
        """Load the vendor's state of a test case; unknown names are a ValueError."""
        if data:
            raise ValueError(f"the sandbox of {self.connector} keeps no state named {', '.join(sorted(data))}")

    def state(self) -> JSONObject:
        """The vendor's state, for expectations."""
        return {}

    def record(self, action: str, **data: Any) -> None:
        """Note a write that the vendor carried out."""
        self.effects.append(Effect(self.connector, action, data))

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """The vendor's refusal of bad credentials, or None."""
        return None

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """The vendor's answer for a path it does not know."""
        return SandboxResponse(
            404, {"message": f"the sandbox of {self.connector} has no {request.method} {request.path}"}
        )

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """The vendor's answer to a request that cannot be read: of another form than its handler expects."""
        return SandboxResponse(400, {"message": why})

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """The vendor-shaped answer of an injected fault."""
        return SandboxResponse(fault.status or 500, fault.body or {"message": "injected fault"}, headers=fault.headers)

    def take_fault(self, request: SandboxRequest) -> Fault | None:
        """The injected fault that this request meets, counted down."""
        for fault in self.faults:
            if fault.times > 0 and fault.method in ("", request.method) and request.path.startswith(fault.path):
                fault.times -= 1
                return fault
        return None

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        """The vendor's answer, by the first route that matches."""
        self.requests.append(request)
        try:
            return self.authorize(request) or self._routed(request)
        except Refused as refused:
            return refused.answer
        except _MISREAD as error:
            logger.debug("%s %s cannot be read", request.method, request.path, exc_info=True)
            said = f"{type(error).__name__}: {error}"
            return self.malformed(request, f"the sandbox of {self.connector} cannot read this request ({said})")

    def _routed(self, request: SandboxRequest) -> SandboxResponse:
        for method, regex, handler in self._table:
            found = regex.match(request.path) if method == request.method else None
            if found:
                request.variables = {name: unquote(value) for name, value in found.groupdict().items()}
                return handler(self, request)
        return self.not_found(request)


def _definitions(cls: type) -> list[Any]:
    """What a class has by name, its own first, each in the order it is written."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        for name, value in vars(base).items():
            found.setdefault(name, value)
    return list(found.values())


def split_url(url: str) -> tuple[str, dict[str, str]]:
    """The path and the query of a URL."""
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
