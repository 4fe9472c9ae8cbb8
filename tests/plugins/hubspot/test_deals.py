"""Deals over HubSpot's sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.hubspot import register_connectors
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
KEYED = {"HUBSPOT_DEAL_KEY_PROPERTY": "recipe_step"}


def held(settings: dict[str, str] | None = None) -> SandboxContext:
    bench = sandbox_context(CONNECTOR, settings)
    hold_to_spec(bench.sandbox, "hubspot")
    return bench


@pytest.fixture
def bench() -> SandboxContext:
    return held()


async def test_a_deal_is_created_with_its_contact_read_and_updated(bench: SandboxContext) -> None:
    bench.sandbox.seed({"contacts": [{"id": "77", "email": "j@example.org"}]})
    deal = await bench.call(
        "create_deal",
        name="Véranda",
        stage="qualifiedtobuy",
        amount=1500.5,
        close_date="2026-12-31T18:00:00+01:00",
        contact_id="77",
        properties={"dealtype": "newbusiness"},
    )
    assert deal["url"] == f"https://app.hubspot.com/contacts/12345678/record/0-3/{deal['id']}"
    assert ["deals", deal["id"], "contacts", "77"] in bench.sandbox.state()["associations"]
    await bench.call("update_deal", id=deal["id"], stage="closedwon", amount=1800)
    read = (await bench.call("get_deal", id=deal["id"], properties=["dealtype"]))["properties"]
    assert (read["dealname"], read["dealstage"], read["amount"]) == ("Véranda", "closedwon", "1800")
    assert (read["closedate"], read["dealtype"]) == ("2026-12-31T17:00:00.000+00:00", "newbusiness")
    assert [effect.action for effect in bench.effects] == ["create deal", "update deal"]
    assert bench.effects[0].data["contact"] == "77"


@pytest.mark.parametrize(
    ("action", "params", "code", "says"),
    [
        ("create_deal", {"name": "x", "stage": "nope"}, "http_400", "nope was not one of the stages"),
        ("create_deal", {"name": "x", "stage": "551", "pipeline": "9"}, "http_400", "9 is not a valid pipeline ID"),
        ("update_deal", {"id": "1001", "properties": {"amout": 1}}, "http_400", 'Property \\"amout\\" does not exist'),
        ("create_deal", {"name": "x", "stage": "closedwon", "contact_id": "1"}, "http_404", "Object not found"),
        ("get_deal", {"id": "404"}, "http_404", "Object not found"),
    ],
)
async def test_what_hubspot_refuses_is_refused_in_its_words(
    bench: SandboxContext, action: str, params: dict[str, Any], code: str, says: str
) -> None:
    bench.sandbox.seed({"deals": [{"id": "1001", "dealname": "Véranda"}], "deal_pipelines": {"55": ["551"]}})
    failure = await bench.failure(action, **params)
    assert (failure.code, bench.effects) == (code, [])
    assert says in failure.title


async def test_deals_are_listed_by_stage_owner_and_last_change(bench: SandboxContext) -> None:
    deals = [
        {"id": "1", "dealstage": "contractsent", "hubspot_owner_id": "8"},
        {"id": "2", "dealstage": "contractsent", "hubspot_owner_id": "9"},
        {"id": "3", "dealstage": "closedwon", "pipeline": "default"},
    ]
    bench.sandbox.seed({"deals": deals})

    async def found(**params: Any) -> list[str]:
        return [each["id"] for each in (await bench.call("list_deals", **params))["results"]]

    assert await found() == ["1", "2", "3"]
    assert await found(stage="contractsent", owner_id="9") == ["2"]
    assert await found(pipeline="default") == ["3"]
    await bench.call("update_deal", id="1", amount=5)
    bench.clock.advance_to(START + 60)
    assert await found(stage="contractsent", updated_before="2026-11-20T08:30:00Z") == ["2"]
    assert await found(created_after="2026-11-20T08:30:00Z") == []


class TestAfterACrash:
    """The process died, or the connection did, while a deal was created."""

    async def test_a_lost_answer_is_found_by_the_key_property(self) -> None:
        bench = held(KEYED)
        bench.inject(Fault(drop="after"))
        deal = await bench.call("create_deal", name="Véranda", stage="qualifiedtobuy")
        assert deal["properties"]["dealname"] == "Véranda"
        assert [effect.action for effect in bench.effects] == ["create deal"]

    async def test_what_was_created_is_not_created_again_and_what_was_not_is(self) -> None:
        bench = held(KEYED)
        deal = {"name": "Véranda", "stage": "qualifiedtobuy"}
        before = await bench.call("create_deal", step_key="run-1/deal", **deal)
        after = await bench.call("create_deal", step_key="run-1/deal", recovered=True, **deal)
        assert after["id"] == before["id"]
        await bench.call("create_deal", step_key="run-1/other", recovered=True, **deal)
        assert len(bench.effects) == 2

    async def test_without_a_key_property_the_step_is_in_doubt_and_says_why(self, bench: SandboxContext) -> None:
        with pytest.raises(ActionFailure) as unknown:
            await bench.call("create_deal", recovered=True, name="x", stage="closedwon")
        assert unknown.value.failure.happened == "maybe"
        assert "HUBSPOT_DEAL_KEY_PROPERTY" in unknown.value.failure.detail
        assert bench.effects == []
