"""What hangs on a HubSpot record: the records associated with it, and its notes.

The one rule: associations do not lag as search does, so that what a run just linked is seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from recipe_engine.plugin import Context
from recipe_plugins.hubspot import hubspot
from recipe_plugins.hubspot.models import (
    AssociatedRecord,
    AssociatedRecords,
    AssociationType,
    ListAssociations,
    ListNotes,
    Notes,
)
from recipe_plugins.hubspot.records import get_all, segment

PAGE = 500


@hubspot.action(
    effect="read",
    example=(
        "- {id: customers, type: hubspot.list_associations, "
        'with: {from_type: tickets, from_id: "{{ ticket_id }}", to_type: contacts}}'
    ),
)
async def list_associations(ctx: Context, params: ListAssociations) -> AssociatedRecords:
    """The records of a type that are associated with a record, all pages of them up to `limit`."""
    results: list[AssociatedRecord] = []
    async for page in _pages(ctx, params.from_type, params.from_id, params.to_type):
        results += [_associated(each) for each in page]
        if len(results) >= params.limit:
            break
    return AssociatedRecords(results=results[: params.limit])


@hubspot.action(
    effect="read",
    example='- {id: notes, type: hubspot.list_notes, with: {type: tickets, id: "{{ ticket_id }}", limit: 5}}',
)
async def list_notes(ctx: Context, params: ListNotes) -> Notes:
    """The notes of a record, the last one written first, at most `limit` of them.

    `total` is how many there are.
    """
    ids = [str(each["toObjectId"]) async for page in _pages(ctx, params.type, params.id, "notes") for each in page]
    # Ids grow with time; the order of associations says nothing.
    newest = sorted(ids, key=int, reverse=True)[: params.limit]
    return Notes(total=len(ids), results=await get_all(ctx, "notes", newest))


async def _pages(ctx: Context, from_type: str, from_id: str, to_type: str) -> AsyncIterator[list[dict[str, Any]]]:
    path = f"/crm/v4/objects/{from_type}/{segment(from_id)}/associations/{to_type}"
    query = {"limit": str(PAGE)}
    while True:
        answer = await (await ctx.http.get(path, query=query)).json()
        yield answer["results"]
        after = answer.get("paging", {}).get("next", {}).get("after")
        if after is None:
            return
        query["after"] = after


def _associated(answer: dict[str, Any]) -> AssociatedRecord:
    types = [
        AssociationType(id=each["typeId"], category=each["category"], label=each.get("label"))
        for each in answer["associationTypes"]
    ]
    return AssociatedRecord(id=str(answer["toObjectId"]), types=types)
