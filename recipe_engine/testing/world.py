"""The world of one case: storage in memory, sandboxes for vendors, a scripted model, a clock that jumps.

The one rule: nothing of the machine gets in and nothing gets out. The environment, the network and the time of day have
no say in what a case finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recipe_engine.builtin.llm.provider import Media, ModelRequest, Text
from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.builtin.llm.words import authored
from recipe_engine.builtin.store import table_of
from recipe_engine.core.json import JSONObject
from recipe_engine.plugin import Catalog, Effect, Fault, Request, Response, Terminal
from recipe_engine.runtime.blobs import MemoryBlobs
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.perform import ActionPerformer
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.settings import Settings
from recipe_engine.runtime.value_store import ValueStore
from recipe_engine.testing.model import Case, VendorFault

# What `random()` follows from: the same in every case and every time.
SEED = "recipe-test"


class NoNetwork:
    """The transport of tests: there is none."""

    async def send(self, request: Request) -> Response:
        """Refuse. Every request of a case goes to a sandbox."""
        raise Terminal(f"a test has no network: {request.method} {request.url}", code="no_network")

    async def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a step logged."""

    path: str
    message: str
    fields: Mapping[str, Any]


class World:
    """What a case's run lives in. `runtime` is another object after `crash`, on the same storage."""

    def __init__(self, catalog: Catalog, case: Case) -> None:
        self.clock = VirtualClock(case.start)
        self.model = ScriptedModel(case.model)
        self.logged: list[LogLine] = []
        settings = {name: value or "" for name, value in case.settings.items()}
        self.host = SandboxHost(catalog, self.clock, settings, services={"llm": self.model})
        self.blobs = MemoryBlobs()
        self._store = MemoryStore()
        self._values = ValueStore(self._store, self.clock)
        self._performer = ActionPerformer(
            catalog,
            Settings({}),
            NoNetwork(),
            self.blobs,
            self._values,
            self.clock,
            sandboxes=self.host,
            observer=self,
            patient=True,
        )
        self._fill(case)
        self.runtime = self._make_runtime()

    @property
    def effects(self) -> list[Effect]:
        """Every change at the vendors, in order."""
        return self.host.effects

    def model_requests(self) -> list[JSONObject]:
        """What the model was asked, as expectations see it."""
        return [shown_request(request) for request in self.model.requests]

    def on_log(self, run_id: str, path: str, message: str, fields: dict[str, Any]) -> None:
        """Keep a line that a step logged."""
        self.logged.append(LogLine(path, message, fields))

    async def keep(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Put the values in place that earlier runs kept, by table and key."""
        for table, values in kept.items():
            for key, value in values.items():
                await self._values.put(table_of(table, sandbox=True), key, value, None)

    async def crash(self) -> None:
        """End the runtime and begin another one on what was committed, as after a crash."""
        await self.runtime.close()
        self.runtime = self._make_runtime()
        await self.runtime.open()

    def _make_runtime(self) -> EmbeddedRuntime:
        runtime = EmbeddedRuntime(self._store, self._performer, self.clock, seeds=lambda: SEED)
        self._performer.deliver_events_to(runtime.send)
        return runtime

    def _fill(self, case: Case) -> None:
        """Put the vendors into the state that the case begins with. Raises ValueError, Terminal."""
        for vendor, data in case.vendors.items():
            try:
                self.host.sandbox(vendor).seed(data)
            except (TypeError, KeyError, AttributeError, IndexError) as error:
                raise ValueError(
                    f"vendors.{vendor} is not in the form in which its sandbox takes it: {type(error).__name__}: {error}"
                ) from error
        if case.http:
            self.host.sandbox("http").seed(
                {"answers": [answer.model_dump(by_alias=True, exclude_unset=True) for answer in case.http]}
            )
        for fault in case.faults:
            self.host.inject(fault.vendor, _fault(fault))


def shown_request(request: ModelRequest) -> JSONObject:
    """A question to a model as expectations see it: all text of the turns in `prompt`, what it shows in `media`,
    in `system` the author's own words."""
    parts = [part for message in request.messages for part in message.parts]
    return {
        "step": request.step,
        "model": request.model,
        "system": authored(request.system),
        "prompt": "\n".join(part.text for part in parts if isinstance(part, Text)),
        "media": [
            {
                "kind": part.kind,
                "source": part.source,
                "media_type": part.media_type,
                "name": part.name,
                "data": part.data,
            }
            for part in parts
            if isinstance(part, Media)
        ],
        "max_tokens": request.max_tokens,
        "effort": request.effort,
        "output_schema": request.output_schema,
    }


def _fault(fault: VendorFault) -> Fault:
    return Fault(
        status=fault.status,
        times=fault.times,
        method=fault.method.upper(),
        path=fault.path,
        delay=fault.delay,
        drop=fault.drop or "",
        headers=dict(fault.headers),
        body=fault.body,
    )
