"""Erasing a person: every ended run forgets them, what goes on is refused, nobody else is touched."""

from __future__ import annotations

import pytest

from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Perform, Set, Wait
from recipe_engine.runtime.errors import OperationRefused
from recipe_engine.runtime.traces import Traces
from recipe_engine.runtime.value_store import ValueStore
from tests.contract.conftest import World
from tests.contract.drafts import plan_of

ADA = Traces(("ada@example.org", "+33639980012"), ("WyJhZGFA",), ("Ada Exemple",)).to_json()
FORM = {"email": "Ada@example.org", "name": "Ada Exemple", "phone": "06 39 98 00 12", "note": "Bonjour"}


def file(letter: str, name: str) -> dict[str, object]:
    return {"digest": f"sha256:{letter * 64}", "name": name, "media_type": "text/plain", "size": 1}


async def text_of(world: World, run: str) -> str:
    view = await world.runtime.get(run)
    journal = [entry.to_json() for entry in await world.runtime.journal(run)]
    return str([view.to_json(), journal, (await world.runtime.list())[0].to_json()])


async def test_an_ended_run_forgets_whom_it_was_about_and_keeps_what_it_did(world: World):
    plan = plan_of(
        Perform("send", {"to": "{{ email }}", "text": "Merci {{ name }}"}, "once"), Set({"mail": "{{ email }}"})
    )
    view = await world.run(plan, FORM)
    assert [run.run_id for run in await world.runtime.naming(ADA)] == [view.run_id]
    told = await world.runtime.redact(ADA)
    assert told == {"runs": [view.run_id], "files": [], "shared": []}
    after = await world.runtime.get(view.run_id)
    assert (after.status, after.output, after.ended_at) == ("succeeded", {"mail": "[erased]"}, view.ended_at)
    assert [(step["path"], step["status"]) for step in after.steps or ()] == [
        (step["path"], step["status"]) for step in view.steps or ()
    ]
    text = (await text_of(world, view.run_id)).lower()
    assert "ada" not in text
    assert "39 98" not in text
    assert "bonjour" in text
    await world.reopen()
    assert (await world.runtime.get(view.run_id)).output == {"mail": "[erased]"}
    assert await world.runtime.naming(ADA) == []
    assert (await world.runtime.redact(ADA))["runs"] == []


async def test_a_failure_loses_the_person_and_keeps_its_code(world: World):
    world.performer.answer("send", Failure("refused", "no mailbox ada@example.org", detail="for Ada Exemple"))
    view = await world.run(plan_of(Perform("send", {"to": "{{ email }}"}, "keyed")), FORM)
    await world.runtime.redact(ADA)
    [listed] = await world.runtime.list()
    assert listed.error == (await world.runtime.get(view.run_id)).error
    assert (listed.error["code"], listed.error["title"], listed.error["detail"]) == ("refused", "[erased]", "[erased]")


async def test_a_run_that_goes_on_is_named_and_nothing_is_erased(world: World):
    ended = await world.run(plan_of(Set({"mail": "{{ email }}"})), FORM)
    waiting = await world.run(plan_of(Wait(event="reply", match={"email": "{{ email }}"})), FORM)
    with pytest.raises(OperationRefused, match=f"go on: {waiting.run_id}"):
        await world.runtime.redact(ADA)
    assert (await world.runtime.get(ended.run_id)).output == {"mail": "Ada@example.org"}
    await world.cancel(waiting.run_id, by="ada")
    assert sorted((await world.runtime.redact(ADA))["runs"]) == sorted([ended.run_id, waiting.run_id])
    assert (await world.runtime.get(waiting.run_id)).status == "cancelled"


async def test_other_people_are_not_touched(world: World):
    other = await world.run(
        plan_of(Set({"mail": "{{ email }}"})), {"email": "bada@example.org", "phone": "+33639980013"}
    )
    namesake = await world.run(plan_of(Set({"n": "{{ name }}"})), {"name": "Ada Exemple"})
    await world.runtime.redact(ADA)
    assert (await world.runtime.get(other.run_id)).output == {"mail": "bada@example.org"}
    assert (await world.runtime.get(namesake.run_id)).output == {"n": "Ada Exemple"}


async def test_events_and_values_between_runs_forget_the_person(world: World):
    values = ValueStore(world.store, world.clock)
    await values.put("leads", "ada@example.org", {"seen": 1}, None)
    await values.put("leads", "17", {"email": "ada@example.org", "score": 3}, None)
    await world.send("contact.replied", {"email": "ada@example.org", "text": "Oui"})
    await world.idle()
    await world.runtime.redact(ADA)
    assert await values.list("leads", "", 10) == [{"key": "17", "value": {"email": "[erased]", "score": 3}}]
    later = plan_of(Wait(event="contact.replied", match={"email": "ada@example.org"}))
    view = await world.run(later)
    assert view.status == "waiting"


async def test_an_event_that_was_taken_in_a_moment_ago_is_forgotten(world: World):
    await world.send("contact.replied", {"email": "ada@example.org", "text": "Oui"})
    await world.runtime.redact(ADA)
    view = await world.run(plan_of(Wait(event="contact.replied", match={"email": "ada@example.org"})))
    assert view.status == "waiting"


async def test_files_that_only_their_runs_hold_are_told(world: World):
    own, common, other = file("a", "plan.pdf"), file("b", "logo.png"), file("c", "list.csv")
    theirs = await world.run(plan_of(Set({"n": 1})), {**FORM, "files": [own, common]})
    await world.run(plan_of(Set({"n": 1})), {"file": common})
    digest = await world.run(plan_of(Perform("report", {"file": other, "rows": ["ada@example.org", "bob"]}, "keyed")))
    told = await world.runtime.redact(ADA)
    assert (told["files"], told["shared"]) == ([own["digest"]], ["logo.png"])
    names = [each["name"] for each in (await world.runtime.journal(theirs.run_id))[0].events[0].input["files"]]
    assert names == ["[erased]", "logo.png"]
    text = str([entry.to_json() for entry in await world.runtime.journal(digest.run_id)])
    assert "'bob'" in text
    assert "list.csv" in text
    assert "ada@" not in text


async def test_a_retry_of_a_redacted_run_is_possible(world: World):
    world.performer.answer("send", Failure("refused", "no"))
    plan = plan_of(Set({"mail": "{{ email }}"}), Perform("send", {"to": "{{ email }}"}, "keyed"))
    view = await world.run(plan, FORM)
    await world.runtime.redact(ADA)
    world.performer.answer("send", {"id": 1})
    again = await world.run(plan, {"email": "[erased]"}, retry_of=view.run_id, reused={"s0": {"mail": "[erased]"}})
    assert again.status == "succeeded"
    assert (await world.runtime.redact(ADA))["runs"] == []


async def test_a_run_that_took_over_outputs_forgets_them_too(world: World):
    first = await world.run(plan_of(Set({"n": 1})), {})
    plan = plan_of(Perform("look", {}, "keyed"))
    view = await world.run(plan, {}, retry_of=first.run_id, reused={"s0": {"mail": "ada@example.org"}})
    await world.runtime.redact(ADA)
    assert (await world.runtime.get(view.run_id)).output == {"mail": "[erased]"}
