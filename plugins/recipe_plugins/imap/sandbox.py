"""A mailbox imitated.

The one rule: messages are kept as the bytes that a server would give, so that reading them is the same work.

Seed: `messages`: [{from, to, cc, subject, text, html, attachments: [{name, content, media_type}], message_id, received, seen,
folder}], all of it optional; `raw` in place of these is a message as it travels. `folders`: names of further folders.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from recipe_engine.plugin import Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route

VALIDITY = "1"
OWNER = "boite@example.org"


@dataclass(slots=True)
class Kept:
    """A message of the mailbox; `received` is seconds since 1970."""

    uid: int
    content: bytes
    subject: str
    received: float
    seen: bool


class ImapSandbox(Sandbox):
    """An imitated account with a folder INBOX."""

    connector = "imap"

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.folders: dict[str, list[Kept]] = {"INBOX": []}

    def seed(self, data: dict[str, Any]) -> None:
        """Load the mailbox; see the module."""
        for name in data.pop("folders", ()):
            self.folders.setdefault(name, [])
        for given in data.pop("messages", ()):
            folder = self.folders.setdefault(given.get("folder", "INBOX"), [])
            received = _moment(given["received"]) if "received" in given else self.now()
            uid = len(folder) + 1
            content = given["raw"].encode() if "raw" in given else _composed(given, uid, received)
            folder.append(Kept(uid, content, given.get("subject", ""), received, given.get("seen", False)))
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """Subject and mark of each message, by folder."""
        return {
            "folders": {
                name: [{"subject": each.subject, "seen": each.seen} for each in folder]
                for name, folder in self.folders.items()
            }
        }

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal, in the words of the connector."""
        status = fault.status or 503
        code = "unauthorized" if status in (401, 403) else "refused" if status < 500 else "unavailable"
        return SandboxResponse(status, fault.body or {"code": code, "message": "the mail server refuses (injected)"})

    @route("POST", "/open")
    def open(self, request: SandboxRequest) -> SandboxResponse:
        self._folder(request)
        return SandboxResponse(200, {"validity": VALIDITY})

    @route("POST", "/find")
    def find(self, request: SandboxRequest) -> SandboxResponse:
        asked, since = request.json(), request.json()["since"]
        found = [
            each
            for each in self._folder(request)
            if not (asked["unseen"] and each.seen) and (since is None or each.received >= since)
        ]
        entries = [{"uid": each.uid, "received": each.received, "seen": each.seen} for each in found]
        return SandboxResponse(200, {"total": len(found), "entries": entries[: asked["limit"]]})

    @route("POST", "/content")
    def content(self, request: SandboxRequest) -> SandboxResponse:
        uid = request.json()["uid"]
        content = next((each.content for each in self._folder(request) if each.uid == uid), None)
        return SandboxResponse(200, {"content": None if content is None else base64.b64encode(content).decode()})

    @route("POST", "/seen")
    def seen(self, request: SandboxRequest) -> SandboxResponse:
        uids = request.json()["uids"]
        for each in self._folder(request):
            if each.uid in uids and not each.seen:
                each.seen = True
                self.record("mark message as seen", folder=request.json()["folder"], subject=each.subject)
        return SandboxResponse(204)

    def _folder(self, request: SandboxRequest) -> list[Kept]:
        folder = self.folders.get(request.json()["folder"])
        if folder is None:
            answer = {"code": "not_found", "message": "the mail server does not open this folder"}
            raise Refused(SandboxResponse(404, answer))
        return folder


def _moment(given: str | datetime) -> float:
    """A seeded moment; YAML makes one of what looks like one."""
    return (datetime.fromisoformat(given) if isinstance(given, str) else given).timestamp()


def _composed(given: dict[str, Any], uid: int, received: float) -> bytes:
    message = EmailMessage()
    message["From"] = given.get("from", "quelquun@example.org")
    message["To"] = given.get("to", OWNER)
    if "cc" in given:
        message["Cc"] = given["cc"]
    message["Subject"] = given.get("subject", "")
    message["Message-ID"] = given.get("message_id", f"<{uid}@example.org>")
    message["Date"] = format_datetime(datetime.fromtimestamp(received, UTC))
    message.set_content(given.get("text", ""))
    if "html" in given:
        message.add_alternative(given["html"], subtype="html")
    for each in given.get("attachments", ()):
        main, _, sub = each.get("media_type", "application/octet-stream").partition("/")
        message.add_attachment(each["content"].encode(), maintype=main, subtype=sub, filename=each["name"])
    return message.as_bytes()
