"""A database of runs that nobody drives, opened to look through it and to erase from it.

The one rule: nothing is driven. While it is open no other process may drive either.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from recipe_engine.core.events import Entry
from recipe_engine.core.json import JSONObject
from recipe_engine.runtime.errors import OperationRefused
from recipe_engine.runtime.live import Plans, read
from recipe_engine.runtime.protocol import RunView
from recipe_engine.runtime.redaction import naming, prepare
from recipe_engine.runtime.sqlite import SqliteStore
from recipe_engine.runtime.traces import Traces
from recipe_engine.runtime.views import listed


class RunsAtRest:
    """The part of `Runtime` that erasing needs. Opening raises DatabaseOwned when another process drives the runs."""

    def __init__(self, path: Path) -> None:
        self._store = SqliteStore(path)

    async def __aenter__(self) -> Self:
        await self._store.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._store.close()

    async def naming(self, traces: JSONObject) -> list[RunView]:
        """The runs in which a trace of a person stands."""
        return [listed(row) async for row, _ in naming(self._store, Traces.from_json(traces))]

    async def journal(self, run: str) -> list[Entry]:
        """The journal of a run; empty for one that has not begun."""
        row = self._store.run(run)
        return [] if row is None else read(self._store.entries(row.number))

    async def redact(self, traces: JSONObject) -> JSONObject:
        """Erase a person. See `Runtime.redact`."""
        redaction = await prepare(self._store, Plans(self._store), Traces.from_json(traces))
        await self._store.redact(redaction.runs, redaction.clean)
        return redaction.told

    async def cancel(self, run: str, by: str, reason: str = "") -> None:
        """Refuse: who cancels drives."""
        raise OperationRefused(
            f"run {run} cannot be cancelled: nobody drives the runs", "start `recipe worker`, or add --drive"
        )
