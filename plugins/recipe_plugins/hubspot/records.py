"""Records over HubSpot's v3 objects: getting, finding, paging, and property values as HubSpot takes them.

The one rule: what was asked for stands in the result, null where HubSpot leaves an unset property out.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from recipe_engine.plugin import Context, Terminal
from recipe_plugins.hubspot.models import Filter, Record, Records

DEFAULT_PROPERTIES = {
    "contacts": ["email", "firstname", "lastname", "phone", "company", "lifecyclestage"],
    "tickets": ["subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "createdate"],
    "deals": ["dealname", "amount", "dealstage", "pipeline", "closedate", "hubspot_owner_id"],
    "notes": ["hs_timestamp", "hs_note_body", "hubspot_owner_id"],
}
# How many records one request reads at most (HubSpot's guide to batches).
BATCH = 100
# HubSpot's numbers of object types in the addresses of its screens (common knowledge, not a documented interface).
SCREENS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5"}


async def find(ctx: Context, kind: str, value: str, id_property: str, properties: list[str]) -> Record | None:
    """The record with this value of a unique property, None when there is none."""
    try:
        return await get(ctx, kind, value, properties, idProperty=id_property)
    except Terminal as refusal:
        if refusal.failure.code == "http_404":
            return None
        raise


async def get(ctx: Context, kind: str, id_: str, properties: list[str], **query: str) -> Record:
    """A record by its id, with the usual properties and those of `properties`."""
    wanted = [*DEFAULT_PROPERTIES[kind], *(name for name in properties if name not in DEFAULT_PROPERTIES[kind])]
    answer = await ctx.http.get(f"/crm/v3/objects/{kind}/{segment(id_)}", query={**query, "properties": wanted})
    return record_of(ctx, kind, await answer.json(), wanted)


async def get_all(ctx: Context, kind: str, ids: list[str]) -> list[Record]:
    """Records by their ids, in this order, a hundred at a time; those that are gone are left out."""
    wanted, found = DEFAULT_PROPERTIES[kind], dict[str, Record]()
    for begin in range(0, len(ids), BATCH):
        inputs = [{"id": id_} for id_ in ids[begin : begin + BATCH]]
        body = {"inputs": inputs, "properties": wanted, "propertiesWithHistory": []}
        answer = await (await ctx.http.post(f"/crm/v3/objects/{kind}/batch/read", json=body, reads=True)).json()
        found |= {str(each["id"]): record_of(ctx, kind, each, wanted) for each in answer["results"]}
    return [found[id_] for id_ in ids if id_ in found]


async def search_all(ctx: Context, kind: str, body: dict[str, Any], properties: list[str], limit: int) -> Records:
    """What a search finds, page by page up to `limit`."""
    wanted = [*DEFAULT_PROPERTIES[kind], *(name for name in properties if name not in DEFAULT_PROPERTIES[kind])]
    results: list[Record] = []
    page = dict(body, properties=wanted)
    while True:
        page["limit"] = min(200, limit - len(results))
        answer = await (await ctx.http.post(f"/crm/v3/objects/{kind}/search", json=page, reads=True)).json()
        results += [record_of(ctx, kind, each, wanted) for each in answer["results"]]
        after = answer.get("paging", {}).get("next", {}).get("after")
        if after is None or len(results) >= limit:
            return Records(total=answer["total"], results=results)
        page["after"] = after


def record_of(ctx: Context, kind: str, answer: dict[str, Any], wanted: list[str] | None = None) -> Record:
    """A record as recipes see it, of a record as HubSpot answers it."""
    record = Record.model_validate(answer)
    record.properties = {**dict.fromkeys(wanted or ()), **record.properties}
    hub, screen = ctx.settings.get("HUBSPOT_HUB_ID"), SCREENS.get(kind)
    if hub and screen:
        record.url = f"https://app.hubspot.com/contacts/{hub}/record/{screen}/{record.id}"
    return record


def texts(properties: dict[str, Any]) -> dict[str, str]:
    """Property values as HubSpot takes them: all of them texts, null as the empty text that clears."""
    return {name: _text(value) for name, value in properties.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def association_of(to: str, type_id: int) -> dict[str, Any]:
    """An association for the body of a creation."""
    return {"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}


def segment(value: str) -> str:
    """A value as one segment of a path."""
    return quote(value, safe="")


def filter_of(given: Filter) -> dict[str, Any]:
    """A filter as search takes it."""
    body: dict[str, Any] = {"propertyName": given.property, "operator": given.operator}
    if given.value is not None:
        body["value"] = _text(given.value)
    if given.high_value is not None:
        body["highValue"] = _text(given.high_value)
    if given.values is not None:
        body["values"] = [_text(value) for value in given.values]
    return body
