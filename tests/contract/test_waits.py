"""Waits of days, time limits, and what races them."""

from __future__ import annotations

from recipe_engine.core.events import TimerFired
from recipe_engine.core.plan import ForEach, Group, Lane, Limits, Parallel, Repeat, Set, Wait
from tests.contract.conftest import START, World
from tests.contract.drafts import Draft, plan_of
from tests.contract.scripted import Slow

DAY = 86_400.0


async def test_ten_days_pass(world: World):
    view = await world.run(plan_of(Wait(duration="10d"), Set({"done": True})))
    assert view.output == {"done": True}
    assert view.ended_at == "2026-01-11T00:00:00.000Z"


async def test_a_waiting_run_is_parked(world: World):
    run_id = await world.start(plan_of(Wait(duration="2d")), {})
    await world.idle(until=DAY)
    assert (await world.runtime.get(run_id)).status == "waiting"
    assert (await world.runtime.wait(run_id)).status == "waiting"
    assert not world.runtime._turns.residents.moving
    await world.idle(until=3 * DAY)
    assert (await world.runtime.get(run_id)).ended_at == "2026-01-03T00:00:00.000Z"


async def test_a_wait_survives_a_restart(world: World):
    run_id = await world.start(plan_of(Wait(duration="2d")), {})
    await world.idle(until=DAY)
    await world.reopen()
    await world.idle()
    assert (await world.runtime.get(run_id)).ended_at == "2026-01-03T00:00:00.000Z"


async def test_a_timer_that_was_due_while_nobody_drove_fires_late(world: World):
    run_id = await world.start(plan_of(Wait(duration="1h")), {})
    await world.runtime.close()
    world.clock.advance_to(START + DAY)
    world.runtime = world._runtime()
    await world.runtime.open()
    await world.idle()
    assert (await world.runtime.get(run_id)).ended_at == "2026-01-02T00:00:00.000Z"


async def test_hundreds_of_timers_due_at_once_all_fire(world: World):
    count = 30 if world.restarting else 600
    plan = plan_of(Wait(duration="1h"))
    run_ids = [await world.runtime.start(plan, {}) for _ in range(count)]
    await world.idle()
    assert {(await world.runtime.get(run_id)).ended_at for run_id in run_ids} == {"2026-01-01T01:00:00.000Z"}


async def test_timers_fire_in_the_order_of_their_moments(world: World):
    for hours in (5, 1, 3, 2, 4):
        await world.start(plan_of(Wait(duration=f"{hours}h"), slug=f"after-{hours}"), {})
    await world.idle()
    fired = [entry.at for _, entry in world.entries if isinstance(entry.events[0], TimerFired)]
    assert fired == [START + 3600 * hours for hours in (1, 2, 3, 4, 5)]


async def test_two_waits_of_one_run_go_on_each_at_its_time(world: World):
    draft = Draft()
    lanes = []
    for name, hours in (("short", 1), ("long", 5)):
        wait = draft.step(f"w_{name}", Wait(duration=f"{hours}h"))
        lanes.append(Lane(name, draft.block(wait, draft.act(name))))
    view = await world.run(draft.plan(draft.step("both", Parallel(tuple(lanes)))))
    starts = {step["path"]: step["started_at"][11:16] for step in view.steps}
    assert (starts["short"], starts["long"]) == ("01:00", "05:00")


async def test_an_event_in_time_beats_the_timeout(world: World):
    draft = Draft()
    late = draft.block(draft.act("late"))
    plan = draft.plan(draft.step("w", Wait(event="replied", on_timeout=late), timeout=3600.0))
    run_id = await world.start(plan, {})
    await world.idle(until=3599)
    assert await world.send("replied", {"text": "yes"}) == 1
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"text": "yes"}
    assert not world.performer.of("late")


async def test_an_event_after_the_timeout_comes_too_late(world: World):
    draft = Draft()
    late = draft.block(draft.act("late", {"too": "late"}))
    plan = draft.plan(draft.step("w", Wait(event="replied", on_timeout=late), timeout=3600.0))
    view = await world.run(plan)
    assert await world.send("replied", {"text": "yes"}) == 0
    assert (view.status, view.output) == ("succeeded", {"too": "late"})


