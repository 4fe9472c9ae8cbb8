"""When the storage fails nothing is lost, nothing goes on, and everybody is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recipe_engine.core.plan import Perform, Set, Wait
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.errors import StorageError
from recipe_engine.runtime.sqlite import SqliteStore
from tests.contract.drafts import plan_of
from tests.contract.scripted import Scripted


async def test_a_full_disk_stops_the_runtime_and_loses_nothing(tmp_path: Path):
    clock = VirtualClock(2e9)
    performer = Scripted(clock)
    store = SqliteStore(tmp_path / "runs.db")
    runtime = EmbeddedRuntime(store, performer, clock)
    await runtime.open()
    gate, other = performer.hold("fetch"), performer.hold("never")
    performer.answer("fetch", {"text": "x" * 500_000})
    run_id = await runtime.start(plan_of(Perform("fetch", {}, "keyed"), Set({"done": True})), {})
    hanging = await runtime.start(plan_of(Perform("never", {}, "keyed")), {})
    waiting = asyncio.ensure_future(runtime.wait(run_id, {"succeeded"}))
    await performer.reached(2)
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0]
    store._writing.execute(f"PRAGMA max_page_count = {pages + 5}")
    gate.set()
    for broken in (waiting, runtime.until_idle()):
        with pytest.raises(StorageError, match="the disk is full"):
            await broken
    with pytest.raises(StorageError, match="the disk is full"):
        await runtime.start(plan_of(Set({"a": 1})), {})
    with pytest.raises(StorageError):
        await runtime.get(run_id)
    await runtime.close()
    assert performer.cancelled == ["s0"]
    other.set()
    again = EmbeddedRuntime(store, performer, clock)
    await again.open()
    await again.until_idle()
    assert (await again.get(run_id)).output == {"done": True}
    assert (await again.get(hanging)).status == "succeeded"
    assert performer.effects[f"{run_id}/s0"] == 1
    await again.close()


async def test_what_waits_for_a_commit_that_fails_is_told(tmp_path: Path):
    clock = VirtualClock(2e9)
    store = SqliteStore(tmp_path / "runs.db")
    runtime = EmbeddedRuntime(store, Scripted(clock), clock)
    await runtime.open()
    run_id = await runtime.start(plan_of(Wait(event="go")), {})
    store._writing.execute("DROP TABLE journal")
    results = await asyncio.gather(
        runtime.pause(run_id, "Ada"), runtime.start(plan_of(Set({"a": 1})), {}), return_exceptions=True
    )
    assert [type(result) for result in results] == [StorageError, StorageError]
    with pytest.raises(StorageError, match="no such table"):
        await runtime.send("go", {})
    await runtime.close()
