"""What recipes can do in Zoho Desk.

The one rule: Desk has no idempotency key, so what writes to a customer is `once`, and after a crash the ticket itself is
asked whether the reply or comment is there.
"""

from __future__ import annotations

import re
from typing import Any

from recipe_engine.plugin import Context, Retry, Terminal
from recipe_plugins.zoho_desk import zoho_desk
from recipe_plugins.zoho_desk.models import (
    AddComment,
    Comment,
    Contact,
    Conversation,
    Conversations,
    FindContact,
    FoundContact,
    GetContact,
    GetTicket,
    ListOfTicket,
    ListThreads,
    ListTickets,
    SearchTickets,
    SendReply,
    Thread,
    Threads,
    Ticket,
    Tickets,
    UpdateTicket,
    WholeTicket,
)
from recipe_plugins.zoho_desk.reading import moment, named, record, rows

API = "/api/v1"
# Zoho counts requests under way, of all programs together: a refusal says little about the next try.
PATIENT = Retry(attempts=8, max_wait=120)
# How many messages are looked through for what an interrupted step wrote.
LOOKED_THROUGH = 50
_WORD = re.compile(r"\w+")


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    example='- {id: ticket, type: zoho_desk.get_ticket, with: {id: "{{ ticket_id }}", threads: 10}}',
)
async def get_ticket(ctx: Context, params: GetTicket) -> WholeTicket:
    """A ticket with its contact, and its newest messages with their text when `threads` asks for them.

    Every message costs a request of its own: Desk's list of them has no text.
    """
    answer = await ctx.http.get(f"{API}/tickets/{params.id}", query={"include": "contacts"})
    ticket = record(await answer.json())
    if params.threads:
        ticket["threads"] = await _threads(ctx, params.id, params.threads, text=True)
    if params.conversations:
        ticket["conversations"] = await _conversations(ctx, params.id, params.conversations)
    return WholeTicket.model_validate(ticket)


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    timeout=300,
    example="- {id: open, type: zoho_desk.list_tickets, with: {status: Open, limit: 500}}",
)
async def list_tickets(ctx: Context, params: ListTickets) -> Tickets:
    """Tickets by status, priority, channel, department or assignee, newest first, all pages up to `limit`.

    Zoho's lists leave out what a ticket says (description, custom fields): read it with get_ticket.
    """
    query = {
        "include": "contacts",
        "status": params.status,
        "priority": params.priority,
        "channel": params.channel,
        "departmentId": params.department_id,
        "assignee": params.assignee,
        "receivedInDays": params.received_in_days,
        "sortBy": "createdTime" if params.oldest_first else "-createdTime",
    }
    found = [record(row) async for row, _ in rows(ctx, f"{API}/tickets", query, params.limit)]
    return Tickets.model_validate({"data": found})


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    timeout=300,
    example='- {id: theirs, type: zoho_desk.search_tickets, with: {email: "{{ email }}", status: Open}}',
)
async def search_tickets(ctx: Context, params: SearchTickets) -> Tickets:
    """Tickets that match everything that is named, all pages up to `limit` (5,000 at most, by Zoho's rule).

    Zoho's search lags behind: what was just written may be missing.
    """
    query = {
        "_all": params.text,
        "ticketNumber": params.ticket_number,
        "subject": params.subject,
        "status": params.status,
        "priority": params.priority,
        "category": params.category,
        "channel": params.channel,
        "tag": params.tag,
        "email": params.email,
        "contactId": params.contact_id,
        "departmentId": params.department_id,
        "assigneeId": params.assignee_id,
        "createdTimeRange": _since(ctx, params.created_after),
        "modifiedTimeRange": _since(ctx, params.modified_after),
        "sortBy": re.sub(r"_t", "T", params.sort),
    }
    found, count = [], 0
    async for row, told in rows(ctx, f"{API}/tickets/search", query, params.limit, first=0):
        found.append(record(row))
        count = told if told is not None else len(found)
    return Tickets.model_validate({"data": found, "count": count})


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    timeout=300,
    example='- {id: messages, type: zoho_desk.list_threads, with: {ticket_id: "{{ ticket.id }}", limit: 50}}',
)
async def list_threads(ctx: Context, params: ListThreads) -> Threads:
    """The newest messages of a ticket, oldest of them first."""
    found = await _threads(ctx, params.ticket_id, params.limit, text=params.text)
    return Threads.model_validate({"data": found})


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    example='- {id: talk, type: zoho_desk.list_conversations, with: {ticket_id: "{{ ticket.id }}"}}',
)
async def list_conversations(ctx: Context, params: ListOfTicket) -> Conversations:
    """Messages (in short form) and comments of a ticket together, as Zoho orders them."""
    return Conversations.model_validate({"data": await _conversations(ctx, params.ticket_id, params.limit)})


