"""Time as the runtime sees it: the system's, or a virtual one that tests and `recipe test` move by hand.

The one rule: nothing in the runtime asks the operating system what time it is or sleeps on the event loop; it asks a
Clock. Then ten days of waiting cost milliseconds in a test, and a time limit fires at the same moment every time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

T = TypeVar("T")

# The longest the system clock sleeps without looking at the wall clock again, so that a machine that was suspended, or
# whose clock was set, is noticed.
_LONGEST_SLEEP = 60.0


class TimeLimit(Protocol):
    """`async with clock.limit(5) as limit:` raises TimeoutError when the body takes longer."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def hold(self) -> None:
        """Stop counting, for time that is not the body's own. Every `hold` needs its `release`."""
        ...

    def release(self) -> None:
        """Count again, once nobody holds."""
        ...


class Clock(Protocol):
    """`now` is seconds since 1970 (UTC); `sleep_until` returns at once when the moment is past. `follow` awaits what
    somebody else does, and leaves it to them when it is cut off itself: a place that gets free, an answer asked for by
    another."""

    def now(self) -> float: ...

    async def sleep_until(self, at: float) -> None: ...

    async def follow(self, other: asyncio.Future[T]) -> T: ...

    def limit(self, seconds: float) -> TimeLimit: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    async def sleep_until(self, at: float) -> None:
        while (left := at - time.time()) > 0:  # noqa: ASYNC110  # no event ends it, the clock does
            await asyncio.sleep(min(left, _LONGEST_SLEEP))

    async def follow(self, other: asyncio.Future[T]) -> T:
        return await asyncio.shield(other)

    def limit(self, seconds: float) -> TimeLimit:
        return _SystemLimit(seconds)


class _SystemLimit:
    __slots__ = ("_holds", "_left", "_timeout")

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._holds = 0
        self._left = 0.0

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, trace)

    def hold(self) -> None:
        self._holds += 1
        when = self._timeout.when()
        if self._holds == 1 and when is not None and not self._timeout.expired():
            self._left = when - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def release(self) -> None:
        self._holds -= 1
        if self._holds == 0 and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left)


class VirtualClock:
    """A clock that stands still until `advance_to` is called.

    Whoever drives asks `next_due` when everything else is quiet and advances to it. Time limits count as something
    due only while somebody sleeps: work that really goes on (a thread, a socket) is never outrun by its time limit.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._followers: Counter[asyncio.Future[Any]] = Counter()

    def now(self) -> float:
        return self._now

    async def sleep_until(self, at: float) -> None:
        if at <= self._now:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at, next(self._numbers), woken))
        await woken

    async def follow(self, other: asyncio.Future[T]) -> T:
        self._followers[other] += 1
        try:
            return await asyncio.shield(other)
        finally:
            self._followers[other] -= 1
            if not self._followers[other]:
                del self._followers[other]

    def limit(self, seconds: float) -> TimeLimit:
        return _VirtualLimit(self, seconds)

    @property
    def asleep(self) -> int:
        """How many sleep now, or wait for somebody else, who sleeps or works in their place."""
        following = sum(count for other, count in self._followers.items() if not other.done())
        return following + sum(not woken.done() for _, _, woken in self._sleepers)

    def next_due(self) -> float | None:
        """The next moment at which something that sleeps would go on or be cut off; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        while self._alarms and self._alarms[0][2].dismissed:
            heapq.heappop(self._alarms)
        if not self._sleepers:
            return None
        due = self._sleepers[0][0]
        return min(due, self._alarms[0][0]) if self._alarms else due

    def advance_to(self, at: float) -> None:
        """Move to `at` and wake whatever is due by then, in the order of the moments. Never moves back."""
        self._now = max(self._now, at)
        while self._alarms and self._alarms[0][0] <= self._now:
            _, _, alarm = heapq.heappop(self._alarms)
            if not alarm.dismissed:
                alarm.ring()
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    def _set_alarm(self, at: float, ring: Callable[[], None]) -> _Alarm:
        alarm = _Alarm(ring)
        heapq.heappush(self._alarms, (at, next(self._numbers), alarm))
        return alarm


class _Alarm:
    """Something to call at a moment, unless dismissed before."""

    __slots__ = ("dismissed", "ring")

    def __init__(self, ring: Callable[[], None]) -> None:
        self.ring = ring
        self.dismissed = False


class _VirtualLimit:
    __slots__ = ("_alarm", "_at", "_clock", "_holds", "_left", "_timeout")

    def __init__(self, clock: VirtualClock, seconds: float) -> None:
        self._clock = clock
        self._left = seconds
        self._timeout = asyncio.timeout(None)
        self._holds = 0
        self._at = 0.0
        self._alarm = _Alarm(self._ring)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._count()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.dismissed = True
        await self._timeout.__aexit__(kind, error, trace)

    def hold(self) -> None:
        self._holds += 1
        if self._holds == 1:
            self._alarm.dismissed = True
            self._left = self._at - self._clock.now()

    def release(self) -> None:
        self._holds -= 1
        if self._holds == 0:
            self._count()

    def _count(self) -> None:
        self._at = self._clock.now() + self._left
        self._alarm = self._clock._set_alarm(self._at, self._ring)  # noqa: SLF001  # the two are one mechanism

    def _ring(self) -> None:
        if not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())
