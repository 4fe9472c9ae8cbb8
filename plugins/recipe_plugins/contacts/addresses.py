"""Addresses as the book keeps them: one spelling for each, so that whoever is written differently is still the same.

The one rule: two spellings of one address are one address. What is neither an e-mail address nor a phone number (a name in a
chat) is kept as it is written.
"""

from __future__ import annotations

import hashlib

from recipe_engine.plugin import Terminal
from recipe_engine.plugin.addresses import email_addresses, phone_number

# Twilio writes the channel before the number; links write what they open.
_PREFIXES = ("whatsapp:", "tel:", "sms:", "mailto:")


def email(text: str) -> str:
    """One e-mail address, without a name before it, in small letters. Raises Terminal `invalid_recipient`."""
    found = emails(text)
    if len(found) != 1:
        raise Terminal(f"{text[:100]!r} is not one e-mail address", code="invalid_recipient")
    return found[0]


def emails(text: str) -> list[str]:
    """The e-mail addresses of a text such as `Ada <ada@example.org>, bob@example.org`."""
    from email.utils import parseaddr

    return [parseaddr(each)[1].lower() for each in email_addresses(text)]


def phone(text: str, region: str | None) -> str:
    """A phone number in E.164. Raises Terminal `invalid_recipient`."""
    return phone_number(_bare(text), region)


def canonical(text: str, region: str | None) -> str:
    """The one spelling of any address; never raises for what is written differently from all we know."""
    bare = _bare(text)
    try:
        if "@" in bare:
            return email(bare)
        return phone_number(bare, region)
    except Terminal:
        return bare.lower()


def key(address: str) -> str:
    """What stands for an address where the address itself may not be kept any more."""
    return hashlib.sha256(address.encode()).hexdigest()


def _bare(text: str) -> str:
    bare = text.strip()
    for prefix in _PREFIXES:
        if bare.lower().startswith(prefix):
            return bare[len(prefix) :].strip()
    return bare
