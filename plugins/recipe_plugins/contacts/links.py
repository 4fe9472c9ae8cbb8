"""Links to unsubscribe with: an address and a channel, signed.

The one rule: a link can be used for ever and by whoever has it, and says nothing but "no more": it opens nothing else.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from recipe_engine.plugin import Settings, Terminal
from recipe_engine.plugin.signatures import Forged, hmac_of, signed

SECRET = "CONTACTS_SECRET"  # noqa: S105  # the name of a setting
PAGE = "CONTACTS_UNSUBSCRIBE_URL"
_LONGEST = 2000


def link(settings: Settings, address: str, channel: str) -> str:
    """The link for an address. Raises Terminal `not_configured`."""
    parts = urlsplit(settings.require(PAGE))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Terminal(f"{PAGE} is not an http or https address", code="not_configured")
    query = urlencode([*parse_qsl(parts.query), ("token", token(settings.require(SECRET), address, channel))])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def token(secret: str, address: str, channel: str) -> str:
    """What a link carries."""
    told = _text(json.dumps([address, channel], separators=(",", ":"), ensure_ascii=False).encode())
    return f"{told}.{_text(hmac_of(secret, told))}"


def mark(address: str) -> str:
    """The beginning of every token for an address."""
    told = json.dumps([address], ensure_ascii=False)[:-1].encode()
    return _text(told[: len(told) // 3 * 3])


def read(secret: str, given: str) -> tuple[str, str]:
    """The address and the channel of a token. Raises Terminal `invalid_token` for one that we have not made."""
    told, _, signature = given.strip()[:_LONGEST].partition(".")
    try:
        signed(signature, _text(hmac_of(secret, told)))
        address, channel = json.loads(urlsafe_b64decode(told + "=" * (-len(told) % 4)))
    except (Forged, NotBase64, ValueError) as error:
        raise Terminal(
            "this is no unsubscribe link of ours", code="invalid_token", detail="it was cut or changed"
        ) from error
    return str(address), str(channel)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
