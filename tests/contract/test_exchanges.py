"""A model that calls tools, remembers and asks a person, through restarts after every commit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.core import events as ev
from recipe_engine.core.advance import replay
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Plan
from tests.contract.conftest import World

RECIPE = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
input_schema: {type: object, required: [mail], properties: {mail: {type: string}}}
steps:
  - id: answer
    type: llm_call
    user_prompt: "Que dire ?"
    conversation: "{{ mail }}"
    tools:
      - {action: store.get, name: stock, with: {table: stock}}
      - {action: notify, name: order, confirm: approval, with: {channels: [email]}, inputs: [message, to]}
"""
LOOP = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
steps:
  - id: each
    type: for_each
    items: "['a', 'b']"
    as: row
    batch: true
    steps: [{id: sort, type: llm_call, user_prompt: "{{ row }}"}]
"""


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    folder: Path = tmp_path_factory.mktemp("plans")
    found = {}
    for name, text in (("answer", RECIPE), ("loop", LOOP)):
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
        found[name] = Engine(":memory:", env={}).compile(folder / f"{name}.yml")
    return found


def asking(path: str, *tools: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    made = [
        {"id": f"{path}-{n}", "tool": tool, "input": given, "problem": None} for n, (tool, given) in enumerate(tools)
    ]
    return {"answer": None if tools else "ok", "calls": made, "kept": [], "text": "", "asked": "Que dire ?"}


def model(call: Any) -> dict[str, Any]:
    rounds = call.command.params["exchange"]["rounds"]
    tools = [
        [("stock", {"key": "a"}), ("order", {"message": "x", "to": "a@example.org"})],
        [("stock", {"key": "b"})],
        [],
    ][len(rounds)]
    return asking(f"r{len(rounds)}", *tools)


def scripted(world: World) -> None:
    world.performer.say("llm_call", model)
    world.performer.answer("store.list", {"entries": []})
    world.performer.answer("store.get", {"value": 3})
    world.performer.answer("store.put", {"key": "k"})


async def journal_of(world: World, run: str) -> list[ev.Entry]:
    return await world.runtime.journal(run)


def succeeded(journal: list[ev.Entry]) -> Counter[str]:
    events = [event for entry in journal for event in entry.events]
    return Counter(event.path for event in events if isinstance(event, ev.ActionSucceeded))


def fresh(world: World, action: str) -> int:
    """How often an action began, not counting those that were under way when a process ended: they are told that."""
    return sum(not call.recovered for call in world.performer.of(action))


async def test_no_call_that_was_recorded_is_made_again(world: World, plans: dict[str, Plan]):
    scripted(world)
    run = await world.start(plans["answer"], {"mail": "ada@example.org"})
    await world.idle()
    assert (await world.runtime.get(run)).status == "waiting"
    await world.approve(run, "answer", True, "lea", None)
    await world.idle()
    view, journal = await world.runtime.get(run), await journal_of(world, run)
    assert (view.status, view.output) == ("succeeded", "ok"), view.error
    done = succeeded(journal)
    assert set(done.values()) == {1}
    assert sum(path.endswith("/model") for path in done) == 3
    assert sum(path.endswith("/stock") for path in done) == 2
    assert fresh(world, "notify") == 1
    # Every prefix of the journal is a state that the rest of it leads on from to the same end.
    whole = replay(plans["answer"], journal)
    assert {path: step.output for path, step in whole.steps.items() if path.endswith("/kept")}.keys() == {
        "answer/round[0]/kept",
        "answer/round[1]/kept",
        "answer/round[2]/kept",
    }
    for end in range(1, len(journal)):
        begun = replay(plans["answer"], journal[:end])
        assert all(step.output == whole.steps[path].output for path, step in begun.steps.items() if step.output)


async def test_a_tool_of_which_nobody_knows_whether_it_happened_waits_for_a_person(
    world: World, plans: dict[str, Plan]
):
    scripted(world)
    lost = Failure("timeout", "no answer came", retryable=True, happened="maybe")
    world.performer.answer("notify", lost)
    run = await world.start(plans["answer"], {"mail": "ada@example.org"})
    await world.idle()
    await world.approve(run, "answer", True, "lea", None)
    await world.idle()
    assert (await world.runtime.get(run)).status == "in_doubt"
    await world.resolve(run, "order", "done", "lea", {"sent": True})
    await world.idle()
    view = await world.runtime.get(run)
    assert (view.status, view.output, fresh(world, "notify")) == ("succeeded", "ok", 1)
    told = world.performer.of("llm_call")[-1].command.params["exchange"]["rounds"][0]["results"]
    assert [result["text"] for result in told] == ['{"value": 3}', '{"sent": true}']


async def test_a_batch_is_handed_over_once_and_waited_for(world: World, plans: dict[str, Plan]):
    looks = iter(range(100))
    world.performer.answer("llm.send_batch", {"ids": ["b1"]})
    world.performer.say("llm.batch_status", lambda call: {"ended": next(looks) > 5, "waiting": 2})
    world.performer.say("llm_call", lambda call: call.command.params["user_prompt"])
    view = await world.run(plans["loop"])
    done = succeeded(await journal_of(world, view.run_id))
    assert (view.status, view.output["results"]) == ("succeeded", ["a", "b"])
    assert done["_each_sent"] == 1
    assert fresh(world, "llm.send_batch") == 1
    asked = world.performer.of("llm_call")[0].command.params["batched"]
    assert (asked["ids"], asked["place"], asked["question"]["user_prompt"]) == (["b1"], 0, "a")
