"""What recipes can do with WhatsApp Cloud.

The one rule: Meta has no idempotency key and no list of messages, so an answer that was lost leaves the step in doubt. Each
message carries the step's key (`biz_opaque_callback_data`), which comes back in the status webhooks.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Context, Retry, Terminal
from recipe_engine.plugin.addresses import phone_number
from recipe_engine.plugin.consent import may_reach
from recipe_plugins.whatsapp_cloud import whatsapp_cloud
from recipe_plugins.whatsapp_cloud.models import (
    Kind,
    Send,
    SendMedia,
    SendTemplate,
    SendText,
    SentMessage,
    Uploaded,
    UploadMedia,
)

# For what is sent once: a refusal is tried again, an answer that was lost never is.
AGAIN = Retry(attempts=3, wait=4.0)
LONGEST_KEY = 512
MEGABYTE = 1_000_000
# What Meta takes of each kind (bytes).
LARGEST: dict[Kind, int] = {
    "image": 5 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "audio": 16 * MEGABYTE,
    "document": 100 * MEGABYTE,
    "sticker": 500_000,
}


@whatsapp_cloud.action(
    effect="once",
    retry=AGAIN,
    example='- {id: text, type: whatsapp_cloud.send_text, with: {to: "{{ phone }}", body: "Bonjour {{ name }}"}}',
)
async def send_text(ctx: Context, params: SendText) -> SentMessage:
    """Send a text: only within 24 hours of the person's last message; at other times send a template.

    The effect is `once`: a repeat sends again, and Meta offers nothing to look a message up by. An answer that was lost
    leaves the step in doubt.
    """
    return await _send(ctx, params, "text", {"body": params.body, "preview_url": params.preview_url})


@whatsapp_cloud.action(
    effect="once",
    retry=AGAIN,
    example=(
        "- {id: reminder, type: whatsapp_cloud.send_template, with: "
        '{to: "{{ phone }}", name: rappel_rdv, language: fr, body: ["{{ name }}", "{{ time }}"]}}'
    ),
)
async def send_template(ctx: Context, params: SendTemplate) -> SentMessage:
    """Send an approved template, at any time.

    The effect is `once`, like that of `send_text`. A template that is paused, or filled with the wrong number of texts, fails
    with `template`.
    """
    template: dict[str, Any] = {"name": params.name, "language": {"code": params.language}}
    if params.body:
        texts = [{"type": "text", "text": text} for text in params.body]
        template["components"] = [{"type": "body", "parameters": texts}]
    elif params.components:
        template["components"] = params.components
    return await _send(ctx, params, "template", template)


@whatsapp_cloud.action(
    effect="keyed",
    timeout=300.0,
    example='- {id: upload, type: whatsapp_cloud.upload_media, with: {file: "{{ pdf.file }}"}}',
)
async def upload_media(ctx: Context, params: UploadMedia) -> Uploaded:
    """Give Meta a file to be sent; it is kept for 30 days.

    The effect is `keyed`: a repeat leaves a second copy that nobody sees and that disappears by itself.
    """
    kind = kind_of(params.file.media_type)
    if params.file.size > LARGEST[kind]:
        raise Terminal(
            f"{params.file.name} has {params.file.size} bytes; WhatsApp takes {LARGEST[kind]} of a {kind}",
            code="attachment_too_large",
            detail="send a link instead",
        )
    form = {"messaging_product": "whatsapp", "type": params.file.media_type, "file": params.file}
    answer = await (await ctx.http.post(f"{_number(ctx)}/media", multipart=form)).json()
    return Uploaded(id=answer["id"], kind=kind)


@whatsapp_cloud.action(
    effect="once",
    retry=AGAIN,
    example=(
        "- {id: quote, type: whatsapp_cloud.send_media, with: "
        '{to: "{{ phone }}", kind: document, media_id: "{{ upload.id }}", filename: devis.pdf}}'
    ),
)
async def send_media(ctx: Context, params: SendMedia) -> SentMessage:
    """Send a picture, a video, a sound, a document or a sticker that was uploaded or is at a public address.

    The effect is `once`, and the 24 hours hold, as for `send_text`.
    """
    named = {"id": params.media_id, "link": params.link, "caption": params.caption, "filename": params.filename}
    return await _send(ctx, params, params.kind, {name: value for name, value in named.items() if value is not None})


def kind_of(media_type: str) -> Kind:
    """What a file is sent as."""
    if media_type == "image/webp":
        return "sticker"
    main = media_type.partition("/")[0]
    return main if main in ("image", "video", "audio") else "document"  # type: ignore[return-value]  # one of the three


async def _send(ctx: Context, params: Send, kind: str, content: dict[str, Any]) -> SentMessage:
    to = phone_number(params.to, params.region or ctx.settings.get("PHONE_REGION"))
    await may_reach(ctx, "whatsapp", to)
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": kind,
        kind: content,
        "biz_opaque_callback_data": ctx.key[:LONGEST_KEY],
    }
    if params.reply_to is not None:
        body["context"] = {"message_id": params.reply_to}
    answer = await (await ctx.http.post(f"{_number(ctx)}/messages", json=body)).json()
    message, contact = answer["messages"][0], (answer.get("contacts") or [{}])[0]
    return SentMessage(id=message["id"], wa_id=contact.get("wa_id"), message_status=message.get("message_status"))


def _number(ctx: Context) -> str:
    return f"/{ctx.settings.require('WHATSAPP_PHONE_NUMBER_ID')}"
