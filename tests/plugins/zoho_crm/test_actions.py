"""Zoho CRM's actions over its sandbox, every request and answer held against the vendor's description.

Answers leniently: its alternatives (records, files, errors) require nothing, so that every answer fits several.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recipe_engine.plugin import Fault, SandboxRequest, SandboxResponse
from recipe_engine.testing import START, SandboxContext, sandbox_context
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from recipe_plugins.zoho_crm import register_connectors
from recipe_plugins.zoho_crm.coql import filled, quoted
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
DAY = 86_400


def ago(days: float) -> str:
    return datetime.fromtimestamp(START - days * DAY, UTC).isoformat(timespec="seconds")


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    answer = bench.sandbox.answer
    hold_to_spec(bench.sandbox, "zoho-crm", lenient=True)
    held = bench.sandbox.answer

    def but_for_tokens(request: SandboxRequest) -> SandboxResponse:
        """The token endpoint is in Desk's description."""
        return answer(request) if request.path == TOKEN_PATH else held(request)

    bench.sandbox.answer = but_for_tokens
    bench.sandbox.seed(
        {
            "Accounts": [{"id": "5001", "Account_Name": "Atelier L'Exemple"}],
            "Contacts": [{"id": "7001", "Last_Name": "Exemple", "Email": "camille@example.org"}],
            "Deals": [
                {
                    "id": "3001",
                    "Deal_Name": "Chaudière (neuve)",
                    "Stage": "Qualification",
                    "Amount": 4200.5,
                    "Contact_Name": "7001",
                    "Account_Name": "5001",
                    "Cause": "panne",
                    "notes": [{"Note_Title": "Appel", "Note_Content": "Rappeler lundi"}],
                },
                {"id": "3002", "Deal_Name": "Ancienne", "Stage": "Closed Won", "Contact_Name": "7001", "Amount": 10},
            ],
        }
    )
    return bench


def ids(found: dict[str, Any]) -> list[str]:
    return [each["id"] for each in found["data"]]


async def test_a_deal_is_read_with_the_fields_of_the_accounts_own(bench: SandboxContext) -> None:
    deal = await bench.call("get_deal", id="3001")
    assert (deal["Deal_Name"], deal["Stage"], deal["Amount"]) == ("Chaudière (neuve)", "Qualification", 4200.5)
    assert (deal["Cause"], deal["Account_Name"]["name"]) == ("panne", "Atelier L'Exemple")
    failure = await bench.failure("get_deal", id="404")
    assert (failure.code, failure.title) == ("http_404", "Zoho CRM has no deal 404")


async def test_a_search_escapes_what_it_looks_for(bench: SandboxContext) -> None:
    where = [
        {"field": "Deal_Name", "value": "Chaudière (neuve)"},
        {"field": "Amount", "operator": "less_than", "value": 5000},
    ]
    assert ids(await bench.call("search_deals", where=where)) == ["3001"]
    sent = bench.sandbox.requests[-1].query["criteria"]
    assert sent == r"((Deal_Name:equals:Chaudière \(neuve\))and(Amount:less_than:5000))"
    one = [{"field": "Stage", "operator": "in", "values": ["Closed Won", "Closed Lost"]}]
    assert ids(await bench.call("search_deals", where=one)) == ["3002"]
    between = [{"field": "Amount", "operator": "between", "values": [4000, 4300]}]
    assert ids(await bench.call("search_deals", where=between)) == ["3001"]
    assert ids(await bench.call("search_deals", criteria="((Stage:equals:X)or(Amount:greater_equal:4200))")) == ["3001"]
    assert ids(await bench.call("search_deals", word="ancienne", fields=["Cause"])) == ["3002"]
    assert ids(await bench.call("search_deals", email="nobody@example.org")) == []


async def test_search_lags_and_queries_do_not(bench: SandboxContext) -> None:
    await bench.call("update_deal", id="3001", fields={"Stage": "Negotiation"})
    where = [{"field": "Stage", "value": "Negotiation"}]
    assert ids(await bench.call("search_deals", where=where)) == []
    asked = "select Stage from Deals where Stage = :stage"
    assert ids(await bench.call("query", query=asked, values={"stage": "Negotiation"})) == ["3001"]
    bench.clock.advance_to(START + 11)
    assert ids(await bench.call("search_deals", where=where)) == ["3001"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "exactly one"),
        ({"word": "xx", "email": "a@example.org"}, "exactly one"),
        ({"where": [{"field": "a:b"}]}, "where.0.field"),
    ],
)
async def test_a_search_is_one_search(bench: SandboxContext, params: dict[str, Any], says: str) -> None:
    failure = await bench.failure("search_deals", **params)
    assert (failure.code, says in failure.detail) == ("validation", True)


