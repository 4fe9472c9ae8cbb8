"""Parameters and results of IMAP's actions.

The one rule: a message is named by its number together with the numbering it belongs to, so that a mailbox which was
numbered anew never lets another message be taken for it.
"""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from recipe_engine.plugin import FileValue, Params, Result

Folder: Any = Field(default="INBOX", min_length=1, description="The mailbox's folder, as the server names it.")


class Messages(Params):
    folder: str = Folder
    unseen: bool = Field(default=True, description="Only messages that nobody has read; false for all.")
    since: AwareDatetime | None = Field(default=None, description="Only messages that arrived then or later.")
    limit: int = Field(default=20, ge=1, le=500)


class Mail(Result):
    """A message. `id` names it to `mark_seen`. Addresses are bare, in lower case; `date` is what the sender wrote, null when it is no
    date, `received` when the server got it (ISO 8601)."""

    id: str
    message_id: str
    from_: str = Field(alias="from")
    from_name: str
    to: list[str]
    cc: list[str]
    reply_to: str
    subject: str
    text: str
    html: str
    attachments: list[FileValue]
    date: str | None
    received: str
    seen: bool


class Mails(Result):
    """`total` is how many match, `messages` the first `limit` of them, oldest first."""

    total: int
    messages: list[Mail]


class MarkSeen(Params):
    ids: list[str] = Field(min_length=1, max_length=1000, description="`id` of each message.")
    folder: str = Folder


class MarkedSeen(Result):
    ids: list[str]
