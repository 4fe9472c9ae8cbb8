"""What the actions want of a mailbox, whether a mail server or the sandbox is behind it.

The one rule: both give the bytes of a message, so that one reader reads them.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from recipe_engine.plugin import Context

SANDBOX = "https://imap.sandbox.example"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the folder: its number, when it arrived (seconds since 1970), whether it was read."""

    uid: int
    received: float
    seen: bool


class Mailbox(Protocol):
    """An open folder. `validity` names its numbering of messages."""

    validity: str

    async def find(self, *, unseen: bool, since: float | None, limit: int) -> tuple[int, list[Entry]]:
        """How many messages match, and the first `limit` of them."""
        ...

    async def content(self, uid: int) -> bytes | None:
        """A message whole, None when it is gone."""
        ...

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark messages as seen; those that are gone are no error."""
        ...


@asynccontextmanager
async def opened(ctx: Context, folder: str, *, readonly: bool) -> AsyncIterator[Mailbox]:
    """A folder of the account of the settings; of the sandbox in a sandbox run."""
    if ctx.sandbox:
        answer = await (await ctx.http.post(f"{SANDBOX}/open", json={"folder": folder}, reads=True)).json()
        yield _Imitated(ctx, folder, answer["validity"])
        return
    from recipe_plugins.imap.server import opened_at_server

    async with opened_at_server(ctx.settings, folder, readonly=readonly) as mailbox:
        yield mailbox


class _Imitated:
    """A folder of the sandbox, asked over HTTP like any vendor's, so that tests can seed it and let it fail."""

    def __init__(self, ctx: Context, folder: str, validity: str) -> None:
        self._ctx = ctx
        self._folder = folder
        self.validity = validity

    async def find(self, *, unseen: bool, since: float | None, limit: int) -> tuple[int, list[Entry]]:
        asked = {"folder": self._folder, "unseen": unseen, "since": since, "limit": limit}
        answer = await (await self._ctx.http.post(f"{SANDBOX}/find", json=asked, reads=True)).json()
        return answer["total"], [Entry(**each) for each in answer["entries"]]

    async def content(self, uid: int) -> bytes | None:
        asked = {"folder": self._folder, "uid": uid}
        answer = await (await self._ctx.http.post(f"{SANDBOX}/content", json=asked, reads=True)).json()
        return None if answer["content"] is None else base64.b64decode(answer["content"])

    async def mark_seen(self, uids: Sequence[int]) -> None:
        await self._ctx.http.post(f"{SANDBOX}/seen", json={"folder": self._folder, "uids": list(uids)})
