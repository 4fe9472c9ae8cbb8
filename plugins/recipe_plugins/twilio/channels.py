"""The channels `sms` and `whatsapp` of notify.

The one rule: each recipient gets a message of its own. When one got it, the step has succeeded, and what the others met
stands in the detail. A step that was interrupted goes on with those who got none.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import ActionError, Context, Delivery, Message, Retryable, Terminal
from recipe_engine.plugin.consent import OPTED_OUT
from recipe_plugins.twilio.models import SendSms, SendWhatsApp
from recipe_plugins.twilio.sending import begun, send_unless_sent, sent_by, sms_form, whatsapp_form

LONGEST = 1600

Form = dict[str, Any]


async def send_sms(ctx: Context, message: Message) -> Delivery:
    """One SMS for each recipient."""
    return await _send(ctx, message, _sms_forms(ctx, message))


async def sms_of(ctx: Context, message: Message) -> Delivery | None:
    """The SMS that an interrupted step sent, when they are all there."""
    return await _sent(ctx, _sms_forms(ctx, message))


async def send_whatsapp(ctx: Context, message: Message) -> Delivery:
    """One WhatsApp message for each recipient: free text."""
    return await _send(ctx, message, _whatsapp_forms(ctx, message))


async def whatsapp_of(ctx: Context, message: Message) -> Delivery | None:
    """The WhatsApp messages that an interrupted step sent, when they are all there."""
    return await _sent(ctx, _whatsapp_forms(ctx, message))


def _sms_forms(ctx: Context, message: Message) -> list[Form]:
    text = _text(message, "an SMS")
    return [sms_form(ctx.settings, SendSms(to=to, body=text)) for to in message.to]


def _whatsapp_forms(ctx: Context, message: Message) -> list[Form]:
    text = _text(message, "a WhatsApp message")
    return [whatsapp_form(ctx.settings, SendWhatsApp(to=to, body=text)) for to in message.to]


def _text(message: Message, what: str) -> str:
    text = message.text.strip()
    if not text:
        raise Terminal(f"{what} needs a text", code="no_text", detail="give `message` besides `html`")
    if len(text) > LONGEST:
        raise Terminal(f"{what} has at most {LONGEST} characters, not {len(text)}", code="too_long")
    return text


async def _send(ctx: Context, message: Message, forms: list[Form]) -> Delivery:
    """Send to each; every recipient has been looked at before anything is sent."""
    ids: list[str] = []
    remarks = ["attachments are not sent"] if message.attachments else []
    failures: list[ActionError] = []
    opted_out: list[str] = []
    for to, form in zip(message.to, forms, strict=True):
        try:
            ids.append((await send_unless_sent(ctx, form, _key(ctx, form))).id)
        except ActionError as error:
            if error.failure.code == OPTED_OUT:
                opted_out.append(to)
            else:
                failures.append(error)
            unsure = "perhaps not sent" if error.failure.happened == "maybe" else "not sent"
            remarks.append(f"{unsure} to {form['To']}: {error.failure.title}")
    if not ids and failures:
        raise next((error for error in failures if error.failure.happened == "maybe"), failures[0])
    return Delivery(id=",".join(ids) or None, detail="; ".join(remarks), opted_out=tuple(opted_out))


async def _sent(ctx: Context, forms: list[Form]) -> Delivery | None:
    """What was sent, when that is everything; None when it is certain of each message whether it was sent."""
    started = [form for form in forms if await begun(ctx, _key(ctx, form))]
    if not started:
        raise Retryable("it is not noted when the messages were sent, so Twilio cannot be asked for them")
    found = [await sent_by(ctx, form, _key(ctx, form)) for form in started]
    ids = [each.id for each in found if each is not None]
    return Delivery(id=",".join(ids)) if len(ids) == len(forms) else None


def _key(ctx: Context, form: Form) -> str:
    return f"{ctx.key}:{form['To']}"
