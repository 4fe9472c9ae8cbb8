"""What calls that are under way could cost together, so that calls made at the same time keep a limit together.

The one rule: before a call the worst that it can cost is set aside, and after it what it did cost takes that place. A
call for which there is no room now, but may be when others have ended, waits for them.

A limit holds for whatever is counted against one purse: the calls of a run in dollars, those of a run in tokens, those
of a day in dollars. Purses live in the process that drives the runs, and there is one such process for a database.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

# Purses of which nothing is set aside are forgotten from this number on, the longest unused first.
_MOST_IDLE = 4096
Key = tuple[str, str]


@dataclass(slots=True)
class Purse:
    """What may be spent: `limit` when the purse was made, `spent` and `reserved` since."""

    limit: float
    spent: float = 0.0
    reserved: float = 0.0

    def free(self, told: float) -> float:
        """What another call may cost. `told` is what its run said was left when the step began: it knows of spending that
        no call made, and this purse of calls that have ended since."""
        return min(self.limit - self.spent, told) - self.reserved


@dataclass(frozen=True, slots=True)
class Share:
    """What one call needs of one purse. `told` is what the run said was left."""

    purse: Purse
    told: float
    amount: float

    @property
    def fits(self) -> bool:
        """Whether the purse has that much now."""
        return self.amount <= self.purse.free(self.told)

    @property
    def may_fit(self) -> bool:
        """Whether it may have that much when other calls have ended."""
        return self.purse.reserved > 0 and self.amount <= self.purse.free(self.told) + self.purse.reserved


@dataclass(slots=True)
class Ledger:
    """The purses of one process."""

    _purses: OrderedDict[Key, Purse] = field(default_factory=OrderedDict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def purse(self, key: Key, limit: float) -> Purse:
        """The purse of a key, made with this limit when there is none yet."""
        purse = self._purses.get(key)
        if purse is None:
            self._forget()
            purse = self._purses[key] = Purse(limit)
        self._purses.move_to_end(key)
        return purse

    def known(self, key: Key) -> Purse | None:
        """The purse of a key, None when there is none."""
        return self._purses.get(key)

    async def reserve(self, shares: Sequence[Share]) -> Share | None:
        """Set the shares aside, all of them or none; the share for which there is no room, None when there was.

        Waits while there may be room once other calls have ended.
        """
        while True:
            short = next((share for share in shares if not share.fits), None)
            if short is None:
                for share in shares:
                    share.purse.reserved += share.amount
                return None
            if not all(share.fits or share.may_fit for share in shares):
                return next(share for share in shares if not (share.fits or share.may_fit))
            await self._changed.wait()

    def release(self, shares: Sequence[Share]) -> None:
        """Give back what was set aside."""
        for share in shares:
            left = share.purse.reserved - share.amount
            # Sums of fractions of cents do not come back to nothing exactly.
            share.purse.reserved = left if left > 1e-9 else 0.0
        self._changed.set()
        self._changed = asyncio.Event()

    def _forget(self) -> None:
        if len(self._purses) >= _MOST_IDLE:
            idle = next((key for key, purse in self._purses.items() if not purse.reserved), None)
            if idle is not None:
                del self._purses[idle]
