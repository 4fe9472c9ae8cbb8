"""The runs of a database that another process drives: reads them, and hands it requests.

The one rule: nothing of a run is written here. A request is a row of the inbox; the owner carries it out and writes the
answer beside it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any, Literal

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.runtime.clock import Clock, SystemClock
from recipe_engine.runtime.errors import NotAnswered, OperationRefused, StorageError, UnknownRun
from recipe_engine.runtime.inbox import result_of
from recipe_engine.runtime.live import Plans, read, stored_value
from recipe_engine.runtime.owner import is_owned
from recipe_engine.runtime.protocol import ENDED_OR_PARKED, Journal, Mode, Runs, RunView
from recipe_engine.runtime.redaction import naming
from recipe_engine.runtime.run_ids import new_run_id
from recipe_engine.runtime.sqlite_reader import SqliteReader
from recipe_engine.runtime.sqlite_schema import connect, storage_error
from recipe_engine.runtime.store import RunRow
from recipe_engine.runtime.traces import Traces
from recipe_engine.runtime.views import listed, replayed

_ANSWER_SECONDS = 0.01
_WATCH_SECONDS = 0.05
_OWNER_SECONDS = 0.5


class SqliteClient:
    """Implements `Runtime` beside the owner. `patience` is how long an answer is waited for, in seconds."""

    def __init__(self, path: Path, clock: Clock | None = None, patience: float = 10.0) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._patience = patience
        self._reader = SqliteReader(path)
        self._plans = Plans(self._reader)
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the database. Raises StorageError when there is none."""
        if not self._path.exists():
            raise StorageError(
                f"there is no database {self._path}", "`recipe run` makes it; --db or RECIPE_DB names another"
            )
        self._connection = connect(self._path, migrate=False)
        self._reader.use(self._connection)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- requests

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
        name = run_id or new_run_id(self._clock.now())
        given = {"input": input, "config": config, "event": event, "reused": reused}
        await self._ask("start", plan=plan.to_json(), **given, run_id=name, mode=mode, retry_of=retry_of)
        return name

    async def send(self, event: str, data: JSON, event_id: str | None = None, run: str | None = None) -> int:
        event_id = event_id or new_run_id(self._clock.now())
        woken: int = await self._ask("send", event=event, data=data, event_id=event_id, run=run)
        return woken

    async def approve(self, run: str, step: str | None, approved: bool, by: str, fields: JSON = None) -> None:
        await self._ask("approve", run=run, step=step, approved=approved, by=by, fields=fields)

    async def pause(self, run: str, by: str, reason: str = "") -> None:
        await self._ask("pause", run=run, by=by, reason=reason)

    async def resume(self, run: str, by: str) -> None:
        await self._ask("resume", run=run, by=by)

    async def cancel(self, run: str, by: str, reason: str = "") -> None:
        await self._ask("cancel", run=run, by=by, reason=reason)

    async def resolve(
        self, run: str, step: str | None, outcome: Literal["done", "retry"], by: str, output: JSON = None
    ) -> None:
        await self._ask("resolve", run=run, step=step, outcome=outcome, by=by, output=output)

    async def redact(self, traces: JSONObject) -> JSONObject:
        told: JSONObject = await self._ask("redact", traces=traces)
        return told

    async def stop_all(self, by: str, reason: str = "") -> int:
        paused: int = await self._ask("stop_all", by=by, reason=reason)
        return paused

    async def resume_all(self, by: str) -> int:
        resumed: int = await self._ask("resume_all", by=by)
        return resumed

    async def drain(self) -> None:
        """Nothing is under way here: the owner drives."""

    async def _ask(self, operation: str, **arguments: Any) -> Any:
        """Post a request and return what the owner answers. Raises what the owner refuses with, NotAnswered."""
        text = stored_value(arguments, "the request")
        number = await asyncio.to_thread(self._post, operation, text)
        asked = self._clock.now()
        owner_seen = asked
        while (answer := self._reader.answer(number)) is None:
            now = self._clock.now()
            if now - owner_seen >= _OWNER_SECONDS:
                if not is_owned(self._path):
                    raise NotAnswered(
                        f"nobody drives the runs of {self._path} now: the request is kept",
                        "`recipe worker` carries it out",
                    )
                owner_seen = now
            if now - asked > self._patience:
                raise NotAnswered(
                    f"the owner of {self._path} has not answered in {self._patience:g} seconds: the request is kept",
                    "it is carried out as soon as the owner comes to it",
                )
            await self._clock.sleep_until(now + _ANSWER_SECONDS)
        return result_of(answer)

    def _post(self, operation: str, arguments: bytes) -> int:
        """Put a request into the inbox; its number."""
        connection = connect(self._path, migrate=False)
        try:
            cursor = connection.execute(
                "INSERT INTO inbox (at, operation, arguments) VALUES (?, ?, ?)", (time.time(), operation, arguments)
            )
        except sqlite3.Error as error:
            raise storage_error(error, self._path) from error
        finally:
            connection.close()
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    # --- looking

    async def get(self, run: str) -> RunView:
        row = self._row(run)
        return replayed(row, self._plans.get(row.plan), read(self._reader.entries(row.number)))

    async def naming(self, traces: JSONObject) -> Runs:
        return [listed(row) async for row, _ in naming(self._reader, Traces.from_json(traces))]

    async def list(self, *, status: str | None = None, recipe: str | None = None, limit: int = 50) -> Runs:
        return [listed(row) for row in self._reader.runs(status, recipe, limit)]

    async def journal(self, run: str) -> Journal:
        return read(self._reader.entries(self._row(run).number))

    async def plan(self, run: str) -> Plan:
        return self._plans.get(self._row(run).plan)

    async def wait(self, run: str, statuses: Collection[str] = ENDED_OR_PARKED) -> RunView:
        while (row := self._row(run)).status not in statuses:
            if row.ended_at is not None:
                raise OperationRefused(
                    f"run {run} has {row.status}, it will not become {' or '.join(sorted(statuses))}"
                )
            await self._pause()
        return await self.get(run)

    async def watch(self, run: str) -> AsyncIterator[Any]:
        shown = 0
        while True:
            row = self._row(run)
            for entry in read(self._reader.entries(row.number, shown)):
                shown += 1
                yield entry
            if row.ended_at is not None:
                return
            await self._pause()

    async def until_idle(self) -> None:
        while not self._idle():
            await self._pause()

    def _idle(self) -> bool:
        """Whether the owner has nothing to do at this moment, as far as the database tells."""
        busy = self._reader.requests(0) or self._reader.busy() or self._reader.due(self._clock.now(), 1)
        return not busy and not self._reader.runs("running", None, 1)

    async def _pause(self) -> None:
        await self._clock.sleep_until(self._clock.now() + _WATCH_SECONDS)

    def _row(self, run_id: str) -> RunRow:
        row = self._reader.run(run_id)
        if row is None:
            raise UnknownRun(run_id)
        return row
