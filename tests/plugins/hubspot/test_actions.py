"""HubSpot's actions over its sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

import asyncio

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.hubspot import register_connectors
from tests.support.vendor_specs import hold_to_spec, spec

[CONNECTOR] = register_connectors()


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    hold_to_spec(bench.sandbox, "hubspot")
    return bench


async def test_a_contact_that_is_not_there_is_found_false_and_not_a_failure(bench: SandboxContext) -> None:
    assert await bench.call("find_contact", email="nobody@example.org") == {"found": False, "contact": None}


async def test_a_contact_is_found_by_its_address_whatever_its_case(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "Jeanne+ar@Example.org", "firstname": "Jeanne"}]})
    found = await bench.call("find_contact", email="jeanne+AR@example.org", properties=["jobtitle"])
    assert found["contact"]["id"] == "77"
    assert found["contact"]["url"] == "https://app.hubspot.com/contacts/12345678/record/0-1/77"
    assert found["contact"]["properties"] == {
        "email": "jeanne+ar@example.org",
        "firstname": "Jeanne",
        "lastname": None,
        "phone": None,
        "company": None,
        "lifecyclestage": None,
        "jobtitle": None,
        "createdate": "2026-11-20T08:00:00.000Z",
        "hs_object_id": "77",
        "lastmodifieddate": "2026-11-20T08:00:00.000Z",
    }


async def test_find_or_create_creates_once_and_then_finds(bench: SandboxContext) -> None:
    details = {
        "email": "a@example.org",
        "firstname": "Alice",
        "phone": None,
        "company": "",
        "properties": {"city": "Lyon"},
    }
    first = await bench.call("find_or_create_contact", **details)
    again = await bench.call("find_or_create_contact", **details)
    assert (first["created"], again["created"]) == (True, False)
    assert first["id"] == again["id"]
    assert again["properties"]["city"] == "Lyon"
    [effect] = bench.effects
    assert effect.action == "create contact"
    assert effect.data == {"id": "101", "email": "a@example.org", "firstname": "Alice", "city": "Lyon"}


async def test_two_runs_that_create_the_same_contact_at_once_end_with_one(bench: SandboxContext) -> None:
    """Both look, both see nobody, both create: the vendor's refusal names the contact of the first."""
    answer, looks = bench.sandbox.answer, iter(range(2))

    def nobody_yet(request):
        if request.method == "GET" and next(looks, None) is not None:
            bench.sandbox.account.records["contacts"], kept = {}, bench.sandbox.account.records["contacts"]
            try:
                return answer(request)
            finally:
                bench.sandbox.account.records["contacts"] = kept
        return answer(request)

    bench.sandbox.answer = nobody_yet
    one, two = await asyncio.gather(
        bench.call("find_or_create_contact", email="a@example.org", firstname="Alice"),
        bench.call("find_or_create_contact", email="A@example.org", firstname="Bob"),
    )
    assert sorted([one["created"], two["created"]]) == [False, True]
    assert one["id"] == two["id"]
    assert [effect.action for effect in bench.effects] == ["create contact"]


async def test_a_dry_run_looks_but_creates_nothing(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}]})
    known = await bench.call("find_or_create_contact", dry_run=True, email="j@example.org")
    sample = await bench.call("find_or_create_contact", dry_run=True, email="new@example.org")
    assert (known["id"], known["created"]) == ("77", False)
    assert sample["id"]
    assert [request.method for request in bench.sandbox.requests] == ["GET", "GET"]
    assert bench.effects == []


