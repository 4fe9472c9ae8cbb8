"""Group commits: one thread with one connection; whatever arrives while a transaction is written goes into the next.

The one rule: a job is all of a transaction or nothing of it, and nobody is told that it is done before the disk has it.
After the first error nothing more is written: what comes after a lost change must not be kept.

A thread, because a commit waits for the disk: microseconds on a fast one, tens of milliseconds on a slow one, and the
event loop has answers to take in meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

from recipe_engine.runtime.errors import StorageError
from recipe_engine.runtime.store import Change, Committed

_T = TypeVar("_T")
Work = Callable[[sqlite3.Connection], object]


class Batch:
    """What goes into one transaction: changes, and pieces of work whose result somebody waits for."""

    __slots__ = ("called", "changes", "future", "works")

    def __init__(self, future: asyncio.Future[None]) -> None:
        self.future = future
        self.changes: list[Change] = []
        self.called: list[Committed] = []
        self.works: list[tuple[Work, asyncio.Future[object]]] = []


class GroupWriter:
    """Writes batches in order. `translate` turns an error of SQLite into what callers are told."""

    def __init__(
        self, connection: sqlite3.Connection, apply: Callable[[sqlite3.Connection, Sequence[Change]], None],
        translate: Callable[[sqlite3.Error], StorageError],
    ) -> None:  # fmt: skip
        self._connection = connection
        self._apply = apply
        self._translate = translate
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Batch | None] = SimpleQueue()
        self._gathering: Batch | None = None
        self._writing: Batch | None = None
        self._error: StorageError | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def commit(self, change: Change) -> asyncio.Future[None]:
        """Add a change to the next transaction; the future is shared by all of it."""
        batch = self._batch()
        batch.changes.append(change)
        return batch.future

    def submit(self, change: Change, done: Committed) -> None:
        """Add a change to the next transaction, and call `done` when it is safe, or with the error."""
        batch = self._batch()
        batch.changes.append(change)
        batch.called.append(done)

    async def transact(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do `work` inside the next transaction; its result is handed back once it is committed."""
        batch = self._batch()
        result: asyncio.Future[object] = self._loop.create_future()
        batch.works.append((work, result))
        await asyncio.shield(batch.future)
        return result.result()  # type: ignore[return-value]  # the result of this very work

    async def flush(self) -> None:
        """Return when what was handed in is written, or has failed."""
        while (batch := self._gathering or self._writing) is not None:
            await asyncio.wait([batch.future])

    async def close(self) -> None:
        """Write what was handed in, then end the thread."""
        await self.flush()
        self._jobs.put(None)
        self._thread.join()

    def _batch(self) -> Batch:
        if self._gathering is None:
            self._gathering = Batch(self._loop.create_future())
            if self._writing is None:
                # At the end of this round of the loop: what else happens in it joins the same transaction.
                self._loop.call_soon(self._send)
        return self._gathering

    def _send(self) -> None:
        batch = self._gathering
        if batch is None or self._writing is not None:
            return
        self._gathering = None
        if self._error is not None:
            _fail(batch, self._error)
            return
        self._writing = batch
        self._jobs.put(batch)

    def _written(self, batch: Batch, results: list[object], error: StorageError | None) -> None:
        self._writing = None
        if error is not None:
            self._error = error
            _fail(batch, error)
        else:
            for (_, waiting), result in zip(batch.works, results, strict=True):
                waiting.set_result(result)
            batch.future.set_result(None)
            for done in batch.called:
                done(None)
        if self._gathering is not None:
            self._send()

    def _run(self) -> None:
        """The thread."""
        while (batch := self._jobs.get()) is not None:
            results: list[object] = []
            failure: StorageError | None = None
            try:
                results = self._write(batch)
            except sqlite3.Error as error:
                failure = self._translate(error)
                failure.__cause__ = error
            except Exception as error:  # noqa: BLE001  # those who wait for this batch must be told, whatever it was
                failure = StorageError(f"a change could not be written: {error!r}")
                failure.__cause__ = error
            self._loop.call_soon_threadsafe(self._written, batch, results, failure)

    def _write(self, batch: Batch) -> list[object]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._apply(connection, batch.changes)
            results = [work(connection) for work, _ in batch.works]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled it back already
                connection.execute("ROLLBACK")
            raise
        return results


def _fail(batch: Batch, error: StorageError) -> None:
    batch.future.set_exception(error)
    batch.future.exception()  # whoever still cares awaits it; the others have gone
    for done in batch.called:
        done(error)
