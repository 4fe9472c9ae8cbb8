"""The default storage: one SQLite file, written by group commits with synchronous=FULL.

The one rule: a commit is on the disk before anybody acts on it. `sqlite_schema` holds the tables, `sqlite_reader` the
reads, `sqlite_writer` the thread that commits.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from recipe_engine.runtime.errors import StorageError
from recipe_engine.runtime.owner import OWNER, Ownership, refusal, this_process
from recipe_engine.runtime.sqlite_reader import SqliteReader
from recipe_engine.runtime.sqlite_schema import connect, storage_error
from recipe_engine.runtime.sqlite_writer import GroupWriter
from recipe_engine.runtime.store import Change, Clean, Committed, Redacted, RunRow, unchanged

_Statement = tuple[str, tuple[object, ...]]
_ANSWERS_KEPT = 86_400.0
_SWEPT_AT_ONCE = 1_000


class SqliteStore(SqliteReader):
    """The storage of the owner of `path`. The folder is made when it is missing."""

    shared = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._ownership: Ownership | None = None
        self._writing: sqlite3.Connection | None = None
        self._writer: GroupWriter | None = None
        self._last_run = 0
        self._last_event = 0

    async def open(self) -> None:
        """Become the owner and make the database ready. Raises DatabaseOwned, StorageError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the folder of {self.path} cannot be made ({error.strerror})", "--db or RECIPE_DB names another place"
            ) from error
        ownership = Ownership(self.path)
        if not ownership.take():
            raise refusal(self.path, self._owner_note())
        self._ownership = ownership
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        self._writing = connect(self.path, migrate=True)
        self._reading = connect(self.path, migrate=False)
        self._last_run = self._one("SELECT max(id) FROM runs") or 0
        self._last_event = self._one("SELECT max(id) FROM events") or 0
        self._writer = GroupWriter(self._writing, apply_changes, lambda error: storage_error(error, self.path))
        await self.commit(Change(notes=[(OWNER, orjson.dumps(this_process()))]))

    def _owner_note(self) -> bytes | None:
        try:
            self._reading = connect(self.path, migrate=False)
        except StorageError:  # the owner has only begun to make it
            return None
        note = self.note(OWNER)
        self._reading.close()
        self._reading = None
        return note

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
        for connection in (self._reading, self._writing):
            if connection is not None:
                connection.close()
        if self._ownership is not None:
            self._ownership.release()
        self._reading = self._writing = self._writer = self._ownership = None

    def commit(self, change: Change) -> asyncio.Future[None]:
        return self._opened().commit(change)

    def submit(self, change: Change, done: Committed) -> None:
        self._opened().submit(change, done)

    async def flush(self) -> None:
        await self._opened().flush()

    def next_run_number(self) -> int:
        self._last_run += 1
        return self._last_run

    def next_event_number(self) -> int:
        self._last_event += 1
        return self._last_event

    async def claim(self, table: str, key: str, owner: str, expires: float | None, now: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            taken = connection.execute(_CLAIM, (table, key, owner, expires, now)).fetchone()
            if taken is not None:
                return True
            holder = connection.execute("SELECT owner FROM store WHERE tab = ? AND key = ?", (table, key)).fetchone()
            return bool(holder[0] == owner)

        return await self._opened().transact(work)

    async def put_value(self, table: str, key: str, value: bytes, expires: float | None) -> None:
        await self._opened().transact(
            lambda connection: connection.execute(_PUT, (table, key, value, expires)) and None
        )

    async def delete_value(self, table: str, key: str, now: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            live = connection.execute(_LIVE_VALUE, (table, key, now)).fetchone()
            connection.execute("DELETE FROM store WHERE tab = ? AND key = ?", (table, key))
            return live is not None

        return await self._opened().transact(work)

    async def redact(self, runs: Sequence[Redacted], clean: Clean) -> None:
        # What was handed in before is read below: an event that has just been delivered is cleaned too.
        await self.commit(Change())
        # What has not been delivered or carried out yet must stay what it is; the request for this very work is known.
        changes = await self._cleaned("events", "data", "NOT pending", clean)
        for column in ("arguments", "answer"):
            changes += await self._cleaned("inbox", column, "(answer IS NOT NULL OR operation = 'redact')", clean)
        changes += await self._cleaned_values(clean)
        for run in runs:
            changes += [(_REWRITE, (data, run.number, n)) for n, data in enumerate(run.entries)]
            changes.append(("UPDATE runs SET result = ? WHERE id = ?", (run.result, run.number)))

        def work(connection: sqlite3.Connection) -> None:
            # What was there is overwritten in the file, not only let go.
            connection.execute("PRAGMA secure_delete = ON")
            for statement, values in changes:
                connection.execute(statement, values)
            connection.execute("PRAGMA secure_delete = OFF")

        await self._opened().transact(work)
        self._all("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _cleaned(self, table: str, column: str, where: str, clean: Clean) -> list[_Statement]:
        """Changes that clean a column, read in stretches so that other work goes on in between."""
        changes: list[_Statement] = []
        after = 0
        stretch = f"SELECT id, {column} FROM {table} WHERE id > ? AND {where} ORDER BY id LIMIT ?"  # noqa: S608  # names of our own
        while rows := self._all(stretch, after, _SWEPT_AT_ONCE):
            after = rows[-1][0]
            for number, data in rows:
                if data is not None and (cleaned := clean(data)) != data:
                    changes.append((f"UPDATE {table} SET {column} = ? WHERE id = ?", (cleaned, number)))  # noqa: S608
            await asyncio.sleep(0)
        return changes

    async def _cleaned_values(self, clean: Clean) -> list[_Statement]:
        changes: list[_Statement] = []
        for table, key, value in self._all("SELECT tab, key, value FROM store"):
            if not unchanged(key, clean):
                changes.append(("DELETE FROM store WHERE tab = ? AND key = ?", (table, key)))
            elif value is not None and (cleaned := clean(value)) != value:
                changes.append(("UPDATE store SET value = ? WHERE tab = ? AND key = ?", (cleaned, table, key)))
        return changes

    async def prune(self, before: float) -> int:
        writer = self._opened()
        sweep = _Sweep(before)
        while await writer.transact(sweep.next):
            pass
        return sweep.forgotten

    async def tidy(self, before: float, now: float) -> None:
        writer = self._opened()
        while await writer.transact(lambda connection: connection.execute(_TIDY_EVENTS, (before,)).rowcount):
            pass
        await writer.transact(lambda connection: connection.execute("DELETE FROM store WHERE expires <= ?", (now,)))
        await writer.transact(lambda connection: connection.execute(_TIDY_INBOX, (time.time() - _ANSWERS_KEPT,)))

    def _opened(self) -> GroupWriter:
        assert self._writer is not None, "the store is not open"
        return self._writer


def apply_changes(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Carry out changes in order, each kind of row in one go."""
    for statement, rows in (
        (_ADD_PLAN, list({row[0]: row for change in changes for row in change.plans}.values())),
        (_ADD_RUN, [_run_values(row) for change in changes for row in change.created]),
        ("INSERT INTO starts VALUES (?, ?)", [row for change in changes for row in change.starts]),
        ("INSERT INTO journal (run, n, data) VALUES (?, ?, ?)", [row for change in changes for row in change.entries]),
        (
            "INSERT INTO waits VALUES (?, ?, ?, ?, ?)",
            [(row.number, row.seq, row.event, row.fields, row.digest) for change in changes for row in change.waits],
        ),
        (
            "INSERT INTO events (id, event, event_id, run, at, pending, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (row.number, row.event, row.event_id, row.run, row.at, row.pending, row.data)
                for change in changes
                for row in change.events
            ],
        ),
        (_UPDATE_RUN, [_update_values(row) for change in changes for row in change.updated]),
        ("DELETE FROM waits WHERE run = ? AND seq = ?", [row for change in changes for row in change.waits_over]),
        ("UPDATE events SET pending = 0 WHERE id = ?", [(row,) for change in changes for row in change.events_settled]),
        ("DELETE FROM starts WHERE run = ?", [(row,) for change in changes for row in change.let_in]),
        (
            "UPDATE inbox SET answer = ? WHERE id = ?",
            [(row[1], row[0]) for change in changes for row in change.answers],
        ),
        (_NOTE, [row for change in changes for row in change.notes]),
    ):
        if rows:
            connection.executemany(statement, rows)


_ADD_PLAN = "INSERT OR IGNORE INTO plans (digest, recipe, data) VALUES (?, ?, ?)"
_ADD_RUN = """
INSERT INTO runs (id, run_id, plan, started_at, sandbox, dry_run, slot, status, ended_at, next_wake, busy, stopped, queued, result)
VALUES (?, ?, (SELECT id FROM plans WHERE digest = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE_RUN = """
UPDATE runs SET status = ?, ended_at = ?, next_wake = ?, busy = ?, stopped = ?, queued = ?, result = ? WHERE id = ?
"""
_REWRITE = "UPDATE journal SET data = ? WHERE run = ? AND n = ?"
_NOTE = "INSERT INTO notes VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_CLAIM = """
INSERT INTO store (tab, key, owner, expires) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (tab, key) DO UPDATE SET owner = excluded.owner, value = NULL, expires = excluded.expires
WHERE store.expires <= ?5
RETURNING 1
"""
_TIDY_EVENTS = "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ? AND NOT pending LIMIT 1000)"
_TIDY_INBOX = "DELETE FROM inbox WHERE answer IS NOT NULL AND at < ?"
_LIVE_VALUE = "SELECT 1 FROM store WHERE tab = ? AND key = ? AND (expires IS NULL OR expires > ?)"
_PUT = """
INSERT INTO store (tab, key, value, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""


def _run_values(row: RunRow) -> tuple[object, ...]:
    return (
        row.number, row.run_id, row.plan, row.started_at, row.sandbox, row.dry_run, row.slot, row.status, row.ended_at,
        row.next_wake, row.busy, row.stopped, row.queued, row.result,
    )  # fmt: skip


def _update_values(row: RunRow) -> tuple[object, ...]:
    return (row.status, row.ended_at, row.next_wake, row.busy, row.stopped, row.queued, row.result, row.number)


class _Sweep:
    """Forgets what is old, a stretch of runs in each transaction, so that other commits go on in between.

    Plans are forgotten with the last stretch, when every run has been looked at.
    """

    def __init__(self, before: float) -> None:
        self.forgotten = 0
        self._before = before
        self._after = 0
        self._plans: set[int] = set()

    def next(self, connection: sqlite3.Connection) -> bool:
        """Sweep the next stretch; False when that was all."""
        stretch = connection.execute(
            "SELECT id, plan, ended_at FROM runs WHERE id > ? ORDER BY id LIMIT ?", (self._after, _SWEPT_AT_ONCE)
        ).fetchall()
        if not stretch:
            unused = [(row[0],) for row in connection.execute("SELECT id FROM plans") if row[0] not in self._plans]
            connection.executemany("DELETE FROM plans WHERE id = ?", unused)
            return False
        self._after = stretch[-1][0]
        old = [(number,) for number, _, ended_at in stretch if ended_at is not None and ended_at < self._before]
        self._plans.update(plan for _, plan, ended_at in stretch if ended_at is None or ended_at >= self._before)
        connection.executemany("DELETE FROM journal WHERE run = ?", old)
        connection.executemany("DELETE FROM runs WHERE id = ?", old)
        self.forgotten += len(old)
        return True