async def test_a_contact_is_updated_by_address_and_the_empty_text_clears(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org", "phone": "+33 1", "city": "Lyon"}]})
    answer = await bench.call("update_contact", id="j@example.org", properties={"phone": "", "lifecyclestage": "lead"})
    assert answer["id"] == "77"
    assert bench.sandbox.state()["contacts"] == [
        {"id": "77", "email": "j@example.org", "city": "Lyon", "lifecyclestage": "lead"}
    ]


async def test_a_ticket_goes_into_the_pipeline_of_the_settings_with_its_contact() -> None:
    bench = sandbox_context(CONNECTOR, {"HUBSPOT_PIPELINE_ID": "55", "HUBSPOT_STAGE_NEW": "551", "HUBSPOT_HUB_ID": ""})
    hold_to_spec(bench.sandbox, "hubspot")
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}]})
    ticket = await bench.call("create_ticket", subject="Modèle 3D", content="…", priority="HIGH", contact_id="77")
    assert ticket["url"] is None  # these settings name no hub
    assert (ticket["properties"]["hs_pipeline"], ticket["properties"]["hs_pipeline_stage"]) == ("55", "551")
    [effect] = bench.effects
    assert effect.data["contact"] == "77"
    assert ["tickets", ticket["id"], "contacts", "77"] in bench.sandbox.state()["associations"]


async def test_a_ticket_is_read_and_updated(bench: SandboxContext) -> None:
    ticket = await bench.call("create_ticket", subject="Panne", properties={"hs_ticket_category": "BILLING_ISSUE"})
    assert ticket["url"] == f"https://app.hubspot.com/contacts/12345678/record/0-5/{ticket['id']}"
    await bench.call("update_ticket", id=ticket["id"], stage="4", priority="LOW")
    read = await bench.call("get_ticket", id=ticket["id"], properties=["hs_ticket_category"])
    assert read["properties"]["hs_pipeline_stage"] == "4"
    assert read["properties"]["hs_ticket_category"] == "BILLING_ISSUE"
    assert [effect.action for effect in bench.effects] == ["create ticket", "update ticket"]


async def test_an_association_made_twice_is_one_effect(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}], "tickets": [{"id": "5", "subject": "x"}]})
    for _ in range(2):
        answer = await bench.call("associate", from_type="tickets", from_id="5", to_type="contacts", to_id="77")
    assert answer == {"from_id": "5", "to_id": "77"}
    [effect] = bench.effects
    assert (effect.action, effect.data) == ("associate ticket with contact", {"from_id": "5", "to_id": "77"})


async def test_a_note_is_written_on_several_records(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}], "tickets": [{"id": "5", "subject": "x"}]})
    await bench.call("create_note", body="Rappelé", contact_id="77", ticket_id="5")
    [effect] = bench.effects
    assert effect.data == {
        "id": "9001",
        "contact": "77",
        "ticket": "5",
        "hs_timestamp": "2026-11-20T09:00:00.000+00:00",
        "hs_note_body": "Rappelé",
    }


async def test_search_lags_behind_what_was_written(bench: SandboxContext) -> None:
    await bench.call("create_ticket", subject="Panne")
    assert (await bench.call("list_tickets"))["total"] == 0
    bench.clock.advance_to(START + 10)
    found = await bench.call("list_tickets", stage="1", created_after="2026-11-20T08:59:59+00:00")
    assert (found["total"], found["results"][0]["properties"]["subject"]) == (1, "Panne")


async def test_all_pages_up_to_the_limit(bench: SandboxContext) -> None:
    bench.sandbox.seed(
        {"tickets": [{"subject": f"n° {n}", "hs_pipeline": "0", "hs_pipeline_stage": "1"} for n in range(450)]}
    )
    whole = await bench.call("list_tickets", pipeline="0", limit=1000)
    some = await bench.call("list_tickets", limit=201)
    assert (whole["total"], len(whole["results"]), len(some["results"])) == (450, 450, 201)
    assert len(bench.sandbox.requests) == 3 + 2
    assert len({each["id"] for each in whole["results"]}) == 450


