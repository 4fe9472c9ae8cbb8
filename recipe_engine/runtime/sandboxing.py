"""Sandboxes in place of vendors: the same requests, answered in this process.

The one rule: a connector cannot tell. Its requests take the way they always take, and faults (a status, a delay on the
runtime's clock, a dropped connection) look to it as they would from outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from typing import Any

import orjson

from recipe_engine.plugin.api import Connector, Setting
from recipe_engine.plugin.catalog import Catalog
from recipe_engine.plugin.errors import Retryable, Terminal
from recipe_engine.plugin.http import SAFE_METHODS, Request, Response
from recipe_engine.plugin.sandbox import Effect, Fault, Sandbox, SandboxRequest, SandboxResponse, split_url
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.settings import DeclaredSettings, Settings

# How much of a streamed body a sandbox sees (bytes); of the rest only size and digest.
_BODY_SEEN = 1_048_576


class SandboxHost:
    """The sandboxes of one world, made when they are first used. It is also the `Transport` to them.

    `settings` replaces invented values; an empty one makes a setting unset. `services` are given to actions of sandbox
    runs before those of the host of the engine (the scripted model of a test). `effects` lists every write in order.
    """

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        settings: Mapping[str, str] | None = None,
        services: Mapping[str, Any] | None = None,
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._sandboxes: dict[str, Sandbox] = {}
        self.effects: list[Effect] = []
        self.services: dict[str, Any] = dict(services or {})
        self.settings: Settings = _InventedSettings(catalog, settings or {})

    def sandbox(self, connector: str) -> Sandbox:
        """The sandbox of a connector, with the state it has now. KeyError for a connector that is not in the catalog;
        Terminal `no_sandbox` for one that has none."""
        sandbox = self._sandboxes.get(connector)
        if sandbox is None:
            sandbox = self._sandboxes[connector] = self._make(self._catalog.connectors[connector])
        return sandbox

    def inject(self, connector: str, fault: Fault) -> None:
        """Let the next requests to a connector meet a fault."""
        self.sandbox(connector).faults.append(fault)

    async def send(self, request: Request) -> Response:
        """The sandbox's answer. See `Transport`."""
        sandbox = self.sandbox(request.connector)
        arrived = await _arrived(request)
        fault = sandbox.take_fault(arrived)
        if fault is not None:
            if fault.delay:
                await self._clock.sleep_until(self._clock.now() + fault.delay)
            if fault.drop == "before":
                raise Retryable(f"{sandbox.connector} could not be reached (injected fault)", code="connection")
        request.sent = True
        if fault is not None and (fault.status is not None or not (fault.delay or fault.drop)):
            answer = sandbox.fault_status(fault)
        else:
            answer = sandbox.answer(arrived)
        if fault is not None and fault.drop == "after":
            raise Retryable(
                f"the connection to {sandbox.connector} was lost (injected fault)",
                code="connection",
                happened="no" if request.method in SAFE_METHODS else "maybe",
            )
        return _response(answer, request)

    async def close(self) -> None:
        """Nothing is held open."""

    def _make(self, connector: Connector) -> Sandbox:
        if connector.sandbox is None:
            raise Terminal(
                f"the connector {connector.name} has no sandbox",
                code="no_sandbox",
                detail="run it without --sandbox, or leave this step out of the test",
            )
        sandbox_class = sandbox_class_of(connector)
        known = {setting.name: self.settings.get(setting.name) or "" for setting in connector.settings}
        sandbox = sandbox_class({name: value for name, value in known.items() if value}, self._clock.now)
        sandbox.connector = connector.name
        sandbox.effects = _Recorded(self.effects)
        return sandbox


class _Recorded(list[Effect]):
    """One sandbox's effects, which are also put into the list of all."""

    def __init__(self, all_effects: list[Effect]) -> None:
        super().__init__()
        self._all = all_effects

    def append(self, effect: Effect) -> None:
        super().append(effect)
        self._all.append(effect)


class _InventedSettings(Settings):
    """Settings of a world without accounts: what a test sets, else a declared default, else something invented for what
    a connector requires. The environment of the machine has no say: a sandbox run is the same everywhere."""

    def __init__(self, catalog: Catalog, given: Mapping[str, str]) -> None:
        self._offers = DeclaredSettings(catalog)
        super().__init__({}, declared=self._offers)
        self._given = given
        self._extra: dict[str, str] = {}

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # as its base
        if name in self._given:
            return self._given[name] or default
        setting = self.declared.get(name)
        if setting is None:
            return default
        if setting.default is not None:
            return setting.default
        owner = self._offers.owner(name)
        extra = sandbox_class_of(owner).invented if owner.sandbox else {}
        if name in extra:
            return extra[name]
        return invented(setting) if setting.required else default

    def require(self, name: str) -> str:
        value = self.get(name)
        if value is None and name not in self.declared and name not in self._given:
            return invented(Setting(name))  # a secret that only a recipe names
        return value if value is not None else super().require(name)


def sandbox_class_of(connector: Connector) -> type[Sandbox]:
    """The class behind `connector.sandbox`, imported or made now."""
    if callable(connector.sandbox):
        return connector.sandbox()
    module, _, name = (connector.sandbox or "").partition(":")
    found: type[Sandbox] = getattr(import_module(module), name)
    return found


def invented(setting: Setting) -> str:
    """A value for a setting that nobody set, in the form that its name lets expect."""
    word = setting.name.lower().replace("_", "-")
    if setting.name.endswith(("_URL", "_ENDPOINT")):
        return f"https://{word}.sandbox.example"
    if setting.name.endswith("EMAIL"):
        return f"{word}@sandbox.example"
    return f"sandbox-{word}"


async def _arrived(request: Request) -> SandboxRequest:
    """The request as the vendor would see it; of a stream the beginning, with size and digest of the whole."""
    digest = hashlib.sha256()
    kept = bytearray()
    size = 0
    async for chunk in _chunks(request):
        digest.update(chunk)
        size += len(chunk)
        if len(kept) < _BODY_SEEN:
            kept += chunk[: _BODY_SEEN - len(kept)]
    path, query = split_url(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers.setdefault("content-length", str(size))
    return SandboxRequest(
        request.method, request.url, path or "/", query, headers, bytes(kept), size, digest.hexdigest()
    )


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    if isinstance(request.body, bytes):
        yield request.body
    elif request.body is not None:
        async for chunk in request.body:
            yield chunk


def _response(answer: SandboxResponse, request: Request) -> Response:
    if answer.json is not None:
        body = orjson.dumps(answer.json)
        return Response(answer.status, {"content-type": "application/json", **answer.headers}, body, request.url)
    return Response(answer.status, answer.headers, answer.body, request.url)
