"""A folder of a real mail server, by imap-tools, which blocks: every call is made in a thread.

The one rule: the folder is opened for reading alone unless something is to be marked, and messages are fetched by PEEK.
"""

from __future__ import annotations

import asyncio
import imaplib
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from recipe_engine.plugin import ActionError, Retryable, Settings, Terminal
from recipe_plugins.imap.mailbox import Entry

T = TypeVar("T")
SECONDS = 30.0
PORTS = {"tls": 993, "starttls": 143, "none": 143}
WRONG_LOGIN = "the mail server refuses user or password"
# Numbers in one command: servers refuse lines of more than some thousand characters.
AT_ONCE = 200
# Words of the IMAP response codes (RFC 5530) for what passes.
PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")


@asynccontextmanager
async def opened_at_server(settings: Settings, folder: str, *, readonly: bool) -> AsyncIterator[ServerMailbox]:
    """A connection with `folder` opened. Raises Retryable, Terminal."""
    box = await _in_thread(lambda: _connected(settings))
    try:
        validity = await _in_thread(lambda: _opened(box, settings, folder, readonly=readonly))
        yield ServerMailbox(box, validity)
    finally:
        # A thread may still wait on it: it wakes when the connection ends.
        with suppress(OSError):
            box.client.socket().shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(_closed, box)


class ServerMailbox:
    """The open folder; see `mailbox.Mailbox`."""

    def __init__(self, box: BaseMailBox, validity: str) -> None:
        self._box = box
        self.validity = validity

    async def find(self, *, unseen: bool, since: float | None, limit: int) -> tuple[int, list[Entry]]:
        """How many messages match, and the first `limit` of them."""
        return await _in_thread(lambda: self._find(unseen=unseen, since=since, limit=limit))

    async def content(self, uid: int) -> bytes | None:
        """A message whole, None when it is gone."""
        return await _in_thread(lambda: self._content(uid))

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark messages as seen; those that are gone are no error."""
        texts = [str(uid) for uid in uids]
        await _in_thread(lambda: self._box.flag(texts, MailMessageFlags.SEEN, value=True, chunks=AT_ONCE))

    def _find(self, *, unseen: bool, since: float | None, limit: int) -> tuple[int, list[Entry]]:
        asked: dict[str, Any] = {"seen": False} if unseen else {}
        if since is not None:
            # Servers search by the day, in a time zone of their own; the moment is looked at below.
            asked["date_gte"] = (datetime.fromtimestamp(since, UTC) - timedelta(days=1)).date()
        uids = sorted(map(int, self._box.uids(AND(**asked) if asked else "ALL", charset=None)))
        if since is None:
            return len(uids), self._entries(uids[:limit])
        found = [entry for entry in self._entries(uids) if entry.received >= since]
        return len(found), found[:limit]

    def _entries(self, uids: list[int]) -> list[Entry]:
        found: list[Entry] = []
        for begin in range(0, len(uids), AT_ONCE):
            numbers = ",".join(map(str, uids[begin : begin + AT_ONCE]))
            found += [entry for line in self._fetch(numbers, "(UID FLAGS INTERNALDATE)") if (entry := _entry(line))]
        return sorted(found, key=lambda entry: entry.uid)

    def _content(self, uid: int) -> bytes | None:
        answered = self._fetch(str(uid), "(UID BODY.PEEK[])")
        return next((each[1] for each in answered if isinstance(each, tuple)), None)

    def _fetch(self, numbers: str, what: str) -> list[Any]:
        status, answered = self._box.client.uid("FETCH", numbers, what)
        if status != "OK":
            raise _refused("the mail server gives no messages", str(answered))
        return answered


def _entry(line: Any) -> Entry | None:
    r"""A line such as `1 (UID 7 FLAGS (\Seen) INTERNALDATE "..."`; None for what was not asked for."""
    if not isinstance(line, bytes):
        return None
    number, received = re.search(rb"\bUID (\d+)", line), imaplib.Internaldate2tuple(line)
    if number is None or received is None:
        return None
    return Entry(int(number[1]), time.mktime(received), rb"\Seen" in imaplib.ParseFlags(line))


def _connected(settings: Settings) -> BaseMailBox:
    host, mode = settings.require("IMAP_HOST"), settings.get("IMAP_TLS") or "tls"
    if mode not in PORTS:
        raise Terminal(f"IMAP_TLS is {mode!r}; expected {', '.join(PORTS)}", code="not_configured")
    text = settings.get("IMAP_PORT") or str(PORTS[mode])
    if not (text.isascii() and text.isdigit()):
        raise Terminal(f"IMAP_PORT is {text!r}; expected a number", code="not_configured")
    port = int(text)
    # Of its own imaplib would take any certificate.
    checked = ssl.create_default_context()
    if mode == "tls":
        return MailBox(host, port, timeout=SECONDS, ssl_context=checked)
    box = MailBoxUnencrypted(host, port, timeout=SECONDS)
    if mode == "starttls":
        try:
            box.client.starttls(checked)
        except BaseException:
            _closed(box)
            raise
    return box


def _opened(box: BaseMailBox, settings: Settings, folder: str, *, readonly: bool) -> str:
    user, password = settings.require("IMAP_USERNAME"), settings.require("IMAP_PASSWORD")
    _log_in(box, user, password)
    box.folder.set(folder, readonly=readonly)
    [validity] = box.client.response("UIDVALIDITY")[1] or [None]
    return validity.decode() if validity else "0"


def _log_in(box: BaseMailBox, user: str, password: str) -> None:
    if (user + password).isascii():
        box.login(user, password, initial_folder=None)
        return
    try:
        box.login_utf8(user, password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise _refused(WRONG_LOGIN, str(error), code="unauthorized") from error


def _closed(box: BaseMailBox) -> None:
    with suppress(OSError):
        box.client.shutdown()


async def _in_thread(call: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(call)
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise _failure(error) from error


def _failure(error: Exception) -> ActionError:
    match error:
        case MailboxLoginError():
            return _refused(WRONG_LOGIN, str(error), code="unauthorized")
        case MailboxFolderSelectError():
            return _refused("the mail server does not open this folder", str(error), code="not_found")
        case ssl.SSLCertVerificationError():
            return Terminal("the mail server's certificate is not trusted", code="tls", detail=str(error))
        case TimeoutError():
            return Retryable("the mail server does not answer", code="timeout", detail=str(error))
        case imaplib.IMAP4.abort() if "TLS not supported" in str(error):
            return Terminal("the mail server offers no encryption (STARTTLS)", code="tls", detail="see IMAP_TLS")
        case imaplib.IMAP4.abort() | OSError():
            return Retryable("the connection to the mail server failed", code="connection", detail=str(error))
    return _refused("the mail server refuses", str(error))


def _refused(title: str, said: str, code: str = "refused") -> ActionError:
    if any(word in said for word in PASSING):
        return Retryable(title, code="unavailable", detail=said)
    return Terminal(title, code=code, detail=said)
