"""What every runtime offers: the operations on runs that the command, the library and a server are built from.

The one rule: nothing here assumes that runtimes share a database or that the process lives on. A run is a name, and
every operation may be asked by another process than the one that drives it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeAlias, TypedDict

from recipe_engine.core.events import Entry
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.core.state import RunStatus

ENDED: frozenset[RunStatus] = frozenset({"succeeded", "failed", "cancelled"})
PARKED: frozenset[RunStatus] = frozenset({"waiting", "paused", "in_doubt"})
ENDED_OR_PARKED: frozenset[RunStatus] = ENDED | PARKED
STOP_ALL = "stop-all"


class Mode(TypedDict, total=False):
    """How a run treats the outside: `sandbox` talks to sandboxes, `dry_run` shows writes instead of performing them."""

    sandbox: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it is shown. Moments are ISO 8601 in UTC. `steps` is None where runs are listed; there `rehearsal` says that
    it changed nothing real (sandbox, dry run)."""

    run_id: str
    recipe: str
    status: RunStatus
    output: JSON
    error: JSON
    usage: JSONObject
    started_at: str | None
    ended_at: str | None
    steps: list[JSONObject] | None = None
    rehearsal: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing will happen any more."""
        return self.status in ENDED

    def to_json(self) -> JSONObject:
        """The public object; `steps` is left out where runs are listed."""
        data: JSONObject = {
            "run_id": self.run_id,
            "recipe": self.recipe,
            "status": self.status,
            "output": self.output,
            "error": self.error,
        }
        if self.steps is not None:
            data["steps"] = self.steps
        return {**data, "usage": self.usage, "started_at": self.started_at, "ended_at": self.ended_at}

    @classmethod
    def from_json(cls, data: JSONObject) -> Self:
        """The view of a public object."""
        return cls(**data)


# Names for what the operations return, since one of them is called `list`.
Runs: TypeAlias = list[RunView]
Journal: TypeAlias = list[Entry]


class Runtime(Protocol):
    """Operations on runs. They raise OperationError: UnknownRun, OperationRefused, StorageError."""

    async def open(self) -> None:
        """Take up the work that was left: effects under way, timers, events, requests of other processes."""
        ...

    async def close(self) -> None:
        """Stop driving. What is under way is broken off and stays resumable."""
        ...

    async def start(
        self,
        plan: Plan,
        input: JSON,
        *,
        config: JSON = None,
        event: JSON = None,
        run_id: str | None = None,
        mode: Mode | None = None,
        retry_of: str | None = None,
        reused: JSON = None,
    ) -> str:
        """Begin a run and return its name once that is safe.

        `event` is what triggered it. `retry_of` names the run whose idempotency keys it continues, `reused` maps step
        paths to outputs taken over from it; without a `mode` it has that run's.
        """
        ...

    async def send(self, event: str, data: JSON, *, event_id: str | None = None, run: str | None = None) -> int:
        """Post an event, to everyone who waits for it or to one run, and return how many runs it woke.

        It is kept for waits that begin later. A second delivery of the same `event_id` is dropped.
        """
        ...

    async def approve(self, run: str, step: str | None, approved: bool, by: str, fields: JSON = None) -> None:
        """Answer an approval: the one that is pending, or that of `step` (its path, or its id where that is enough)."""
        ...

    async def pause(self, run: str, by: str, reason: str = "") -> None:
        """Start nothing new in this run; what is under way ends and is recorded."""
        ...

    async def resume(self, run: str, by: str) -> None: ...

    async def cancel(self, run: str, by: str, reason: str = "") -> None:
        """End the run now, and break off what is under way."""
        ...

    async def resolve(
        self, run: str, step: str | None, outcome: Literal["done", "retry"], by: str, output: JSON = None
    ) -> None:
        """Settle a step in doubt: its effect happened, with this output, or it is to be tried again."""
        ...

    async def naming(self, traces: JSONObject) -> Runs:
        """The runs in which one of the traces of a person stands (`traces.Traces`), without their steps."""
        ...

    async def redact(self, traces: JSONObject) -> JSONObject:
        """Erase a person from every run that has ended, from kept events and from values between runs.

        Gives `runs` (their names), `files` (digests that only the runs about this person hold) and `shared` (names of files
        that were left because other runs hold them). Raises OperationRefused while a run that names the person goes on.
        """
        ...

    async def stop_all(self, by: str, reason: str = "") -> int:
        """Stop everything: nothing starts, here or after a restart, until `resume_all`. Returns how many runs were
        under way and are paused now."""
        ...

    async def resume_all(self, by: str) -> int:
        """Undo `stop_all`, and nothing else: a run that a person paused stays paused. Returns how many went on."""
        ...

    async def drain(self) -> None:
        """Before `close`: begin nothing more here, and return when what is under way has ended and is recorded. Whoever
        drives next lets the runs go on."""
        ...

    async def get(self, run: str) -> RunView: ...

    async def list(self, *, status: str | None = None, recipe: str | None = None, limit: int = 50) -> Runs:
        """Runs without their steps, the newest first."""
        ...

    async def journal(self, run: str) -> Journal: ...

    async def plan(self, run: str) -> Plan:
        """The plan that the run keeps to."""
        ...

    async def wait(self, run: str, statuses: Collection[str] = ENDED_OR_PARKED) -> RunView:
        """The run, once its status is one of these."""
        ...

    async def until_idle(self) -> None:
        """Return when nothing can be done now: every run has ended, or waits for a later moment or for somebody."""
        ...

    def watch(self, run: str) -> AsyncIterator[Entry]:
        """The journal from its beginning, then each entry as it is committed, until the run ends."""
        ...
