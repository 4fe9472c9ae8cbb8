"""What recipes can do with Twilio.

The one rule: a message is sent at most once. A refusal may be tried again; an answer that was lost is looked up.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from recipe_engine.plugin import Context, Retry, Terminal
from recipe_engine.plugin.consent import may_reach
from recipe_plugins.twilio import twilio
from recipe_plugins.twilio.models import (
    CancelMessage,
    GetMessage,
    ListMessages,
    SendSms,
    SendWhatsApp,
    TwilioMessage,
    TwilioMessages,
    message_of,
)
from recipe_plugins.twilio.sending import (
    address,
    messages_path,
    pages,
    send,
    sent_by,
    sms_form,
    whatsapp_form,
)

# For what is sent once: a refusal is tried again, an answer that was lost never is.
AGAIN = Retry(attempts=3)
PAGE = 1000


async def _sms_of_this_step(ctx: Context, params: SendSms) -> TwilioMessage | None:
    return await sent_by(ctx, sms_form(ctx.settings, params), ctx.key)


async def _whatsapp_of_this_step(ctx: Context, params: SendWhatsApp) -> TwilioMessage | None:
    return await sent_by(ctx, whatsapp_form(ctx.settings, params), ctx.key)


@twilio.action(
    effect="once",
    retry=AGAIN,
    reconcile=_sms_of_this_step,
    example='- {id: texto, type: twilio.send_sms, with: {to: "{{ phone }}", body: "Bonjour {{ name }}", max_segments: 2}}',
)
async def send_sms(ctx: Context, params: SendSms) -> TwilioMessage:
    """Send an SMS.

    Twilio has no idempotency key, so the effect is `once`: after a crash, or an answer that was lost, Twilio's list of
    messages to this number is read, and what is found there with the same sender and text is taken as sent. When nothing
    is found within the first minute the step waits for a person. A number that wrote STOP, or opted out
    in the contacts, fails with `opted_out`.
    """
    form = sms_form(ctx.settings, params)
    await may_reach(ctx, "sms", form["To"])
    return await send(ctx, form, ctx.key)


@twilio.action(
    effect="once",
    retry=AGAIN,
    reconcile=_whatsapp_of_this_step,
    example='- {id: whatsapp, type: twilio.send_whatsapp, with: {to: "{{ phone }}", body: "Bonjour {{ name }}"}}',
)
async def send_whatsapp(ctx: Context, params: SendWhatsApp) -> TwilioMessage:
    """Send a WhatsApp message: free text within 24 hours of the person's last message, else an approved template.

    The effect is `once`, and looked up like an SMS; of a template by recipient, sender and time alone. Twilio takes free
    text after the 24 hours too, and reports the failure (63016) later: `get_message` or a status callback tells.
    """
    form = whatsapp_form(ctx.settings, params)
    await may_reach(ctx, "whatsapp", form["To"])
    return await send(ctx, form, ctx.key)


@twilio.action(effect="read", example='- {id: fate, type: twilio.get_message, with: {id: "{{ texto.id }}"}}')
async def get_message(ctx: Context, params: GetMessage) -> TwilioMessage:
    """A message by its id: how it fared (`status`, `error_code`) and what it cost."""
    answer = await ctx.http.get(f"{messages_path(ctx.settings)}/{params.id}.json")
    return message_of(await answer.json())


@twilio.action(effect="keyed", example='- {id: cancelled, type: twilio.cancel_message, with: {id: "{{ texto.id }}"}}')
async def cancel_message(ctx: Context, params: CancelMessage) -> TwilioMessage:
    """Cancel a message that was scheduled with `send_at`.

    One that is cancelled already is no error; one that is on its way fails.
    """
    path = f"{messages_path(ctx.settings)}/{params.id}.json"
    try:
        answer = await ctx.http.post(path, form={"Status": "canceled"})
    except Terminal:
        found = message_of(await (await ctx.http.get(path)).json())
        if found.status != "canceled":
            raise
        return found
    return message_of(await answer.json())


@twilio.action(
    effect="read",
    example='- {id: exchange, type: twilio.list_messages, with: {to: "{{ phone }}", limit: 20}}',
)
async def list_messages(ctx: Context, params: ListMessages) -> TwilioMessages:
    """Messages sent and received, newest first, all pages up to `limit`; by recipient, sender and time of sending."""
    region = params.region or ctx.settings.get("PHONE_REGION")
    query: dict[str, Any] = {"PageSize": min(params.limit, PAGE)}
    if params.to is not None:
        query["To"] = address(params.to, region)
    if params.sender is not None:
        query["From"] = address(params.sender, region)
    for name, at in (("DateSent>", params.sent_after), ("DateSent<", params.sent_before)):
        if at is not None:
            query[name] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found, _ = await pages(ctx, query, -(-params.limit // query["PageSize"]))
    return TwilioMessages(messages=[message_of(each) for each in found[: params.limit]])
