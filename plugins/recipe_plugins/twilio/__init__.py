"""Twilio: SMS and WhatsApp messages.

The one rule: Twilio has no idempotency key, so what may have been sent is looked up, and never sent on a guess.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
    AuthContext,
    Channel,
    Connector,
    Context,
    Delivery,
    Message,
    Request,
    Retryable,
    Setting,
    Settings,
    Terminal,
    hookimpl,
    needs,
)
from recipe_engine.plugin.signatures import Received, Reply

OPTED_OUT = 21610
# Twilio's code -> the word that recipes see. All others are `http_` and the status.
WORDS = {
    OPTED_OUT: "opted_out",
    21211: "invalid_recipient",
    21614: "invalid_recipient",
    21612: "unreachable",
    21408: "region_not_permitted",
}
# The queue of a sender holds hours of messages; it empties at the sender's own speed.
QUEUE_FULL, QUEUE_WAIT = 21611, 60.0


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """Twilio's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    if not isinstance(body, dict) or "code" not in body or "message" not in body or status >= 500:
        return None
    code = body["code"]
    title = f"Twilio: {body['message']}"
    detail = f"{code} {body.get('more_info') or ''}".strip()
    if status == 429:
        return Retryable(title, code="rate_limit", detail=detail, data=body)
    if code == QUEUE_FULL:
        return Retryable(title, code="queue_full", detail=detail, retry_after=QUEUE_WAIT, data=body)
    return Terminal(title, code=WORDS.get(code, f"http_{status}"), detail=detail, data=body)


async def authorize(request: Request, auth: AuthContext) -> None:
    """HTTP Basic with the account and its token."""
    from base64 import b64encode

    pair = f"{auth.settings.require('TWILIO_ACCOUNT_SID')}:{auth.settings.require('TWILIO_AUTH_TOKEN')}"
    request.headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"


async def sms(ctx: Context, message: Message) -> Delivery:
    """The channel `sms`."""
    from recipe_plugins.twilio.channels import send_sms

    return await send_sms(ctx, message)


async def whatsapp(ctx: Context, message: Message) -> Delivery:
    """The channel `whatsapp`."""
    from recipe_plugins.twilio.channels import send_whatsapp

    return await send_whatsapp(ctx, message)


async def sms_of(ctx: Context, message: Message) -> Delivery | None:
    """The SMS of an interrupted step."""
    from recipe_plugins.twilio.channels import sms_of

    return await sms_of(ctx, message)


async def whatsapp_of(ctx: Context, message: Message) -> Delivery | None:
    """The WhatsApp messages of an interrupted step."""
    from recipe_plugins.twilio.channels import whatsapp_of

    return await whatsapp_of(ctx, message)


def verify(received: Received, settings: Settings) -> Reply | None:
    """Twilio's signature of status callbacks and incoming messages."""
    from recipe_plugins.twilio.webhooks import verify

    verify(received, settings)
    return None


ACCOUNT = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER")
PHONES = ("phone", "mobile", "mobile_phone", "telephone", "phone_number")

twilio = Connector(
    name="twilio",
    title="Twilio",
    docs="SMS and WhatsApp messages, as actions and as the channels `sms` and `whatsapp` of notify.",
    base_url="https://api.twilio.com",
    settings=[
        Setting("TWILIO_ACCOUNT_SID", help="console.twilio.com > Account Info: begins with AC"),
        Setting("TWILIO_AUTH_TOKEN", secret=True, help="console.twilio.com > Account Info > Auth Token"),
        Setting(
            "TWILIO_PHONE_NUMBER",
            help="Phone Numbers > Active numbers: +33...; or a messaging service (MG...), or a name of up to 11 letters",
        ),
        Setting(
            "TWILIO_WHATSAPP_NUMBER",
            required=False,
            help="Messaging > Senders > WhatsApp senders; TWILIO_PHONE_NUMBER when not set",
        ),
        Setting("TWILIO_STATUS_CALLBACK", required=False, help="The address that Twilio tells how each message fares"),
        Setting("PHONE_REGION", required=False, help="The country of numbers written without +, such as FR"),
        Setting(
            "WHATSAPP_PROVIDER",
            required=False,
            help="twilio, or the connector that sends WhatsApp messages of notify, when several are configured",
        ),
    ],
    auth=authorize,
    errors=errors,
    channels={
        "sms": Channel(sms, needs(*ACCOUNT), address=PHONES, reconcile=sms_of),
        "whatsapp": Channel(whatsapp, needs(*ACCOUNT), address=("whatsapp", *PHONES), reconcile=whatsapp_of),
    },
    verify=verify,
    # ListMessage of Twilio's description: the account's newest message.
    probe=lambda _settings: ("list_messages", {"limit": 1}),
    sandbox="recipe_plugins.twilio.sandbox:TwilioSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Twilio with its actions."""
    from recipe_plugins.twilio import actions  # noqa: F401  # importing it registers them

    return [twilio]
