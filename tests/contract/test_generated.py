"""Plans that hypothesis makes up are driven to their end, by a runtime that is closed and opened all the time."""

from __future__ import annotations

import asyncio
import os
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe_engine.core.advance import replay
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Plan
from recipe_engine.core.view import run_view
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.sqlite import SqliteStore
from tests.contract.conftest import World
from tests.sim.plans import plans

EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 25
ENDED = {"succeeded", "failed", "cancelled"}


class Moody:
    """Succeeds or fails by the step, the attempt and a seed. Nobody can tell whether a broken-off `once` happened."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.once: Counter[tuple[str, int]] = Counter()

    async def perform(self, run, command, recovered=False):
        if recovered and command.effect == "once":
            lost = Failure("interrupted", "nobody knows", happened="maybe")
            return ActionFailed(command.path, command.seq, lost)
        mood = zlib.crc32(f"{self.seed}{command.path}{command.attempt}".encode()) % 10
        if command.effect == "once":
            self.once[command.key, command.seq] += 1
        if mood < 2:
            failure = Failure("unavailable", "later", retryable=mood == 0, happened="maybe" if mood == 1 else "no")
            return ActionFailed(command.path, command.seq, failure)
        return ActionSucceeded(command.path, command.seq, {"n": mood})


async def drive(world: World, plan: Plan) -> str:
    """Take a run to its end, doing what people and other systems would."""
    run_id = await world.start(plan, {"n": 2, "flag": False, "items": [1, 2, 3]})
    for round in range(60):
        await world.idle(until=60.0 * (round + 1))
        if (await world.runtime.get(run_id)).status in ENDED:
            return run_id
        state = replay(plan, await world.runtime.journal(run_id))
        for pending in list(state.pending.values())[:1]:
            if pending.kind == "approval":
                await world.approve(run_id, pending.path, True, "Ada")
            elif pending.kind == "doubt":
                await world.resolve(run_id, pending.path, "done" if round % 2 else "retry", "Ada", {"n": 1})
            elif pending.event is not None:
                await world.send(pending.event, pending.match, run=run_id)
    await world.cancel(run_id, "Ada")
    return run_id


async def check(world: World, plan: Plan) -> None:
    await world.runtime.open()
    run_id = await drive(world, plan)
    await world.idle()
    view = await world.runtime.get(run_id)
    assert view.status in ENDED
    assert run_view(replay(plan, await world.runtime.journal(run_id))) == view.to_json()
    (row,) = world.store.runs(None, None, 10)
    assert (row.next_wake, row.busy, row.stopped) == (None, False, False)
    assert (row.ended_at is None, row.status) == (False, view.status)
    assert all(world.store.waiting(event, {"n": n}) == [] for event in ("replied", "paid") for n in range(10))
    assert not any(times > 1 for times in world.performer.once.values())
    await world.runtime.close()


@pytest.mark.parametrize("kind", ["memory", "restarting"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans(), seed=st.integers(0, 1000))
def test_every_run_ends_and_leaves_nothing_behind(kind: str, plan: Plan, seed: int):
    with tempfile.TemporaryDirectory() as folder:
        store = MemoryStore() if kind == "memory" else SqliteStore(Path(folder) / "runs.db")
        world = World(store, restarting=kind == "restarting")
        world.performer = Moody(seed)
        world.runtime = world._runtime()
        asyncio.run(check(world, plan))
