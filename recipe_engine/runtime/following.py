"""Those who look on: they wait for a status, or watch a journal grow.

The one rule: nobody is shown anything before it is committed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection

from recipe_engine.core.events import Entry
from recipe_engine.runtime.errors import OperationError
from recipe_engine.runtime.live import LiveRun, read
from recipe_engine.runtime.store import RunRow, Store

_Seen = tuple[int, Entry] | OperationError | None


class Followers:
    """Waiters and watchers of runs, by the run's number."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[int, dict[asyncio.Future[None], Collection[str]]] = defaultdict(dict)
        self._watching: dict[int, set[asyncio.Queue[_Seen]]] = defaultdict(set)

    def committed(self, run: LiveRun, entries: list[Entry]) -> None:
        """Show entries of a run."""
        number = run.row.number
        for queue in self._watching.get(number, ()):
            for n, entry in enumerate(entries, run.count - len(entries)):
                queue.put_nowait((n, entry))
        if run.row.ended_at is not None:
            self.ended(number)
            return
        for waiter, statuses in self._waiting.get(number, {}).items():
            if run.row.status in statuses and not waiter.done():
                waiter.set_result(None)

    def ended(self, number: int) -> None:
        """There will be no more entries of a run."""
        for waiter in self._waiting.get(number, ()):
            if not waiter.done():
                waiter.set_result(None)
        for queue in self._watching.get(number, ()):
            queue.put_nowait(None)

    async def reached(self, number: int, statuses: Collection[str]) -> None:
        """Return when a run has been committed with one of these statuses, or has ended."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number][waiter] = statuses
        try:
            await waiter
        finally:
            del self._waiting[number][waiter]
            if not self._waiting[number]:
                del self._waiting[number]

    async def watch(self, row: RunRow) -> AsyncIterator[Entry]:
        """The entries of a run from its first on, until it ends."""
        queue: asyncio.Queue[_Seen] = asyncio.Queue()
        self._watching[row.number].add(queue)
        try:
            known = read(self._store.entries(row.number))
            for entry in known:
                yield entry
            now = self._store.run_numbered(row.number)
            if now is None or now.ended_at is not None:
                return
            while (seen := await queue.get()) is not None:
                if isinstance(seen, OperationError):
                    raise seen
                if seen[0] >= len(known):
                    yield seen[1]
        finally:
            self._watching[row.number].discard(queue)
            if not self._watching[row.number]:
                del self._watching[row.number]

    def fail(self, number: int, error: OperationError) -> None:
        """There will be nothing to see of a run any more."""
        for waiter in self._waiting.get(number, ()):
            if not waiter.done():
                waiter.set_exception(error)
        for queue in self._watching.get(number, ()):
            queue.put_nowait(error)

    def fail_all(self, error: OperationError) -> None:
        """There will be nothing to see any more."""
        for number in {*self._waiting, *self._watching}:
            self.fail(number, error)
