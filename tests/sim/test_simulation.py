"""Runs of made-up recipes in a world that fails and crashes: nothing is lost, nothing that counts happens twice."""

from __future__ import annotations

import json
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe_engine.core import events as ev
from recipe_engine.core.advance import advance, outstanding, replay
from recipe_engine.core.events import Entry
from recipe_engine.core.plan import Plan
from recipe_engine.core.view import run_view
from tests.sim.plans import plans
from tests.sim.world import World, dump

EXAMPLES = int(os.environ.get("RECIPE_SIM_EXAMPLES", "300"))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIET)
@given(plan=plans(), data=st.data())
def test_run_survives_crashes_and_ends(plan, data):
    world = World(plan, data)
    state = world.run()
    json.dumps(run_view(state))
    assert state.usage.cost >= 0


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=QUIET)
@given(plan=plans(depth=2), data=st.data())
def test_every_journal_prefix_replays_and_can_be_cancelled(plan, data):
    world = World(plan, data, crashes=False)
    world.run(most=60)
    entries = [Entry.from_json(item) for item in json.loads(json.dumps(world.journal))]
    for length in range(1, len(entries) + 1):
        state = replay(plan, entries[:length])
        assert dump(state) == dump(replay(plan, entries[:length]))
        if state.ended:
            assert length == len(entries)
            continue
        asked = outstanding(state)
        assert {command.seq for command in asked} <= set(state.pending)
        assert state.status != "waiting" or asked or state.pending
        assert advance(state, ev.RunCancelled("test"), 2e6).entry is not None
        assert state.ended == "cancelled"
        assert not state.pending
        assert all(step.status in ("succeeded", "failed", "skipped", "cancelled") for step in state.steps.values())


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=QUIET)
@given(plan=plans())
def test_plan_survives_its_json(plan):
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again == plan
    assert again.digest == plan.digest
