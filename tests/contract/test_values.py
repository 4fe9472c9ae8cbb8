"""Values kept between runs, and the bounds of values."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine.core.plan import ForEach, Limits, Perform, Retry, Set, Wait
from recipe_engine.runtime.errors import OperationRefused
from recipe_engine.runtime.value_store import ValueStore
from tests.contract.conftest import World
from tests.contract.drafts import Draft, plan_of

DAY = 86_400.0


@pytest.fixture
def values(world: World) -> ValueStore:
    return ValueStore(world.store, world.clock)


async def test_a_key_is_claimed_by_the_first(values: ValueStore):
    assert await values.claim("seen", "ad-1", "run-1", None)
    assert not await values.claim("seen", "ad-1", "run-2", None)
    assert await values.claim("seen", "ad-1", "run-1", None)
    assert await values.claim("seen", "ad-2", "run-2", None)
    assert await values.claim("other", "ad-1", "run-2", None)


async def test_of_many_claims_at_once_one_wins(values: ValueStore):
    won = await asyncio.gather(*(values.claim("seen", "ad", f"run-{n}", None) for n in range(10)))
    assert won.count(True) == 1


async def test_a_claim_expires(world: World, values: ValueStore):
    assert await values.claim("seen", "ad", "run-1", 10 * DAY)
    world.clock.advance_to(world.clock.now() + 9 * DAY)
    assert not await values.claim("seen", "ad", "run-2", 10 * DAY)
    world.clock.advance_to(world.clock.now() + DAY)
    assert await values.claim("seen", "ad", "run-2", 10 * DAY)
    assert not await values.claim("seen", "ad", "run-1", None)


async def test_values_are_put_got_listed_and_deleted(world: World, values: ValueStore):
    assert await values.get("prices", "a") is None
    await values.put("prices", "a/1", {"eur": 3}, None)
    await values.put("prices", "a/2", [1, None], DAY)
    await values.put("prices", "b/1", "text", None)
    await values.put("prices", "a/1", {"eur": 4}, None)
    assert await values.get("prices", "a/1") == {"eur": 4}
    assert await values.list("prices", "a/", 10) == [
        {"key": "a/1", "value": {"eur": 4}},
        {"key": "a/2", "value": [1, None]},
    ]
    assert len(await values.list("prices", "", 2)) == 2
    world.clock.advance_to(world.clock.now() + DAY)
    assert await values.get("prices", "a/2") is None
    assert [item["key"] for item in await values.list("prices", "", 10)] == ["a/1", "b/1"]
    assert not await values.delete("prices", "a/2")
    assert await values.delete("prices", "a/1")
    assert not await values.delete("prices", "a/1")
    assert await values.get("prices", "a/1") is None


async def test_a_claimed_key_can_hold_a_value(values: ValueStore):
    await values.claim("seen", "ad", "run-1", None)
    assert await values.get("seen", "ad") is None
    await values.put("seen", "ad", {"price": 3}, None)
    assert await values.get("seen", "ad") == {"price": 3}
    assert not await values.claim("seen", "ad", "run-2", None)


async def test_values_survive_a_restart(world: World, values: ValueStore):
    await values.put("t", "k", 1, None)
    await world.reopen()
    assert await values.get("t", "k") == 1


# --- bounds


async def test_an_answer_too_large_fails_its_step(world: World):
    world.performer.answer("fetch", {"text": "x" * 2_000_001})
    view = await world.run(plan_of(Perform("fetch", {}, "keyed"), retry=Retry(attempts=3)))
    assert (view.status, view.error["code"], view.error["step"]) == ("failed", "value_too_large", "s0")
    assert view.steps[0]["attempts"] == 1


async def test_an_answer_that_json_cannot_hold_fails_its_step(world: World):
    world.performer.answer("fetch", {"n": 2**70})
    view = await world.run(plan_of(Perform("fetch", {}, "keyed"), Perform("next", {}, "keyed"), on_error="continue"))
    assert view.status == "succeeded"
    assert view.steps[0]["error"]["code"] == "value_too_large"


async def test_many_values_that_are_large_together_pass(world: World):
    draft = Draft()
    body = draft.block(draft.step("one", Set({"text": "{{ item }}"})))
    plan = draft.plan(draft.step("each", ForEach("items", "item", body)))
    view = await world.run(plan, {"items": ["x" * 1000] * 1900})
    assert view.status == "succeeded"


async def test_what_a_step_leads_to_is_bounded(world: World):
    draft = Draft()
    body = draft.block(draft.step("one", Set({"a": "{{ big }}", "b": "{{ big }}"})))
    first = draft.step("first", Wait(duration="1s"))
    plan = draft.plan(first, draft.step("each", ForEach("items", "item", body)))
    view = await world.run(plan, {"items": list(range(30)), "big": "x" * 900_000})
    assert (view.status, view.error["code"]) == ("failed", "value_too_large")
    assert "larger than" in view.error["detail"]


async def test_an_input_too_large_is_refused(world: World):
    with pytest.raises(
        OperationRefused, match=r"the input is too large: 2,000,0\d\d bytes, at most 2,000,000"
    ) as refused:
        await world.start(plan_of(Set({"a": 1})), {"text": "x" * 2_000_000})
    assert refused.value.hint == "pass large data as a file"
    with pytest.raises(OperationRefused, match="the input cannot be kept: Integer exceeds 64-bit range"):
        await world.start(plan_of(Set({"a": 1})), {"n": 2**64})
    assert await world.runtime.list() == []


async def test_a_run_that_cannot_begin_is_refused(world: World):
    draft = Draft()
    body = draft.block(draft.step("one", Set({"a": "{{ big }}", "b": "{{ big }}"})))
    concurrency = Limits(concurrency={"key": None, "max": 1, "when_full": "queue"})
    plan = draft.plan(draft.step("each", ForEach("items", "item", body)), limits=concurrency)
    given = {"items": list(range(30)), "big": "x" * 900_000}
    with pytest.raises(OperationRefused, match="the run cannot begin: what this leads to is larger than"):
        await world.start(plan, given)
    assert await world.runtime.list() == []
    first = await world.start(plan_of(Wait(duration="1h"), limits=concurrency), {})
    queued = await world.start(plan, given)
    last = await world.start(plan_of(Set({"a": 1}), limits=concurrency), {})
    await world.idle()
    view = await world.runtime.get(queued)
    assert (view.status, view.error["code"], view.steps) == ("failed", "value_too_large", [])
    assert [(await world.runtime.get(run)).status for run in (first, last)] == ["succeeded", "succeeded"]


async def test_what_is_old_is_forgotten(world: World):
    old = await world.run(plan_of(Perform("act", {}, "keyed"), slug="old"))
    parked = await world.start(plan_of(Wait(event="go"), slug="parked"), {})
    await world.send("unheard", {})
    await world.idle()
    world.clock.advance_to(world.clock.now() + 10 * DAY)
    new = await world.run(plan_of(Set({"a": 1}), slug="new"))
    assert await world.runtime.prune(20 * DAY) == 0
    assert await world.runtime.prune(5 * DAY) == 1
    assert [view.run_id for view in await world.runtime.list()] == [new.run_id, parked]
    assert world.store.run(old.run_id) is None
    await world.send("go", {})
    await world.idle()
    assert (await world.runtime.get(parked)).status == "succeeded"
    assert (await world.run(plan_of(Perform("act", {}, "keyed"), slug="old"))).status == "succeeded"


async def test_events_are_kept_for_thirty_days(world: World):
    waiting = await world.start(plan_of(Wait(duration="29d"), Wait(event="early")), {})
    late = await world.start(plan_of(Wait(duration="40d"), Wait(event="early")), {})
    await world.runtime.send("early", {"n": 1})
    await world.idle(until=32 * DAY)
    await world.runtime.send("other", {})
    await world.idle(until=33 * DAY)
    assert world.store.kept("early", 0.0, 0) == []
    await world.idle()
    assert [(await world.runtime.get(run)).status for run in (waiting, late)] == ["succeeded", "waiting"]
