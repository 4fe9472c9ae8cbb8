"""Contacts over the sandbox, which is the real code on a database in memory."""

from __future__ import annotations

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, SandboxContext, sandbox_context
from recipe_plugins.contacts import register_connectors

[CONNECTOR] = register_connectors()
PHONE = "+33639980012"


@pytest.fixture
def bench() -> SandboxContext:
    return sandbox_context(CONNECTOR, {"PHONE_REGION": "FR"})


async def test_a_contact_is_added_once_and_its_addresses_have_one_spelling(bench: SandboxContext) -> None:
    one = await bench.call("upsert", email="Ada <Ada@Example.org>", phone="06 39 98 00 12", name="Ada", tags=["devis"])
    two = await bench.call(
        "upsert", email="ADA@example.org", phone="", name="", tags=["client", "devis"], fields={"a": 1}
    )
    assert (one["email"], one["phone"], one["created"]) == ("ada@example.org", PHONE, True)
    assert (two["id"], two["created"], two["name"], two["phone"]) == (one["id"], False, "Ada", PHONE)
    assert (two["tags"], two["fields"]) == (["devis", "client"], {"a": 1})
    assert [effect.action for effect in bench.effects] == ["create contact", "update contact"]


async def test_a_step_that_is_repeated_after_a_crash_answers_as_it_did(bench: SandboxContext) -> None:
    first = await bench.call("upsert", email="ada@example.org", step_key="run-1/steps.a")
    again = await bench.call("upsert", email="ada@example.org", step_key="run-1/steps.a", recovered=True)
    assert again == first
    talk = {"id": first["id"], "kind": "call", "notes": "Rappeler"}
    one = await bench.call("add_interaction", **talk, step_key="run-1/steps.b")
    assert await bench.call("add_interaction", **talk, step_key="run-1/steps.b", recovered=True) == one
    assert (await bench.call("list_interactions", id="1")) == {"interactions": [one], "more": False}


async def test_people_who_share_a_phone_are_two_people(bench: SandboxContext) -> None:
    ada = await bench.call("upsert", email="ada@example.org", phone=PHONE)
    bob = await bench.call("upsert", email="bob@example.org", phone=PHONE)
    assert ada["id"] != bob["id"]
    bench.clock.advance_to(START + 60)
    await bench.call("update", id=ada["id"], name="Ada")
    assert (await bench.call("find", phone=PHONE))["contact"]["id"] == ada["id"]


async def test_a_contact_known_by_phone_gets_its_email(bench: SandboxContext) -> None:
    caller = await bench.call("upsert", phone=PHONE, name="Ada")
    writer = await bench.call("upsert", email="ada@example.org", phone=PHONE)
    assert writer["id"] == caller["id"]
    assert (await bench.call("get", email="ada@example.org"))["name"] == "Ada"


async def test_what_is_not_there(bench: SandboxContext) -> None:
    assert await bench.call("find", email="eve@example.org") == {"found": False, "contact": None}
    assert await bench.call("find", phone=PHONE) == {"found": False, "contact": None}
    for who in ({"id": "7"}, {"id": "x"}, {"email": "eve@example.org"}, {"phone": PHONE}):
        assert (await bench.failure("get", **who)).code == "not_found"
    assert (await bench.failure("get")).code == "validation"


@pytest.mark.parametrize(
    "given", [{"phone": "0639"}, {"phone": "bonjour"}, {"email": "ada"}, {"email": "a@b.fr, c@d.fr"}]
)
async def test_what_is_no_address_is_refused(bench: SandboxContext, given: dict[str, str]) -> None:
    assert (await bench.failure("upsert", **given)).code == "invalid_recipient"


async def test_a_national_number_needs_a_country() -> None:
    bench = sandbox_context(CONNECTOR)
    assert (await bench.failure("upsert", phone="06 39 98 00 12")).code == "invalid_recipient"
    assert (await bench.call("upsert", phone="06 39 98 00 12", region="FR"))["phone"] == PHONE


async def test_a_change_changes_what_is_given(bench: SandboxContext) -> None:
    ada = await bench.call("upsert", email="ada@example.org", tags=["devis"], fields={"ville": "Lyon", "code": 69})
    changed = await bench.call(
        "update", id=ada["id"], company="Atelier", add_tags=["client"], remove_tags=["devis"], fields={"code": None}
    )
    assert (changed["company"], changed["tags"], changed["fields"]) == ("Atelier", ["client"], {"ville": "Lyon"})
    assert (await bench.call("update", id=ada["id"], email="Ada@example.org"))["email"] == "ada@example.org"
    await bench.call("upsert", email="bob@example.org")
    failure = await bench.failure("update", id=ada["id"], email="bob@example.org")
    assert (failure.code, failure.detail) == ("conflict", "the contact 2")


async def test_all_contacts_page_by_page(bench: SandboxContext) -> None:
    for number in range(5):
        await bench.call("upsert", email=f"c{number}@example.org", name=f"Élodie {number}", tags=["été"][: number % 2])
    seen, after = [], "0"
    while after is not None:
        page = await bench.call("list", limit=2, after=after)
        seen += [each["email"] for each in page["contacts"]]
        after = page["next"]
    assert seen == [f"c{number}@example.org" for number in range(5)]
    assert [each["id"] for each in (await bench.call("list", tag="Été"))["contacts"]] == []
    assert [each["id"] for each in (await bench.call("list", tag="été"))["contacts"]] == ["2", "4"]
    assert [each["id"] for each in (await bench.call("list", query="élodie 3"))["contacts"]] == ["4"]
    assert (await bench.call("list", query="%"))["contacts"] == []
    assert (await bench.call("list", source="salon"))["contacts"] == []
    assert (await bench.call("list", updated_after="2030-01-01T00:00:00+01:00"))["contacts"] == []


async def test_what_was_talked_about_is_listed_the_latest_first(bench: SandboxContext) -> None:
    await bench.call("upsert", email="ada@example.org")
    await bench.call("add_interaction", email="ada@example.org", kind="call", at="2026-11-01T10:00:00+01:00")
    await bench.call("add_interaction", email="ada@example.org", kind="visit", subject="Chantier")
    await bench.call("add_interaction", email="ada@example.org", kind="call", outcome="signé")
    found = await bench.call("list_interactions", email="ada@example.org", limit=2)
    assert ([each["kind"] for each in found["interactions"]], found["more"]) == (["call", "visit"], True)
    found = await bench.call("list_interactions", email="ada@example.org", kind="call")
    assert [each["at"] for each in found["interactions"]] == ["2026-11-20T09:00:00+00:00", "2026-11-01T09:00:00+00:00"]
    assert (await bench.failure("add_interaction", email="bob@example.org", kind="call")).code == "not_found"


async def test_a_store_that_cannot_be_reached_is_worth_another_try(bench: SandboxContext) -> None:
    bench.inject(Fault(status=503, body={"code": "unavailable", "message": "the contacts cannot be reached"}))
    failure = await bench.failure("upsert", email="ada@example.org")
    assert (failure.code, failure.retryable) == ("unavailable", True)
