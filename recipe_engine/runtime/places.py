"""How many requests of a connector may be under way at the same time: as many as it has places.

The one rule: whoever came first gets the next place, and one that is cut off while waiting passes it on.
"""

from __future__ import annotations

import asyncio
from collections import deque

from recipe_engine.runtime.clock import Clock


class Places:
    """The places of one connector, shared by all runs of the process."""

    def __init__(self, count: int, clock: Clock) -> None:
        if count < 1:
            raise ValueError(f"there is at least one place, not {count}")
        self._free = count
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_free(self) -> bool:
        """Take a place if one is free."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def take(self) -> None:
        """Wait for a place."""
        if self.take_free():
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(given)
        try:
            await self._clock.follow(given)
        except asyncio.CancelledError:
            if given.done():
                self.give_back()
            else:
                self._waiting.remove(given)
            raise

    def give_back(self) -> None:
        """Leave the place to who waits longest, or free."""
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1
