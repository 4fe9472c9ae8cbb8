"""WhatsApp by Meta's Cloud API: texts, templates and media.

The one rule: refusals are told apart by Meta's code, never by its title, which Meta means to drop.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
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

# Meta's code -> the word that recipes see.
WORDS = {
    131050: "opted_out",
    131026: "undeliverable",
    131021: "invalid_recipient",
    131047: "outside_window",
    131049: "withheld",
    130472: "withheld",
    132000: "template",
    132001: "template",
    132005: "template",
    132007: "template",
    132012: "template",
    132015: "template",
    132016: "template",
    0: "unauthorized",
    190: "unauthorized",
}
# What passes by itself, and the seconds after which it may have: the rates of the app, of the number, of one recipient.
PASSING: dict[int, tuple[str, float | None]] = {
    4: ("rate_limit", 60.0),
    80007: ("rate_limit", 60.0),
    130429: ("rate_limit", 4.0),
    131056: ("rate_limit", 6.0),
    131016: ("unavailable", None),
}
# "Something went wrong": whether the message was taken is not said.
UNKNOWN = 131000


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """Meta's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or "code" not in error:
        return None
    code = error["code"]
    title = f"WhatsApp: {error.get('message', '')}"
    details = (error.get("error_data") or {}).get("details") or ""
    detail = f"{code} {details}".strip()
    if code in PASSING:
        word, wait = PASSING[code]
        return Retryable(title, code=word, detail=detail, retry_after=wait, data=error)
    if code == UNKNOWN:
        return Retryable(title, code="server_error", detail=detail, happened="maybe", data=error)
    if status >= 500:
        return None
    return Terminal(title, code=WORDS.get(code, f"http_{status}"), detail=detail, data=error)


async def whatsapp(ctx: Context, message: Message) -> Delivery:
    """The channel `whatsapp`."""
    from recipe_plugins.whatsapp_cloud.channel import send

    return await send(ctx, message)


async def signed_in(ctx: Context) -> None:
    """Reads the sending number by its id, as Meta's interface lets one read any object that the token may see (the page
    Business phone numbers of the WhatsApp Cloud API; the same form as GET /{Media-ID} of its description)."""
    number = ctx.settings.require("WHATSAPP_PHONE_NUMBER_ID")
    await (await ctx.http.get(f"/{number}", query={"fields": "id"})).json()


def verify(received: Received, settings: Settings) -> Reply | None:
    """Meta's signature of webhooks; answers the challenge of a new address."""
    from recipe_plugins.whatsapp_cloud.webhooks import verify

    return verify(received, settings)


whatsapp_cloud = Connector(
    name="whatsapp_cloud",
    title="WhatsApp Cloud",
    docs="WhatsApp messages by Meta's own interface: texts, templates and media, and the channel `whatsapp` of notify.",
    base_url="https://graph.facebook.com/v23.0",
    settings=[
        Setting("WHATSAPP_TOKEN", secret=True, help="business.facebook.com > Users > System users > Generate token"),
        Setting("WHATSAPP_PHONE_NUMBER_ID", help="WhatsApp Manager > Phone numbers: the id, not the number"),
        Setting(
            "WHATSAPP_APP_SECRET", secret=True, required=False, help="developers.facebook.com > App settings > Basic"
        ),
        Setting(
            "WHATSAPP_VERIFY_TOKEN",
            secret=True,
            required=False,
            help="A word of your own, typed in under WhatsApp > Configuration > Webhook",
        ),
        Setting("PHONE_REGION", required=False, help="The country of numbers written without +, such as FR"),
        Setting(
            "WHATSAPP_PROVIDER",
            required=False,
            help="whatsapp_cloud, or the connector that sends WhatsApp messages of notify, when several are configured",
        ),
    ],
    auth=bearer("WHATSAPP_TOKEN"),
    limits=[RateLimit(80, per=1)],
    errors=errors,
    channels={
        "whatsapp": Channel(
            whatsapp,
            needs("WHATSAPP_TOKEN", "WHATSAPP_PHONE_NUMBER_ID"),
            address=("whatsapp", "phone", "mobile", "mobile_phone", "telephone", "phone_number"),
        )
    },
    verify=verify,
    probe=lambda _settings: signed_in,
    sandbox="recipe_plugins.whatsapp_cloud.sandbox:WhatsAppCloudSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """WhatsApp Cloud with its actions."""
    from recipe_plugins.whatsapp_cloud import actions  # noqa: F401  # importing it registers them

    return [whatsapp_cloud]
