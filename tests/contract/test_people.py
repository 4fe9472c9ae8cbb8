"""What people do to runs: approve, pause, resume, cancel, resolve, stop everything."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import ForEach, Group, Lane, Parallel, Perform, Set, Wait
from recipe_engine.errors import InvalidInput
from recipe_engine.runtime.errors import OperationRefused
from tests.contract.conftest import World
from tests.contract.drafts import Draft, plan_of

ASK = plan_of(Wait(approval={"ask": "Send it?"}), Set({"by": "{{ s0.by }}", "approved": "{{ s0.approved }}"}))
MAYBE = Failure("timeout", "no answer came", happened="maybe")


async def begin(world: World, plan, **options) -> str:
    run_id = await world.start(plan, {}, **options)
    await world.idle()
    return run_id


# --- approvals


@pytest.mark.parametrize("approved", [True, False])
async def test_an_approval_goes_on_with_the_answer(world: World, approved):
    run_id = await begin(world, ASK)
    assert (await world.runtime.get(run_id)).status == "waiting"
    await world.approve(run_id, None, approved, "Ada")
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"by": "Ada", "approved": approved}


async def test_an_approval_is_given_once(world: World):
    run_id = await begin(world, plan_of(Wait(approval={"ask": "?"}), Wait(duration="1d")))
    await world.approve(run_id, "s0", True, "Ada")
    with pytest.raises(OperationRefused, match=r"no step of run .* waits for an approval: the run is waiting"):
        await world.approve(run_id, "s0", True, "Bob")


async def test_of_two_people_at_once_one_is_heard(world: World):
    run_id = await begin(world, ASK)
    runtime = world.runtime
    both = [runtime.approve(run_id, None, True, "Ada"), runtime.approve(run_id, None, False, "Bob")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], OperationRefused)
    await world.idle()
    assert (await world.runtime.get(run_id)).output["by"] == "Ada"


async def test_of_several_approvals_one_is_named(world: World):
    draft = Draft()
    body = draft.block(draft.step("ok", Wait(approval={"ask": "{{ item }}?"})))
    run_id = await begin_with(
        world, draft.plan(draft.step("each", ForEach("items", "item", body, concurrency=2))), [1, 2]
    )
    with pytest.raises(OperationRefused, match="several steps") as refused:
        await world.approve(run_id, "ok", True, "Ada")
    assert "each[0]/ok" in refused.value.hint
    await world.approve(run_id, "each[1]/ok", True, "Ada")
    with pytest.raises(OperationRefused, match=r"'nothing' of run .* is not one") as refused:
        await world.approve(run_id, "nothing", True, "Ada")
    assert refused.value.hint == "these are: each[0]/ok"
    await world.approve(run_id, "ok", False, "Bob")
    await world.idle()
    assert [answer["by"] for answer in (await world.runtime.get(run_id)).output["results"]] == ["Bob", "Ada"]


async def begin_with(world: World, plan, items) -> str:
    run_id = await world.start(plan, {"items": items})
    await world.idle()
    return run_id


async def test_what_is_edited_has_to_fit_what_may_be(world: World):
    fields = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}
    run_id = await begin(world, plan_of(Wait(approval={"ask": "?", "fields": fields})))
    with pytest.raises(InvalidInput):
        await world.approve(run_id, None, True, "Ada", {"text": 3})
    await world.approve(run_id, None, True, "Ada", {"text": "better"})
    await world.idle()
    assert (await world.runtime.get(run_id)).output["fields"] == {"text": "better"}


async def test_an_approval_that_comes_too_late_is_refused(world: World):
    draft = Draft()
    late = draft.block(draft.step("late", Set({"late": True})))
    run_id = await begin(
        world, draft.plan(draft.step("ok", Wait(approval={"ask": "?"}, on_timeout=late), timeout=60.0))
    )
    assert (await world.runtime.get(run_id)).output == {"late": True}
    with pytest.raises(OperationRefused, match="has succeeded already"):
        await world.approve(run_id, "ok", True, "Ada")


# --- pause, resume, cancel


async def held(world: World, effect="keyed"):
    """A run whose first action is under way, and the gate that lets it go on."""
    gate = world.performer.hold("slow")
    run_id = await world.runtime.start(plan_of(Perform("slow", {}, effect), Perform("next", {}, "keyed")), {})
    await world.performer.reached(1)
    return run_id, gate


async def test_a_paused_run_ends_what_is_under_way_and_starts_nothing(world: World):
    run_id, gate = await held(world)
    await world.runtime.pause(run_id, "Ada", "holiday")
    gate.set()
    await world.runtime.until_idle()
    view = await world.runtime.get(run_id)
    assert (view.status, view.steps[0]["status"]) == ("paused", "succeeded")
    assert not world.performer.of("next")
    await world.reopen()
    await world.idle()
    assert not world.performer.of("next")
    await world.resume(run_id, "Ada")
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "succeeded"
    assert len(world.performer.of("slow")) == 1


async def test_what_was_under_way_in_a_paused_run_waits_with_it(world: World):
    run_id, gate = await held(world)
    await world.runtime.pause(run_id, "Ada")
    gate.set()
    await world.reopen()  # before the action could answer
    await world.idle()
    assert len(world.performer.of("slow")) == 1
    await world.resume(run_id, "Ada")
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "succeeded"
    assert [call.recovered for call in world.performer.of("slow")][:2] == [False, True]


async def test_a_timer_in_a_pause_is_not_lost(world: World):
    run_id = await world.start(plan_of(Wait(duration="1h"), Set({"done": True})), {})
    await world.pause(run_id, "Ada")
    await world.idle(until=7200)
    assert (await world.runtime.get(run_id)).status == "paused"
    await world.resume(run_id, "Ada")
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"done": True}


async def test_pausing_and_resuming_twice_is_refused(world: World):
    run_id = await begin(world, ASK)
    with pytest.raises(OperationRefused, match="is not paused"):
        await world.resume(run_id, "Ada")
    await world.pause(run_id, "Ada")
    with pytest.raises(OperationRefused, match="is paused already"):
        await world.pause(run_id, "Ada")


async def test_a_cancelled_run_breaks_off_whatever_it_nests(world: World):
    draft = Draft()
    world.performer.hold("slow")
    inner = draft.block(draft.step("group", Group(draft.block(draft.act("slow")), draft.block(draft.act("tidy")))))
    waits = draft.block(draft.step("event", Wait(event="go", match={"n": 1})))
    asks = draft.block(draft.step("ask", Wait(approval={"ask": "?"})))
    plan = draft.plan(draft.step("all", Parallel((Lane("a", inner), Lane("b", waits), Lane("c", asks))), timeout=999.0))
    run_id = await world.runtime.start(plan, {})
    await world.performer.reached(1)
    await world.runtime.cancel(run_id, "Ada", "mistake")
    await world.runtime.until_idle()
    view = await world.runtime.get(run_id)
    assert (view.status, view.error["code"], view.error["detail"]) == ("cancelled", "cancelled", "mistake")
    assert {step["status"] for step in view.steps} == {"cancelled"}
    assert world.performer.cancelled == ["slow"]
    assert world.store.next_wake(0.0) is None
    assert world.store.waiting("go", {"n": 1}) == []
    await world.reopen()
    await world.idle()
    assert len(world.performer.calls) == 1


async def test_what_has_ended_cannot_be_changed(world: World):
    view = await world.run(plan_of(Set({"a": 1})))
    for operation in ("pause", "resume", "cancel"):
        with pytest.raises(OperationRefused, match="has succeeded already"):
            await getattr(world, operation)(view.run_id, "Ada")


# --- in doubt


async def test_a_step_in_doubt_waits_for_a_person(world: World):
    world.performer.answer("charge", MAYBE, {"charged": True})
    run_id = await begin(world, plan_of(Perform("charge", {}, "once"), Set({"seen": "{{ s0 }}"})))
    assert (await world.runtime.wait(run_id)).status == "in_doubt"
    await world.reopen()
    attempts = len(world.performer.calls)
    await world.resolve(run_id, "s0", "done", "Ada", {"charged": "by hand"})
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"seen": {"charged": "by hand"}}
    assert len(world.performer.calls) == attempts


async def test_a_step_in_doubt_is_tried_again_with_its_key(world: World):
    world.performer.answer("charge", MAYBE, {"charged": True})
    run_id = await begin(world, plan_of(Perform("charge", {}, "once")))
    await world.resolve(run_id, None, "retry", "Ada")
    await world.idle()
    view = await world.runtime.get(run_id)
    assert (view.status, view.output) == ("succeeded", {"charged": True})
    assert len({call.command.key for call in world.performer.calls}) == 1
    with pytest.raises(OperationRefused):
        await world.resolve(run_id, "s0", "done", "Ada")


async def test_what_is_not_in_doubt_cannot_be_resolved(world: World):
    run_id = await begin(world, ASK)
    with pytest.raises(OperationRefused, match=r"no step of run .* is in doubt: the run is waiting"):
        await world.resolve(run_id, "s0", "done", "Ada")


# --- the emergency stop


async def test_while_everything_is_stopped_nothing_starts(world: World):
    gate = world.performer.hold("slow")
    running = await world.runtime.start(plan_of(Perform("slow", {}, "keyed"), Perform("next", {}, "keyed")), {})
    waiting = await world.runtime.start(plan_of(Wait(duration="1h"), Perform("later", {}, "keyed")), {})
    listening = await world.runtime.start(plan_of(Wait(event="go"), Perform("gone", {}, "keyed")), {})
    asking = await world.runtime.start(plan_of(Wait(approval={"ask": "?"}), Perform("approved", {}, "keyed")), {})
    await world.performer.reached(1)
    assert await world.runtime.stop_all("Ada", "fire") == 1
    gate.set()
    with pytest.raises(OperationRefused, match="everything was stopped by Ada"):
        await world.start(ASK, {})
    with pytest.raises(OperationRefused, match="everything was stopped by Ada"):
        await world.resume(running, "Bob")
    await world.send("go", {"n": 1})
    await world.approve(asking, None, True, "Bob")
    await world.idle(until=7200)
    await world.reopen()
    await world.idle()
    assert {call.command.action for call in world.performer.calls} == {"slow"}
    await world.resume_all("Ada")
    await world.idle()
    statuses = [(await world.runtime.get(run)).status for run in (running, waiting, listening, asking)]
    assert statuses == ["succeeded"] * 4
    assert {call.command.action for call in world.performer.calls} == {"slow", "next", "later", "gone", "approved"}


async def test_a_run_that_a_person_paused_stays_paused(world: World):
    mine, other = await begin(world, ASK), await begin(world, ASK)
    await world.pause(mine, "Ada")
    await world.stop_all("Bob")
    await world.approve(mine, None, True, "Eve")
    await world.approve(other, None, True, "Eve")
    await world.resume_all("Bob")
    await world.idle()
    assert (await world.runtime.get(mine)).status == "paused"
    assert (await world.runtime.get(other)).status == "succeeded"


async def test_what_is_stopped_can_be_cancelled(world: World):
    run_id = await begin(world, ASK)
    await world.stop_all("Ada")
    await world.cancel(run_id, "Ada")
    assert (await world.runtime.get(run_id)).status == "cancelled"
    assert await world.resume_all("Ada") == 0
    assert await world.resume_all("Ada") == 0


async def test_effects_that_were_under_way_when_everything_stopped_go_on_afterwards(world: World):
    run_id, gate = await held(world)
    await world.runtime.stop_all("Ada")
    await world.reopen()
    await world.idle()
    assert len(world.performer.of("slow")) == 1
    gate.set()
    await world.resume_all("Ada")
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "succeeded"
    assert world.performer.effects[f"{run_id}/s0"] == 1
