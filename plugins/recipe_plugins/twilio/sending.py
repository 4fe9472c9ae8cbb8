"""Sending one message, and finding out whether it was sent.

The one rule: before a message is sent, a note says when; afterwards its id is claimed for the step. So a step that was
interrupted knows since when to look, and never takes the message of another step for its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import ActionError, Context, Retryable, Settings, Terminal
from recipe_engine.plugin.addresses import phone_number
from recipe_engine.plugin.segments import segments
from recipe_plugins.twilio.models import SendSms, SendWhatsApp, TwilioMessage, message_of

# How long notes and claims are kept (seconds): longer than a process is down.
KEEP = 30 * 86_400.0
BEGUN, TAKEN = "twilio: begun", "twilio: taken"
# How far Twilio's clock and ours may lie apart (seconds).
SKEW = 120.0
# Until then a message that Twilio does not list may still come to be listed (seconds).
SETTLED = 60.0
MOST_PAGES = 5

_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}\Z")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}\Z")
_WHATSAPP = "whatsapp:"


def messages_path(settings: Settings) -> str:
    """The path of the account's messages, without its ending."""
    return f"/2010-04-01/Accounts/{settings.require('TWILIO_ACCOUNT_SID')}/Messages"


def sms_form(settings: Settings, params: SendSms) -> dict[str, Any]:
    """The request that sends an SMS; Terminal for a number, a sender or a length that cannot be."""
    region = params.region or settings.get("PHONE_REGION")
    counted = segments(params.body)
    if params.max_segments is not None and counted.count > params.max_segments:
        raise Terminal(
            f"the text takes {counted.count} SMS segments; max_segments is {params.max_segments}",
            code="too_long",
            detail=f"{counted.encoding}" + (f" because of {counted.odd[:40]}" if counted.odd else ""),
        )
    form: dict[str, Any] = {"To": phone_number(params.to, region), "Body": params.body}
    form |= _sender(params.sender or settings.require("TWILIO_PHONE_NUMBER"), region)
    if params.media_urls:
        form["MediaUrl"] = params.media_urls
    if params.smart_encoded:
        form["SmartEncoded"] = True
    if params.validity_period is not None:
        form["ValidityPeriod"] = params.validity_period
    if params.send_at is not None:
        if "MessagingServiceSid" not in form:
            raise Terminal(
                "send_at needs a messaging service",
                code="validation",
                detail="give `sender: MG...`, or use a wait step",
            )
        form |= {"ScheduleType": "fixed", "SendAt": _moment(params.send_at)}
    return form | _callback(settings, params.status_callback)


def whatsapp_form(settings: Settings, params: SendWhatsApp) -> dict[str, Any]:
    """The request that sends a WhatsApp message."""
    region = params.region or settings.get("PHONE_REGION")
    given = params.sender or settings.get("TWILIO_WHATSAPP_NUMBER") or settings.require("TWILIO_PHONE_NUMBER")
    sender = _sender(given.removeprefix(_WHATSAPP), region)
    if "From" in sender:
        sender["From"] = _WHATSAPP + sender["From"]
    form: dict[str, Any] = {"To": address(f"{_WHATSAPP}{params.to.removeprefix(_WHATSAPP)}", region), **sender}
    if params.body:
        form["Body"] = params.body
    if params.media_urls:
        form["MediaUrl"] = params.media_urls
    if params.content_sid:
        form["ContentSid"] = params.content_sid
        if params.content_variables:
            import orjson

            form["ContentVariables"] = orjson.dumps(params.content_variables).decode()
    return form | _callback(settings, params.status_callback)


def address(text: str, region: str | None) -> str:
    """A number in E.164, with `whatsapp:` before it if it stood there; the name of a sender as it is."""
    if _NAME.match(text):
        return text
    channel = _WHATSAPP if text.startswith(_WHATSAPP) else ""
    return channel + phone_number(text.removeprefix(_WHATSAPP), region)


