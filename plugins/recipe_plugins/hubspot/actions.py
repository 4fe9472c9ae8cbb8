"""What recipes can do in HubSpot. Paths are those of the vendor's v3 objects and v4 associations.

The one rule: a repeat never makes a second contact, since the e-mail address is the key; a ticket has no natural key,
so creating one is `once`, and certain after a crash only with HUBSPOT_KEY_PROPERTY.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import Context, Retryable, Terminal
from recipe_plugins.hubspot import hubspot
from recipe_plugins.hubspot.models import (
    Associate,
    Association,
    ContactDetails,
    CreateNote,
    CreateTicket,
    Filter,
    FindContact,
    FoundContact,
    FoundOrCreatedContact,
    GetTicket,
    ListTickets,
    Record,
    Records,
    Search,
    UpdateContact,
    UpdateTicket,
)
from recipe_plugins.hubspot.records import (
    association_of,
    filter_of,
    find,
    get,
    record_of,
    search_all,
    segment,
    texts,
)

NOTE_TO = {"contacts": 202, "companies": 190, "deals": 214, "tickets": 228}
TICKET_TO_CONTACT = 16


@hubspot.action(effect="read", example='- {id: known, type: hubspot.find_contact, with: {email: "{{ email }}"}}')
async def find_contact(ctx: Context, params: FindContact) -> FoundContact:
    """The contact with this e-mail address, or `found: false`."""
    contact = await _contact_by_email(ctx, params.email, params.properties)
    return FoundContact(found=contact is not None, contact=contact)


@hubspot.action(
    effect="keyed",
    example='- {id: contact, type: hubspot.find_or_create_contact, with: {email: "{{ email }}", lastname: "{{ name }}"}}',
)
async def find_or_create_contact(ctx: Context, params: ContactDetails) -> FoundOrCreatedContact:
    """The contact with this e-mail address, created with these details when there is none.

    A contact that exists is not changed. Two runs at the same moment end with one contact: HubSpot refuses the second
    creation and names the first.
    """
    found = await _contact_by_email(ctx, params.email, list(params.properties))
    if found is not None:
        return FoundOrCreatedContact(created=False, **found.model_dump())
    given = params.model_dump(exclude={"properties"}) | params.properties
    body = {"properties": texts({name: value for name, value in given.items() if value not in (None, "")})}
    try:
        answer = await ctx.http.post("/crm/v3/objects/contacts", json=body)
    except Terminal as refusal:
        existing = re.search(r"Existing ID: (\d+)", refusal.failure.title)
        if refusal.failure.code != "http_409" or existing is None:
            raise
        found = await get(ctx, "contacts", existing[1], list(params.properties))
        return FoundOrCreatedContact(created=False, **found.model_dump())
    return FoundOrCreatedContact(created=True, **record_of(ctx, "contacts", await answer.json()).model_dump())


@hubspot.action(
    effect="keyed",
    example='- {id: qualify, type: hubspot.update_contact, with: {id: "{{ email }}", properties: {lifecyclestage: lead}}}',
)
async def update_contact(ctx: Context, params: UpdateContact) -> Record:
    """Change properties of a contact, named by its id or its e-mail address."""
    query = {"idProperty": "email"} if "@" in params.id else {}
    answer = await ctx.http.patch(
        f"/crm/v3/objects/contacts/{segment(params.id)}", query=query, json={"properties": texts(params.properties)}
    )
    return record_of(ctx, "contacts", await answer.json())


async def _ticket_of_this_step(ctx: Context, _params: CreateTicket) -> Record | None:
    name = ctx.settings.get("HUBSPOT_KEY_PROPERTY")
    if not name:
        # Search lags by seconds and a subject is not unique, so without a key nothing certain can be said.
        raise Retryable("HubSpot cannot tell whether the ticket was created: HUBSPOT_KEY_PROPERTY is not set")
    return await find(ctx, "tickets", ctx.key, name, [])


@hubspot.action(
    effect="once",
    reconcile=_ticket_of_this_step,
    example='- {id: ticket, type: hubspot.create_ticket, with: {subject: "{{ subject }}", contact_id: "{{ contact.id }}"}}',
)
async def create_ticket(ctx: Context, params: CreateTicket) -> Record:
    """Open a ticket.

    HubSpot has no idempotency key. With HUBSPOT_KEY_PROPERTY set, the ticket carries the step's key in that property,
    and after a crash the engine looks whether it exists; without, such a step waits for a person to say.
    """
    properties = _ticket_properties(params)
    properties.setdefault("hs_pipeline", ctx.settings.require("HUBSPOT_PIPELINE_ID"))
    properties.setdefault("hs_pipeline_stage", ctx.settings.require("HUBSPOT_STAGE_NEW"))
    key_property = ctx.settings.get("HUBSPOT_KEY_PROPERTY")
    if key_property:
        properties[key_property] = ctx.key
    body: dict[str, Any] = {"properties": properties}
    if params.contact_id is not None:
        body["associations"] = [association_of(params.contact_id, TICKET_TO_CONTACT)]
    answer = await ctx.http.post("/crm/v3/objects/tickets", json=body)
    return record_of(ctx, "tickets", await answer.json())


@hubspot.action(effect="read", example='- {id: ticket, type: hubspot.get_ticket, with: {id: "{{ ticket_id }}"}}')
async def get_ticket(ctx: Context, params: GetTicket) -> Record:
    """A ticket by its id; a ticket that does not exist fails with `http_404`."""
    return await get(ctx, "tickets", params.id, params.properties)


@hubspot.action(
    effect="keyed",
    example='- {id: close, type: hubspot.update_ticket, with: {id: "{{ ticket.id }}", stage: "4", priority: LOW}}',
)
async def update_ticket(ctx: Context, params: UpdateTicket) -> Record:
    """Change a ticket: only what is given."""
    answer = await ctx.http.patch(
        f"/crm/v3/objects/tickets/{segment(params.id)}", json={"properties": _ticket_properties(params)}
    )
    return record_of(ctx, "tickets", await answer.json())


@hubspot.action(
    effect="keyed",
    example=(
        '- {id: link, type: hubspot.associate, with: {from_type: tickets, from_id: "{{ ticket.id }}", '
        'to_type: contacts, to_id: "{{ contact.id }}"}}'
    ),
)
async def associate(ctx: Context, params: Associate) -> Association:
    """Associate two records with HubSpot's default type for the pair. Doing it again changes nothing."""
    from_, to = f"{params.from_type}/{segment(params.from_id)}", f"{params.to_type}/{segment(params.to_id)}"
    answer = await (await ctx.http.put(f"/crm/v4/objects/{from_}/associations/default/{to}")).object()
    if not isinstance(answer.get("status"), str):
        raise Terminal("HubSpot: the answer does not say how the association fared", code="invalid_answer")
    return Association(from_id=params.from_id, to_id=params.to_id)


