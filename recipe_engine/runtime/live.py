"""A run in memory, and how it is read from and written to its journal.

The one rule: what is in memory is what the journal says, or what is being committed to it this moment.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from recipe_engine.core.advance import new_state, replay
from recipe_engine.core.events import ActionFailed, ActionSucceeded, Entry, Event, RunFailed, RunStarted
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON
from recipe_engine.core.plan import Plan
from recipe_engine.core.state import State
from recipe_engine.runtime.errors import OperationError, OperationRefused
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.store import RunRow

# What comes from outside at once: an input, an action's answer, an event's data. Larger things are files.
MAX_VALUE = 2_000_000
# What one decision of the core may write at once, with everything that it follows up.
MAX_ENTRY = 16_000_000

_PLANS_KEPT = 128


@dataclass(slots=True, eq=False)
class Mail:
    """An event on its way to a run. `taken` is done once the event is committed: False when it was stale. `request` is
    the number of the other process's request that is answered with it."""

    event: Event
    taken: asyncio.Future[bool] | None = None
    request: int | None = None


@dataclass(slots=True, eq=False)
class LiveRun:
    """A run in memory.

    `count` is the length of its journal, `size` its bytes. While it is `committing` nothing else is done.
    `actions` are the effects under way by seq, `leaving` those that were broken off and are cleaning up. `waits` are
    the seqs of the waits for events that the storage knows. `plan_data` is set until the run itself is stored.
    """

    row: RunRow
    state: State
    info: RunInfo
    count: int = 0
    size: int = 0
    mail: deque[Mail] = field(default_factory=deque)
    committing: bool = False
    actions: dict[int, asyncio.Task[Event]] = field(default_factory=dict)
    leaving: set[asyncio.Task[Event]] = field(default_factory=set)
    waits: set[int] = field(default_factory=set)
    plan_data: bytes | None = None
    let_in: bool = False
    stale_row: bool = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way."""
        return not (self.committing or self.mail or self.actions or self.leaving)


class PlanSource(Protocol):
    """Where stored plans are read."""

    def plan(self, digest: str) -> bytes | None: ...


class Plans:
    """Plans by digest, each decoded once: runs of the same plan share what was compiled for it."""

    def __init__(self, store: PlanSource) -> None:
        self._store = store
        self._known: OrderedDict[str, tuple[Plan, bytes]] = OrderedDict()

    def keep(self, plan: Plan) -> tuple[Plan, bytes]:
        """The plan as it is known here, and as it is stored."""
        known = self._known.get(plan.digest)
        if known is None:
            known = (plan, orjson.dumps(plan.to_json()))
            self._add(plan.digest, known)
        return known

    def get(self, digest: str) -> Plan:
        """A stored plan. Raises OperationError when it is missing."""
        known = self._known.get(digest)
        if known is None:
            data = self._store.plan(digest)
            if data is None:
                raise OperationError(f"the plan {digest[:12]} of a run is missing", "restore a backup of the database")
            known = (Plan.from_json(orjson.loads(data)), data)
            self._add(digest, known)
        return known[0]

    def _add(self, digest: str, known: tuple[Plan, bytes]) -> None:
        self._known[digest] = known
        if len(self._known) > _PLANS_KEPT:
            self._known.popitem(last=False)


def newborn(row: RunRow, plan: Plan, started: RunStarted) -> LiveRun:
    """A run that is about to take in its first event."""
    return LiveRun(row, new_state(plan), _info(row, started))


def revived(row: RunRow, plan: Plan, journal: list[bytes]) -> LiveRun:
    """A run read back from its journal."""
    entries = read(journal)
    started = entries[0].events[0]
    assert isinstance(started, RunStarted)
    state = replay(plan, entries)
    waits = {pending.seq for pending in state.pending.values() if pending.event is not None}
    return LiveRun(row, state, _info(row, started), len(entries), sum(map(len, journal)), waits=waits)


def _info(row: RunRow, started: RunStarted) -> RunInfo:
    return RunInfo(
        run_id=row.run_id,
        origin=started.origin or row.run_id,
        seed=started.seed,
        slug=row.recipe,
        config=started.config,
        sandbox=row.sandbox,
        dry_run=row.dry_run,
        started_at=row.started_at,
    )


def written(event: Event, entry: Entry) -> bytes:
    """The entry that an event led to, as it is stored.

    Raises ValueError when it, or the answer of an action in it, is too large, or when it holds what JSON cannot (whole
    numbers beyond 64 bits, broken text).
    """
    try:
        data = orjson.dumps(entry.to_json())
    except TypeError as error:
        raise ValueError(f"a value cannot be kept: {error}") from error
    if len(data) > MAX_VALUE and isinstance(event, ActionSucceeded):
        size = len(orjson.dumps(event.output))
        if size > MAX_VALUE:
            raise ValueError(f"the answer is larger than {MAX_VALUE:,} bytes ({size:,}): save it as a file")
    if len(data) > MAX_ENTRY:
        raise ValueError(f"what this leads to is larger than {MAX_ENTRY:,} bytes ({len(data):,})")
    return data


def replacement(event: Event, problem: str) -> Event:
    """What happens to a run in the place of an event that cannot be kept."""
    if isinstance(event, ActionSucceeded):
        failure = Failure("value_too_large", "the action answered with a value that cannot be kept", problem)
        return ActionFailed(event.path, event.seq, failure, event.usage)
    return RunFailed(Failure("value_too_large", "the run made values that cannot be kept", problem))


def read(entries: list[bytes]) -> list[Entry]:
    """The entries of a stored journal."""
    return [Entry.from_json(orjson.loads(data)) for data in entries]


def stored_value(value: JSON, what: str) -> bytes:
    """A value from outside as it is stored.

    Raises OperationRefused when it is too large or not JSON.
    """
    try:
        data = orjson.dumps(value)
    except TypeError as error:
        raise OperationRefused(f"{what} cannot be kept: {error}") from error
    if len(data) > MAX_VALUE:
        raise OperationRefused(
            f"{what} is too large: {len(data):,} bytes, at most {MAX_VALUE:,}", "pass large data as a file"
        )
    return data