async def test_search_by_filters_of_every_operator(bench: SandboxContext) -> None:
    bench.sandbox.seed(
        {
            "deals": [
                {"id": "1", "dealname": "Petit devis", "amount": "900", "dealstage": "new", "closedate": "2026-12-01"},
                {
                    "id": "2",
                    "dealname": "Grand devis",
                    "amount": "15000",
                    "dealstage": "won",
                    "closedate": "2027-01-15",
                },
                {"id": "3", "dealname": "Sans montant", "dealstage": "new"},
            ]
        }
    )

    async def found(*filters: dict[str, object], **more: object) -> list[str]:
        answer = await bench.call("search", type="deals", filters=list(filters), **more)
        return [each["id"] for each in answer["results"]]

    assert await found({"property": "amount", "operator": "GT", "value": 1000}) == ["2"]
    assert await found({"property": "amount", "operator": "BETWEEN", "value": 1, "high_value": 1000}) == ["1"]
    assert await found({"property": "amount", "operator": "NOT_HAS_PROPERTY"}) == ["3"]
    assert await found({"property": "dealstage", "operator": "IN", "values": ["won", "lost"]}) == ["2"]
    assert await found({"property": "dealname", "operator": "CONTAINS_TOKEN", "value": "devis"}) == ["1", "2"]
    assert await found({"property": "closedate", "operator": "LTE", "value": "2026-12-31"}) == ["1"]
    assert await found(
        {"property": "dealstage", "value": "new"}, {"property": "amount", "operator": "HAS_PROPERTY"}
    ) == ["1"]
    assert await found(query="grand") == ["2"]
    either = [[{"property": "dealstage", "value": "won"}], [{"property": "amount", "operator": "NOT_HAS_PROPERTY"}]]
    assert await found(any_of=either) == ["2", "3"]


async def test_filters_are_given_one_way_or_the_other(bench: SandboxContext) -> None:
    group = [{"property": "amount", "value": 1}]
    failure = await bench.failure("search", type="deals", filters=group, any_of=[group])
    assert failure.code == "validation"
    assert "not both" in failure.detail


async def test_search_sorts_by_a_property_in_objects_as_the_vendors_guide_has_them() -> None:
    """The vendor's client types sorts as texts, and so does the description: no other request departs from it."""
    bench = sandbox_context(CONNECTOR)
    bench.sandbox.seed(
        {"deals": [{"id": "1", "amount": "900"}, {"id": "2", "amount": "15000"}, {"id": "3", "amount": "77"}]}
    )
    answer = await bench.call("search", type="deals", sort="-amount")
    assert [each["id"] for each in answer["results"]] == ["2", "1", "3"]
    [request] = bench.sandbox.requests
    assert request.json()["sorts"] == [{"propertyName": "amount", "direction": "DESCENDING"}]
    described = spec("hubspot").request_problems(request)
    assert len(described) == 1
    assert "sorts/0" in described[0]


@pytest.mark.parametrize(
    ("action", "params", "says"),
    [
        ("create_ticket", {"subject": "x", "stage": "99"}, "99 was not one of the stages"),
        ("create_ticket", {"subject": "x", "pipeline": "nope"}, "nope is not a valid pipeline ID"),
        ("create_ticket", {"subject": "x", "properties": {"subjct": "y"}}, 'Property \\"subjct\\" does not exist'),
        ("create_ticket", {"subject": "x", "properties": {"createdate": "2026"}}, "read only"),
        ("create_ticket", {"subject": "x", "contact_id": "404"}, "Object not found"),
        (
            "update_contact",
            {"id": "77", "properties": {"lifecyclestage": "vip"}},
            "vip was not one of the allowed options",
        ),
        ("find_or_create_contact", {"email": "a@b"}, "Email address a@b is invalid"),
        ("search", {"type": "deals", "filters": [{"property": "nope", "value": "x"}]}, "property nope does not exist"),
        ("search", {"type": "deals", "any_of": [[{"property": "amount", "value": "1"}] * 6] * 5}, "30 in all"),
    ],
)
async def test_what_hubspot_refuses_is_refused_in_its_words(
    bench: SandboxContext, action: str, params: dict, says: str
) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}]})
    failure = await bench.failure(action, **params)
    assert (failure.code, failure.retryable, failure.happened) == (
        "http_404" if "not found" in says else "http_400",
        False,
        "no",
    )
    assert failure.title.startswith("HubSpot: ")
    assert says in failure.title
    assert failure.data["category"] in ("VALIDATION_ERROR", "OBJECT_NOT_FOUND")
    assert bench.effects == []


