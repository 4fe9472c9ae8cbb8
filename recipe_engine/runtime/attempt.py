"""What one attempt of an action did so far: what it sent, what it opened, what it used up.

The one rule: whether an effect may have happened is read from here and never guessed. A write is any request that could
change something; it is under way from when its connection stands to when its answer is in, and done when the answer
was a success.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import Usage
from recipe_engine.plugin.http import Request, Response
from recipe_engine.runtime.clock import TimeLimit
from recipe_engine.runtime.performer import RunInfo

_USAGE_FIELDS = frozenset(item.name for item in fields(Usage))


@dataclass(slots=True)
class Attempt:
    """One attempt. `limit` is its running time limit of `seconds`, `answered` whether the other side has said anything, `wrote`
    whether a write was answered with success, `under_way` the write whose answer is not in yet.
    `progressed` says that a request succeeded. A `patient` attempt waits where a vendor says how long; `waited` is for how long it has (seconds)."""

    run: RunInfo
    command: PerformAction
    limit: TimeLimit
    answered: bool = False
    wrote: bool = False
    progressed: bool = False
    under_way: Request | None = None
    streams: list[Response] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)
    seconds: float = math.inf
    patient: bool = False
    waited: float = 0.0

    @property
    def may_wait(self) -> bool:
        """Whether it may wait for a vendor itself: what has done nothing yet is better begun again later."""
        return self.patient and self.progressed

    def may_have_written(self) -> bool:
        """Whether some write was done, or sent without an answer."""
        return self.wrote or (self.under_way is not None and self.under_way.sent)

    def use(self, usage: dict[str, float]) -> None:
        """Add to what was used up; TypeError for a name that Usage does not have."""
        unknown = usage.keys() - _USAGE_FIELDS
        if unknown:
            raise TypeError(f"usage has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(_USAGE_FIELDS))}")
        for name, amount in usage.items():
            self.used[name] = self.used.get(name, 0) + amount

    def usage(self) -> Usage | None:
        """What was used up, None when nothing was reported."""
        if not self.used:
            return None
        return Usage(**{name: amount if name == "cost" else int(amount) for name, amount in self.used.items()})  # type: ignore[arg-type]  # the names are Usage's own

    async def close(self) -> None:
        """Give back the connections of answers that were not read to their end."""
        for response in self.streams:
            await response.close()
