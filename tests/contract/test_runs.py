"""Runs begin, go on and end."""

from __future__ import annotations

import pytest

from recipe_engine.core import events as ev
from recipe_engine.core.advance import replay
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import ForEach, Lane, Parallel, Perform, Retry, Set
from recipe_engine.core.view import run_view
from recipe_engine.runtime.errors import OperationRefused, UnknownRun
from tests.contract.conftest import World
from tests.contract.drafts import Draft, plan_of
from tests.contract.scripted import Slow

KEYS = ["run_id", "recipe", "status", "output", "error", "steps", "usage", "started_at", "ended_at"]


async def test_steps_follow_each_other_and_the_last_output_is_the_runs(world: World):
    view = await world.run(
        plan_of(Perform("greet", {"to": "{{ name }}"}, "keyed"), Set({"said": "{{ s0.to }}"})), {"name": "Ada"}
    )
    assert view.status == "succeeded"
    assert view.output == {"said": "Ada"}
    assert [step["path"] for step in view.steps] == ["s0", "s1"]
    assert list(view.to_json()) == KEYS
    assert view.started_at == "2026-01-01T00:00:00.000Z"


async def test_the_intent_is_in_the_journal_before_the_effect(world: World):
    seen = []

    async def perform(run, command, recovered=False):
        journal = await world.runtime.journal(run.run_id)
        seen.append(
            [event for entry in journal for event in entry.events if isinstance(event, ev.StepStarted)][-1].path
        )
        return await type(world.performer).perform(world.performer, run, command, recovered)

    world.performer.perform = perform
    await world.run(plan_of(*(Perform("act", {"n": n}, "keyed") for n in range(3))))
    assert list(dict.fromkeys(seen)) == ["s0", "s1", "s2"]


async def test_the_journal_replays_to_what_is_shown(world: World):
    view = await world.run(plan_of(Perform("one", {}, "keyed"), Perform("two", {}, "read")))
    state = replay(await world.runtime.plan(view.run_id), await world.runtime.journal(view.run_id))
    assert run_view(state) == view.to_json()


async def test_a_run_keeps_to_the_plan_it_began_with(world: World):
    plan = plan_of(Set({"a": 1}))
    view = await world.run(plan)
    assert (await world.runtime.plan(view.run_id)).digest == plan.digest


async def test_a_failure_ends_the_run_and_is_shown(world: World):
    world.performer.answer("charge", Failure("refused", "the card was refused"))
    view = await world.run(plan_of(Perform("charge", {}, "once"), Perform("never", {}, "keyed")))
    assert view.status == "failed"
    assert view.error == {"code": "refused", "title": "the card was refused", "detail": "", "step": "s0"}
    assert not world.performer.of("never")


async def test_a_retry_waits_and_continues_with_the_same_key(world: World):
    world.performer.answer("flaky", Failure("timeout", "too slow", retryable=True), {"ok": True})
    view = await world.run(plan_of(Perform("flaky", {}, "keyed"), retry=Retry(attempts=2, wait=90)))
    assert view.output == {"ok": True}
    assert view.steps[0]["attempts"] == 2
    assert view.ended_at == "2026-01-01T00:01:30.000Z"
    assert len({call.command.key for call in world.performer.calls}) == 1


async def test_lanes_run_at_the_same_time(world: World):
    draft = Draft()
    lanes = tuple(Lane(name, draft.block(draft.act(name, {"n": name}))) for name in ("one", "two", "three"))
    for name in ("one", "two", "three"):
        world.performer.answer(name, Slow(60))
    view = await world.run(draft.plan(draft.step("both", Parallel(lanes))))
    assert view.status == "succeeded"
    assert set(view.output) == {"one", "two", "three"}
    if not world.restarting:
        assert world.performer.most_under_way == 3
        assert view.ended_at == "2026-01-01T00:01:00.000Z"


async def test_a_loop_keeps_within_its_concurrency(world: World):
    draft = Draft()
    world.performer.answer("work", Slow(1))
    loop = ForEach("items", "item", draft.block(draft.act("work", {"n": "{{ item }}"})), concurrency=3)
    view = await world.run(draft.plan(draft.step("each", loop)), {"items": list(range(10))})
    assert [result["n"] for result in view.output["results"]] == list(range(10))
    assert world.performer.most_under_way == 3


async def test_every_effect_happens_once_by_its_key(world: World):
    view = await world.run(plan_of(*(Perform("act", {"n": n}, "keyed") for n in range(5))))
    assert world.performer.effects == {f"{view.run_id}/s{n}": 1 for n in range(5)}


