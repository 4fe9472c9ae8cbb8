"""Effects at a server, and the process that is killed while it causes them.

    python -m tests.e2e.effects DATABASE URL

drives every run of the database until nothing can be done.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import ForEach, Lane, Parallel, Plan, Retry, Wait
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sqlite import SqliteStore
from tests.contract.drafts import Draft

ITEMS = 62
DOUBTFUL = 5


class Poster:
    """Posts every effect to the server under its idempotency key. Whether an effect of class `once` that was broken off
    has happened can be asked of the server for some actions, and of nobody for the others."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def perform(
        self, run: RunInfo, command: PerformAction, recovered: bool = False
    ) -> ActionSucceeded | ActionFailed:
        headers = {"Idempotency-Key": command.key}
        if recovered and command.effect == "once":
            if command.action == "doubtful":
                failure = Failure("interrupted", "nobody knows whether it happened", happened="maybe")
                return ActionFailed(command.path, command.seq, failure)
            async with self._session.get(f"{self._url}/once", headers=headers) as answer:
                if answer.status == 200:
                    return ActionSucceeded(command.path, command.seq, await answer.json())
        async with self._session.post(f"{self._url}/{command.effect}", json=command.params, headers=headers) as answer:
            answer.raise_for_status()
            return ActionSucceeded(command.path, command.seq, await answer.json())


def plan() -> Plan:
    """Three effects for each item, keyed and once, in lanes and after a wait, and a doubtful one for every fifth item."""
    draft = Draft()
    retry = Retry(attempts=3, wait=0.01)
    lanes = (
        Lane("a", draft.block(draft.act("a", {"n": "{{ n }}"}, "keyed", retry=retry))),
        Lane("b", draft.block(draft.act("b", {"n": "{{ n }}"}, "once", retry=retry))),
    )
    body = draft.block(
        draft.step("both", Parallel(lanes)),
        draft.step("pause", Wait(duration="20ms")),
        draft.act("c", {"n": "{{ n }}", "after": "{{ both.a.n }}"}, "keyed", retry=retry),
        draft.act("doubtful", {"n": "{{ n }}"}, "once", if_=f"n % {DOUBTFUL} == 0"),
    )
    return draft.plan(draft.step("each", ForEach("items", "n", body, concurrency=20)), slug="effects")


async def drive(database: Path, url: str) -> None:
    """Drive what can be driven, the waits of milliseconds included."""
    async with aiohttp.ClientSession() as session:
        clock = SystemClock()
        store = SqliteStore(database)
        runtime = EmbeddedRuntime(store, Poster(url, session), clock)
        await runtime.open()
        while True:
            await runtime.until_idle()
            soon = store.next_wake(0.0)
            if soon is None:
                break
            await clock.sleep_until(soon)
        await runtime.close()


if __name__ == "__main__":
    asyncio.run(drive(Path(sys.argv[1]), sys.argv[2]))
