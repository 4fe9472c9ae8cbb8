"""The portal behind the sandbox: its records, and what it refuses to store.

The one rule: ids are counted, moments are the runtime's, so that a case is the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from recipe_engine.plugin import Refused, SandboxResponse
from recipe_plugins.zoho_desk.reading import moment

SEEDED_AGO = 3600.0
DEPARTMENT = "300100"
SUPPORT_ADDRESS = "support@sandbox.example"
STATUSES = {"Open": "Open", "On Hold": "On Hold", "Escalated": "Open", "Closed": "Closed"}
PRIORITIES = ["Low", "Medium", "High"]
# What a PATCH may hold, and how long a text may be.
CHANGEABLE: Mapping[str, int] = {
    "subject": 1000,
    "description": 65_535,
    "status": 120,
    "priority": 120,
    "channel": 120,
    "category": 300,
    "subCategory": 300,
    "classification": 300,
    "email": 150,
    "phone": 120,
    "resolution": 65_535,
    "assigneeId": 20,
    "productId": 20,
    "teamId": 20,
    "departmentId": 20,
    "contactId": 20,
    "dueDate": 40,
    "language": 50,
    "cf": 0,
}
_REPLY = {"channel", "content", "contentType", "fromEmailAddress", "to", "cc", "bcc", "attachmentIds", "ticketStatus"}
_CHANNELS = {"EMAIL", "FACEBOOK", "TWITTER", "FORUMS"}
_LEFT_OUT_OF_LISTS = {"description", "resolution", "classification", "modifiedTime", "cf", "content", "plainText"}
_TICKET_EMPTY = ("priority", "category", "description", "assigneeId", "email", "phone", "contactId", "dueDate")


def refusal(status: int, code: str, message: str, errors: list[dict[str, str]] | None = None) -> Refused:
    """An error in Desk's shape."""
    body: dict[str, Any] = {"errorCode": code, "message": message}
    if errors:
        body["errors"] = errors
    return Refused(SandboxResponse(status, body))


def field_error(field: str, kind: str, words: str = "") -> Refused:
    """Desk's answer when a field is `missing`, `invalid` or `duplicate`."""
    message = "The data is invalid due to validation restrictions"
    errors = [{"fieldName": f"/{field}", "errorType": kind, "errorMessage": words}]
    return refusal(422, "INVALID_DATA", message, errors)


