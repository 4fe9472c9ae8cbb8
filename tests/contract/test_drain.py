"""Draining: what is under way ends and is recorded, nothing more begins, and the next owner goes on."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine.core.plan import Perform
from recipe_engine.runtime.errors import OperationRefused
from tests.contract.conftest import World
from tests.contract.drafts import plan_of


async def test_a_drained_run_goes_on_with_the_next_owner(world: World):
    gate = world.performer.hold("slow")
    run = await world.runtime.start(plan_of(Perform("slow", {}, "once"), Perform("after", {}, "once")), {})
    await world.performer.reached(1)
    draining = asyncio.ensure_future(world.runtime.drain())
    await asyncio.sleep(0)
    gate.set()
    await draining
    assert [call.command.action for call in world.performer.calls] == ["slow"]
    assert (await world.runtime.get(run)).status == "paused"
    await world.reopen()
    await world.idle()
    assert [(call.command.action, call.recovered) for call in world.performer.calls] == [
        ("slow", False),
        ("after", False),
    ]
    assert (await world.runtime.get(run)).status == "succeeded"


async def test_nothing_starts_after_that(world: World):
    await world.runtime.drain()
    with pytest.raises(OperationRefused, match="being stopped"):
        await world.runtime.start(plan_of(Perform("send", {}, "once")), {})
    await world.reopen()
    assert (await world.run(plan_of(Perform("send", {}, "once")))).status == "succeeded"
