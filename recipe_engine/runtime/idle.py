"""When there is nothing to do: what `until_idle` waits for, and how a virtual clock moves on.

The one rule: a virtual clock moves only when everything is quiet: what can happen now has happened, and effects that
really work (a thread, a socket) are waited for, not outrun.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from recipe_engine.runtime.clock import Clock, VirtualClock

# How often the loop goes round before it counts as quiet, and how long it is given to show that real work goes on.
_ROUNDS = 20
_BREATH_SECONDS = 0.002


class Idleness:
    """Waits until nothing can be done. `changed` is set whenever something ended.

    `at_rest` says whether nothing can be done at this moment, `under_way` how many effects and commits go on,
    `own_sleepers` how many of those that sleep on the clock are the runtime's own.
    """

    def __init__(
        self, clock: Clock, at_rest: Callable[[], bool], under_way: Callable[[], int], own_sleepers: Callable[[], int]
    ) -> None:
        self.changed = asyncio.Event()
        self._clock = clock
        self._at_rest = at_rest
        self._under_way = under_way
        self._own_sleepers = own_sleepers

    async def reached(self, until: float | None) -> bool:
        """Wait for something to change; True when nothing can."""
        self.changed.clear()
        if isinstance(self._clock, VirtualClock):
            return await self._move_on(self._clock, until)
        if self._at_rest():
            return True
        await self.changed.wait()
        return False

    async def _move_on(self, clock: VirtualClock, until: float | None) -> bool:
        """Move a virtual clock when everything is quiet, but not beyond `until`; True when it need not be moved."""
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        if self.changed.is_set():
            return False
        due = clock.next_due()
        late = due is None or (until is not None and due > until)
        asleep = due is not None and self._under_way() <= clock.asleep - self._own_sleepers()
        if late and (asleep or self._at_rest()):
            if until is not None:
                clock.advance_to(until)
            return True
        if asleep and due is not None:
            clock.advance_to(due)
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), _BREATH_SECONDS)
        return False
