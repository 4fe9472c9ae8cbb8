"""Associations and notes over HubSpot's sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

import pytest

from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_plugins.hubspot import register_connectors
from tests.support.vendors import hold

[CONNECTOR] = register_connectors()
TICKET = {"id": "5", "subject": "Panne"}


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    hold(bench.sandbox, "hubspot")
    return bench


async def test_what_was_just_associated_is_listed(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}], "tickets": [TICKET]})
    ask = {"from_type": "tickets", "from_id": "5", "to_type": "contacts"}
    assert await bench.call("list_associations", **ask) == {"results": []}
    await bench.call("associate", **ask, to_id="77")
    assert (await bench.call("list_associations", **ask))["results"] == [
        {"id": "77", "types": [{"id": 16, "category": "HUBSPOT_DEFINED", "label": None}]}
    ]


async def test_associations_come_in_pages(bench: SandboxContext) -> None:
    contacts = [{"id": str(n), "email": f"n{n}@example.org"} for n in range(1, 1202)]
    links = [["tickets", "5", "contacts", each["id"]] for each in contacts]
    bench.sandbox.seed({"contacts": contacts, "tickets": [TICKET], "associations": links})
    ask = {"from_type": "tickets", "from_id": "5", "to_type": "contacts"}
    whole = (await bench.call("list_associations", **ask, limit=5000))["results"]
    some = (await bench.call("list_associations", **ask, limit=501))["results"]
    assert (len(whole), len({each["id"] for each in whole}), len(some)) == (1201, 1201, 501)
    assert len(bench.sandbox.requests) == 3 + 2


async def test_notes_of_a_record_the_last_first_at_once_after_they_were_written(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tickets": [TICKET]})
    for n in range(3):
        await bench.call("create_note", body=f"Note {n}", ticket_id="5")
    notes = await bench.call("list_notes", type="tickets", id="5", limit=2)
    assert notes["total"] == 3
    assert [each["properties"]["hs_note_body"] for each in notes["results"]] == ["Note 2", "Note 1"]
    assert notes["results"][0]["properties"]["hs_timestamp"] == "2026-11-20T09:00:00.000+00:00"
    assert [request.path.rpartition("/")[2] for request in bench.sandbox.requests[-2:]] == ["notes", "read"]


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("list_associations", {"from_type": "tickets", "from_id": "404", "to_type": "contacts"}),
        ("list_notes", {"type": "deals", "id": "404"}),
    ],
)
async def test_a_record_that_is_not_there_is_http_404(bench: SandboxContext, action: str, params: dict) -> None:
    assert (await bench.failure(action, **params)).code == "http_404"
