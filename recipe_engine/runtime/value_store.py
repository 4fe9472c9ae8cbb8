"""Small values kept between runs: what `ctx.store` of an action is.

The one rule: every write is committed before the action that made it answers.
"""

from __future__ import annotations

import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.store import Store


class ValueStore:
    """The plugin API's Store on a runtime's storage; `keep` counts on the runtime's clock."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def claim(self, table: str, key: str, owner: str, keep: float | None) -> bool:
        now = self._clock.now()
        return await self._store.claim(table, key, owner, None if keep is None else now + keep, now)

    async def get(self, table: str, key: str) -> JSON:
        value = self._store.value(table, key, self._clock.now())
        return None if value is None else orjson.loads(value)

    async def put(self, table: str, key: str, value: JSON, keep: float | None) -> None:
        expires = None if keep is None else self._clock.now() + keep
        await self._store.put_value(table, key, orjson.dumps(value), expires)

    async def list(self, table: str, prefix: str, limit: int) -> list[JSONObject]:
        found = self._store.values(table, prefix, limit, self._clock.now())
        return [{"key": key, "value": None if value is None else orjson.loads(value)} for key, value in found]

    async def delete(self, table: str, key: str) -> bool:
        return await self._store.delete_value(table, key, self._clock.now())
