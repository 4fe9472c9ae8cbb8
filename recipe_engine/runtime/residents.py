"""Runs in memory: those that have something under way, and the few that came to rest last, ended ones among them.

The one rule: of a run there is one LiveRun at most. Whoever finds one posts to it before awaiting anything, since a run
at rest may leave memory at any time.
"""

from __future__ import annotations

from collections import OrderedDict

from recipe_engine.core.state import release
from recipe_engine.runtime.live import LiveRun, Plans, revived
from recipe_engine.runtime.store import Store

# Runs at rest that stay in memory, by their number and by the bytes of their journals.
_KEPT_AT_REST = 64
_BYTES_AT_REST = 4_000_000


class Residents:
    """`moving` holds the runs that have something under way, `aside` the numbers of those that must not be touched."""

    def __init__(self, store: Store) -> None:
        self.plans = Plans(store)
        self.moving: dict[int, LiveRun] = {}
        self.aside: set[int] = set()
        self._store = store
        self._at_rest: OrderedDict[int, LiveRun] = OrderedDict()
        self._bytes = 0

    def find(self, number: int) -> LiveRun | None:
        """A run, if it is in memory."""
        return self.moving.get(number) or self._at_rest.get(number)

    def read_back(self, number: int) -> LiveRun:
        """A run that is not in memory, from its journal."""
        row = self._store.run_numbered(number)
        assert row is not None, f"run {number} is not stored"
        run = revived(row, self.plans.get(row.plan), self._store.entries(number))
        self._keep(run)
        return run

    def move(self, run: LiveRun) -> None:
        """A run has something under way."""
        number = run.row.number
        if number not in self.moving:
            if self._at_rest.pop(number, None) is not None:
                self._bytes -= run.size
            self.moving[number] = run

    def rest(self, run: LiveRun) -> bool:
        """A run may have nothing under way any more; whether it came to rest just now."""
        if not run.at_rest or self.moving.pop(run.row.number, None) is None:
            return False
        if run.count:
            self._keep(run)
        return True

    def set_aside(self, run: LiveRun) -> None:
        """Forget a run, and do not touch it again."""
        self.aside.add(run.row.number)
        self.moving.pop(run.row.number, None)

    def forget(self, number: int) -> None:
        """Forget a run at rest: what is stored of it has changed."""
        gone = self._at_rest.pop(number, None)
        if gone is not None:
            self._bytes -= gone.size

    def clear(self) -> None:
        """Forget every run."""
        self.moving.clear()
        self._at_rest.clear()
        self._bytes = 0

    def _keep(self, run: LiveRun) -> None:
        self._at_rest[run.row.number] = run
        self._bytes += run.size
        # The newest stays, whatever its size: whoever asked for it is about to use it.
        while len(self._at_rest) > 1 and (len(self._at_rest) > _KEPT_AT_REST or self._bytes > _BYTES_AT_REST):
            _, gone = self._at_rest.popitem(last=False)
            self._bytes -= gone.size
            release(gone.state)
