"""What recipes can do with a mailbox.

The one rule: `messages` changes nothing at the server; whoever has dealt with a message says so by `mark_seen`.
"""

from __future__ import annotations

import re

from recipe_engine.plugin import Context, Terminal
from recipe_plugins.imap import imap
from recipe_plugins.imap.mailbox import opened
from recipe_plugins.imap.models import Mail, Mails, MarkedSeen, MarkSeen, Messages

READING_SECONDS = 300.0


@imap.action(effect="read", timeout=READING_SECONDS, example="- {id: mails, type: imap.messages, with: {limit: 50}}")
async def messages(ctx: Context, params: Messages) -> Mails:
    """Messages of a mailbox, oldest first, with their attachments as files; those that nobody has read when nothing else is said.

    They stay unread at the server: the next run gets them again until `mark_seen` names them.
    """
    from recipe_plugins.imap.reading import mail_of

    since = None if params.since is None else params.since.timestamp()
    found: list[Mail] = []
    async with opened(ctx, params.folder, readonly=True) as mailbox:
        total, entries = await mailbox.find(unseen=params.unseen, since=since, limit=params.limit)
        for entry in entries:
            content = await mailbox.content(entry.uid)
            if content is not None:
                found.append(await mail_of(ctx, content, entry, mailbox.validity))
    return Mails(total=total, messages=found)


@imap.action(effect="keyed", example='- {id: done, type: imap.mark_seen, with: {ids: ["{{ mail.id }}"]}}')
async def mark_seen(ctx: Context, params: MarkSeen) -> MarkedSeen:
    """Mark messages as read. Doing it again changes nothing, and messages that are gone are no error.

    Fails with `renumbered` when the server numbered the folder anew since: the messages have other ids then.
    """
    named = [re.fullmatch(r"(\w+)-(\d+)", id_) for id_ in params.ids]
    wrong = [id_ for id_, found in zip(params.ids, named, strict=True) if found is None]
    if wrong:
        raise Terminal(f"{wrong[0][:100]!r} is no id of a message", code="validation")
    ids = [(found[1], int(found[2])) for found in named if found]
    async with opened(ctx, params.folder, readonly=False) as mailbox:
        if any(validity != mailbox.validity for validity, _ in ids):
            raise Terminal(
                f"the folder {params.folder} was numbered anew, or these are ids of another folder",
                code="renumbered",
                detail="read its messages again",
            )
        await mailbox.mark_seen([uid for _, uid in ids])
    return MarkedSeen(ids=params.ids)