async def test_a_name_may_be_given_once(world: World):
    plan = plan_of(Set({"a": 1}))
    assert await world.start(plan, {}, run_id="mine") == "mine"
    with pytest.raises(OperationRefused, match="already a run 'mine'"):
        await world.start(plan, {}, run_id="mine")


async def test_what_is_asked_of_an_unknown_run_is_refused(world: World):
    for ask in (world.get, world.journal, world.plan, world.wait):
        with pytest.raises(UnknownRun, match="no run 'nobody'"):
            await ask("nobody")
    with pytest.raises(UnknownRun):
        await world.cancel("nobody", "me")
    with pytest.raises(UnknownRun):
        await world.send("paid", {}, run="nobody")


async def test_a_retried_run_continues_its_keys_and_takes_outputs_over(world: World):
    plan = plan_of(Perform("pay", {}, "keyed"), Perform("flaky", {}, "keyed"))
    world.performer.answer("flaky", Failure("down", "it is down"))
    first = await world.run(plan)
    world.performer.answer("flaky", {"ok": True})
    second = await world.run(plan, retry_of=first.run_id, reused={"s0": {"paid": True}})
    third = await world.run(plan, retry_of=second.run_id, reused={"s0": {"paid": True}})
    assert second.status == third.status == "succeeded"
    assert {call.command.key for call in world.performer.of("flaky")} == {f"{first.run_id}/s1"}
    assert {call.command.key for call in world.performer.of("pay")} == {f"{first.run_id}/s0"}
    assert {call.run.origin for call in world.performer.calls} == {first.run_id}


async def test_what_an_action_may_know_of_its_run(world: World):
    plan = plan_of(Perform("act", {}, "keyed"), slug="greeting")
    view = await world.run(plan, config={"tone": "warm"}, mode={"sandbox": True})
    run = world.performer.calls[-1].run
    assert (run.run_id, run.slug, run.config) == (view.run_id, "greeting", {"tone": "warm"})
    assert (run.sandbox, run.dry_run) == (True, False)
    assert run.seed


async def test_lists_are_filtered_and_show_the_newest_first(world: World):
    world.performer.answer("bad", Failure("bad", "bad"))
    good = plan_of(Perform("good", {"n": 1}, "keyed"), slug="good")
    bad = plan_of(Perform("bad", {}, "keyed"), slug="bad")
    first, second, third = [await world.run(plan) for plan in (good, bad, good)]
    everything = await world.runtime.list()
    assert [view.run_id for view in everything] == [third.run_id, second.run_id, first.run_id]
    assert [view.run_id for view in await world.runtime.list(status="failed")] == [second.run_id]
    assert [view.run_id for view in await world.runtime.list(recipe="good", limit=1)] == [third.run_id]
    assert [view.run_id for view in await world.runtime.list(status="succeeded")] == [third.run_id, first.run_id]
    shown = {key: value for key, value in second.to_json().items() if key != "steps"}
    assert everything[1].to_json() == shown


async def test_waiting_for_a_run_ends_when_it_does(world: World):
    run_id = await world.runtime.start(plan_of(Perform("act", {}, "keyed"), Set({"done": True})), {})
    view = await world.runtime.wait(run_id, {"succeeded"})
    assert view.output == {"done": True}
    with pytest.raises(OperationRefused, match="has succeeded, it will not become failed"):
        await world.runtime.wait(run_id, {"failed"})


async def test_watching_shows_every_entry_once_until_the_end(world: World):
    run_id = await world.runtime.start(plan_of(*(Perform("act", {}, "keyed") for _ in range(4))), {})
    watched = [entry async for entry in world.runtime.watch(run_id)]
    assert watched == await world.runtime.journal(run_id)
    assert isinstance(watched[-1].events[-1], ev.RunSucceeded)
    assert [entry async for entry in world.runtime.watch(run_id)] == watched


async def test_an_observer_sees_what_is_committed_in_its_order(world: World):
    view = await world.run(plan_of(*(Perform("act", {}, "keyed") for _ in range(4))))
    assert [entry for run_id, entry in world.entries if run_id == view.run_id] == await world.journal(view.run_id)


async def test_many_runs_at_once_all_end(world: World):
    plan = plan_of(Perform("act", {"n": "{{ n }}"}, "keyed"), Perform("act", {}, "keyed"))
    run_ids = [await world.start(plan, {"n": n}) for n in range(20)]
    await world.idle()
    views = [await world.get(run_id) for run_id in run_ids]
    assert {view.status for view in views} == {"succeeded"}
    assert len(world.performer.effects) == 40