async def send(ctx: Context, form: dict[str, Any], key: str) -> TwilioMessage:
    """Send one message. `key` names it: the step's, with the recipient where a step has several."""
    note = {"at": ctx.now}
    if not ctx.dry_run:
        await ctx.store.put(BEGUN, key, note, KEEP)
    try:
        response = await ctx.http.post(f"{messages_path(ctx.settings)}.json", form=form)
    except ActionError as error:
        if error.failure.happened == "no" and not ctx.dry_run:
            await ctx.store.put(BEGUN, key, {**note, "refused": True}, KEEP)
        raise
    answer = await response.object()
    message = message_of(answer)
    await ctx.store.claim(TAKEN, message.id, key, KEEP)
    return message


async def send_unless_sent(ctx: Context, form: dict[str, Any], key: str) -> TwilioMessage:
    """Send one message, unless an attempt that was interrupted has sent it. Raises Retryable when nobody can tell."""
    before = await sent_by(ctx, form, key) if await begun(ctx, key) else None
    return before or await send(ctx, form, key)


async def begun(ctx: Context, key: str) -> bool:
    """Whether the sending of a message was begun."""
    return await ctx.store.get(BEGUN, key) is not None


async def sent_by(ctx: Context, form: dict[str, Any], key: str) -> TwilioMessage | None:
    """The message that an interrupted step sent, None when it certainly sent none: looked for by recipient, sender, text
    and time. Raises Retryable when nobody can tell."""
    note: Any = await ctx.store.get(BEGUN, key)
    if note is None:
        raise Retryable("it is not noted when the message was sent, so Twilio cannot be asked for it", happened="maybe")
    if note.get("refused"):
        return None
    for answer in reversed(await _since(ctx, form["To"], note["at"] - SKEW)):
        if _fits(answer, form) and await ctx.store.claim(TAKEN, answer["sid"], key, KEEP):
            return message_of(answer)
    age = ctx.now - note["at"]
    if age < SETTLED:
        told = f"Twilio lists no such message {age:.0f} s after it was sent; it may still come to be listed"
        raise Retryable(told, happened="maybe")
    return None


async def pages(ctx: Context, query: dict[str, Any], most: int) -> tuple[list[dict[str, Any]], bool]:
    """Messages, newest first, of at most so many pages; and whether those were all."""
    found: list[dict[str, Any]] = []
    answer = await (await ctx.http.get(f"{messages_path(ctx.settings)}.json", query=query)).json()
    for _ in range(most):
        found += answer["messages"]
        following = answer.get("next_page_uri")
        if not following:
            return found, True
        answer = await (await ctx.http.get(following)).json()
    return found, False


async def _since(ctx: Context, to: str, at: float) -> list[dict[str, Any]]:
    """Messages to a number that were created since, newest first. A message that waits to be sent has no DateSent, so
    that Twilio's filter of dates would leave it out."""
    found, all_of_them = await pages(ctx, {"To": to, "PageSize": 1000}, MOST_PAGES)
    if not all_of_them:
        raise Retryable(f"there are too many messages to {to} to look for one of them")
    return [each for each in found if _created(each) >= at]


def _created(answer: dict[str, Any]) -> float:
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(answer["date_created"]).timestamp()


def _fits(answer: dict[str, Any], form: dict[str, Any]) -> bool:
    """Whether a listed message may be the one that the form sent."""
    if answer.get("direction") == "inbound" or answer["to"] != form["To"]:
        return False
    if "From" in form and answer.get("from") != form["From"]:
        return False
    if "From" not in form and answer.get("messaging_service_sid") != form["MessagingServiceSid"]:
        return False
    # Of a template the text is not known here; a trial account puts a sentence before every text.
    return "Body" not in form or (answer.get("body") or "").strip().endswith(form["Body"].strip())


def _sender(given: str, region: str | None) -> dict[str, str]:
    if _SERVICE.match(given):
        return {"MessagingServiceSid": given}
    if _NAME.match(given):
        return {"From": given}
    try:
        return {"From": phone_number(given, region)}
    except Terminal as refused:
        detail = "expected +33..., MG... or a name of up to 11 letters"
        raise Terminal(f"{given!r} cannot send", code="invalid_sender", detail=detail) from refused


def _callback(settings: Settings, given: str | None) -> dict[str, str]:
    url = given or settings.get("TWILIO_STATUS_CALLBACK")
    return {"StatusCallback": url} if url else {}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
