"""A performer that waits when a vendor says how long: what was put off is not what failed.

The one rule: only what certainly did not happen is done again here, and only when the vendor named the wait. It costs none of
the step's attempts, which are for failures; how long it goes on is bounded by the wait in all, not by a count that a busy
vendor would use up. Longer waits are the step's: its retry waits durably, where a person can see it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.performer import Performer, RunInfo

logger = logging.getLogger("recipe_engine")

# Most vendors count by the minute: the longest wait is that and a margin (seconds).
LONGEST = 90.0
# All waits of one attempt together (seconds), and how short one is at least: a vendor that says 0 is not asked in a loop.
IN_ALL = 1800.0
SHORTEST = 1.0


@dataclass(frozen=True, slots=True)
class PatientPerformer:
    """Implements `Performer` with another one. An action of several requests would meet a busy vendor anew each time it is
    begun again: the requests of a patient attempt wait by themselves (`ActionHttp`)."""

    performer: Performer
    clock: Clock

    async def perform(
        self, run: RunInfo, command: PerformAction, recovered: bool = False
    ) -> ActionSucceeded | ActionFailed:
        """One attempt, begun again as often as the vendor puts it off. See `Performer`."""
        begun = self.clock.now()
        answer = await self.performer.perform(run, command, recovered)
        while isinstance(answer, ActionFailed) and (wait := put_off(answer.failure)) is not None:
            until = self.clock.now() + wait
            if until - begun > IN_ALL:
                break
            logger.debug("%s %s: the vendor asks to wait %.0f s", run.run_id, command.path, wait)
            await self.clock.sleep_until(until)
            answer = await self.performer.perform(run, command)
        return answer


def put_off(failure: Failure) -> float | None:
    """For how long the vendor put off what was asked for (seconds), None when it did not."""
    if failure.code != "rate_limit" or failure.happened != "no" or not failure.retryable:
        return None
    if failure.retry_after is None or failure.retry_after > LONGEST:
        return None
    return max(SHORTEST, failure.retry_after)
