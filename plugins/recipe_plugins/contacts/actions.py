"""What recipes can do with contacts.

The one rule: every action may be repeated. What is written is found by its natural key (an e-mail address, a phone number) or by
the step that wrote it, so that a crash leaves nothing twice and nothing in doubt.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Context
from recipe_plugins.contacts import contacts, links
from recipe_plugins.contacts.asking import ask
from recipe_plugins.contacts.models import (
    AddInteraction,
    Asked,
    Contact,
    Contacts,
    Found,
    Handled,
    HandleReply,
    Interaction,
    Interactions,
    Link,
    ListContacts,
    ListInteractions,
    Said,
    Say,
    Standing,
    Unsubscribe,
    UnsubscribeLink,
    Update,
    Upsert,
    Upserted,
    Who,
)


@contacts.action(
    effect="keyed",
    example='- {id: contact, type: contacts.upsert, with: {email: "{{ email }}", phone: "{{ phone }}", tags: [devis]}}',
)
async def upsert(ctx: Context, params: Upsert) -> Upserted:
    """Add a contact, or change the one with this e-mail address.

    Without an e-mail address the contact is found by the phone number. What is left empty stays as it was; tags and fields are
    added to those that are there. The result has the addresses in their one spelling: give its `phone` to notify.
    """
    return Upserted.model_validate(await ask(ctx, "upsert", **params.model_dump()))


@contacts.action(effect="read", example='- {id: contact, type: contacts.get, with: {id: "{{ contact_id }}"}}')
async def get(ctx: Context, params: Who) -> Contact:
    """One contact; when there is none, the step fails with `not_found`."""
    return Contact.model_validate(await ask(ctx, "get", **params.model_dump()))


@contacts.action(effect="read", example='- {id: known, type: contacts.find, with: {phone: "{{ phone }}", region: FR}}')
async def find(ctx: Context, params: Who) -> Found:
    """One contact, if there is one. Of several who share a phone number, the one heard of last."""
    return Found.model_validate(await ask(ctx, "find", **params.model_dump()))


@contacts.action(
    effect="read", name="list", example="- {id: leads, type: contacts.list, with: {tag: devis, limit: 500}}"
)
async def list_contacts(ctx: Context, params: ListContacts) -> Contacts:
    """Contacts, in the order in which they were added."""
    asked = params.model_dump() | {"updated_after": _seconds(params.updated_after)}
    return Contacts.model_validate(await ask(ctx, "list", **asked))


@contacts.action(
    effect="keyed",
    example='- {id: tagged, type: contacts.update, with: {id: "{{ contact.id }}", add_tags: [client], fields: {ville: Lyon}}}',
)
async def update(ctx: Context, params: Update) -> Contact:
    """Change a contact: only what is given. An e-mail address that another contact has fails with `conflict`."""
    return Contact.model_validate(await ask(ctx, "update", **params.model_dump()))


@contacts.action(
    effect="keyed",
    example='- {id: called, type: contacts.add_interaction, with: {id: "{{ contact.id }}", kind: call, outcome: rappel demandé}}',
)
async def add_interaction(ctx: Context, params: AddInteraction) -> Interaction:
    """Write down what happened with a contact: a call, a meeting, a message."""
    asked = params.model_dump() | {"at": _seconds(params.at)}
    return Interaction.model_validate(await ask(ctx, "add_interaction", **asked))


@contacts.action(
    effect="read", example='- {id: history, type: contacts.list_interactions, with: {email: "{{ email }}", kind: call}}'
)
async def list_interactions(ctx: Context, params: ListInteractions) -> Interactions:
    """What happened with a contact, the latest first."""
    return Interactions.model_validate(await ask(ctx, "list_interactions", **params.model_dump()))


@contacts.action(
    effect="keyed", example='- {id: stopped, type: contacts.opt_out, with: {phone: "{{ phone }}", channel: sms}}'
)
async def opt_out(ctx: Context, params: Say) -> Said:
    """Nothing more to this person: notify sends them nothing from now on.

    Posts the event `contact.opted_out` (contact_id, email, phone, channel, address), so that runs that wait for it end. An address
    need not be a contact's.
    """
    return await _said(ctx, "opt_out", params.model_dump())


@contacts.action(effect="keyed", example='- {id: again, type: contacts.opt_in, with: {email: "{{ email }}"}}')
async def opt_in(ctx: Context, params: Say) -> Said:
    """This person may be written to again, because they asked for it. Posts the event `contact.opted_in`."""
    return await _said(ctx, "opt_in", params.model_dump())


@contacts.action(
    effect="read", example='- {id: may, type: contacts.allowed, with: {email: "{{ email }}", channel: email}}'
)
async def allowed(ctx: Context, params: Asked) -> Standing:
    """Whether somebody may be written to. notify asks by itself before it sends."""
    return Standing.model_validate(await ask(ctx, "allowed", **params.model_dump()))


@contacts.action(
    effect="keyed",
    example='- {id: heard, type: contacts.handle_reply, with: {sender: "{{ event.from }}", text: "{{ event.text }}", channel: sms}}',
)
async def handle_reply(ctx: Context, params: HandleReply) -> Handled:
    """Take in what somebody wrote back.

    STOP, ARRÊT, DÉSABONNER, UNSUBSCRIBE and the like, alone or with a word of politeness, opt out and post `contact.opted_out`;
    START and REPRENDRE opt in again and post `contact.opted_in`; anything else posts `contact.replied` (contact_id, email, phone,
    channel, address, text). It is noted as an interaction of every contact who has the address.
    """
    asked = params.model_dump() | {"opt_out_of": "all" if params.opt_out_of == "all" else params.channel}
    answer = await ask(ctx, "handle_reply", **asked)
    await _post(ctx, answer["events"])
    return Handled.model_validate({name: answer[name] for name in ("meaning", "contact_ids")})


@contacts.action(
    effect="read", example='- {id: link, type: contacts.unsubscribe_link, with: {email: "{{ email }}", channel: email}}'
)
async def unsubscribe_link(ctx: Context, params: UnsubscribeLink) -> Link:
    """The address of this person's way out, for the foot of an e-mail and for `unsubscribe` of notify.

    It is signed with CONTACTS_SECRET, leads to CONTACTS_UNSUBSCRIBE_URL, and does not expire.
    """
    from recipe_plugins.contacts.addresses import email

    return Link(url=links.link(ctx.settings, email(params.email), params.channel))


@contacts.action(effect="keyed", example='- {id: gone, type: contacts.unsubscribe, with: {token: "{{ query.token }}"}}')
async def unsubscribe(ctx: Context, params: Unsubscribe) -> Said:
    """Opt out whoever followed an unsubscribe link. A token that we have not made fails with `invalid_token`."""
    address, channel = links.read(ctx.settings.require(links.SECRET), params.token)
    asked = {"address": address, "channel": channel, "source": "unsubscribe link", "region": None}
    return await _said(ctx, "opt_out", asked)


async def _said(ctx: Context, operation: str, asked: dict[str, Any]) -> Said:
    answer = await ask(ctx, operation, **asked)
    await _post(ctx, answer["events"])
    return Said.model_validate({name: answer[name] for name in ("channel", "contact_ids")})


async def _post(ctx: Context, events: list[dict[str, Any]]) -> None:
    """Post each event once, however often the step is repeated."""
    for number, each in enumerate(events):
        await ctx.emit(each["event"], each["data"], f"{ctx.key}:{each['event']}:{number}")


def _seconds(at: Any) -> float | None:
    return None if at is None else at.timestamp()
