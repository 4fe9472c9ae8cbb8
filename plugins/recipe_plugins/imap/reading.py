"""A message as recipes see it, of its bytes.

The one rule: what a sender wrote wrongly makes no failure: a field that cannot be read is empty.
"""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime

from imap_tools import MailAttachment, MailMessage

from recipe_engine.plugin import Context, FileValue
from recipe_plugins.imap.mailbox import Entry
from recipe_plugins.imap.models import Mail


async def mail_of(ctx: Context, content: bytes, entry: Entry, validity: str) -> Mail:
    """The message, with its attachments in the store of files."""
    message = MailMessage.from_bytes(content)
    sender = message.from_values
    return Mail.model_validate(
        {
            "id": f"{validity}-{entry.uid}",
            "message_id": _header(message, "message-id"),
            "from": sender.email.lower() if sender else "",
            "from_name": sender.name if sender else "",
            "to": [address.lower() for address in message.to],
            "cc": [address.lower() for address in message.cc],
            "reply_to": next((address.lower() for address in message.reply_to), ""),
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "attachments": [await _saved(ctx, each, number) for number, each in enumerate(message.attachments, 1)],
            "date": _date(message),
            "received": datetime.fromtimestamp(entry.received, UTC).isoformat(),
            "seen": entry.seen,
        }
    )


async def _saved(ctx: Context, attachment: MailAttachment, number: int) -> FileValue:
    kind = attachment.content_type
    # Forwarded messages and pictures in the text often have no name.
    name = attachment.filename or f"attachment-{number}{mimetypes.guess_extension(kind) or ''}"
    return await ctx.blobs.save_bytes(attachment.payload, name, kind)


def _date(message: MailMessage) -> str | None:
    at = message.date
    if at.year <= 1900:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _header(message: MailMessage, header: str) -> str:
    return str(message.obj.get(header, "")).strip()