@hubspot.action(
    effect="once",
    example='- {id: note, type: hubspot.create_note, with: {body: "{{ summary }}", ticket_id: "{{ ticket.id }}"}}',
)
async def create_note(ctx: Context, params: CreateNote) -> Record:
    """Write a note on contacts, companies, deals or tickets."""
    at = params.at or datetime.fromtimestamp(ctx.now, UTC)
    to = {
        "contacts": params.contact_id,
        "companies": params.company_id,
        "deals": params.deal_id,
        "tickets": params.ticket_id,
    }
    body = {
        "properties": {"hs_timestamp": at.isoformat(timespec="milliseconds"), "hs_note_body": params.body},
        "associations": [association_of(id_, NOTE_TO[kind]) for kind, id_ in to.items() if id_ is not None],
    }
    answer = await ctx.http.post("/crm/v3/objects/notes", json=body)
    return record_of(ctx, "notes", await answer.json())


@hubspot.action(
    effect="read",
    example=(
        "- {id: customers, type: hubspot.search, with: {type: contacts, "
        "filters: [{property: lifecyclestage, value: customer}], sort: -createdate, limit: 200}}"
    ),
)
async def search(ctx: Context, params: Search) -> Records:
    """Records that match, all pages of them up to `limit`.

    HubSpot's search lags some seconds behind: what was just written may be missing. Use `find_contact` for the
    contact of an address.
    """
    groups = params.any_of or ([params.filters] if params.filters else [])
    body: dict[str, Any] = {"filterGroups": [{"filters": [filter_of(each) for each in group]} for group in groups]}
    if params.query:
        body["query"] = params.query
    if params.sort:
        # The vendor's client types these as texts, which the vendor ignores; its guide has objects.
        direction = "DESCENDING" if params.sort.startswith("-") else "ASCENDING"
        body["sorts"] = [{"propertyName": params.sort.removeprefix("-"), "direction": direction}]
    return await search_all(ctx, params.type, body, params.properties, params.limit)


@hubspot.action(effect="read", example='- {id: open, type: hubspot.list_tickets, with: {stage: "1", limit: 500}}')
async def list_tickets(ctx: Context, params: ListTickets) -> Records:
    """Tickets of a pipeline, a stage or a time, oldest first; through search, which lags some seconds behind."""
    filters = [
        Filter(property=name, value=value)
        for name, value in (("hs_pipeline", params.pipeline), ("hs_pipeline_stage", params.stage))
        if value is not None
    ]
    if params.created_after is not None:
        after = str(int(params.created_after.timestamp() * 1000))
        filters.append(Filter(property="createdate", operator="GT", value=after))
    body = {"filterGroups": [{"filters": [filter_of(each) for each in filters]}] if filters else []}
    return await search_all(ctx, "tickets", body, params.properties, params.limit)


async def _contact_by_email(ctx: Context, email: str, properties: list[str]) -> Record | None:
    return await find(ctx, "contacts", email, "email", properties)


def _ticket_properties(params: CreateTicket | UpdateTicket) -> dict[str, str]:
    named = {
        "subject": params.subject,
        "content": params.content,
        "hs_pipeline": params.pipeline,
        "hs_pipeline_stage": params.stage,
        "hs_ticket_priority": params.priority,
        "hubspot_owner_id": params.owner_id,
    }
    return texts({name: value for name, value in named.items() if value is not None} | params.properties)
