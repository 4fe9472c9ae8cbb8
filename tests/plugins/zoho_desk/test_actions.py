"""Zoho Desk's actions over its sandbox, every request and answer held against the description of its interface."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from recipe_plugins.zoho_desk import register_connectors
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
CONTACT = {
    "id": "2001",
    "firstName": "Camille",
    "lastName": "Exemple",
    "email": "camille@example.org",
    "zohoCRMContact": {"id": "7001", "type": "contacts"},
}
TICKET = {
    "id": "1001",
    "subject": "Panne de chaudière",
    "description": "Plus d'eau chaude depuis ce matin.",
    "contactId": "2001",
    "cf": {"cf_contrat": "C-12"},
    "threads": [{"content": "Merci de nous rappeler."}],
    "comments": [{"content": "Client prioritaire"}],
}


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    hold_to_spec(bench.sandbox, "zoho-desk")
    bench.sandbox.seed({"contacts": [CONTACT], "tickets": [TICKET]})
    return bench


def calls(bench: SandboxContext) -> list[str]:
    """What was asked, the token aside."""
    return [f"{each.method} {each.path}" for each in bench.sandbox.requests if each.path != TOKEN_PATH]


async def test_a_ticket_is_read_with_its_contact_and_the_text_of_its_messages(bench: SandboxContext) -> None:
    ticket = await bench.call("get_ticket", id="1001", threads=10, conversations=10)
    assert (ticket["subject"], ticket["status"], ticket["status_type"]) == ("Panne de chaudière", "Open", "Open")
    assert ticket["cf"] == {"cf_contrat": "C-12"}
    assert (ticket["contact"]["first_name"], ticket["contact"]["email"]) == ("Camille", "camille@example.org")
    assert [each["text"] for each in ticket["threads"]] == [TICKET["description"], "Merci de nous rappeler."]
    assert [each["direction"] for each in ticket["threads"]] == ["in", "in"]
    assert [each["type"] for each in ticket["conversations"]] == ["comment", "thread", "thread"]
    assert ticket["web_url"].startswith("https://desk.zoho.com/")
    first = bench.sandbox.requests[1]
    assert first.headers["orgid"] == "60001234567"
    assert first.headers["authorization"].startswith("Zoho-oauthtoken 1000.")


async def test_html_without_plain_text_is_read_without_its_tags(bench: SandboxContext) -> None:
    html = {"content": "<p>Bonjour <b>Ada</b></p>", "contentType": "text/html", "summary": "Bonjour"}
    bench.sandbox.seed({"tickets": [{"id": "1002", "threads": [html]}]})
    ticket = await bench.call("get_ticket", id="1002", threads=1)
    assert "Bonjour" in ticket["threads"][0]["text"]


async def test_a_list_is_one_stream_of_all_pages_up_to_the_limit(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tickets": [{"id": str(5000 + n), "subject": f"n° {n}"} for n in range(230)]})
    whole = await bench.call("list_tickets", limit=1000, status="Open")
    some = await bench.call("list_tickets", limit=150, oldest_first=True)
    assert len({each["id"] for each in whole["data"]}) == 231
    assert len(some["data"]) == 150
    asked = [each.query.get("from") for each in bench.sandbox.requests if each.path.endswith("/tickets")]
    assert asked == [None, "101", "201", None, "101"]


async def test_a_ticket_that_moves_a_page_on_is_seen_once(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tickets": [{"id": str(5000 + n)} for n in range(199)]})
    answer = bench.sandbox.answer

    def grows(request: Any) -> Any:
        answered = answer(request)
        if request.path.endswith("/tickets") and "from" not in request.query:
            bench.sandbox.seed({"tickets": [{"id": "9999", "createdTime": "2027-01-01T00:00:00.000Z"}]})
        return answered

    bench.sandbox.answer = grows
    found = [each["id"] for each in (await bench.call("list_tickets", limit=1000))["data"]]
    assert len(found) == len(set(found)) == 200


async def test_nothing_found_is_an_empty_list(bench: SandboxContext) -> None:
    assert await bench.call("list_tickets", status="Closed") == {"data": [], "count": None}
    assert await bench.call("search_tickets", subject="rien") == {"data": [], "count": 0}
    assert await bench.call("find_contact", email="nobody@example.org") == {"found": False, "contact": None}


async def test_search_finds_what_matches_everything_and_was_written_a_while_ago(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tickets": [{"id": "1002", "subject": "Devis", "email": "ada@example.org"}]})
    found = await bench.call("search_tickets", text="devis", status="Open", email="ada@example.org")
    assert ([each["id"] for each in found["data"]], found["count"]) == (["1002"], 1)
    after = "2026-11-20T07:59:00+00:00"
    assert (await bench.call("search_tickets", modified_after=after, sort="modified_time"))["count"] == 2
    await bench.call("update_ticket", id="1002", priority="High")
    assert (await bench.call("search_tickets", priority="High"))["count"] == 0
    bench.clock.advance_to(START + 11)
    assert (await bench.call("search_tickets", priority="High"))["count"] == 1


async def test_a_search_for_nothing_is_refused(bench: SandboxContext) -> None:
    failure = await bench.failure("search_tickets", limit=5)
    assert (failure.code, "at least one thing" in failure.detail) == ("validation", True)


async def test_a_reply_comes_from_the_address_that_the_customer_wrote_to(bench: SandboxContext) -> None:
    thread = await bench.call("send_reply", ticket_id="1001", content="Nous arrivons.", ticket_status="On Hold")
    assert (thread["direction"], thread["status"], thread["to"]) == ("out", "SUCCESS", "camille@example.org")
    [effect] = bench.effects
    assert effect.action == "send reply"
    assert effect.data["from"] == "support@sandbox.example"
    assert (await bench.call("get_ticket", id="1001"))["status"] == "On Hold"
    again = await bench.call("send_reply", ticket_id="1001", content="<p>Oui</p>", html=True, cc="b@example.org")
    assert again["from_email_address"] == "support@sandbox.example"


async def test_a_reply_may_name_its_address_or_take_that_of_the_settings() -> None:
    bench = sandbox_context(CONNECTOR, {"ZOHO_DESK_FROM_EMAIL": "bureau@example.org"})
    bench.sandbox.seed({"addresses": ["bureau@example.org", "sav@example.org"], "tickets": [{"id": "1"}]})
    await bench.call("send_reply", ticket_id="1", content="Un")
    await bench.call("send_reply", ticket_id="1", content="Deux", from_email="sav@example.org")
    assert [each.data["from"] for each in bench.effects] == ["bureau@example.org", "sav@example.org"]


async def test_without_any_address_it_says_which_setting_is_missing(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tickets": [{"id": "1002"}]})
    failure = await bench.failure("send_reply", ticket_id="1002", content="Bonjour")
    assert (failure.code, "ZOHO_DESK_FROM_EMAIL" in failure.detail) == ("not_configured", True)
    assert bench.effects == []


async def test_other_channels_need_no_address(bench: SandboxContext) -> None:
    thread = await bench.call("send_reply", ticket_id="1001", content="Bonjour", channel="FORUMS")
    assert (thread["channel"], thread["from_email_address"]) == ("FORUMS", None)


async def test_a_draft_is_no_reply(bench: SandboxContext) -> None:
    draft = await bench.call("send_reply", ticket_id="1001", content="À relire", draft=True, ticket_status="Closed")
    assert draft["status"] == "DRAFT"
    assert [each.action for each in bench.effects] == ["draft reply"]
    assert (await bench.call("get_ticket", id="1001"))["status"] == "Open"


async def test_a_comment_is_for_agents_unless_it_says_otherwise(bench: SandboxContext) -> None:
    private = await bench.call("add_comment", ticket_id="1001", content="Vu")
    public = await bench.call("add_comment", ticket_id="1001", content="Vu", is_public=True, html=True)
    assert (private["is_public"], public["is_public"]) == (False, True)
    talk = await bench.call("list_conversations", ticket_id="1001", limit=2)
    assert [each["content"] for each in talk["data"]] == ["Vu", "Vu"]
    threads = await bench.call("list_threads", ticket_id="1001", text=False, limit=1)
    assert [each["text"] for each in threads["data"]] == ["Merci de nous rappeler."]


async def test_only_what_is_named_changes_custom_fields_included(bench: SandboxContext) -> None:
    bench.sandbox.seed({"custom_fields": ["cf_cause"], "statuses": {"À facturer": "Closed"}})
    due = "2026-12-01T18:00:00+01:00"
    ticket = await bench.call("update_ticket", id="1001", status="À facturer", cf={"cf_cause": "panne"}, due_date=due)
    assert (ticket["status_type"], ticket["cf"]) == ("Closed", {"cf_contrat": "C-12", "cf_cause": "panne"})
    sent = bench.sandbox.requests[-1].json()
    assert sent == {"status": "À facturer", "dueDate": "2026-12-01T17:00:00.000Z", "cf": {"cf_cause": "panne"}}
    failure = await bench.failure("update_ticket", id="1001")
    assert failure.code == "validation"


async def test_contacts_are_read_with_their_record_in_the_crm(bench: SandboxContext) -> None:
    by_id = await bench.call("get_contact", id="2001")
    by_email = await bench.call("find_contact", email="CAMILLE@example.org")
    assert by_email == {"found": True, "contact": by_id}
    assert by_id["zoho_crm_contact"] == {"id": "7001", "type": "contacts"}


@pytest.mark.parametrize(
    ("action", "params", "code", "says"),
    [
        ("get_ticket", {"id": "404"}, "http_404", "URL_NOT_FOUND; Zoho answers so for an id"),
        ("get_contact", {"id": "404"}, "http_404", "URL_NOT_FOUND"),
        ("update_ticket", {"id": "1001", "status": "Perdu"}, "http_422", "INVALID_DATA; /status: there is no status"),
        ("update_ticket", {"id": "1001", "cf": {"cf_x": 1}}, "http_422", "/cf/cf_x: there is no such field"),
        (
            "send_reply",
            {"ticket_id": "1001", "content": "x", "from_email": "x@example.org"},
            "http_422",
            "/fromEmailAddress",
        ),
        ("add_comment", {"ticket_id": "404", "content": "x"}, "http_404", "URL_NOT_FOUND"),
    ],
)
async def test_what_zoho_refuses_is_refused_in_its_words(
    bench: SandboxContext, action: str, params: dict[str, Any], code: str, says: str
) -> None:
    failure = await bench.failure(action, **params)
    assert failure.code == code
    assert failure.title.startswith("Zoho Desk: ")
    assert says in failure.detail
    assert (failure.retryable, failure.happened, bench.effects) == (False, "no", [])


async def test_another_organisation_is_refused_without_asking_for_another_token(bench: SandboxContext) -> None:
    bench.sandbox.settings["ZOHO_DESK_ORG_ID"] = "1"
    failure = await bench.failure("get_ticket", id="1001")
    assert (failure.code, "ZOHO_DESK_ORG_ID" in failure.detail) == ("http_401", True)
    assert len(bench.sandbox.issued) == 1


@pytest.mark.parametrize(
    ("body", "headers", "code", "wait"),
    [
        (None, {}, "rate_limit", 1.0),
        (None, {"Retry-After": "7"}, "rate_limit", 7.0),
        ({"errorCode": "THRESHOLD_EXCEEDED", "message": "Daily"}, {}, "daily_limit", 3600.0),
        ({"errorCode": "THRESHOLD_EXCEEDED", "message": "Daily"}, {"Retry-After": "1800"}, "daily_limit", 1800.0),
    ],
)
async def test_a_429_is_worth_another_try_when_zoho_says_so(
    bench: SandboxContext, body: Any, headers: dict[str, str], code: str, wait: float
) -> None:
    bench.inject(Fault(status=429, path="/api", body=body, headers=headers))
    failure = await bench.failure("get_ticket", id="1001")
    assert (failure.code, failure.retry_after, failure.retryable) == (code, wait, True)


async def test_an_outage_is_worth_another_try(bench: SandboxContext) -> None:
    bench.inject(Fault(status=503, path="/api"))
    failure = await bench.failure("update_ticket", id="1001", status="Closed")
    assert (failure.code, failure.retryable, failure.happened) == ("unavailable", True, "no")


REPLY = {"ticket_id": "1001", "content": "Bonjour, nous arrivons.\n\nL'équipe"}
COMMENT = {"ticket_id": "1001", "content": "Vu avec l'atelier"}


@pytest.mark.parametrize(
    ("action", "params"), [("send_reply", REPLY), ("send_reply", {**REPLY, "draft": True}), ("add_comment", COMMENT)]
)
async def test_after_a_crash_nothing_is_written_twice(
    bench: SandboxContext, action: str, params: dict[str, Any]
) -> None:
    first = await bench.call(action, recovered=True, **params)
    again = await bench.call(action, recovered=True, **params)
    assert first["id"] == again["id"]
    assert len(bench.effects) == 1


async def test_a_lost_answer_is_looked_up_and_the_reply_found(bench: SandboxContext) -> None:
    bench.inject(Fault(drop="after", method="POST", path="/api"))
    thread = await bench.call("send_reply", **REPLY)
    assert thread["direction"] == "out"
    assert len(bench.effects) == 1


async def test_the_same_words_before_the_customers_last_message_are_another_reply(bench: SandboxContext) -> None:
    await bench.call("send_reply", **REPLY)
    bench.sandbox.portal.threads_of("1001").append(bench.sandbox.portal.threads_of("1001")[0])
    await bench.call("send_reply", recovered=True, **REPLY)
    assert [each.action for each in bench.effects] == ["send reply", "send reply"]


async def test_a_public_comment_of_the_same_words_is_another_comment(bench: SandboxContext) -> None:
    await bench.call("add_comment", **COMMENT)
    await bench.call("add_comment", recovered=True, is_public=True, **COMMENT)
    assert len(bench.effects) == 2


async def test_a_dry_run_writes_nothing(bench: SandboxContext) -> None:
    for action, params in (
        ("send_reply", REPLY),
        ("add_comment", COMMENT),
        ("update_ticket", {"id": "1001", "priority": "Low"}),
    ):
        await bench.call(action, dry_run=True, **params)
    assert bench.effects == []


async def test_no_secret_stands_in_a_failure(bench: SandboxContext) -> None:
    token = "1000.secret.of.somebody"
    await bench.call("get_ticket", id="1001")
    sent = bench.sandbox.requests[-1].headers["authorization"].split()[1]
    bench.inject(Fault(status=403, path="/api", body={"errorCode": "FORBIDDEN", "message": f"no {sent} {token}"}))
    with pytest.raises(ActionFailure) as caught:
        await bench.call("get_ticket", id="1001")
    assert sent not in str(caught.value.failure)
    assert "[secret access token of Zoho]" in caught.value.failure.title
