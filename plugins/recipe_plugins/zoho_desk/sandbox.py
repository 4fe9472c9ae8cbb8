"""Zoho Desk imitated: tickets, threads, comments and contacts of one organisation, and Zoho's accounts.

The one rule: the same statuses, shapes and refusals as Zoho's: 204 for nothing found, 422 with the fields that are wrong,
unknown parameters refused. Search shows what was written `SEARCH_LAG` seconds ago or earlier.

Seed: `tickets` and `contacts`: lists of records in Zoho's own names (a ticket may have `threads` and `comments`);
`statuses`: further ones, name to Open, On Hold or Closed; `priorities`; `custom_fields`: API names; `addresses`: those that
replies may come from, the first being the one that customers write to.

Effects: `update ticket` {id, what changed, in Zoho's names: status, priority, ...}; `send reply`, `draft reply` {ticket, from,
content, to, ticketStatus}; `add comment` {ticket, content, public}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from recipe_engine.plugin import Fault, SandboxRequest, SandboxResponse, route
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH, ZohoSandbox
from recipe_plugins.zoho_desk.sandbox_portal import CHANGEABLE, Portal, field_error, refusal, row_of
from recipe_plugins.zoho_desk.sandbox_search import CONTACT_QUERY, LIST_QUERY, SEARCH_QUERY, Query

SEARCH_LAG = 10.0
# The id in the sandbox's settings; any other organisation is refused.
ORGANISATION = "60001234567"


class ZohoDeskSandbox(ZohoSandbox):
    """An imitated portal with one department."""

    connector = "zoho_desk"
    invented: ClassVar[Mapping[str, str]] = {"ZOHO_DESK_ORG_ID": ORGANISATION}

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.portal = Portal(now)

    def seed(self, data: dict[str, Any]) -> None:
        """Load the portal; see the module."""
        self.portal.load(data)

    def state(self) -> dict[str, Any]:
        """Tickets (with their threads and comments) and contacts."""
        return self.portal.state()

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """Desk's refusal of tokens and organisations."""
        if request.path == TOKEN_PATH:
            return None
        if not self.carries_token(request):
            return refusal(401, "INVALID_OAUTH", "The OAuth Token you provided is invalid.").answer
        if request.headers.get("orgid") != self.settings.get("ZOHO_DESK_ORG_ID"):
            words = "The organization ID does not belong to the OAuth token."
            return refusal(401, "OAUTH_ORG_MISMATCH", words).answer
        return None

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """Desk's answer for a path, or an id, that it does not know."""
        return refusal(404, "URL_NOT_FOUND", "The URL given is wrong or not found").answer

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """Desk's refusal of a value of another type."""
        return refusal(422, "UNPROCESSABLE_ENTITY", why).answer

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal, in Desk's shape."""
        status = fault.status or 500
        code, words = {
            401: ("INVALID_OAUTH", "The OAuth Token you provided is invalid."),
            403: ("FORBIDDEN", "You do not have permission for this."),
            429: ("TOO_MANY_REQUESTS", "Too many requests at the same time."),
        }.get(status, ("INTERNAL_SERVER_ERROR", f"injected fault {status}"))
        answer = refusal(status, code, words).answer
        return SandboxResponse(status, fault.body or answer.json, headers=fault.headers)

    @route("GET", "/api/v1/tickets/search")
    def search(self, request: SandboxRequest) -> SandboxResponse:
        query = Query(request.query, SEARCH_QUERY, first=0)
        known = [ticket for ticket in self.portal.tickets.values() if self.portal.written(ticket) <= self._searchable]
        found = query.matching(known)
        page = [self.portal.whole(ticket) for ticket in query.page(found)]
        return _page(page, count=len(found))

    @route("GET", "/api/v1/tickets")
    def list(self, request: SandboxRequest) -> SandboxResponse:
        query = Query(request.query, LIST_QUERY, first=1)
        found = query.page(query.matching(self.portal.tickets.values()))
        return _page([row_of(self.portal.whole(ticket, query.included)) for ticket in found])

    @route("GET", "/api/v1/tickets/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        Query(request.query, {"include": ""}, first=1)
        ticket = self.portal.ticket(request.variables["id"])
        return SandboxResponse(200, self.portal.whole(ticket, request.query.get("include", "")))

    @route("PATCH", "/api/v1/tickets/{id}")
    def update(self, request: SandboxRequest) -> SandboxResponse:
        ticket, changes = self.portal.ticket(request.variables["id"]), _body(request)
        self.portal.change(ticket, changes, CHANGEABLE)
        self.record("update ticket", id=ticket["id"], **changes)
        return SandboxResponse(200, self.portal.whole(ticket))

    @route("POST", "/api/v1/tickets/{id}/sendReply")
    def send_reply(self, request: SandboxRequest) -> SandboxResponse:
        return self._reply(request, "SUCCESS", "send reply")

    @route("POST", "/api/v1/tickets/{id}/draftReply")
    def draft_reply(self, request: SandboxRequest) -> SandboxResponse:
        return self._reply(request, "DRAFT", "draft reply")

    @route("GET", "/api/v1/tickets/{id}/threads")
    def threads(self, request: SandboxRequest) -> SandboxResponse:
        query = Query(request.query, {"sortBy": "-sendDateTime"}, first=0, most=200)
        newest_first = self.portal.threads_of(request.variables["id"])[::-1]
        ordered = newest_first if query.sort.startswith("-") else newest_first[::-1]
        return _page([row_of(each) for each in query.page(ordered)])

    @route("GET", "/api/v1/tickets/{id}/threads/{thread}")
    def thread(self, request: SandboxRequest) -> SandboxResponse:
        Query(request.query, {"include": ""}, first=0)
        threads = {each["id"]: each for each in self.portal.threads_of(request.variables["id"])}
        found = threads.get(request.variables["thread"])
        if found is None:
            return self.not_found(request)
        plain = {"plainText": found["content"]} if request.query.get("include") == "plainText" else {}
        return SandboxResponse(200, found | plain)

    @route("GET", "/api/v1/tickets/{id}/conversations")
    def conversations(self, request: SandboxRequest) -> SandboxResponse:
        query = Query(request.query, {}, first=0, most=200)
        id_ = request.variables["id"]
        threads = [{**row_of(each), "type": "thread"} for each in self.portal.threads_of(id_)]
        comments = [{**each, "type": "comment"} for each in self.portal.comments_of(id_)]
        mixed = sorted([*threads, *comments], key=lambda each: each.get("createdTime") or each["commentedTime"])
        return _page(query.page(mixed[::-1]))

    @route("GET", "/api/v1/tickets/{id}/comments")
    def comments(self, request: SandboxRequest) -> SandboxResponse:
        query = Query(request.query, {"sortBy": "commentedTime", "include": ""}, first=0)
        found = self.portal.comments_of(request.variables["id"])
        return _page(query.page(found[::-1] if query.sort.startswith("-") else found))

    @route("POST", "/api/v1/tickets/{id}/comments")
    def comment(self, request: SandboxRequest) -> SandboxResponse:
        body = _body(request)
        comment = self.portal.add_comment(request.variables["id"], body)
        said = {"content": comment["content"], "public": comment["isPublic"]}
        self.record("add comment", ticket=request.variables["id"], **said)
        return SandboxResponse(200, comment)

    @route("GET", "/api/v1/contacts/search")
    def search_contacts(self, request: SandboxRequest) -> SandboxResponse:
        query = Query(request.query, CONTACT_QUERY, first=0)
        found = query.matching(self.portal.contacts.values())
        return _page(query.page(found), count=len(found))

    @route("GET", "/api/v1/contacts/{id}")
    def contact(self, request: SandboxRequest) -> SandboxResponse:
        Query(request.query, {"include": ""}, first=1)
        found = self.portal.contacts.get(request.variables["id"])
        return SandboxResponse(200, found) if found else self.not_found(request)

    @property
    def _searchable(self) -> float:
        return self.now() - SEARCH_LAG

    def _reply(self, request: SandboxRequest, status: str, action: str) -> SandboxResponse:
        id_, body = request.variables["id"], _body(request)
        thread = self.portal.reply(id_, body, status)
        told = {name: body[name] for name in ("to", "ticketStatus") if body.get(name)}
        self.record(action, ticket=id_, **{"from": thread["fromEmailAddress"]}, content=body["content"], **told)
        return SandboxResponse(200, thread)


def _page(found: list[dict[str, Any]], **more: Any) -> SandboxResponse:
    return SandboxResponse(200, {"data": found, **more}) if found else SandboxResponse(204)


def _body(request: SandboxRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refusal(422, "UNPROCESSABLE_ENTITY", "The body is not a JSON object")
    if not body:
        raise field_error("", "missing", "The payload is empty")
    return body
