"""Zoho CRM: deals, their notes, searches and queries.

The one rule: a 2xx answer is not yet a success. Zoho answers by rows, and each row says for itself whether it was done.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import Connector, Retryable, Terminal, hookimpl
from recipe_plugins.zoho_common import ACCOUNT_SETTINGS, AT_ONCE, data_centre, error_code, zoho_login, zoho_token

# The credits of 24 hours come back one by one as the calls of a day ago fall out of them.
CREDITS_WAIT = 3600.0
BUSY_WAIT = 1.0
ADVICE = {
    "INVALID_TOKEN": "the access token is not taken, even a fresh one: is ZOHO_DATACENTER right?",
    "OAUTH_SCOPE_MISMATCH": "the refresh token lacks a scope: ZohoCRM.modules.ALL, ZohoCRM.coql.READ",
    "NO_PERMISSION": "the user who made the refresh token may not do that in the CRM",
    "RECORD_IN_BLUEPRINT": "the record is in a blueprint, which decides about its stage",
}


def failure_of_row(row: Mapping[str, object], status: int) -> Terminal:
    """The refusal that a row of an answer is."""
    code, details = str(row.get("code") or "ERROR"), row.get("details")
    told = [f"{name}: {value}" for name, value in details.items()] if isinstance(details, dict) else []
    title = f"Zoho CRM: {row.get('message') or code}"
    detail = "; ".join(filter(None, [code, *told, ADVICE.get(code, "")]))
    return Terminal(title, code=f"http_{status}", detail=detail, data=dict(row))


def errors(status: int, headers: Mapping[str, str], body: object) -> Exception | None:
    """The CRM's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    code = error_code(body)
    if not code or not isinstance(body, dict) or status >= 500:
        return None
    rows = body.get("data")
    row = rows[0] if isinstance(rows, list) and rows else body
    if status == 429:
        told = "retry-after" in headers  # the engine reads it
        credits_used_up = code == "LIMIT_EXCEEDED"
        wait = None if told else CREDITS_WAIT if credits_used_up else BUSY_WAIT
        kind = "daily_limit" if credits_used_up else "rate_limit"
        return Retryable(f"Zoho CRM: {row.get('message') or code}", code=kind, detail=code, retry_after=wait, data=body)
    return failure_of_row(row, status)


zoho_crm = Connector(
    name="zoho_crm",
    title="Zoho CRM",
    docs="Deals in Zoho CRM: read, search, query, change, notes, and those that nobody touched for a while.",
    base_url=lambda settings: data_centre(settings).crm,
    settings=[
        *ACCOUNT_SETTINGS,
    ],
    auth=zoho_token,
    renew=zoho_token.renew,
    login=zoho_login,
    at_once=AT_ONCE,
    errors=errors,
    # POST /crm/v8/coql of the CRM's description, which reads.
    probe=lambda _settings: ("query", {"query": "select id from Deals where id is not null", "limit": 1}),
    sandbox="recipe_plugins.zoho_crm.sandbox:ZohoCrmSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Zoho CRM with its actions."""
    from recipe_plugins.zoho_crm import actions  # noqa: F401  # importing it registers them

    return [zoho_crm]
