"""How fast a vendor may be called: one queue per connector and credential, shared by all runs of the process.

The one rule: in any stretch of `per` seconds no more than `count` requests begin, whatever the runs do. Whoever asks first
goes first. When the vendor says to wait (Retry-After, an exhausted quota in its headers) the whole queue waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recipe_engine.plugin.answers import retry_after
from recipe_engine.plugin.api import RateLimit
from recipe_engine.plugin.errors import Retryable
from recipe_engine.runtime.clock import Clock

# A longer pause than this (seconds) is not sat out in the queue: what stands in it fails with the time to wait, and a patient
# attempt (`patience`), else the step's retry, decides about that.
PATIENCE = 30.0
# What an answer's headers may claim (seconds) before it is taken for a mistake.
_LONGEST_RESET = 3600.0
_QUOTA_HEADERS = ("ratelimit", "x-ratelimit", "x-rate-limit")


@dataclass(eq=False, slots=True)
class _Ticket:
    """A place in the queue; `at` is when its turn comes, as far as could be told when it was last asked."""

    at: float


class Limiter:
    """The queue of one connector and credential.

    Everybody in it sleeps on the clock until the own turn, and asks again on waking: what counts are the moments at
    which requests really began, and a pause may have come in between.
    """

    def __init__(self, clock: Clock, limits: Iterable[RateLimit] = ()) -> None:
        self._clock = clock
        self._limits = tuple(limits)
        for limit in self._limits:
            if limit.count < 1 or limit.per <= 0:
                raise ValueError(f"a rate limit admits at least one request in some time, not {limit}")
        self._begun: deque[float] = deque(maxlen=max((limit.count for limit in self._limits), default=0))
        self._queue: deque[_Ticket] = deque()
        self._paused_until = 0.0

    def take_free(self) -> bool:
        """Take a place if one is free and nobody waits for it.

        Raises Retryable `rate_limit` when the vendor asked for a pause longer than PATIENCE.
        """
        if not self._limits and not self._paused_until:
            return True
        now = self._clock.now()
        if self._queue or self._turn(0, now) > now:
            return False
        self._begin(now)
        return True

    async def acquire(self) -> None:
        """Wait for a place. Raises what `take_free` raises."""
        if self.take_free():
            return
        ticket = _Ticket(self._turn(len(self._queue), self._clock.now()))
        self._queue.append(ticket)
        try:
            while ticket.at > (now := self._clock.now()):
                await self._clock.sleep_until(ticket.at)
                ticket.at = self._turn(self._queue.index(ticket), self._clock.now())
        finally:
            self._queue.remove(ticket)
        self._begin(now)

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

    def _turn(self, ahead: int, now: float) -> float:
        """When somebody with `ahead` others in front may begin, as things stand."""
        pause = self._paused_until - now
        if pause > PATIENCE:
            raise Retryable(
                f"the vendor asks to wait {pause:.0f} s before the next request", code="rate_limit", retry_after=pause
            )
        at = max(now, self._paused_until, self._queue[ahead - 1].at if ahead else now)
        for limit in self._limits:
            back = limit.count - ahead
            if back <= 0:
                at = max(at, self._queue[-back].at + limit.per)
            elif back <= len(self._begun):
                at = max(at, self._begun[-back] + limit.per)
        return at

    def _begin(self, now: float) -> None:
        if self._paused_until <= now:
            self._paused_until = 0.0
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
