"""How many runs of a recipe go on at the same time: `limits.concurrency`, and the room in memory.

The one rule: a run counts against its slot from the moment it is let in until it has ended. Runs that have to wait are
queued in the storage, and let in in the order in which they came.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from recipe_engine import expr
from recipe_engine.core.json import JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.runtime.errors import OperationRefused
from recipe_engine.runtime.store import Store


@dataclass(frozen=True, slots=True)
class Slot:
    """What a run counts against: at most `most` runs of the same name at the same time."""

    name: str
    most: int
    refuse: bool


def slot_of(plan: Plan, input: JSONObject, config: JSONObject, now: float, seed: str) -> Slot | None:
    """The slot of a run of `plan`, None when the recipe does not limit concurrency.

    Raises OperationRefused when the key cannot be evaluated.
    """
    limit = plan.limits.concurrency
    if limit is None:
        return None
    name = plan.slug
    if limit.get("key") is not None:
        names = {**input, "config": config}
        scope = expr.Scope(lambda key: names.get(key, expr.UNDEFINED(f"`{key}` has no value here")), now, seed)
        try:
            value = expr.to_json(expr.compile_expression(limit["key"])(scope))
        except (expr.EvaluationError, expr.SyntaxProblem) as error:
            raise OperationRefused(f"limits.concurrency.key of {plan.slug} cannot be evaluated: {error}") from error
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        name = f"{plan.slug}/{blake2b(text, digest_size=8).hexdigest()}"
    return Slot(name, limit.get("max", 1), limit.get("when_full", "queue") == "refuse")


class Admission:
    """Counts what is let in and knows who is queued."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._live: dict[str, int] = {}
        self._queues: dict[str | None, deque[int]] = {}

    def load(self) -> None:
        """Take over the queues that the storage holds."""
        self._queues.clear()
        for slot, number in self._store.queued():
            self._queues.setdefault(slot, deque()).append(number)

    def slots(self) -> list[str | None]:
        """Every slot that somebody is queued for."""
        return list(self._queues)

    def enter(self, slot: str, most: int) -> bool:
        """Count a run in, unless `most` are in already."""
        live = self._live.get(slot)
        if live is None:
            live = self._store.live(slot)
        if live >= most:
            self._live[slot] = live
            return False
        self._live[slot] = live + 1
        return True

    def leave(self, slot: str) -> None:
        """A run has ended."""
        live = self._live.get(slot)
        if live is not None:
            self._live[slot] = live - 1
            if live == 1 and slot not in self._queues:
                del self._live[slot]

    def queue(self, slot: str | None, number: int) -> None:
        self._queues.setdefault(slot, deque()).append(number)

    def waits(self, slot: str | None) -> bool:
        """Whether somebody is queued: who comes later stands behind."""
        return slot in self._queues

    def first(self, slot: str | None) -> int | None:
        """Who is next, None when nobody is queued."""
        queue = self._queues.get(slot)
        return queue[0] if queue else None

    def take_first(self, slot: str | None) -> None:
        """The first of the queue is let in, or has gone."""
        queue = self._queues[slot]
        queue.popleft()
        if not queue:
            del self._queues[slot]