async def test_a_query_is_one_stream_of_all_pages_up_to_the_limit(bench: SandboxContext) -> None:
    bench.sandbox.seed({"Deals": [{"Deal_Name": f"n° {n}", "Stage": "Masse"} for n in range(450)]})
    asked = "select id, Deal_Name from Deals where Stage = 'Masse'"
    whole = await bench.call("query", query=asked, limit=5000)
    some = await bench.call("query", query=asked, limit=250)
    assert (len(set(ids(whole))), len(ids(some))) == (450, 250)
    sent = [each.json()["select_query"].partition(" limit ")[2] for each in bench.sandbox.requests[1:]]
    assert sent == ["0, 200", "200, 200", "400, 200", "0, 200", "200, 50"]
    searched = await bench.call("search_deals", where=[{"field": "Stage", "value": "Masse"}], limit=300)
    assert len(ids(searched)) == 300


async def test_a_value_never_becomes_a_part_of_the_query(bench: SandboxContext) -> None:
    asked = "select Deal_Name from Deals where Account_Name.Account_Name = :name"
    assert ids(await bench.call("query", query=asked, values={"name": "Atelier L'Exemple"})) == ["3001"]
    assert ids(await bench.call("query", query=asked, values={"name": "x' or id is not null"})) == []
    both = "select Deal_Name from Deals where (Stage in :stages and Amount >= :least)"
    assert ids(await bench.call("query", query=both, values={"stages": ["Closed Won", "x"], "least": 5})) == ["3002"]
    assert quoted([None, True, 2, "o'"]) == "(null, true, 2, 'o''')"
    assert filled("select a from B where c = ':x' and d = :x", {"x": 1}) == "select a from B where c = ':x' and d = 1"


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("select id from Deals where id is not null limit 5", "validation", "say `limit` beside it"),
        ("select id from Deals where Stage = :stage", "validation", ""),
        ("delete from Deals", "validation", "query"),
        ("select id from Deals", "http_400", "SYNTAX_ERROR; clause: where"),
        ("select Nope from Deals where id is not null", "http_400", "INVALID_QUERY; column_name: Nope"),
        ("select id from Deals where (Stage = 'x'", "http_400", "SYNTAX_ERROR"),
        ("select id from Deals where Stage = 'x' 'y'", "http_400", "SYNTAX_ERROR"),
        ("select id from Deals where Stage ~ 'x'", "http_400", "SYNTAX_ERROR"),
    ],
)
async def test_what_is_no_query_is_refused(bench: SandboxContext, query: str, code: str, says: str) -> None:
    failure = await bench.failure("query", query=query)
    assert (failure.code, failure.retryable) == (code, False)
    assert says in failure.detail


async def test_stale_deals_are_open_ones_without_activity(bench: SandboxContext) -> None:
    def deal(id_: str, stage: str, activity: float | None, change: float) -> dict[str, Any]:
        last = None if activity is None else ago(activity)
        return {"id": id_, "Stage": stage, "Last_Activity_Time": last, "Modified_Time": ago(change)}

    bench.sandbox.seed(
        {
            "Deals": [
                deal("1", "Negotiation", 6.9, 20),
                deal("2", "Negotiation", 7.1, 1),
                deal("3", "Closed Lost", 30, 30),
                deal("4", "Qualification", None, 9),
                deal("5", "Qualification", None, 2),
            ]
        }
    )
    stale = await bench.call("stale_deals")
    assert ids(stale) == ["4", "2"]
    assert stale["before"] == ago(7)
    assert ids(await bench.call("stale_deals", by="modification")) == ["1", "4"]
    assert ids(await bench.call("stale_deals", except_stages=[], days=25)) == ["3"]
    assert ids(await bench.call("stale_deals", limit=1, fields=["Cause"])) == ["4"]
    failure = await bench.failure("stale_deals", fields=["id from Deals --"])
    assert failure.code == "validation"


async def test_the_open_deal_of_a_contact_is_found(bench: SandboxContext) -> None:
    bench.sandbox.seed(
        {"Deals": [{"id": "3003", "Stage": "Negotiation", "Contact_Name": "7001", "Modified_Time": ago(3)}]}
    )
    by_email = await bench.call("find_deal", email="camille@example.org", fields=["Cause"])
    by_id = await bench.call("find_deal", contact_id="7001", except_stages=["Qualification", "Negotiation"])
    assert (by_email["found"], by_email["deal"]["id"], by_email["deal"]["Cause"]) == (True, "3001", "panne")
    assert by_id["deal"]["id"] == "3002"
    assert await bench.call("find_deal", email="nobody@example.org") == {"found": False, "deal": None}
    assert (await bench.failure("find_deal")).code == "validation"


async def test_only_what_is_named_changes(bench: SandboxContext) -> None:
    changed = await bench.call(
        "update_deal", id="3001", fields={"Next_Step": "Appeler", "Cause": None, "Contact_Name": {"id": "7001"}}
    )
    assert changed["id"] == "3001"
    quiet = await bench.call("update_deal", id="3001", fields={"Amount": 5000}, automations=False)
    deal = await bench.call("get_deal", id="3001")
    assert (deal["Next_Step"], deal["Cause"], deal["Amount"]) == ("Appeler", None, 5000)
    assert deal["Modified_Time"] == quiet["Modified_Time"]
    assert [each.data.get("automations") for each in bench.effects] == [None, False]


