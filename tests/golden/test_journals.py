"""Journals written by earlier versions replay to what they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipe_engine.core.advance import outstanding, replay
from recipe_engine.core.events import Entry, Event
from recipe_engine.core.plan import Plan
from recipe_engine.core.view import run_view
from tests.golden.stories import JOURNALS, STORIES

RECORDED = sorted(JOURNALS.glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_journal_still_leads_to_the_same_run(path: Path):
    told = json.loads(path.read_text(encoding="utf-8"))
    plan = Plan.from_json(told["plan"])
    entries = [Entry.from_json(item) for item in told["journal"]]
    state = replay(plan, entries)
    assert run_view(state) == told["view"]
    assert not outstanding(state)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_told_today_gives_the_recorded_journal(name: str):
    told = json.loads((JOURNALS / f"{name}.json").read_text(encoding="utf-8"))
    run = STORIES[name]()
    assert [entry.to_json() for entry in run.entries] == told["journal"]
    assert run.state.plan.to_json() == told["plan"]


def test_every_kind_of_event_stands_in_a_recorded_journal():
    seen = {
        type(event)
        for path in RECORDED
        for item in json.loads(path.read_text(encoding="utf-8"))["journal"]
        for event in Entry.from_json(item).events
    }
    assert set(Event.__args__) == seen
