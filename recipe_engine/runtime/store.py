"""What a driver needs of storage: one append-only journal per run, and rows that tell which runs need attention.

The one rule: what belongs together is one Change, and a Change is kept whole or not at all. `commit` groups the
changes that arrive while an earlier group is being written; its future is done when they are safe.

Reads are synchronous, keyed, and see every committed change: they cost microseconds, less than handing them to a
thread would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.state import RunStatus
from recipe_engine.runtime.errors import StorageError


@dataclass(slots=True, eq=False)
class RunRow:
    """A run without its steps: what lists show, and what wakes it. Moments are seconds since 1970.

    `number` is the store's own name for the run. `busy` says that effects are under way (after a crash they are
    looked after first), `stopped` that the emergency stop paused it, `queued` that it has not been let in yet. `slot`
    is what it counts against when its recipe limits concurrency. `result` is JSON: output, error and usage.
    """

    number: int
    run_id: str
    recipe: str
    plan: str
    started_at: float
    status: RunStatus = "running"
    ended_at: float | None = None
    next_wake: float | None = None
    busy: bool = False
    stopped: bool = False
    queued: bool = False
    sandbox: bool = False
    dry_run: bool = False
    slot: str | None = None
    result: bytes | None = None


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A run waits for an event: its name, the names of the fields that have to match, and a digest of their values."""

    number: int
    seq: int
    event: str
    fields: str
    digest: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event that arrived. It is kept for waits that begin later. `run` is the number of the run it was sent to, None
    for whoever waits. `pending` says that the waits it found have not all taken it in."""

    number: int
    event: str
    event_id: str
    run: int | None
    at: float
    data: bytes
    pending: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """What another process asked the owner to do: the name of an operation and its arguments."""

    number: int
    operation: str
    arguments: JSONObject


@dataclass(slots=True, eq=False)
class Change:
    """What is committed at once. What it has nothing of is the empty tuple, since there is a change for every step; the
    order within each kind is kept."""

    plans: Sequence[tuple[str, str, bytes]] = ()
    created: Sequence[RunRow] = ()
    starts: Sequence[tuple[int, bytes]] = ()
    entries: Sequence[tuple[int, int, bytes]] = ()
    waits: Sequence[WaitRow] = ()
    events: Sequence[EventRow] = ()
    updated: Sequence[RunRow] = ()
    waits_over: Sequence[tuple[int, int]] = ()
    events_settled: Sequence[int] = ()
    let_in: Sequence[int] = ()
    answers: Sequence[tuple[int, bytes]] = ()
    notes: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Redacted:
    """What takes the place of an ended run's journal, entry by entry, and of its result."""

    number: int
    entries: Sequence[bytes]
    result: bytes | None


# JSON text without what is to be erased; the very same text when there is nothing of it.
Clean = Callable[[bytes], bytes]
Committed = Callable[[StorageError | None], None]


class Store(Protocol):
    """Storage of one owner. Everything raises StorageError when the storage cannot be used. `shared` says whether other
    processes can reach it."""

    shared: bool

    async def open(self) -> None:
        """Make it ready; a database of an older version is brought up to this one."""
        ...

    async def close(self) -> None:
        """Finish what was committed and let go."""
        ...

    def commit(self, change: Change) -> asyncio.Future[None]:
        """Keep a change. The future, shared by a group of changes, is done when the whole group is safe. A row of
        the change must not be altered until then."""
        ...

    def submit(self, change: Change, done: Committed) -> None:
        """Keep a change, and call `done` when it is safe, or with the error. Cheaper than a future for each step."""
        ...

    async def flush(self) -> None:
        """Return when everything that was handed in is safe, or has failed."""
        ...

    def next_run_number(self) -> int:
        """A number that no run has."""
        ...

    def next_event_number(self) -> int:
        """A number that no event has; later events have higher ones."""
        ...

    # --- runs

    def run(self, run_id: str) -> RunRow | None: ...

    def run_numbered(self, number: int) -> RunRow | None: ...

    def runs(self, status: str | None, recipe: str | None, limit: int) -> list[RunRow]:
        """Runs that fit, the newest first."""
        ...

    def entries(self, number: int) -> list[bytes]:
        """The journal of a run, in order."""
        ...

    def plan(self, digest: str) -> bytes | None: ...

    def busy(self) -> list[int]:
        """Runs with effects under way, by number."""
        ...

    def stopped(self) -> list[int]:
        """Runs that the emergency stop paused, by number."""
        ...

    def due(self, now: float, limit: int) -> list[int]:
        """Runs whose next timer is due, the earliest first."""
        ...

    def next_wake(self, after: float) -> float | None:
        """The earliest timer of all runs that is later than a moment."""
        ...

    # --- concurrency

    def live(self, slot: str) -> int:
        """How many runs that have been let in and have not ended count against `slot`."""
        ...

    def queued(self) -> Iterable[tuple[str | None, int]]:
        """Slot and number of every run that has not been let in, in the order in which they came."""
        ...

    def start_of(self, number: int) -> bytes | None:
        """With what a queued run will start."""
        ...

    # --- events

    def waiting(self, event: str, data: JSON) -> list[int]:
        """Runs that wait for this event, each once, by number."""
        ...

    def kept(self, event: str, since: float, number: int) -> list[EventRow]:
        """Events of this name since a moment, sent to everyone or to this run, in the order in which they came."""
        ...

    def event_names(self) -> list[str]:
        """The names of the events that are kept."""
        ...

    def pending_events(self) -> list[EventRow]: ...

    def has_event(self, event: str, event_id: str) -> bool: ...

    # --- other processes, notes, values between runs

    def requests(self, after: int) -> list[Request]:
        """Requests of other processes that have no answer yet."""
        ...

    def note(self, key: str) -> bytes | None: ...

    async def claim(self, table: str, key: str, owner: str, expires: float | None, now: float) -> bool: ...

    async def put_value(self, table: str, key: str, value: bytes, expires: float | None) -> None: ...

    def value(self, table: str, key: str, now: float) -> bytes | None: ...

    def values(self, table: str, prefix: str, limit: int, now: float) -> list[tuple[str, bytes | None]]: ...

    async def delete_value(self, table: str, key: str, now: float) -> bool: ...

    # --- persons

    async def redact(self, runs: Sequence[Redacted], clean: Clean) -> None:
        """Put other journals in the place of those of ended runs, and clean everything else that is kept: events, values
        between runs, requests of other processes. A value whose key does not stay the same is forgotten."""
        ...

    # --- room

    async def prune(self, before: float) -> int:
        """Forget runs that ended before a moment; how many those were."""
        ...

    async def tidy(self, before: float, now: float) -> None:
        """Forget settled events that arrived before a moment, expired values, and answers that nobody fetched."""
        ...


def unchanged(key: str, clean: Clean) -> bool:
    """Whether the key of a value has nothing in it that is to be erased."""
    text = orjson.dumps(key)
    return clean(text) == text
