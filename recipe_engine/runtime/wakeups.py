"""What wakes runs that are at rest: timers, and whoever has something for many of them.

The one rule: the storage is the list of timers, `next_wake` of the rows; here is one alarm, set to the earliest. Runs are
woken a few at a time and while there is room in memory, so that a hundred thousand that are due at once cost no more than
a hundred.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from recipe_engine.core.events import TimerFired
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.errors import StorageError
from recipe_engine.runtime.live import LiveRun
from recipe_engine.runtime.store import Store
from recipe_engine.runtime.turns import Turns

_log = logging.getLogger("recipe_engine.runtime")
MAX_MOVING = 1_000
_WOKEN_AT_ONCE = 50
_DUE_AT_ONCE = 256

Wake = Callable[[LiveRun], None]


class Wakeups:
    """The alarm, and the queue of runs to wake."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        turns: Turns,
        broke: Callable[[StorageError], None],
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._turns = turns
        self._broke = broke
        self._changed = changed
        self._queue: deque[tuple[int, Wake]] = deque()
        self._pumping: asyncio.Handle | None = None
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = float("inf")
        self._firing: set[int] = set()

    @property
    def at_rest(self) -> bool:
        """Whether nobody is to be woken now."""
        return self._turns.holding or not (self._queue or self._firing or self._alarm_at <= self._clock.now())

    @property
    def sleeping(self) -> bool:
        """Whether the alarm is set."""
        return self._alarm is not None

    def wake(self, number: int, action: Wake) -> None:
        """Do something with a run, once there is room."""
        self._queue.append((number, action))
        self.pump()

    def pump(self) -> None:
        """Go on waking, in the next round of the loop."""
        if self._pumping is None and self._queue and not self._turns.holding:
            self._pumping = asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = None
        residents, left = self._turns.residents, _WOKEN_AT_ONCE
        while self._queue and left and len(residents.moving) < MAX_MOVING and not self._turns.holding:
            number, action = self._queue.popleft()
            left -= 1
            if number in residents.aside:
                self.done(number)
                continue
            try:
                action(self._turns.run(number))
            except StorageError as error:
                self._broke(error)
                return
            except Exception:  # noqa: BLE001  # one run that cannot be read must not keep the others asleep; it is logged
                _log.exception("run number %s is set aside: it cannot be read", number)
                residents.aside.add(number)
                self.done(number)
        if not left:
            self.pump()
        self._changed()

    # --- timers

    def heed(self, run: LiveRun) -> None:
        """A run's row was committed: its timer may be the earliest."""
        self.done(run.row.number)
        at = run.row.next_wake
        if at is not None and at < self._alarm_at and not self._firing and not self._turns.holding:
            self._set_alarm(at)

    def done(self, number: int) -> None:
        """A run that was due has been looked after."""
        if number in self._firing:
            self._firing.discard(number)
            if not self._firing:
                self.look()

    def look(self, after: float = 0.0) -> None:
        """Set the alarm to the earliest timer of all runs that is later than a moment."""
        self.stop()
        at = self._store.next_wake(after)
        if at is not None and not self._turns.holding:
            self._set_alarm(at)

    def stop(self) -> None:
        """Switch the alarm off."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_at = float("inf")

    def close(self) -> None:
        """Wake nobody any more."""
        self.stop()
        self._queue.clear()
        if self._pumping is not None:
            self._pumping.cancel()

    def _set_alarm(self, at: float) -> None:
        self.stop()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().create_task(self._sleep(at))

    async def _sleep(self, at: float) -> None:
        await self._clock.sleep_until(at)
        self._alarm = None
        try:
            self._fire()
        except StorageError as error:
            self._broke(error)
        self._changed()

    def _fire(self) -> None:
        """Wake the runs that are due, some at a time; when they have been looked after, look again."""
        now, aside = self._clock.now(), self._turns.residents.aside
        due = [number for number in self._store.due(now, _DUE_AT_ONCE + len(aside)) if number not in aside]
        self._alarm_at = float("inf")
        if not due:
            self.look(after=now)
        self._firing.update(due)
        for number in due:
            self.wake(number, self._ring)

    def _ring(self, run: LiveRun) -> None:
        """Hand a run its due timers."""
        now = self._clock.now()
        due = [item for item in run.state.pending.values() if item.wake_at is not None and item.wake_at <= now]
        for pending in sorted(due, key=lambda item: (item.wake_at, item.seq)):
            self._turns.post(run, TimerFired(pending.path, pending.seq))
        if not due:
            self._turns.refresh(run)
