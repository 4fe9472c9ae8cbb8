"""Storage that ends with its process: for tests, `recipe test` and runs that need not survive.

The one rule: it behaves as the SQLite storage does, group commits included; the contract suite holds the two together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from recipe_engine.core.json import JSON
from recipe_engine.runtime.store import (
    Change,
    Clean,
    Committed,
    EventRow,
    Redacted,
    Request,
    RunRow,
    WaitRow,
    unchanged,
)
from recipe_engine.runtime.waits import digest_of

_Value = tuple[bytes | None, str | None, float | None]


class MemoryStore:
    """Everything in dictionaries."""

    shared = False

    def __init__(self) -> None:
        self._plans: dict[str, bytes] = {}
        self._runs: dict[int, RunRow] = {}
        self._numbers: dict[str, int] = {}
        self._journal: dict[int, list[bytes]] = {}
        self._starts: dict[int, bytes] = {}
        self._waits: dict[tuple[int, int], WaitRow] = {}
        self._events: dict[int, EventRow] = {}
        self._event_ids: set[tuple[str, str]] = set()
        self._notes: dict[str, bytes] = {}
        self._values: dict[tuple[str, str], _Value] = {}
        self._last_run = 0
        self._last_event = 0
        self._group: list[Change] = []
        self._done: list[Committed] = []
        self._safe: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """What was committed stays, so that a runtime can be opened on it again."""
        await self.flush()

    async def flush(self) -> None:
        while self._safe is not None:
            await self._safe

    def submit(self, change: Change, done: Committed) -> None:
        self.commit(change)
        self._done.append(done)

    def commit(self, change: Change) -> asyncio.Future[None]:
        if self._safe is None:
            loop = asyncio.get_running_loop()
            self._safe = loop.create_future()
            loop.call_soon(self._write)
        self._group.append(change)
        return self._safe

    def _write(self) -> None:
        group, called, safe = self._group, self._done, self._safe
        self._group, self._done, self._safe = [], [], None
        for change in group:
            self._apply(change)
        assert safe is not None
        safe.set_result(None)
        for done in called:
            done(None)

    def _apply(self, change: Change) -> None:
        for digest, _, data in change.plans:
            self._plans.setdefault(digest, data)
        for row in change.created:
            self._runs[row.number] = replace(row)
            self._numbers[row.run_id] = row.number
        self._starts.update(change.starts)
        for number, n, data in change.entries:
            journal = self._journal.setdefault(number, [])
            assert n == len(journal), f"entry {n} of run {number} does not follow {len(journal)} entries"
            journal.append(data)
        for wait in change.waits:
            self._waits[wait.number, wait.seq] = wait
        for event in change.events:
            self._events[event.number] = event
            self._event_ids.add((event.event, event.event_id))
        for row in change.updated:
            self._runs[row.number] = replace(row)
        for key in change.waits_over:
            del self._waits[key]
        for number in change.events_settled:
            if number in self._events:
                self._events[number] = replace(self._events[number], pending=False)
        for number in change.let_in:
            del self._starts[number]
        self._notes.update(change.notes)

    def next_run_number(self) -> int:
        self._last_run += 1
        return self._last_run

    def next_event_number(self) -> int:
        self._last_event += 1
        return self._last_event

    def run(self, run_id: str) -> RunRow | None:
        number = self._numbers.get(run_id)
        return None if number is None else replace(self._runs[number])

    def run_numbered(self, number: int) -> RunRow | None:
        row = self._runs.get(number)
        return None if row is None else replace(row)

    def runs(self, status: str | None, recipe: str | None, limit: int) -> list[RunRow]:
        found = [
            replace(row)
            for row in reversed(self._runs.values())
            if status in (None, row.status) and recipe in (None, row.recipe)
        ]
        return found[:limit]

    def entries(self, number: int) -> list[bytes]:
        return list(self._journal.get(number, ()))

    def plan(self, digest: str) -> bytes | None:
        return self._plans.get(digest)

    def busy(self) -> list[int]:
        return [number for number, row in self._runs.items() if row.busy]

    def stopped(self) -> list[int]:
        return [number for number, row in self._runs.items() if row.stopped]

    def due(self, now: float, limit: int) -> list[int]:
        found = [(row.next_wake, row.number) for row in self._runs.values() if row.next_wake is not None]
        return [number for at, number in sorted(found) if at <= now][:limit]

    def next_wake(self, after: float) -> float | None:
        times = (row.next_wake for row in self._runs.values() if row.next_wake is not None)
        return min((at for at in times if at > after), default=None)

    def live(self, slot: str) -> int:
        return sum(row.slot == slot and row.ended_at is None and not row.queued for row in self._runs.values())

    def queued(self) -> Iterable[tuple[str | None, int]]:
        return [(self._runs[number].slot, number) for number in sorted(self._starts)]

    def start_of(self, number: int) -> bytes | None:
        return self._starts.get(number)

    def waiting(self, event: str, data: JSON) -> list[int]:
        waits = [wait for wait in self._waits.values() if wait.event == event]
        digests = {fields: digest_of(fields, data) for fields in {wait.fields for wait in waits}}
        return sorted({wait.number for wait in waits if digests[wait.fields] == wait.digest})

    def kept(self, event: str, since: float, number: int) -> list[EventRow]:
        return [
            kept
            for kept in self._events.values()
            if kept.event == event and kept.at >= since and kept.run in (None, number)
        ]

    def event_names(self) -> list[str]:
        return [event.event for event in self._events.values()]

    def pending_events(self) -> list[EventRow]:
        return [event for event in self._events.values() if event.pending]

    def has_event(self, event: str, event_id: str) -> bool:
        return (event, event_id) in self._event_ids

    def requests(self, after: int) -> list[Request]:
        """No other process reaches this storage."""
        return []

    def note(self, key: str) -> bytes | None:
        return self._notes.get(key)

    async def claim(self, table: str, key: str, owner: str, expires: float | None, now: float) -> bool:
        held = self._value(table, key, now)
        if held is not None:
            return held[1] == owner
        self._values[table, key] = (None, owner, expires)
        return True

    async def put_value(self, table: str, key: str, value: bytes, expires: float | None) -> None:
        _, owner, _ = self._values.get((table, key), (None, None, None))
        self._values[table, key] = (value, owner, expires)

    def value(self, table: str, key: str, now: float) -> bytes | None:
        held = self._value(table, key, now)
        return None if held is None else held[0]

    def values(self, table: str, prefix: str, limit: int, now: float) -> list[tuple[str, bytes | None]]:
        keys = sorted(key for name, key in self._values if name == table and key.startswith(prefix))
        found = [(key, self._value(table, key, now)) for key in keys]
        return [(key, held[0]) for key, held in found if held is not None][:limit]

    async def delete_value(self, table: str, key: str, now: float) -> bool:
        held = self._value(table, key, now)
        self._values.pop((table, key), None)
        return held is not None

    def _value(self, table: str, key: str, now: float) -> _Value | None:
        held = self._values.get((table, key))
        return None if held is None or (held[2] is not None and held[2] <= now) else held

    async def redact(self, runs: Sequence[Redacted], clean: Clean) -> None:
        await self.commit(Change())  # what was handed in before is cleaned too
        for run in runs:
            self._journal[run.number] = list(run.entries)
            self._runs[run.number].result = run.result
        self._events = {
            n: replace(event, data=event.data if event.pending else clean(event.data))
            for n, event in self._events.items()
        }
        self._values = {
            (table, key): (None if value is None else clean(value), owner, expires)
            for (table, key), (value, owner, expires) in self._values.items()
            if unchanged(key, clean)
        }

    async def prune(self, before: float) -> int:
        old = [row for row in self._runs.values() if row.ended_at is not None and row.ended_at < before]
        for row in old:
            del self._runs[row.number], self._numbers[row.run_id]
            self._journal.pop(row.number, None)
        used = {row.plan for row in self._runs.values()}
        self._plans = {digest: data for digest, data in self._plans.items() if digest in used}
        return len(old)

    async def tidy(self, before: float, now: float) -> None:
        self._events = {n: event for n, event in self._events.items() if event.pending or event.at >= before}
        self._event_ids = {(event.event, event.event_id) for event in self._events.values()}
        self._values = {key: held for key, held in self._values.items() if self._value(*key, now) is not None}
