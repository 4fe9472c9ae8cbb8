"""What can be read of a runs database, by its owner and by every other process.

The one rule: nothing is written here. A read sees all that is committed, and holds no transaction open afterwards.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from recipe_engine.core.json import JSON
from recipe_engine.runtime.sqlite_schema import storage_error
from recipe_engine.runtime.store import EventRow, Request, RunRow
from recipe_engine.runtime.waits import digest_of

_RUN = """
SELECT r.id, r.run_id, p.recipe, p.digest, r.started_at, r.status, r.ended_at, r.next_wake, r.busy, r.stopped,
       r.queued, r.sandbox, r.dry_run, r.slot, r.result
FROM runs r JOIN plans p ON p.id = r.plan
"""
_EVENT = "SELECT id, event, event_id, run, at, data, pending FROM events"


class SqliteReader:
    """Keyed reads through one connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading: sqlite3.Connection | None = None

    def use(self, connection: sqlite3.Connection) -> None:
        """Read through this connection."""
        self._reading = connection

    def _all(self, statement: str, *values: Any) -> list[Any]:
        assert self._reading is not None, "the store is not open"
        try:
            return self._reading.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise storage_error(error, self.path) from error

    def _one(self, statement: str, *values: Any) -> Any:
        """The first column of the first row, None without a row."""
        rows = self._all(statement, *values)
        return rows[0][0] if rows else None

    def run(self, run_id: str) -> RunRow | None:
        rows = self._all(f"{_RUN} WHERE r.run_id = ?", run_id)
        return _run_row(rows[0]) if rows else None

    def run_numbered(self, number: int) -> RunRow | None:
        rows = self._all(f"{_RUN} WHERE r.id = ?", number)
        return _run_row(rows[0]) if rows else None

    def runs(self, status: str | None, recipe: str | None, limit: int) -> list[RunRow]:
        conditions, values = ["1"], []
        if status is not None:
            # Said twice, so that the partial index of what has not succeeded can serve.
            conditions.append("r.status = ?" if status == "succeeded" else "r.status = ? AND r.status <> 'succeeded'")
            values.append(status)
        if recipe is not None:
            conditions.append("r.plan IN (SELECT id FROM plans WHERE recipe = ?)")
            values.append(recipe)
        statement = f"{_RUN} WHERE {' AND '.join(conditions)} ORDER BY r.id DESC LIMIT ?"
        return [_run_row(row) for row in self._all(statement, *values, limit)]

    def entries(self, number: int, after: int = 0) -> list[bytes]:
        return [
            row[0] for row in self._all("SELECT data FROM journal WHERE run = ? AND n >= ? ORDER BY n", number, after)
        ]

    def plan(self, digest: str) -> bytes | None:
        data: bytes | None = self._one("SELECT data FROM plans WHERE digest = ?", digest)
        return data

    def busy(self) -> list[int]:
        return [row[0] for row in self._all("SELECT id FROM runs WHERE busy ORDER BY id")]

    def stopped(self) -> list[int]:
        return [row[0] for row in self._all("SELECT id FROM runs WHERE stopped ORDER BY id")]

    def due(self, now: float, limit: int) -> list[int]:
        statement = "SELECT id FROM runs WHERE next_wake <= ? ORDER BY next_wake LIMIT ?"
        return [row[0] for row in self._all(statement, now, limit)]

    def next_wake(self, after: float) -> float | None:
        at: float | None = self._one("SELECT min(next_wake) FROM runs WHERE next_wake > ?", after)
        return at

    def live(self, slot: str) -> int:
        count: int = self._one("SELECT count(*) FROM runs WHERE slot = ? AND ended_at IS NULL AND NOT queued", slot)
        return count

    def queued(self) -> Iterable[tuple[str | None, int]]:
        return self._all("SELECT r.slot, s.run FROM starts s JOIN runs r ON r.id = s.run ORDER BY s.run")

    def start_of(self, number: int) -> bytes | None:
        data: bytes | None = self._one("SELECT data FROM starts WHERE run = ?", number)
        return data

    def waiting(self, event: str, data: JSON) -> list[int]:
        found: set[int] = set()
        fields = self._one("SELECT min(fields) FROM waits WHERE event = ?", event)
        while fields is not None:
            digest = digest_of(fields, data)
            if digest is not None:
                statement = "SELECT run FROM waits WHERE event = ? AND fields = ? AND digest = ?"
                found.update(row[0] for row in self._all(statement, event, fields, digest))
            fields = self._one("SELECT min(fields) FROM waits WHERE event = ? AND fields > ?", event, fields)
        return sorted(found)

    def kept(self, event: str, since: float, number: int) -> list[EventRow]:
        statement = f"{_EVENT} WHERE event = ? AND at >= ? AND (run IS NULL OR run = ?) ORDER BY id"
        return [_event_row(row) for row in self._all(statement, event, since, number)]

    def event_names(self) -> list[str]:
        return [row[0] for row in self._all("SELECT DISTINCT event FROM events")]

    def pending_events(self) -> list[EventRow]:
        return [_event_row(row) for row in self._all(f"{_EVENT} WHERE pending ORDER BY id")]

    def has_event(self, event: str, event_id: str) -> bool:
        return bool(self._all("SELECT 1 FROM events WHERE event = ? AND event_id = ?", event, event_id))

    def requests(self, after: int) -> list[Request]:
        statement = "SELECT id, operation, arguments FROM inbox WHERE id > ? AND answer IS NULL ORDER BY id LIMIT 200"
        return [Request(row[0], row[1], orjson.loads(row[2])) for row in self._all(statement, after)]

    def answer(self, number: int) -> bytes | None:
        """The answer to a request, None as long as there is none."""
        answer: bytes | None = self._one("SELECT answer FROM inbox WHERE id = ?", number)
        return answer

    def note(self, key: str) -> bytes | None:
        value: bytes | None = self._one("SELECT value FROM notes WHERE key = ?", key)
        return value

    def value(self, table: str, key: str, now: float) -> bytes | None:
        statement = "SELECT value FROM store WHERE tab = ? AND key = ? AND (expires IS NULL OR expires > ?)"
        value: bytes | None = self._one(statement, table, key, now)
        return value

    def values(self, table: str, prefix: str, limit: int, now: float) -> list[tuple[str, bytes | None]]:
        statement = (
            "SELECT key, value FROM store WHERE tab = ? AND key >= ? AND key < ? AND (expires IS NULL OR expires > ?)"
            " ORDER BY key LIMIT ?"
        )
        return self._all(statement, table, prefix, prefix + "\U0010ffff", now, limit)


def _run_row(row: Any) -> RunRow:
    (number, run_id, recipe, digest, started_at, status, ended_at, next_wake, *flags, slot, result) = row
    busy, stopped, queued, sandbox, dry_run = map(bool, flags)
    return RunRow(
        number, run_id, recipe, digest, started_at, status, ended_at, next_wake, busy, stopped, queued, sandbox,
        dry_run, slot, result,
    )  # fmt: skip


def _event_row(row: Any) -> EventRow:
    number, event, event_id, run, at, data, pending = row
    return EventRow(number, event, event_id, run, at, data, bool(pending))
