"""What an evaluation reads, and what it keeps while it runs.

The one rule: a scope is the only way in. Time and randomness come with it, so that the same scope gives the same value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.limits import MAX_STEPS, MAX_TEXT
from recipe_engine.expr.values import weigh


@dataclass(slots=True)
class Scope:
    """What an expression is evaluated in.

    `lookup` gives the value of a name, `UNDEFINED(reason)` for what has none. `now` is seconds since 1970 (UTC).
    `seed` decides what `random()` and its like give: the draws of one scope differ from each other and come in order,
    `draws` counts them.
    """

    lookup: Callable[[str], object]
    now: float
    seed: str
    draws: Iterator[int] = field(default_factory=count, compare=False)

    def draw(self) -> bytes:
        """The next 32 bytes of this scope's randomness."""
        return hashlib.sha256(f"{self.seed}\0{next(self.draws)}".encode()).digest()


class Frame:
    """One evaluation under way: its scope, its template variables, and what it may still spend."""

    __slots__ = ("lookup", "room", "scope", "steps", "variables")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.lookup = scope.lookup
        self.variables: dict[str, object] = {}
        self.steps = MAX_STEPS
        self.room = MAX_TEXT

    def spend(self, steps: int) -> None:
        """Count steps. Raises EvaluationError `limit` when there are none left."""
        self.steps -= steps
        if self.steps < 0:
            raise EvaluationError("limit", f"the evaluation takes more than {MAX_STEPS:,} steps")

    def spend_on(self, value: object) -> None:
        """Count the steps of walking through a value, to its last part."""
        self.spend(weigh(value, self.steps << 1) >> 1)

    def write(self, length: int) -> None:
        """Count characters of a text being made. Raises EvaluationError `limit` when there is no room left."""
        self.room -= length
        if self.room < 0:
            raise EvaluationError("limit", f"the text would have more than {MAX_TEXT:,} characters")
