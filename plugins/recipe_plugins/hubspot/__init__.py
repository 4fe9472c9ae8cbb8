"""HubSpot CRM: contacts, tickets, deals, notes, associations and search, and its webhooks.

The one rule: what HubSpot says about a refusal reaches the author, its category and message unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
    AuthContext,
    Connector,
    RateLimit,
    Request,
    Response,
    Retryable,
    Setting,
    Settings,
    Terminal,
    bearer,
    hookimpl,
    login_token,
)
from recipe_engine.plugin.signatures import Received, Reply
from recipe_plugins.hubspot.login import hubspot_login, used

# The free plan's limit for a private app; larger plans answer 429 later, never sooner.
FREE_PLAN = RateLimit(100, per=10)
# A daily limit ends at midnight of the account, whose time zone is not told: ask again every hour.
DAILY_WAIT = 3600.0


def errors(status: int, headers: Mapping[str, str], body: object) -> Exception | None:
    """HubSpot's error answer as a Retryable or Terminal; None for what the engine's general rules know better.

    HubSpot promises no Retry-After for 429: the interval stands in a header of its own.
    """
    if not isinstance(body, dict) or "message" not in body:
        return None
    title = f"HubSpot: {body['message']}"
    causes = [cause["message"] for cause in body.get("errors") or () if cause.get("message")]
    kind = body.get("category") or body.get("errorType") or ""
    detail = "; ".join([part for part in (kind, *causes) if part and part not in title])
    if status == 429:
        if body.get("policyName") == "DAILY":
            return Retryable(title, code="daily_limit", detail=detail, retry_after=DAILY_WAIT, data=body)
        interval = float(headers.get("x-hubspot-ratelimit-interval-milliseconds") or 10_000) / 1000
        wait = 1.0 if body.get("policyName") == "SECONDLY" else interval
        return Retryable(title, code="rate_limit", detail=detail, retry_after=wait, data=body)
    if status == 423:
        return Retryable(title, code="locked", detail=detail, retry_after=2.0, data=body)
    if status == 477:
        wait = float(headers.get("retry-after") or DAILY_WAIT)
        return Retryable(title, code="migration", detail=detail, retry_after=wait, data=body)
    if status >= 500:
        return None
    return Terminal(title, code=f"http_{status}", detail=detail, data=body)


def verify(received: Received, settings: Settings) -> Reply | None:
    """HubSpot's signature of webhooks, version 3 or 1."""
    from recipe_plugins.hubspot.webhooks import verify

    return verify(received, settings)


private_app = bearer("HUBSPOT_API_KEY")
app_token = login_token(hubspot_login)


async def authorize(request: Request, auth: AuthContext) -> None:
    """The access token of a login, unless the key of a private app is set or would have to be."""
    await (app_token if _by_login(auth) else private_app)(request, auth)


async def renew(request: Request, response: Response, auth: AuthContext) -> bool:
    """After a 401: whether there is another access token to try with. A key has no other."""
    return _by_login(auth) and await app_token.renew(request, response, auth)


def _by_login(auth: AuthContext) -> bool:
    return not auth.settings.get("HUBSPOT_API_KEY") and auth.login(hubspot_login.name) is not None


hubspot = Connector(
    name="hubspot",
    title="HubSpot",
    docs="Contacts, tickets, deals, notes, associations and search in HubSpot's CRM.",
    base_url="https://api.hubapi.com",
    settings=[
        Setting(
            "HUBSPOT_API_KEY",
            secret=True,
            help="Settings > Integrations > Service keys (or Private apps); `recipe connectors login hubspot` does without",
            login="hubspot",
        ),
        Setting("HUBSPOT_HUB_ID", required=False, help="The number in the address bar: adds links to records"),
        Setting(
            "HUBSPOT_PIPELINE_ID", default="0", help="Settings > Objects > Tickets > Pipelines: `</>` shows the id"
        ),
        Setting(
            "HUBSPOT_STAGE_NEW", default="1", help="The id of the stage a new ticket begins in, shown in the same place"
        ),
        Setting("HUBSPOT_KEY_PROPERTY", required=False, help="A ticket property with unique values; see the docs"),
        Setting("HUBSPOT_DEAL_KEY_PROPERTY", required=False, help="The same for deals"),
        Setting(
            "HUBSPOT_CLIENT_SECRET",
            secret=True,
            required=False,
            needed=used,
            help="The app that sends webhooks, or that logs in > Auth > Client secret",
        ),
        Setting("HUBSPOT_CLIENT_ID", required=False, needed=used, help="For a login: the app > Auth > Client ID"),
        Setting("HUBSPOT_ACCOUNTS_BASE_URL", required=False, help="Another address of the page that asks for consent"),
    ],
    auth=authorize,
    renew=renew,
    login=hubspot_login,
    limits=[FREE_PLAN],
    errors=errors,
    verify=verify,
    sandbox="recipe_plugins.hubspot.sandbox:HubSpotSandbox",
    probe=lambda _settings: ("list_tickets", {"limit": 1}),
)


@hookimpl
def register_connectors() -> list[Connector]:
    """HubSpot with its actions."""
    from recipe_plugins.hubspot import actions, associations, deals  # noqa: F401  # importing them registers theirs

    return [hubspot]