def row_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as lists show it."""
    return {name: value for name, value in record.items() if name not in _LEFT_OUT_OF_LISTS}


class Portal:
    """Tickets, threads, comments and contacts by id."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last_id = 900_000
        self.tickets: dict[str, dict[str, Any]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.statuses = dict(STATUSES)
        self.priorities = list(PRIORITIES)
        self.custom_fields: set[str] = set()
        self.addresses = [SUPPORT_ADDRESS]
        self._threads: dict[str, list[dict[str, Any]]] = {}
        self._comments: dict[str, list[dict[str, Any]]] = {}

    def load(self, data: dict[str, Any]) -> None:
        """What a test case begins with. Raises ValueError for a name that is no part of a portal."""
        known = {"tickets", "contacts", "statuses", "priorities", "custom_fields", "addresses"}
        if unknown := set(data) - known:
            raise ValueError(f"the sandbox of zoho_desk keeps no state named {', '.join(sorted(unknown))}")
        self.statuses |= data.get("statuses", {})
        self.priorities += data.get("priorities", [])
        self.custom_fields |= set(data.get("custom_fields", ()))
        self.addresses = data.get("addresses", self.addresses)
        for each in data.get("contacts", ()):
            id_ = str(each.get("id") or self._next_id())
            at = moment(self._now() - SEEDED_AGO)
            self.contacts[id_] = {"createdTime": at, "modifiedTime": at, "cf": {}, **each, "id": id_}
        for each in data.get("tickets", ()):
            self._load_ticket(dict(each))

    def state(self) -> dict[str, Any]:
        """Everything, with threads and comments inside their tickets."""
        tickets = [
            {**ticket, "threads": self._threads[id_], "comments": self._comments[id_]}
            for id_, ticket in self.tickets.items()
        ]
        return {"tickets": tickets, "contacts": list(self.contacts.values())}

    def ticket(self, id_: str) -> dict[str, Any]:
        """The ticket of an id, or Desk's 404."""
        if id_ not in self.tickets:
            raise refusal(404, "URL_NOT_FOUND", "The URL given is wrong or not found")
        return self.tickets[id_]

    def whole(self, ticket: dict[str, Any], include: str = "") -> dict[str, Any]:
        """A ticket as Desk shows it, with what `include` asks for."""
        id_ = ticket["id"]
        counts = {"threadCount": str(len(self._threads[id_])), "commentCount": str(len(self._comments[id_]))}
        shown = {**ticket, **counts, "statusType": self.statuses[ticket["status"]]}
        if "contacts" in include.split(","):
            contact = self.contacts.get(ticket.get("contactId") or "")
            names = ("id", "firstName", "lastName", "email", "phone", "mobile")
            shown["contact"] = {name: contact.get(name) for name in names} if contact else None
        return shown

    def change(self, ticket: dict[str, Any], changes: dict[str, Any], allowed: Mapping[str, int]) -> None:
        """Store what changes of a ticket, when all of it may be stored."""
        for name, value in changes.items():
            if name not in allowed:
                raise field_error(name, "invalid", f"An extra parameter '{name}' is found")
            if isinstance(value, str) and len(value) > allowed[name]:
                raise field_error(name, "invalid", f"at most {allowed[name]} characters")
        self._check(changes)
        custom = {**ticket["cf"], **(changes.get("cf") or {})}
        ticket |= {**changes, "cf": custom, "modifiedTime": moment(self._now())}

    def threads_of(self, id_: str) -> list[dict[str, Any]]:
        """The messages of a ticket, oldest first."""
        self.ticket(id_)
        return self._threads[id_]

    def comments_of(self, id_: str) -> list[dict[str, Any]]:
        """The comments of a ticket, oldest first."""
        self.ticket(id_)
        return self._comments[id_]

    def reply(self, id_: str, body: dict[str, Any], status: str) -> dict[str, Any]:
        """Send (or keep as a draft) a message to the customer."""
        ticket = self.ticket(id_)
        for name in body:
            if name not in _REPLY:
                raise field_error(name, "invalid", f"An extra parameter '{name}' is found")
        for name in ("channel", "content"):
            if not body.get(name):
                raise field_error(name, "missing")
        if body["channel"] not in _CHANNELS:
            raise field_error("channel", "invalid")
        sender = body.get("fromEmailAddress")
        if body["channel"] == "EMAIL" and not sender:
            raise field_error("fromEmailAddress", "missing")
        if sender and sender not in self.addresses:
            raise field_error("fromEmailAddress", "invalid", "not an address of this portal")
        self._check({"status": body["ticketStatus"]} if body.get("ticketStatus") else {})
        contact = self.contacts.get(ticket.get("contactId") or "", {})
        thread = self._message(
            {
                "direction": "out",
                "channel": body["channel"],
                "content": body["content"],
                "contentType": "text/html" if body.get("contentType") in ("html", "text/html") else "text/plain",
                "to": body.get("to") or ticket.get("email") or contact.get("email"),
                "fromEmailAddress": sender,
                "status": status,
                "author": {"name": "Agent", "type": "AGENT", "email": sender},
            },
            self._now(),
        )
        self._threads[id_].append(thread)
        if body.get("ticketStatus") and status != "DRAFT":
            ticket |= {"status": body["ticketStatus"]}
        ticket["modifiedTime"] = moment(self._now())
        return thread

    def add_comment(self, id_: str, body: dict[str, Any]) -> dict[str, Any]:
        """Put a comment under a ticket."""
        self.ticket(id_)
        for name in body:
            if name not in ("content", "contentType", "isPublic", "attachmentIds"):
                raise field_error(name, "invalid", f"An extra parameter '{name}' is found")
        if not body.get("content"):
            raise field_error("content", "missing")
        comment = {
            "id": self._next_id(),
            "content": body["content"],
            "contentType": body.get("contentType", "plainText"),
            "isPublic": bool(body.get("isPublic", True)),
            "commentedTime": moment(self._now()),
            "commenter": {"name": "Agent", "type": "AGENT"},
        }
        self._comments[id_].append(comment)
        return comment

    def written(self, ticket: Mapping[str, Any]) -> float:
        """When a ticket was last changed, in seconds since 1970."""
        return datetime.fromisoformat(ticket["modifiedTime"]).timestamp()

    def _check(self, changes: Mapping[str, Any]) -> None:
        if "status" in changes and changes["status"] not in self.statuses:
            raise field_error("status", "invalid", f"there is no status {changes['status']}")
        if changes.get("priority") is not None and changes["priority"] not in self.priorities:
            raise field_error("priority", "invalid", f"there is no priority {changes['priority']}")
        for name in changes.get("cf") or {}:
            if name not in self.custom_fields:
                raise field_error(f"cf/{name}", "invalid", "there is no such field")

    def _load_ticket(self, given: dict[str, Any]) -> None:
        threads, comments = given.pop("threads", ()), given.pop("comments", ())
        id_ = str(given.get("id") or self._next_id())
        at = moment(self._now() - SEEDED_AGO)
        contact = self.contacts.get(given.get("contactId") or "", {})
        ticket = {
            **dict.fromkeys(_TICKET_EMPTY),
            "ticketNumber": id_[-4:].lstrip("0") or "1",
            "subject": "Sans objet",
            "status": "Open",
            "channel": "Email",
            "departmentId": DEPARTMENT,
            "email": contact.get("email"),
            "createdTime": at,
            "modifiedTime": at,
            "customerResponseTime": given.get("createdTime", at),
            "webUrl": f"https://desk.zoho.com/support/sandbox/ShowHomePage.do#Cases/dv/{id_}",
            "cf": {},
            **given,
            "id": id_,
        }
        self.custom_fields |= set(ticket["cf"])
        self._check(ticket)
        self.tickets[id_] = ticket
        opening = [{"content": ticket["description"], "isDescriptionThread": True}] if ticket["description"] else []
        seeded_at = self._now() - SEEDED_AGO
        self._threads[id_] = [
            self._message({**self._from_customer(ticket), **each}, seeded_at + n)
            for n, each in enumerate([*opening, *threads])
        ]
        self._comments[id_] = []
        for each in comments:
            self.add_comment(id_, {"isPublic": False, **each})

    def _from_customer(self, ticket: Mapping[str, Any]) -> dict[str, Any]:
        contact = self.contacts.get(ticket.get("contactId") or "", {})
        author = {"name": contact.get("lastName"), "email": ticket.get("email"), "type": "END_USER"}
        return {"direction": "in", "to": self.addresses[0], "fromEmailAddress": ticket.get("email"), "author": author}

    def _message(self, given: dict[str, Any], at: float) -> dict[str, Any]:
        message = {
            "id": self._next_id(),
            "channel": "EMAIL",
            "status": "SUCCESS",
            "visibility": "public",
            "contentType": "text/plain",
            "createdTime": moment(at),
            "isDescriptionThread": False,
            **given,
        }
        return {"summary": str(message["content"])[:100], **message}

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)