async def _reply_of_this_step(ctx: Context, params: SendReply) -> Thread | None:
    """The reply or draft with this text, when it is there and the customer has not written since."""
    wanted = _words(params.content)
    kinds = {"DRAFT"} if params.draft else {"SUCCESS", "PENDING"}
    for thread in reversed(await _threads(ctx, params.ticket_id, LOOKED_THROUGH, text=False)):
        if thread.get("direction") == "in":
            return None
        if thread.get("status") in kinds and wanted in _words(await _content(ctx, params.ticket_id, thread["id"])):
            return Thread.model_validate(thread)
    return None


@zoho_desk.action(
    effect="once",
    retry=PATIENT,
    reconcile=_reply_of_this_step,
    example=(
        '- {id: reply, type: zoho_desk.send_reply, with: {ticket_id: "{{ ticket.id }}", content: "{{ answer }}", '
        "ticket_status: On Hold}}"
    ),
)
async def send_reply(ctx: Context, params: SendReply) -> Thread:
    """Answer the customer of a ticket, or with `draft` leave the answer for an agent to send.

    After a crash the engine looks whether the ticket's last word is this text.
    """
    body: dict[str, Any] = {
        "channel": params.channel,
        "content": params.content,
        "contentType": "html" if params.html else "plainText",
    }
    if params.channel == "EMAIL":
        body["fromEmailAddress"] = await _from_address(ctx, params)
    optional = {
        "to": params.to,
        "cc": params.cc,
        "bcc": params.bcc,
        "attachmentIds": params.attachment_ids or None,
        "ticketStatus": params.ticket_status,
    }
    body |= {name: value for name, value in optional.items() if value is not None}
    kind = "draftReply" if params.draft else "sendReply"
    answer = await ctx.http.post(f"{API}/tickets/{params.ticket_id}/{kind}", json=body)
    return Thread.model_validate(_thread(await answer.json()))


async def _comment_of_this_step(ctx: Context, params: AddComment) -> Comment | None:
    """The newest comment with this text."""
    url = f"{API}/tickets/{params.ticket_id}/comments"
    async for row, _ in rows(ctx, url, {"sortBy": "-commentedTime"}, LOOKED_THROUGH, LOOKED_THROUGH, first=0):
        same = _words(row.get("content") or "") == _words(params.content)
        if same and bool(row.get("isPublic")) == params.is_public:
            return Comment.model_validate(named(row))
    return None


@zoho_desk.action(
    effect="once",
    retry=PATIENT,
    reconcile=_comment_of_this_step,
    example='- {id: note, type: zoho_desk.add_comment, with: {ticket_id: "{{ ticket.id }}", content: "{{ summary }}"}}',
)
async def add_comment(ctx: Context, params: AddComment) -> Comment:
    """Comment on a ticket, for the agents alone unless `is_public` says otherwise.

    After a crash the engine looks whether the ticket has a comment with this text.
    """
    body = {
        "content": params.content,
        "contentType": "html" if params.html else "plainText",
        "isPublic": params.is_public,
    }
    answer = await ctx.http.post(f"{API}/tickets/{params.ticket_id}/comments", json=body)
    return Comment.model_validate(named(await answer.json()))


