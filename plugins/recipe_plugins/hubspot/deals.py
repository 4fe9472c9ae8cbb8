"""Deals in HubSpot: create, read, change, list.

The one rule: a deal has no natural key, so creating one is `once`, and certain after a crash only with
HUBSPOT_DEAL_KEY_PROPERTY.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from recipe_engine.plugin import Context, Retryable
from recipe_plugins.hubspot import hubspot
from recipe_plugins.hubspot.models import CreateDeal, Filter, GetDeal, ListDeals, Record, Records, UpdateDeal
from recipe_plugins.hubspot.records import association_of, filter_of, find, get, record_of, search_all, segment, texts

DEAL_TO_CONTACT = 3


async def _deal_of_this_step(ctx: Context, _params: CreateDeal) -> Record | None:
    name = ctx.settings.get("HUBSPOT_DEAL_KEY_PROPERTY")
    if not name:
        # Search lags by seconds and a deal's name is not unique, so without a key nothing certain can be said.
        raise Retryable("HubSpot cannot tell whether the deal was created: HUBSPOT_DEAL_KEY_PROPERTY is not set")
    return await find(ctx, "deals", ctx.key, name, [])


@hubspot.action(
    effect="once",
    reconcile=_deal_of_this_step,
    example=(
        '- {id: deal, type: hubspot.create_deal, with: {name: "{{ project }}", stage: qualifiedtobuy, amount: 1500, '
        'contact_id: "{{ contact.id }}"}}'
    ),
)
async def create_deal(ctx: Context, params: CreateDeal) -> Record:
    """Create a deal.

    HubSpot has no idempotency key. With HUBSPOT_DEAL_KEY_PROPERTY set, the deal carries the step's key in that property,
    and after a crash the engine looks whether it exists; without, such a step waits for a person to say.
    """
    properties = _properties(params)
    key_property = ctx.settings.get("HUBSPOT_DEAL_KEY_PROPERTY")
    if key_property:
        properties[key_property] = ctx.key
    body: dict[str, Any] = {"properties": properties}
    if params.contact_id is not None:
        body["associations"] = [association_of(params.contact_id, DEAL_TO_CONTACT)]
    answer = await ctx.http.post("/crm/v3/objects/deals", json=body)
    return record_of(ctx, "deals", await answer.json())


@hubspot.action(effect="read", example='- {id: deal, type: hubspot.get_deal, with: {id: "{{ deal_id }}"}}')
async def get_deal(ctx: Context, params: GetDeal) -> Record:
    """A deal by its id; a deal that does not exist fails with `http_404`."""
    return await get(ctx, "deals", params.id, params.properties)


@hubspot.action(
    effect="keyed",
    example='- {id: won, type: hubspot.update_deal, with: {id: "{{ deal.id }}", stage: closedwon, amount: 1800}}',
)
async def update_deal(ctx: Context, params: UpdateDeal) -> Record:
    """Change a deal: only what is given."""
    answer = await ctx.http.patch(
        f"/crm/v3/objects/deals/{segment(params.id)}", json={"properties": _properties(params)}
    )
    return record_of(ctx, "deals", await answer.json())


@hubspot.action(
    effect="read",
    example='- {id: stale, type: hubspot.list_deals, with: {stage: contractsent, updated_before: "{{ since }}", limit: 500}}',
)
async def list_deals(ctx: Context, params: ListDeals) -> Records:
    """Deals of a pipeline, a stage, an owner or a time, oldest first; through search, which lags some seconds behind."""
    same = {"pipeline": params.pipeline, "dealstage": params.stage, "hubspot_owner_id": params.owner_id}
    times = {("createdate", "GT"): params.created_after, ("hs_lastmodifieddate", "LT"): params.updated_before}
    filters = [Filter(property=name, value=value) for name, value in same.items() if value is not None]
    filters += [
        Filter(property=name, operator=operator, value=str(int(at.timestamp() * 1000)))  # type: ignore[arg-type]  # both are among the operators
        for (name, operator), at in times.items()
        if at is not None
    ]
    body = {"filterGroups": [{"filters": [filter_of(each) for each in filters]}] if filters else []}
    return await search_all(ctx, "deals", body, params.properties, params.limit)


def _properties(params: CreateDeal | UpdateDeal) -> dict[str, str]:
    closing = params.close_date
    named = {
        "dealname": params.name,
        "dealstage": params.stage,
        "pipeline": params.pipeline,
        "amount": None if params.amount is None else f"{params.amount:f}",
        "closedate": None if closing is None else closing.astimezone(UTC).isoformat(timespec="milliseconds"),
        "hubspot_owner_id": params.owner_id,
    }
    return texts({name: value for name, value in named.items() if value is not None} | params.properties)
