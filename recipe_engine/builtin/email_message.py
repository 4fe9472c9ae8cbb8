"""An e-mail as bytes: headers that nothing can break out of, text and HTML, attachments.

The one rule: addresses and subject come from data, so they are parsed and rebuilt, never pasted into a header.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from html import unescape

from recipe_engine.plugin import Message, Terminal

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_NOT_TEXT = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\Z")
_LONGEST_SUBJECT = 500
# Addresses in headers must stay whole: folded as the default has it, a long one would become unreadable.
_POLICY = SMTP.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its content."""

    name: str
    media_type: str
    content: bytes


def addresses(texts: Iterable[str]) -> list[Address]:
    """The addresses in texts such as `Ada <ada@example.org>, bob@example.org`.

    Raises Terminal `invalid_recipient` for what is not an address.
    """
    found = []
    for text in texts:
        if _CONTROL.search(text):
            raise _invalid(text)
        parsed = getaddresses([text])
        if not parsed:
            raise _invalid(text)
        found += [_address(name, spec, text) for name, spec in parsed]
    return found


def _address(name: str, spec: str, text: str) -> Address:
    user, _, domain = spec.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
        # The parser repairs what it can (`a@b c` to `a@bc`); an address that was not written is none.
        if spec not in text or not user or not user.isascii() or " " in user or not _DOMAIN.match(domain):
            raise _invalid(text)
        return Address(display_name=name, username=user, domain=domain)
    except (UnicodeError, ValueError, IndexError) as error:
        raise _invalid(text) from error


def _invalid(text: str) -> Terminal:
    return Terminal(f"{text[:100]!r} is not an e-mail address", code="invalid_recipient")


def compose(
    message: Message, sender: Address, to: Sequence[Address], attachments: Sequence[Attachment], *, key: str, at: float
) -> EmailMessage:
    """The e-mail. Its Message-ID follows from `key`, so that a repeat of the same step bears the same."""
    email = EmailMessage(policy=_POLICY)
    email["From"] = sender
    email["To"] = tuple(to)
    email["Subject"] = _CONTROL.sub(" ", message.subject).strip()[:_LONGEST_SUBJECT]
    email["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    email["Message-ID"] = message_id(key, sender.domain)
    email["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe:
        email["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    email.set_content(message.text or text_of(message.html or ""), cte="quoted-printable")
    if message.html:
        email.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for attachment in attachments:
        main, _, sub = attachment.media_type.partition("/")
        email.add_attachment(
            attachment.content,
            maintype=main if sub else "application",
            subtype=sub or "octet-stream",
            filename=_CONTROL.sub(" ", attachment.name),
        )
    return email


def message_id(key: str, domain: str) -> str:
    """`<...@domain>`, the same for the same key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def text_of(html: str) -> str:
    """What HTML says, for readers without it."""
    text = _TAG.sub("", _BREAK.sub("\n", _NOT_TEXT.sub("", html)))
    lines = (" ".join(line.split()) for line in unescape(text).splitlines())
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
