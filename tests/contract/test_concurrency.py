"""How many runs of a recipe go on at the same time."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine.core.plan import Limits, Perform, Plan, Wait
from recipe_engine.runtime import starts, wakeups
from recipe_engine.runtime.errors import OperationRefused
from tests.contract.conftest import World
from tests.contract.drafts import plan_of


def limited(most: int = 1, when_full: str = "queue", key: str | None = "email") -> Plan:
    concurrency = {"key": key, "max": most, "when_full": when_full}
    return plan_of(
        Wait(duration="1h"), Perform("act", {"n": "{{ n }}"}, "keyed"), limits=Limits(concurrency=concurrency)
    )


async def start(world: World, plan: Plan, *emails: str) -> list[str]:
    return [await world.start(plan, {"email": email, "n": n}) for n, email in enumerate(emails)]


async def statuses(world: World, runs: list[str]) -> list[str]:
    return [(await world.runtime.get(run)).status for run in runs]


async def begun(world: World, runs: list[str]) -> list[bool]:
    return [bool(await world.runtime.journal(run)) for run in runs]


async def test_runs_of_the_same_key_follow_each_other_in_order(world: World):
    runs = await start(world, limited(), "ada", "ada", "bob", "ada")
    assert await begun(world, runs) == [True, False, True, False]
    assert await statuses(world, runs) == ["waiting"] * 4
    assert (await world.runtime.get(runs[1])).steps == []
    await world.idle()
    assert await statuses(world, runs) == ["succeeded"] * 4
    ended = [(await world.runtime.get(run)).ended_at[11:16] for run in runs]
    assert ended == ["01:00", "02:00", "01:00", "03:00"]


async def test_without_a_key_all_runs_of_the_recipe_count(world: World):
    runs = await start(world, limited(2, key=None), "ada", "bob", "eve")
    assert await begun(world, runs) == [True, True, False]
    await world.idle()
    assert await statuses(world, runs) == ["succeeded"] * 3


async def test_a_run_too_many_is_refused_when_the_recipe_says_so(world: World):
    plan = limited(when_full="refuse")
    await start(world, plan, "ada")
    with pytest.raises(OperationRefused, match=r"demo has 1 run\(s\) going on"):
        await start(world, plan, "ada")
    await start(world, plan, "bob")
    await world.idle()
    await start(world, plan, "ada")
    assert len(await world.runtime.list()) == 3


async def test_of_many_that_start_at_once_no_more_than_allowed_begin(world: World):
    plan = limited(3, key=None)
    runs = await asyncio.gather(*(world.runtime.start(plan, {"n": n}) for n in range(10)))
    assert sum(await begun(world, runs)) == 3
    await world.idle()
    assert await statuses(world, runs) == ["succeeded"] * 10


async def test_the_queue_survives_a_restart(world: World):
    runs = await start(world, limited(), "ada", "ada", "ada")
    await world.reopen()
    assert await begun(world, runs) == [True, False, False]
    await world.idle()
    assert [(await world.runtime.get(run)).ended_at[11:16] for run in runs] == ["01:00", "02:00", "03:00"]


async def test_a_run_that_ended_while_nobody_drove_makes_room(world: World):
    runs = await start(world, limited(), "ada", "ada")
    starting = world.runtime._starts
    starting.over = lambda run: None  # the process dies between the end of one and the beginning of the other
    await world.cancel(runs[0], "Ada")
    await world.reopen()
    await world.idle()
    assert await statuses(world, runs) == ["cancelled", "succeeded"]


async def test_a_queued_run_can_be_cancelled(world: World):
    runs = await start(world, limited(), "ada", "ada", "ada")
    with pytest.raises(OperationRefused, match="is queued and has not begun"):
        await world.pause(runs[1], "Ada")
    waiting = asyncio.ensure_future(world.runtime.wait(runs[1], {"cancelled"}))
    watching = asyncio.ensure_future(anext(world.runtime.watch(runs[1]), "nothing"))
    await asyncio.sleep(0)
    await world.runtime.cancel(runs[1], "Ada")
    assert (await waiting).status == "cancelled"
    assert await watching == "nothing"
    await world.idle()
    assert await statuses(world, runs) == ["succeeded", "cancelled", "succeeded"]


async def test_a_cancelled_run_makes_room(world: World):
    runs = await start(world, limited(), "ada", "ada")
    await world.cancel(runs[0], "Ada")
    await world.idle(until=3000)
    assert await begun(world, runs) == [True, True]


async def test_queued_runs_do_not_begin_while_everything_is_stopped(world: World):
    runs = await start(world, limited(), "ada", "ada")
    await world.stop_all("Ada")
    await world.cancel(runs[0], "Ada")
    await world.idle()
    assert await begun(world, runs) == [True, False]
    await world.resume_all("Ada")
    await world.idle()
    assert await statuses(world, runs) == ["cancelled", "succeeded"]


async def test_a_key_that_cannot_be_evaluated_refuses_the_start(world: World):
    with pytest.raises(OperationRefused, match=r"limits.concurrency.key of demo cannot be evaluated"):
        await world.start(limited(key="missing.field"), {"n": 1})


async def test_more_runs_than_fit_into_memory_wait_for_room(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wakeups, "MAX_MOVING", 3)
    monkeypatch.setattr(starts, "MAX_MOVING", 3)
    gate = world.performer.hold("slow")
    plan = plan_of(Perform("slow", {}, "keyed"))
    runs = [await world.runtime.start(plan, {}) for _ in range(9)]
    await world.performer.reached(3)
    gate.set()
    await world.idle()
    assert await statuses(world, runs) == ["succeeded"] * 9
    assert world.performer.most_under_way == 3


async def test_runs_that_wake_together_wait_for_room(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wakeups, "MAX_MOVING", 3)
    world.performer.hold("act").set()
    plan = plan_of(Wait(event="go"), Perform("act", {}, "keyed"))
    runs = [await world.runtime.start(plan, {}) for _ in range(20)]
    await world.idle()
    await world.runtime.send("go", {})
    await world.idle()
    assert await statuses(world, runs) == ["succeeded"] * 20
    assert world.performer.most_under_way <= 3
