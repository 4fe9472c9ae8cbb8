"""Resend: e-mail by its HTTP interface.

The one rule: every send carries the step's key, so that a repeat within a day is answered and not sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
    ActionError,
    Channel,
    Connector,
    Context,
    Delivery,
    Message,
    RateLimit,
    Retryable,
    Setting,
    Settings,
    Terminal,
    bearer,
    hookimpl,
    needs,
)
from recipe_engine.plugin.signatures import Received, Reply

# What a key that may only send is told elsewhere.
SENDING_ONLY = "restricted_api_key"
QUOTAS = ("daily_quota_exceeded", "monthly_quota_exceeded")
CONCURRENT = "concurrent_idempotent_requests"


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """Resend's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    if not isinstance(body, dict) or "message" not in body or status >= 500:
        return None
    title, name = f"Resend: {body['message']}", str(body.get("name") or "")
    if name in QUOTAS:
        return Terminal(title, code="quota", detail=name, data=body)
    if status == 429:
        return Retryable(title, code="rate_limit", detail=name, data=body)
    if name == CONCURRENT:
        return Retryable(title, code="concurrent", detail=name, retry_after=2.0, data=body)
    return Terminal(title, code=f"http_{status}", detail=name, data=body)


async def email(ctx: Context, message: Message) -> Delivery:
    """The channel `email`."""
    from recipe_plugins.resend.channel import send_email

    return await send_email(ctx, message)


async def signed_in(ctx: Context) -> None:
    """Lists the domains: GET /domains of Resend's description. A key that may only send is refused there, by a name that
    a wrong key does not get (facts of Resend's errors: 401 restricted_api_key)."""
    try:
        await (await ctx.http.get("/domains", query={"limit": 1})).json()
    except ActionError as error:
        if error.failure.detail != SENDING_ONLY:
            raise


async def email_of(_ctx: Context, _message: Message) -> None:
    """Sending again is safe: the step's key goes along, and Resend answers a repeat instead of sending it."""


def verify(received: Received, settings: Settings) -> Reply | None:
    """Resend's signature of webhooks, by the scheme of Svix."""
    from recipe_plugins.resend.webhooks import verify

    verify(received, settings)
    return None


resend = Connector(
    name="resend",
    title="Resend",
    docs="E-mail with HTML, templates and attachments, as actions and as the channel `email` of notify.",
    base_url="https://api.resend.com",
    settings=[
        Setting("RESEND_API_KEY", secret=True, help="resend.com > API Keys: begins with re_"),
        Setting("FROM_EMAIL", help="The sender, of a domain verified at Resend: `Atelier <bonjour@example.org>`"),
        Setting("RESEND_WEBHOOK_SECRET", secret=True, required=False, help="Webhooks > the endpoint > Signing Secret"),
    ],
    auth=bearer("RESEND_API_KEY"),
    # Of a team, all its keys together; the headers of each answer say what is left.
    limits=[RateLimit(5, per=1)],
    errors=errors,
    channels={
        "email": Channel(
            email,
            needs("RESEND_API_KEY", "FROM_EMAIL"),
            address=("email", "mail", "e_mail"),
            default_to="NOTIFICATION_EMAIL",
            reconcile=email_of,
        )
    },
    verify=verify,
    probe=lambda _settings: signed_in,
    sandbox="recipe_plugins.resend.sandbox:ResendSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Resend with its actions."""
    from recipe_plugins.resend import actions  # noqa: F401  # importing it registers them

    return [resend]