async def test_an_event_may_be_waited_for_until_a_moment(world: World):
    draft = Draft()
    late = draft.block(draft.act("late", {"too": "late"}))
    plan = draft.plan(draft.step("w", Wait(event="replied", until="'2026-01-03T12:00:00Z'", on_timeout=late)))
    run_id = await world.start(plan, {})
    await world.idle(until=DAY)
    await world.send("replied", {"text": "yes"})
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"text": "yes"}


async def test_the_moment_ends_the_wait_for_an_event(world: World):
    draft = Draft()
    late = draft.block(draft.act("late", {"too": "late"}))
    plan = draft.plan(draft.step("w", Wait(event="replied", until="'2026-01-03T12:00:00Z'", on_timeout=late)))
    view = await world.run(plan)
    assert (view.output, view.ended_at) == ({"too": "late"}, "2026-01-03T12:00:00.000Z")


async def test_a_moment_that_is_past_leaves_no_time_for_the_event(world: World):
    draft = Draft()
    late = draft.block(draft.act("late", {"too": "late"}))
    plan = draft.plan(draft.step("w", Wait(event="replied", until="'2025-12-31T00:00:00Z'", on_timeout=late)))
    view = await world.run(plan)
    assert (view.output, view.ended_at) == ({"too": "late"}, "2026-01-01T00:00:00.000Z")
    view = await world.run(plan_of(Wait(approval={"ask": "?"}, until="now - hours(1)")))
    assert (view.status, view.error["code"]) == ("failed", "timeout")


async def test_an_event_at_the_moment_of_the_timeout_has_one_winner(world: World):
    run_id = await world.start(plan_of(Wait(event="replied"), timeout=3600.0), {})
    await world.idle(until=3599)
    world.clock.advance_to(START + 3600)
    await world.send("replied", {"text": "yes"})
    await world.idle()
    view = await world.runtime.get(run_id)
    assert view.status in ("succeeded", "failed")
    answers = [
        event for entry in await world.runtime.journal(run_id) for event in entry.events if hasattr(event, "seq")
    ]
    assert [type(event).__name__ for event in answers].count("WaitStarted") == 1
    assert len(answers) == 2


async def test_a_time_limit_breaks_off_what_it_holds(world: World):
    draft = Draft()
    world.performer.answer("slow", Slow(10 * DAY))
    view = await world.run(draft.plan(draft.step("all", Group(draft.block(draft.act("slow"))), timeout=60.0)))
    assert (view.status, view.error["code"]) == ("failed", "timeout")
    assert view.ended_at == "2026-01-01T00:01:00.000Z"
    assert "slow" in world.performer.cancelled


async def test_a_run_is_limited_in_time(world: World):
    view = await world.run(plan_of(Wait(duration="40d"), limits=Limits(duration=30 * DAY)))
    assert (view.status, view.error["code"]) == ("failed", "limit_duration")
    assert view.ended_at == "2026-01-31T00:00:00.000Z"


async def test_the_pace_of_a_loop_is_kept(world: World):
    draft = Draft()
    body = draft.block(draft.act("work", {"n": "{{ item }}"}))
    loop = ForEach("items", "item", body, concurrency=10, pace_count=2, pace_seconds=60.0)
    view = await world.run(draft.plan(draft.step("each", loop)), {"items": list(range(6))})
    started = sorted(step["started_at"][11:19] for step in view.steps if step["path"].endswith("work"))
    assert started == ["00:00:00", "00:00:00", "00:01:00", "00:01:00", "00:02:00", "00:02:00"]


async def test_a_repeat_asks_again_and_again(world: World):
    draft = Draft()
    world.performer.answer("poll", {"status": "running"})
    body = draft.block(draft.act("poll"))
    plan = draft.plan(
        draft.step("job", Repeat("poll.status != 'running'", body, every=30.0), timeout=95.0, on_error="continue")
    )
    await world.run(plan)
    assert len({call.command.key for call in world.performer.of("poll")}) == 4


async def test_actions_that_sleep_do_not_hold_timers_up(world: World):
    draft = Draft()
    world.performer.answer("slow", Slow(7200))
    slow = draft.block(draft.act("slow", {"slow": True}))
    quick = draft.block(draft.step("pause", Wait(duration="1h")), draft.act("quick"))
    view = await world.run(draft.plan(draft.step("both", Parallel((Lane("a", slow), Lane("b", quick))))))
    assert view.status == "succeeded"
    if not world.restarting:
        starts = {step["path"]: step["started_at"][11:16] for step in view.steps}
        assert starts["quick"] == "01:00"
        assert view.ended_at == "2026-01-01T02:00:00.000Z"