@pytest.mark.parametrize(
    ("action", "params", "says"),
    [
        ("update_deal", {"id": "3001", "fields": {"Nope": 1}}, "INVALID_DATA; api_name: Nope"),
        ("update_deal", {"id": "404", "fields": {"Stage": "x"}}, "INVALID_DATA; id: 404"),
        ("add_note", {"deal_id": "404", "content": "x"}, "INVALID_DATA; id: 404"),
        ("list_notes", {"deal_id": "404"}, "INVALID_DATA; id: 404"),
        ("search_deals", {"criteria": "Stage=x"}, "INVALID_QUERY"),
        ("search_deals", {"criteria": "(Nope:equals:x)"}, "INVALID_QUERY"),
    ],
)
async def test_a_row_that_zoho_refused_fails_in_its_words(
    bench: SandboxContext, action: str, params: dict[str, Any], says: str
) -> None:
    failure = await bench.failure(action, **params)
    assert (failure.code, failure.retryable, failure.happened, bench.effects) == ("http_400", False, "no", [])
    assert failure.title.startswith("Zoho CRM: ")
    assert says in failure.detail


async def test_notes_are_written_and_read(bench: SandboxContext) -> None:
    await bench.call("add_note", deal_id="3001", content="Sans titre")
    note = await bench.call("add_note", deal_id="3001", title="Suivi", content="Devis envoyé")
    found = await bench.call("list_notes", deal_id="3001", limit=2)
    assert [each["Note_Content"] for each in found["data"]] == ["Devis envoyé", "Sans titre"]
    assert found["data"][0]["id"] == note["id"]
    assert bench.effects[-1].data == {"deal": "3001", "title": "Suivi", "content": "Devis envoyé"}


async def test_after_a_crash_a_note_is_not_written_twice(bench: SandboxContext) -> None:
    note = {"deal_id": "3001", "title": "Suivi", "content": "Devis envoyé"}
    first = await bench.call("add_note", recovered=True, **note)
    again = await bench.call("add_note", recovered=True, **note)
    assert (first["id"], len(bench.effects)) == (again["id"], 1)
    bench.inject(Fault(drop="after", method="POST", path="/crm"))
    await bench.call("add_note", **{**note, "content": "Relance"})
    assert len(bench.effects) == 2


@pytest.mark.parametrize(
    ("body", "headers", "code", "wait"),
    [
        (None, {}, "rate_limit", 1.0),
        (None, {"Retry-After": "7"}, "rate_limit", 7.0),
        ({"code": "LIMIT_EXCEEDED", "message": "credits", "status": "error"}, {}, "daily_limit", 3600.0),
    ],
)
async def test_a_429_is_worth_another_try_when_zoho_says_so(
    bench: SandboxContext, body: Any, headers: dict[str, str], code: str, wait: float
) -> None:
    bench.inject(Fault(status=429, path="/crm", body=body, headers=headers))
    failure = await bench.failure("get_deal", id="3001")
    assert (failure.code, failure.retry_after, failure.retryable) == (code, wait, True)


async def test_rights_that_are_missing_cost_no_further_token(bench: SandboxContext) -> None:
    body = {"code": "OAUTH_SCOPE_MISMATCH", "message": "invalid oauth scope to access this URL", "status": "error"}
    bench.inject(Fault(status=401, path="/crm", body=body))
    failure = await bench.failure("get_deal", id="3001")
    assert (failure.code, "ZohoCRM.modules.ALL" in failure.detail) == ("http_401", True)
    assert len(bench.sandbox.issued) == 1


async def test_an_answer_without_records_is_no_success(bench: SandboxContext) -> None:
    bench.inject(Fault(status=200, path="/crm", body={"code": "INTERNAL_ERROR", "message": "odd"}))
    failure = await bench.failure("get_deal", id="3001")
    assert (failure.title, failure.code) == ("Zoho CRM: odd", "http_400")


async def test_an_outage_is_worth_another_try(bench: SandboxContext) -> None:
    bench.inject(Fault(status=500, path="/crm"))
    failure = await bench.failure("query", query="select id from Deals where id is not null")
    assert (failure.code, failure.retryable, failure.happened) == ("server_error", True, "no")


async def test_a_dry_run_reads_and_writes_nothing(bench: SandboxContext) -> None:
    await bench.call("update_deal", dry_run=True, id="3001", fields={"Amount": 1})
    await bench.call("add_note", dry_run=True, deal_id="3001", content="x")
    assert ids(await bench.call("query", dry_run=True, query="select id from Deals where id = '3001'")) == ["3001"]
    assert bench.effects == []
