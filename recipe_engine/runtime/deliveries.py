"""Events on their way to the runs that wait for them.

Theory of operation. An event is committed first, as pending. Then the waits that ask for it are looked up, and each run
that has one is woken and takes the event into its journal; when all have, the event is settled. A wait that begins looks
among the events that are kept. Whichever is committed second finds the other, so none is missed; what is found twice is
taken in once, since a run remembers what it has seen. After a crash pending events are looked after again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from recipe_engine.core.commands import AwaitEvent
from recipe_engine.core.events import EventReceived
from recipe_engine.core.json import JSON
from recipe_engine.core.state import Pending
from recipe_engine.runtime.live import LiveRun
from recipe_engine.runtime.store import Change, EventRow, Store
from recipe_engine.runtime.turns import Turns
from recipe_engine.runtime.waits import matches
from recipe_engine.runtime.wakeups import Wakeups

# How long an event is kept for waits that begin later.
KEEP_EVENTS_SECONDS = 30 * 86_400.0
_TIDY_SECONDS = 86_400.0


class Deliveries:
    """Takes events in, and hands them over. `changed` is called when something of its own has ended."""

    def __init__(self, store: Store, turns: Turns, wakeups: Wakeups, changed: Callable[[], None]) -> None:
        self._store = store
        self._turns = turns
        self._wakeups = wakeups
        self._changed = changed
        self._writing: set[asyncio.Future[None]] = set()
        self._arriving: set[tuple[str, str]] = set()
        self._names: set[str] = set()
        self._tidy_at = 0.0
        self._tidying: asyncio.Task[None] | None = None

    @property
    def under_way(self) -> int:
        """How many commits of its own go on."""
        return len(self._writing)

    def open(self) -> None:
        """Learn which events are kept."""
        self._names.update(self._store.event_names())

    def deliver_pending(self) -> None:
        """Deliver what had not reached every run when the last process ended."""
        for event in self._store.pending_events():
            self.deliver(event)

    async def take_in(self, event: EventRow) -> int:
        """Keep an event and wake who waits for it; how many runs those are. One that is known already wakes nobody."""
        key = (event.event, event.event_id)
        if key in self._arriving or self._store.has_event(*key):
            return 0
        self._arriving.add(key)
        self._names.add(event.event)
        self._tidy(event.at)
        try:
            await self._store.commit(Change(events=[event]))
        finally:
            self._arriving.discard(key)
        return self.deliver(event)

    def _tidy(self, now: float) -> None:
        """Once a day, forget what nobody can wait for any more."""
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_SECONDS
            self._tidying = asyncio.get_running_loop().create_task(self._store.tidy(now - KEEP_EVENTS_SECONDS, now))
            self._follow(self._tidying)

    def _follow(self, writing: asyncio.Future[None]) -> None:
        self._writing.add(writing)
        writing.add_done_callback(self._written)

    def _written(self, writing: asyncio.Future[None]) -> None:
        self._writing.discard(writing)
        self._changed()

    async def close(self) -> None:
        """Leave the rest of the tidying for another day."""
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)

    def deliver(self, event: EventRow) -> int:
        """Wake the runs that wait for a committed event."""
        data = orjson.loads(event.data)
        runs = [number for number in self._store.waiting(event.event, data) if event.run in (None, number)]
        delivery = _Delivery(self, event, data, len(runs))
        for number in runs:
            self._wakeups.wake(number, delivery.hand_over)
        if not runs:
            self.settle(event)
        return len(runs)

    def settle(self, event: EventRow) -> None:
        """Every run that waited for the event has it."""
        self._follow(self._store.commit(Change(events_settled=[event.number])))

    def look_back(self, run: LiveRun, command: AwaitEvent) -> None:
        """Give a wait that begins the first event that came before it."""
        if command.event not in self._names or command.seq not in run.state.pending:
            return
        for event in self._store.kept(command.event, run.row.started_at, run.row.number):
            data = orjson.loads(event.data)
            if seen_as(event) not in run.state.seen and matches(command.match, data):
                self._turns.post(run, received(command, event, data))
                return

    def hand_over(self, run: LiveRun, event: EventRow, data: JSON, taken: asyncio.Future[bool]) -> None:
        """Give an event to the first wait of a run that asks for it; `taken` is done when that is committed, or when
        there is none."""
        if seen_as(event) not in run.state.seen:
            for pending in run.state.pending.values():
                if pending.event == event.event and matches(pending.match, data):
                    self._turns.post(run, received(pending, event, data), taken=taken)
                    return
        taken.set_result(False)


class _Delivery:
    """One event and the runs that have not taken it in yet."""

    def __init__(self, deliveries: Deliveries, event: EventRow, data: JSON, left: int) -> None:
        self._deliveries = deliveries
        self._event = event
        self._data = data
        self._left = left

    def hand_over(self, run: LiveRun) -> None:
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        taken.add_done_callback(self._handed_over)
        self._deliveries.hand_over(run, self._event, self._data, taken)

    def _handed_over(self, taken: asyncio.Future[bool]) -> None:
        if taken.exception() is None:
            self._left -= 1
            if not self._left:
                self._deliveries.settle(self._event)


def seen_as(event: EventRow) -> str:
    """How a run remembers an event: ids are unique among the events of a name."""
    return f"{event.event}/{event.event_id}"


def received(wait: AwaitEvent | Pending, event: EventRow, data: JSON) -> EventReceived:
    """The event as a run's wait takes it in."""
    return EventReceived(wait.path, wait.seq, event.event, seen_as(event), data)
