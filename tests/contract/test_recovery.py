"""What a process that ended left behind is taken up by the next."""

from __future__ import annotations

import asyncio
import logging

import pytest

from recipe_engine.core.advance import advance as core_advance
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Lane, Parallel, Perform, Set, Wait
from recipe_engine.runtime import turns
from recipe_engine.runtime.errors import OperationError, OperationRefused
from recipe_engine.runtime.store import Change
from tests.contract.conftest import World
from tests.contract.drafts import Draft, plan_of


async def test_effects_under_way_are_performed_again_and_say_so(world: World):
    gate = world.performer.hold("slow")
    run_id = await world.runtime.start(plan_of(Perform("slow", {}, "keyed")), {})
    await world.performer.reached(1)
    gate.set()
    await world.reopen()
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "succeeded"
    calls = world.performer.of("slow")
    assert [call.recovered for call in calls[:2]] == [False, True]
    assert len({(call.command.key, call.command.attempt) for call in calls}) == 1


async def test_every_lane_under_way_is_taken_up(world: World):
    draft = Draft()
    gates = [world.performer.hold(name) for name in ("a", "b", "c")]
    lanes = tuple(Lane(name, draft.block(draft.act(name, {"n": name}))) for name in ("a", "b", "c"))
    run_id = await world.runtime.start(draft.plan(draft.step("all", Parallel(lanes))), {})
    await world.performer.reached(3)
    gates[1].set()
    await world.performer.reached(2)
    await asyncio.sleep(0)
    for gate in gates:
        gate.set()
    await world.reopen()
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"a": {"n": "a"}, "b": {"n": "b"}, "c": {"n": "c"}}


async def test_closing_twice_and_using_what_is_closed(world: World):
    await world.runtime.close()
    await world.runtime.close()
    with pytest.raises(OperationError, match="the runtime is closed"):
        await world.runtime.start(plan_of(Set({"a": 1})), {})


async def test_who_waits_for_a_run_hears_that_the_runtime_closed(world: World):
    world.performer.hold("slow")
    run_id = await world.runtime.start(plan_of(Perform("slow", {}, "keyed")), {})
    waiting = asyncio.ensure_future(world.runtime.wait(run_id, {"succeeded"}))
    watching = asyncio.ensure_future(anext(world.runtime.watch(run_id)))
    await watching
    await asyncio.sleep(0)
    await world.runtime.close()
    with pytest.raises(OperationError, match="the runtime is closed"):
        await waiting


async def test_an_action_that_breaks_its_word_fails_its_step(world: World, caplog: pytest.LogCaptureFixture):
    world.performer.answer("bad", ZeroDivisionError("oops"))
    view = await world.run(plan_of(Perform("bad", {}, "read")))
    assert (view.status, view.error["code"], view.error["detail"]) == ("failed", "internal", "ZeroDivisionError: oops")
    assert "the action bad of run" in caplog.text


async def test_an_action_that_breaks_its_word_about_an_effect_leaves_doubt(world: World):
    world.performer.answer("bad", asyncio.CancelledError())
    view = await world.run(plan_of(Perform("bad", {}, "once")))
    assert view.status == "in_doubt"


async def test_a_defect_of_the_engine_sets_one_run_aside(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def defective(state, *given):
        if state.plan.slug == "doomed":
            raise RuntimeError("a defect")
        return core_advance(state, *given)

    gate = world.performer.hold("slow")
    plan = plan_of(Perform("slow", {}, "keyed"), slug="doomed")
    run_id = await world.runtime.start(plan, {})
    monkeypatch.setattr(turns, "advance", defective)
    waiting = asyncio.ensure_future(world.runtime.wait(run_id, {"succeeded"}))
    watching = world.runtime.watch(run_id)
    await anext(watching)
    gate.set()
    with caplog.at_level(logging.CRITICAL, "recipe_engine.runtime"):
        for looking in (waiting, anext(watching)):
            with pytest.raises(OperationError, match="met a defect of the engine"):
                await looking
        await world.runtime.until_idle()
        with pytest.raises(OperationRefused, match="met a defect of the engine"):
            await world.runtime.cancel(run_id, "Ada")
        view = await world.run(plan_of(Set({"a": 1}), slug="fine"))
    assert view.status == "succeeded"
    assert (await world.runtime.get(run_id)).status == "running"
    monkeypatch.undo()
    await world.reopen()
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "succeeded"


async def test_an_observer_that_breaks_stops_nothing(world: World, caplog: pytest.LogCaptureFixture):
    def broken(run_id, entry):
        raise RuntimeError("an observer")

    world.runtime._observer = broken
    view_id = await world.runtime.start(plan_of(Perform("act", {}, "keyed")), {})
    await world.runtime.until_idle()
    assert (await world.runtime.get(view_id)).status == "succeeded"
    assert "an observer broke" in caplog.text


async def test_failures_that_are_handled_do_not_end_the_run(world: World):
    draft = Draft()
    world.performer.answer("bad", Failure("down", "it is down"))
    handler = draft.block(draft.act("tidy", {"why": "{{ error.code }}"}))
    view = await world.run(draft.plan(draft.act("bad", on_error=handler), draft.act("next")))
    assert view.status == "succeeded"
    assert world.performer.of("tidy")[0].command.params == {"why": "down"}


async def test_a_run_that_cannot_be_read_keeps_no_other_asleep(world: World, caplog: pytest.LogCaptureFixture):
    plan = plan_of(Wait(duration="1h"), Set({"done": True}))
    broken, fine = [await world.start(plan, {}) for _ in range(2)]
    row = world.store.run(broken)
    await world.store.commit(Change(entries=[(row.number, 1, b'[1.0,["WrittenByANewerVersion",{}]]')]))
    world.runtime._turns.residents.clear()
    with caplog.at_level(logging.CRITICAL, "recipe_engine.runtime"):
        await world.idle()
    assert (await world.runtime.get(fine)).status == "succeeded"
    assert world.store.run(broken).status == "waiting"


async def test_a_run_with_a_long_journal_goes_on_after_a_wait(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("recipe_engine.runtime.residents._BYTES_AT_REST", 10)
    run_id = await world.start(plan_of(Wait(event="news")), {})
    await world.idle()
    await world.send("news", {"n": 1})
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"n": 1}
