"""How fast a vendor may be called: one queue per connector and credential, shared by all runs of the process.

The one rule: in any stretch of `per` seconds no more than `count` requests begin, whatever the runs do. Whoever asks first
goes first. When the vendor says to wait (Retry-After, an exhausted quota in its headers) the whole queue waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping

from recipe_engine.plugin.answers import retry_after
from recipe_engine.plugin.api import RateLimit
from recipe_engine.plugin.errors import Retryable
from recipe_engine.runtime.clock import Clock

# A longer pause than this (seconds) is not sat out inside an attempt: the attempt fails with the time to wait, and the
# step's retry waits durably, where a person can see it.
PATIENCE = 30.0
# What an answer's headers may claim (seconds) before it is taken for a mistake.
_LONGEST_RESET = 3600.0
_QUOTA_HEADERS = ("ratelimit", "x-ratelimit", "x-rate-limit")


class Limiter:
    """The queue of one connector and credential."""

    def __init__(self, clock: Clock, limits: Iterable[RateLimit] = ()) -> None:
        self._clock = clock
        self._windows = [_Window(limit) for limit in limits]
        self._first_come = asyncio.Lock()
        self._paused_until = 0.0

    def take_free(self) -> bool:
        """Take a place if one is free and nobody waits for it.

        Raises Retryable `rate_limit` when the vendor asked for a pause longer than PATIENCE.
        """
        if not self._windows and not self._paused_until:
            return True
        now = self._clock.now()
        if self._first_come.locked() or self._delay(now) > 0:
            return False
        self._take(now)
        return True

    async def acquire(self) -> None:
        """Wait for a place. Raises what `take_free` raises."""
        if self.take_free():
            return
        async with self._first_come:
            while (delay := self._delay(now := self._clock.now())) > 0:
                await self._clock.sleep_until(now + delay)
            self._take(now)

    def pause(self, seconds: float) -> None:
        """Nobody begins for `seconds` from now. A pause never shortens another."""
        self._paused_until = max(self._paused_until, self._clock.now() + seconds)

    def heed(self, status: int, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the quota: Retry-After of a 429 or 503, and quota headers that reached 0."""
        if status in (429, 503):
            wait = retry_after(headers, self._clock.now())
            if wait:
                self.pause(wait)
        for family in _QUOTA_HEADERS:
            if headers.get(f"{family}-remaining") == "0":
                reset = _seconds_until(headers.get(f"{family}-reset"), self._clock.now())
                if 0 < reset <= _LONGEST_RESET:
                    self.pause(reset)

    def _delay(self, now: float) -> float:
        """Seconds until a request may begin, as things stand."""
        pause = self._paused_until - now
        if pause > PATIENCE:
            raise Retryable(
                f"the vendor asks to wait {pause:.0f} s before the next request", code="rate_limit", retry_after=pause
            )
        return max((window.delay(now) for window in self._windows), default=0.0) if pause <= 0 else pause

    def _take(self, now: float) -> None:
        if self._paused_until <= now:
            self._paused_until = 0.0
        for window in self._windows:
            window.take(now)


class _Window:
    """At most `count` moments in any half-open stretch of `per` seconds."""

    __slots__ = ("_begun", "_count", "_per")

    def __init__(self, limit: RateLimit) -> None:
        if limit.count < 1 or limit.per <= 0:
            raise ValueError(f"a rate limit admits at least one request in some time, not {limit}")
        self._count = limit.count
        self._per = limit.per
        self._begun: deque[float] = deque(maxlen=limit.count)

    def delay(self, now: float) -> float:
        if len(self._begun) < self._count:
            return 0.0
        # Compared as the sum that `sleep_until` will be given: a difference may round to a hair's breadth below zero.
        free_at = self._begun[0] + self._per
        return free_at - now if free_at > now else 0.0

    def take(self, now: float) -> None:
        self._begun.append(now)


def _seconds_until(text: str | None, now: float) -> float:
    """A quota's reset as seconds from now: given so, or as a moment in seconds or milliseconds since 1970."""
    try:
        value = float(text or "")
    except ValueError:
        return 0.0
    if value > 1e11:
        return value / 1000 - now
    return value - now if value > 1e8 else value
