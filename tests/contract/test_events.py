"""Events find the runs that wait for them, whichever comes first."""

from __future__ import annotations

import pytest

from recipe_engine.core.plan import Lane, Parallel, Perform, Set, Wait
from recipe_engine.runtime.errors import OperationRefused
from tests.contract.conftest import World
from tests.contract.drafts import Draft, plan_of

REPLY = plan_of(Wait(event="replied", match={"email": "{{ email }}"}))


async def test_an_event_wakes_the_run_whose_fields_match(world: World):
    runs = {name: await world.start(REPLY, {"email": f"{name}@example.org"}) for name in ("ada", "bob", "eve")}
    await world.idle()
    assert await world.send("replied", {"email": "bob@example.org", "text": "hello"}) == 1
    assert await world.send("replied", {"email": "nobody@example.org"}) == 0
    assert await world.send("paid", {"email": "ada@example.org"}) == 0
    await world.idle()
    statuses = {name: (await world.runtime.get(run_id)).status for name, run_id in runs.items()}
    assert statuses == {"ada": "waiting", "bob": "succeeded", "eve": "waiting"}
    assert (await world.runtime.get(runs["bob"])).output == {"email": "bob@example.org", "text": "hello"}


async def test_an_event_wakes_everyone_who_waits_for_it(world: World):
    plans = [
        plan_of(Wait(event="opened")),
        plan_of(Wait(event="opened", match={"shop": 7})),
        plan_of(Wait(event="closed")),
    ]
    runs = [await world.start(plan, {}) for plan in plans]
    await world.idle()
    assert await world.send("opened", {"shop": 7.0, "by": "Ada"}) == 2
    await world.idle()
    assert [(await world.runtime.get(run)).status for run in runs] == ["succeeded", "succeeded", "waiting"]


@pytest.mark.parametrize(
    ("asked", "given", "matches"),
    [
        ({"n": 1}, {"n": 1.0}, True),
        ({"n": 1}, {"n": "1"}, False),
        ({"n": 1}, {"n": True}, False),
        ({"who": {"b": 1, "a": [2]}}, {"who": {"a": [2.0], "b": 1}}, True),
        ({"who": None}, {"who": None}, True),
        ({"who": None}, {}, False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"a": 1}, [1], False),
        ({}, "anything", True),
    ],
)
async def test_values_match_when_they_are_equal_as_json(world: World, asked, given, matches):
    run_id = await world.start(plan_of(Wait(event="e", match=asked)), {})
    await world.idle()
    assert await world.send("e", given) == int(matches)
    await world.idle()
    assert (await world.runtime.get(run_id)).status == ("succeeded" if matches else "waiting")


async def test_an_event_before_its_wait_is_kept(world: World):
    run_id = await world.start(plan_of(Wait(duration="1h"), Wait(event="replied", match={"n": 1})), {})
    await world.idle(until=60)
    assert await world.send("replied", {"n": 2}) == 0
    assert await world.send("replied", {"n": 1, "which": "first"}) == 0
    assert await world.send("replied", {"n": 1, "which": "second"}) == 0
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"n": 1, "which": "first"}


async def test_an_event_before_the_run_is_not_for_it(world: World):
    await world.send("replied", {"n": 1})
    world.clock.advance_to(world.clock.now() + 1)
    view = await world.run(plan_of(Wait(event="replied")))
    assert view.status == "waiting"


async def test_a_run_takes_an_event_in_once(world: World):
    run_id = await world.start(plan_of(Wait(event="tick"), Wait(event="tick"), Wait(event="tick")), {})
    await world.idle()
    assert await world.send("tick", {"n": 1}) == 1
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "waiting"
    await world.send("tick", {"n": 2})
    await world.send("tick", {"n": 3})
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"n": 3}


async def test_a_kept_event_serves_each_run_once(world: World):
    plan = plan_of(Wait(duration="1h"), Wait(event="opened"), Wait(event="opened"))
    runs = [await world.start(plan, {}) for _ in range(2)]
    await world.idle(until=60)
    await world.send("opened", {"n": 1})
    await world.idle()
    assert [(await world.runtime.get(run)).status for run in runs] == ["waiting", "waiting"]
    assert await world.send("opened", {"n": 2}) == 2
    await world.idle()
    assert [(await world.runtime.get(run)).output for run in runs] == [{"n": 2}, {"n": 2}]


async def test_a_second_delivery_is_dropped(world: World):
    run_id = await world.start(plan_of(Wait(event="paid"), Wait(event="paid")), {})
    await world.idle()
    assert await world.send("paid", {"n": 1}, event_id="evt_1") == 1
    assert await world.send("paid", {"n": 1}, event_id="evt_1") == 0
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "waiting"
    assert await world.send("paid", {"n": 2}, event_id="evt_2") == 1


async def test_ids_are_unique_among_the_events_of_a_name(world: World):
    run_id = await world.start(plan_of(Wait(event="created"), Wait(event="paid")), {})
    await world.idle()
    assert await world.send("created", {}, event_id="order-1") == 1
    await world.idle()
    assert await world.send("paid", {}, event_id="order-1") == 1
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "succeeded"


async def test_an_event_for_one_run_is_for_no_other(world: World):
    plan = plan_of(Wait(event="go"), Set({"went": True}))
    one, other = [await world.start(plan, {}) for _ in range(2)]
    await world.idle()
    assert await world.send("go", {}, run=one) == 1
    await world.idle()
    assert (await world.runtime.get(one)).status == "succeeded"
    assert (await world.runtime.get(other)).status == "waiting"
    with pytest.raises(OperationRefused, match="has succeeded: it takes in no events"):
        await world.send("go", {}, run=one)


async def test_an_early_event_for_one_run_is_kept_for_it_alone(world: World):
    plan = plan_of(Wait(duration="1h"), Wait(event="go"))
    one, other = [await world.start(plan, {}) for _ in range(2)]
    await world.send("go", {}, run=other)
    await world.idle()
    assert (await world.runtime.get(one)).status == "waiting"
    assert (await world.runtime.get(other)).status == "succeeded"


async def test_one_event_serves_one_wait_of_a_run(world: World):
    draft = Draft()
    lanes = tuple(Lane(name, draft.block(draft.step(name, Wait(event="go")))) for name in ("a", "b"))
    run_id = await world.start(draft.plan(draft.step("both", Parallel(lanes))), {})
    await world.idle()
    assert await world.send("go", {"n": 1}) == 1
    await world.idle()
    assert (await world.runtime.get(run_id)).status == "waiting"
    await world.send("go", {"n": 2})
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"a": {"n": 1}, "b": {"n": 2}}


async def test_an_event_whose_delivery_was_broken_off_is_delivered_at_the_next_start(world: World):
    run_id = await world.start(plan_of(Wait(event="go")), {})
    await world.idle()
    sending = world.runtime.send("go", {"n": 1})
    world.runtime._wakeups.wake = lambda number, action: None  # the process dies after the event's own commit
    assert await sending == 1
    await world.reopen()
    await world.idle()
    assert (await world.runtime.get(run_id)).output == {"n": 1}
    await world.store.flush()
    assert not world.store.pending_events()


async def test_an_event_ends_up_settled(world: World):
    await world.start(plan_of(Wait(event="go"), Perform("act", {}, "keyed")), {})
    await world.idle()
    await world.send("go", {})
    await world.send("unheard", {})
    await world.idle()
    await world.reopen()
    assert not world.store.pending_events()


async def test_an_event_too_large_is_refused(world: World):
    with pytest.raises(OperationRefused, match="the event's data is too large"):
        await world.send("big", {"text": "x" * 2_000_001})