async def test_a_wrong_token_is_refused() -> None:
    bench = sandbox_context(CONNECTOR)
    bench.sandbox.settings["HUBSPOT_API_KEY"] = "another"
    hold_to_spec(bench.sandbox, "hubspot")
    failure = await bench.failure("get_ticket", id="1")
    assert (failure.code, failure.detail) == ("http_401", "INVALID_AUTHENTICATION")


async def test_a_missing_record_is_http_404(bench: SandboxContext) -> None:
    failure = await bench.failure("get_ticket", id="../contacts/1")
    assert failure.code == "http_404"
    assert bench.sandbox.requests[0].path == "/crm/v3/objects/tickets/..%2Fcontacts%2F1"


@pytest.mark.parametrize(
    ("fault", "code", "wait"),
    [
        (Fault(status=429), "rate_limit", 10.0),
        (
            Fault(status=429, body={"message": "m", "errorType": "RATE_LIMIT", "policyName": "SECONDLY"}),
            "rate_limit",
            1.0,
        ),
        (
            Fault(status=429, body={"message": "m", "errorType": "RATE_LIMIT", "policyName": "DAILY"}),
            "daily_limit",
            3600.0,
        ),
        (Fault(status=423), "locked", 2.0),
        (Fault(status=477, headers={"Retry-After": "600"}), "migration", 600.0),
        (Fault(status=503, headers={"Retry-After": "7"}), "unavailable", 7.0),
    ],
)
async def test_what_can_be_tried_again_says_when(bench: SandboxContext, fault: Fault, code: str, wait: float) -> None:
    bench.host.inject("hubspot", fault)
    failure = await bench.failure("create_ticket", subject="x")
    assert (failure.code, failure.retryable, failure.retry_after) == (code, True, wait)
    assert failure.happened == "no"


class TestAfterACrash:
    """The process died, or the connection did, while a ticket was created."""

    @pytest.fixture
    def keyed(self) -> SandboxContext:
        bench = sandbox_context(CONNECTOR, {"HUBSPOT_KEY_PROPERTY": "recipe_step"})
        hold_to_spec(bench.sandbox, "hubspot")
        return bench

    async def test_a_lost_answer_is_found_by_the_key_property_although_search_would_not_show_it(
        self, keyed: SandboxContext
    ) -> None:
        keyed.host.inject("hubspot", Fault(drop="after"))
        ticket = await keyed.call("create_ticket", subject="Panne")
        assert (ticket["id"], ticket["properties"]["subject"]) == ("5001", "Panne")
        assert [effect.action for effect in keyed.effects] == ["create ticket"]

    async def test_what_was_created_before_the_crash_is_not_created_again(self, keyed: SandboxContext) -> None:
        before = await keyed.call("create_ticket", step_key="run-1/ticket", subject="Panne")
        after = await keyed.call("create_ticket", step_key="run-1/ticket", recovered=True, subject="Panne")
        assert after["id"] == before["id"]
        assert [effect.action for effect in keyed.effects] == ["create ticket"]

    async def test_what_was_not_created_before_the_crash_is_created(self, keyed: SandboxContext) -> None:
        await keyed.call("create_ticket", step_key="run-1/other", subject="Panne")
        await keyed.call("create_ticket", step_key="run-1/ticket", recovered=True, subject="Panne")
        assert [effect.action for effect in keyed.effects] == ["create ticket", "create ticket"]

    async def test_the_vendor_itself_refuses_a_second_one(self, keyed: SandboxContext) -> None:
        await keyed.call("create_ticket", step_key="run-1/ticket", subject="Panne")
        with pytest.raises(ActionFailure) as refused:
            await keyed.call("create_ticket", step_key="run-1/ticket", subject="Panne")
        assert refused.value.failure.code == "http_409"
        assert [effect.action for effect in keyed.effects] == ["create ticket"]

    async def test_without_a_key_property_the_step_is_in_doubt_and_says_why(self, bench: SandboxContext) -> None:
        with pytest.raises(ActionFailure) as unknown:
            await bench.call("create_ticket", recovered=True, subject="Panne")
        assert (unknown.value.failure.code, unknown.value.failure.happened) == ("interrupted", "maybe")
        assert "HUBSPOT_KEY_PROPERTY" in unknown.value.failure.detail
        assert bench.effects == []
