"""The channels `sms` and `whatsapp` of notify.

The one rule: each recipient gets a message of its own. When one got it, the step has succeeded, and what the others met
stands in the detail: a repeat would send again what was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recipe_engine.plugin import ActionError, Context, Delivery, Message, Settings, Terminal
from recipe_engine.plugin.consent import OPTED_OUT
from recipe_plugins.twilio.models import SendSms, SendWhatsApp
from recipe_plugins.twilio.sending import send, sms_form, whatsapp_form

LONGEST = 1600

Form = Callable[[Settings, str, str], dict[str, Any]]


async def send_sms(ctx: Context, message: Message) -> Delivery:
    """One SMS for each recipient."""
    return await _send(ctx, message, "an SMS", lambda settings, to, text: sms_form(settings, SendSms(to=to, body=text)))


async def send_whatsapp(ctx: Context, message: Message) -> Delivery:
    """One WhatsApp message for each recipient: free text."""
    form: Form = lambda settings, to, text: whatsapp_form(settings, SendWhatsApp(to=to, body=text))  # noqa: E731
    return await _send(ctx, message, "a WhatsApp message", form)


async def _send(ctx: Context, message: Message, what: str, form: Form) -> Delivery:
    text = message.text.strip()
    if not text:
        raise Terminal(f"{what} needs a text", code="no_text", detail="give `message` besides `html`")
    if len(text) > LONGEST:
        raise Terminal(f"{what} has at most {LONGEST} characters, not {len(text)}", code="too_long")
    # Every recipient is looked at before anything is sent.
    forms = [form(ctx.settings, to, text) for to in message.to]
    ids: list[str] = []
    remarks = ["attachments are not sent"] if message.attachments else []
    failures: list[ActionError] = []
    opted_out: list[str] = []
    for to, each in zip(message.to, forms, strict=True):
        try:
            ids.append((await send(ctx, each, f"{ctx.key}:{each['To']}")).id)
        except ActionError as error:
            if error.failure.code == OPTED_OUT:
                opted_out.append(to)
            else:
                failures.append(error)
            unsure = "perhaps not sent" if error.failure.happened == "maybe" else "not sent"
            remarks.append(f"{unsure} to {each['To']}: {error.failure.title}")
    if not ids and failures:
        raise next((error for error in failures if error.failure.happened == "maybe"), failures[0])
    return Delivery(id=",".join(ids) or None, detail="; ".join(remarks), opted_out=tuple(opted_out))
