"""A context for tests of single actions: everything in memory, everything that an action does is looked at afterwards."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from recipe_engine.plugin import ActionError, FileValue, Request, Response, Terminal
from recipe_engine.runtime.bodies import Multipart
from recipe_engine.runtime.http import AiohttpTransport

NOW = 1_795_651_200.0  # 2026-11-26T00:00:00Z


class Settings:
    """Settings given as a dict."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def get(self, name: str, default: str | None = None) -> str | None:
        return self.values.get(name, default)

    def require(self, name: str) -> str:
        if not self.values.get(name):
            raise Terminal(f"{name} is not set", code="not_configured")
        return self.values[name]


class WireHttp:
    """The engine's transport, for addresses of local servers; no base URL, no auth."""

    def __init__(self) -> None:
        self.transport = AiohttpTransport()

    async def request(self, method: str, url: str, **options: Any) -> Response:
        assert options.pop("raw")
        headers, content, length = dict(options["headers"]), options.get("content"), None
        if "multipart" in options:
            parts = Multipart(options["multipart"], Blobs())
            headers["Content-Type"] = parts.content_type
            content, length = parts.chunks(), parts.length
        seconds = options.get("timeout") or 30.0
        return await self.transport.send(Request(method, url, headers, content, seconds, length, trusted=True))


class Blobs:
    """Files in a dict by digest."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    async def save(self, chunks: AsyncIterator[bytes], name: str, media_type: str) -> FileValue:
        return await self.save_bytes(b"".join([chunk async for chunk in chunks]), name, media_type)

    async def save_bytes(self, data: bytes, name: str, media_type: str) -> FileValue:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.data[digest] = data
        return FileValue(digest=digest, name=name, media_type=media_type, size=len(data))

    async def open(self, file: FileValue, chunk: int = 1_048_576) -> AsyncIterator[bytes]:
        data = self.data[file.digest]
        for start in range(0, len(data), chunk):
            yield data[start : start + chunk]

    async def read(self, file: FileValue, limit: int = 50_000_000) -> bytes:
        return self.data[file.digest][:limit]


class Store:
    """Entries in a dict; expiry by the context's clock."""

    def __init__(self, context: ActionContext) -> None:
        self.context = context
        self.entries: dict[tuple[str, str], tuple[Any, float | None]] = {}

    def _live(self, table: str, key: str) -> Any:
        value, until = self.entries.get((table, key), (None, None))
        return None if until is not None and until <= self.context.now else value

    async def claim(self, table: str, key: str, owner: str, keep: float | None) -> bool:
        held = self._live(table, key)
        if held is None:
            await self.put(table, key, {"owner": owner}, keep)
        return held is None or held == {"owner": owner}

    async def get(self, table: str, key: str) -> Any:
        return self._live(table, key)

    async def put(self, table: str, key: str, value: Any, keep: float | None) -> None:
        self.entries[table, key] = (value, None if keep is None else self.context.now + keep)

    async def list(self, table: str, prefix: str, limit: int) -> list[dict[str, Any]]:
        keys = sorted(key for name, key in self.entries if name == table and key.startswith(prefix))
        live = [{"key": key, "value": self._live(table, key)} for key in keys]
        return [entry for entry in live if entry["value"] is not None][:limit]

    async def delete(self, table: str, key: str) -> bool:
        return self.entries.pop((table, key), None) is not None


class ActionContext:
    """A `Context`. `usage` and `lines` hold what the action reported; `services` is what the host provides."""

    def __init__(self, path: str = "classify", **settings: str) -> None:
        self.key = f"run-1:{path}"
        self.run_id = "run-1"
        self.path = path
        self.attempt = 1
        self.config: Mapping[str, Any] = {}
        self.settings = Settings(settings)
        self.http: Any = WireHttp()
        self.blobs = Blobs()
        self.store = Store(self)
        self.tokens: dict[str, Any] = {}
        self.sandbox = False
        self.dry_run = False
        self.cost_left: float | None = None
        self.tokens_left: int | None = None
        self.timeout = 300.0
        self.repeats = False
        self.now = NOW
        self.services: dict[str, Any] = {}
        self.lines: list[str] = []
        self.usage: dict[str, float] = {}
        self.events: list[tuple[str, Any]] = []

    def log(self, message: str, **fields: Any) -> None:
        self.lines.append(message)

    def report_usage(self, **usage: float) -> None:
        for name, amount in usage.items():
            self.usage[name] = self.usage.get(name, 0) + amount

    def will_repeat(self, error: ActionError) -> bool:
        return self.repeats and error.failure.retryable

    def untimed(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    async def emit(self, event: str, data: Any, event_id: str | None = None) -> None:
        self.events.append((event, data))

    def service(self, name: str) -> Any:
        try:
            return self.services[name]
        except KeyError:
            raise Terminal(f"this host provides no {name!r}", code="not_available") from None