@zoho_desk.action(
    effect="keyed",
    retry=PATIENT,
    example=(
        '- {id: sort, type: zoho_desk.update_ticket, with: {id: "{{ ticket.id }}", status: Escalated, priority: High, '
        "cf: {cf_cause: panne}}}"
    ),
)
async def update_ticket(ctx: Context, params: UpdateTicket) -> Ticket:
    """Change a ticket: only what is given. Custom fields go under `cf`, where null clears one."""
    body: dict[str, Any] = {
        "subject": params.subject,
        "description": params.description,
        "status": params.status,
        "priority": params.priority,
        "category": params.category,
        "subCategory": params.sub_category,
        "classification": params.classification,
        "resolution": params.resolution,
        "assigneeId": params.assignee_id,
        "teamId": params.team_id,
        "departmentId": params.department_id,
        "dueDate": params.due_date and moment(params.due_date.timestamp()),
        "cf": params.cf or None,
    }
    changes = {name: value for name, value in body.items() if value is not None}
    answer = await ctx.http.patch(f"{API}/tickets/{params.id}", json=changes)
    return Ticket.model_validate(record(await answer.json()))


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    example='- {id: customer, type: zoho_desk.get_contact, with: {id: "{{ ticket.contact_id }}"}}',
)
async def get_contact(ctx: Context, params: GetContact) -> Contact:
    """A contact by its id; `zoho_crm_contact` names its record in the CRM when they are linked."""
    answer = await ctx.http.get(f"{API}/contacts/{params.id}")
    return Contact.model_validate(record(await answer.json()))


@zoho_desk.action(
    effect="read",
    retry=PATIENT,
    example='- {id: known, type: zoho_desk.find_contact, with: {email: "{{ email }}"}}',
)
async def find_contact(ctx: Context, params: FindContact) -> FoundContact:
    """The contact with this e-mail address, or `found: false`. Of several, the one changed last."""
    query = {"email": params.email, "sortBy": "-modifiedTime"}
    async for row, _ in rows(ctx, f"{API}/contacts/search", query, 1, first=0):
        return FoundContact(found=True, contact=Contact.model_validate(record(row)))
    return FoundContact(found=False)


async def _threads(ctx: Context, ticket_id: str, limit: int, *, text: bool) -> list[dict[str, Any]]:
    """The newest messages, oldest of them first."""
    url = f"{API}/tickets/{ticket_id}/threads"
    found = [_thread(row) async for row, _ in rows(ctx, url, {"sortBy": "-sendDateTime"}, limit, 200, first=0)]
    if text:
        for thread in found:
            thread["text"] = await _content(ctx, ticket_id, thread["id"]) or thread["text"]
    return found[::-1]


async def _content(ctx: Context, ticket_id: str, thread_id: str) -> str:
    """The plain text of a message."""
    url = f"{API}/tickets/{ticket_id}/threads/{thread_id}"
    whole = await (await ctx.http.get(url, query={"include": "plainText"})).json()
    content = whole.get("content") or ""
    if whole.get("contentType") != "text/plain":
        content = re.sub(r"<[^>]*>", " ", content).strip()
    return str(whole.get("plainText") or content or whole.get("summary") or "")


def _thread(row: dict[str, Any]) -> dict[str, Any]:
    thread: dict[str, Any] = named(row)
    thread["text"] = thread.get("plain_text") or thread.get("summary") or ""
    return thread


async def _conversations(ctx: Context, ticket_id: str, limit: int) -> list[Conversation]:
    url = f"{API}/tickets/{ticket_id}/conversations"
    return [Conversation.model_validate(named(row)) async for row, _ in rows(ctx, url, {}, limit, 200, first=0)]


async def _from_address(ctx: Context, params: SendReply) -> str:
    """The portal's address that a reply comes from: as told, as set, or the one the customer wrote to."""
    told = params.from_email or ctx.settings.get("ZOHO_DESK_FROM_EMAIL")
    if told:
        return told
    for thread in reversed(await _threads(ctx, params.ticket_id, LOOKED_THROUGH, text=False)):
        written_to = thread.get("to") if thread.get("direction") == "in" else thread.get("from_email_address")
        address = re.search(r"[^\s<>,;\"']+@[^\s<>,;\"']+", written_to or "")
        if address:
            return address[0]
    raise Terminal(
        "the reply needs an address to come from, and the ticket's messages name none",
        code="not_configured",
        detail="set ZOHO_DESK_FROM_EMAIL, or say from_email",
    )


def _since(ctx: Context, at: Any) -> str | None:
    return None if at is None else f"{moment(at.timestamp())},{moment(ctx.now)}"


def _words(text: str) -> str:
    """The words of a text without mark-up, for comparing what was sent with what Zoho made of it."""
    return " ".join(_WORD.findall(re.sub(r"<[^>]*>", " ", text).casefold()))
