"""What recipes can do with Resend.

The one rule: the addresses that are sent have been checked; names, subjects and texts go as they are, inside JSON.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any
from urllib.parse import quote

from recipe_engine.plugin import Context, FileValue, Terminal
from recipe_engine.plugin.addresses import email_addresses
from recipe_engine.plugin.consent import may_reach
from recipe_plugins.resend import resend
from recipe_plugins.resend.models import Addresses, Batch, Email, GetEmail, Mail, Send, SendBatch, Sent

MOST_RECIPIENTS = 50
# 40 MB as sent are 30 MB before base64 makes four bytes of three.
LARGEST = 30_000_000
LONGEST_KEY = 256


@resend.action(
    effect="keyed",
    example='- {id: mail, type: resend.send, with: {to: "{{ email }}", subject: Votre devis, html: "{{ page }}"}}',
)
async def send(ctx: Context, params: Send) -> Sent:
    """Send an e-mail: HTML with text, or a template, with attachments, now or at a moment.

    The effect is `keyed`: the step's key goes along as Idempotency-Key, and Resend answers a repeat within 24 hours with
    the first e-mail's id instead of sending again. Only a machine that stays down for more than a day could send twice.
    """
    body = _mail(ctx, params)
    await may_reach(ctx, "email", *_recipients(body))
    if params.scheduled_at is not None:
        body["scheduled_at"] = params.scheduled_at.isoformat()
    if params.attachments:
        body["attachments"] = await _attachments(ctx, params.attachments)
    answer = await ctx.http.post("/emails", json=body, headers={"Idempotency-Key": idempotency_key(ctx.key)})
    return Sent.model_validate(await answer.json())


@resend.action(
    effect="keyed",
    example=(
        "- {id: mails, type: resend.send_batch, with: {emails: "
        '[{to: ada@example.org, subject: Bonjour, text: "{{ text }}"}], permissive: true}}'
    ),
)
async def send_batch(ctx: Context, params: SendBatch) -> Batch:
    """Send up to 100 different e-mails in one request; without attachments, and now.

    The effect is `keyed`, like that of `send`. One bad e-mail refuses all of them, unless `permissive`.
    """
    headers = {"Idempotency-Key": idempotency_key(ctx.key)}
    headers["x-batch-validation"] = "permissive" if params.permissive else "strict"
    body = [_mail(ctx, each) for each in params.emails]
    await may_reach(ctx, "email", *(recipient for each in body for recipient in _recipients(each)))
    answer = await (await ctx.http.post("/emails/batch", json=body, headers=headers)).json()
    return Batch(ids=[each["id"] for each in answer["data"]], errors=answer.get("errors") or [])


@resend.action(effect="read", example='- {id: fate, type: resend.get, with: {id: "{{ mail.id }}"}}')
async def get(ctx: Context, params: GetEmail) -> Email:
    """An e-mail by its id; `last_event` says how it fared: delivered, bounced, opened, clicked, complained."""
    answer = await ctx.http.get(f"/emails/{quote(params.id, safe='')}")
    return Email.model_validate(await answer.json())


def idempotency_key(key: str) -> str:
    """The step's key as a header can carry it, at most 256 characters."""
    if key.isascii() and key.isprintable() and len(key) <= LONGEST_KEY:
        return key
    return hashlib.sha256(key.encode()).hexdigest()


def _mail(ctx: Context, params: Mail) -> dict[str, Any]:
    to = _checked(params.to)
    if len(to) > MOST_RECIPIENTS:
        raise Terminal(
            f"an e-mail has at most {MOST_RECIPIENTS} recipients, not {len(to)}",
            code="too_many_recipients",
            detail="send one to each, in a for_each or with resend.send_batch",
        )
    [sender] = email_addresses(params.sender or ctx.settings.require("FROM_EMAIL"))
    body: dict[str, Any] = {"from": sender, "to": to, "subject": " ".join(params.subject.split())}
    for name in ("html", "text", "topic_id"):
        if getattr(params, name):
            body[name] = getattr(params, name)
    for name in ("cc", "bcc", "reply_to"):
        if getattr(params, name):
            body[name] = _checked(getattr(params, name))
    if params.template is not None:
        body["template"] = params.template.model_dump(exclude_defaults=True)
    if params.headers:
        body["headers"] = params.headers
    if params.tags:
        body["tags"] = [{"name": name, "value": value} for name, value in params.tags.items()]
    return body


def _recipients(body: dict[str, Any]) -> list[str]:
    return [address for name in ("to", "cc", "bcc") for address in body.get(name, ())]


def _checked(given: Addresses) -> list[str]:
    return email_addresses(*([given] if isinstance(given, str) else given))


async def _attachments(ctx: Context, files: list[FileValue]) -> list[dict[str, str]]:
    total = sum(file.size for file in files)
    if total > LARGEST:
        raise Terminal(
            f"the attachments have {total} bytes; Resend takes {LARGEST}",
            code="attachment_too_large",
            detail="upload the files and send a link",
        )
    return [
        {
            "filename": file.name,
            "content_type": file.media_type,
            "content": b64encode(await ctx.blobs.read(file, LARGEST)).decode(),
        }
        for file in files
    ]
