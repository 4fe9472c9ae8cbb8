"""Zoho Desk: tickets with their threads, conversations, replies and comments; contacts.

The one rule: Zoho's own code and words of a refusal reach the author, with what can be done about it.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import AuthContext, Connector, Request, Retryable, Setting, Terminal, hookimpl
from recipe_plugins.zoho_common import ACCOUNT_SETTINGS, AT_ONCE, data_centre, zoho_login, zoho_token

# The day's credits come back bit by bit over 24 hours; Zoho names the wait in Retry-After, but not always.
DAILY_WAIT = 3600.0
BUSY_WAIT = 1.0
ADVICE = {
    "INVALID_OAUTH": "the access token is not taken, even a fresh one: is ZOHO_DATACENTER right?",
    "SCOPE_MISMATCH": "the refresh token lacks a scope: Desk.tickets.ALL, Desk.contacts.READ, Desk.search.READ",
    "OAUTH_ORG_MISMATCH": "ZOHO_DESK_ORG_ID is not the organisation that the refresh token was made for",
    "URL_NOT_FOUND": "Zoho answers so for an id that does not exist, too",
    "LICENSE_ACCESS_LIMITED": "the edition of this Desk does not have that",
}


async def authorize(request: Request, auth: AuthContext) -> None:
    """Zoho's access token, and the organisation, which Desk wants on every request."""
    request.headers["orgId"] = auth.settings.require("ZOHO_DESK_ORG_ID")
    await zoho_token(request, auth)


def errors(status: int, headers: Mapping[str, str], body: object) -> Exception | None:
    """Desk's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    if not isinstance(body, dict) or "errorCode" not in body or status >= 500:
        return None
    code = str(body["errorCode"])
    title = f"Zoho Desk: {body.get('message') or code}"
    fields = [
        f"{each.get('fieldName', '')}: {each.get('errorMessage') or each.get('errorType', '')}"
        for each in body.get("errors") or ()
    ]
    detail = "; ".join(filter(None, [code, *fields, ADVICE.get(code, "")]))
    if status == 429:
        told = "retry-after" in headers  # the engine reads it
        if code == "THRESHOLD_EXCEEDED":
            wait = None if told else DAILY_WAIT
            return Retryable(title, code="daily_limit", detail=detail, retry_after=wait, data=body)
        return Retryable(title, code="rate_limit", detail=detail, retry_after=None if told else BUSY_WAIT, data=body)
    return Terminal(title, code=f"http_{status}", detail=detail, data=body)


zoho_desk = Connector(
    name="zoho_desk",
    title="Zoho Desk",
    docs="Tickets with their threads, conversations, replies and comments, and contacts, in Zoho Desk.",
    base_url=lambda settings: data_centre(settings).desk,
    settings=[
        *ACCOUNT_SETTINGS,
        Setting("ZOHO_DESK_ORG_ID", help="Desk: Setup > Developer Space > API: the organisation id (a number)"),
        Setting("ZOHO_DESK_FROM_EMAIL", required=False, help="Setup > Channels > Email: the address replies come from"),
    ],
    auth=authorize,
    renew=zoho_token.renew,
    login=zoho_login,
    at_once=AT_ONCE,
    errors=errors,
    # GET /api/v1/tickets of Desk's description.
    probe=lambda _settings: ("list_tickets", {"limit": 1}),
    sandbox="recipe_plugins.zoho_desk.sandbox:ZohoDeskSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Zoho Desk with its actions."""
    from recipe_plugins.zoho_desk import actions  # noqa: F401  # importing it registers them

    return [zoho_desk]
