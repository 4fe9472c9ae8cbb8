"""When a request that a vendor put off waits for it inside the attempt.

The one rule: only what certainly did not happen is sent again, and only when the vendor named the wait. An action of several
requests would meet a busy vendor anew each time it is begun again, so those after one that succeeded wait here. What has done
nothing yet is left to the step: its retries wait durably, leave nothing in doubt, and cost no attempt either.
"""

from __future__ import annotations

from recipe_engine.core.failure import Failure

# All waits of one attempt together (seconds), and how short one is at least: a vendor that says 0 is not asked in a loop.
IN_ALL = 1800.0
SHORTEST = 1.0


def put_off(failure: Failure) -> float | None:
    """For how long the vendor put off what was asked for (seconds), None when it did not."""
    return max(SHORTEST, failure.retry_after) if failure.put_off and failure.retry_after is not None else None
