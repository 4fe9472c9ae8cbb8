"""Signatures of webhooks: did the vendor send this, unchanged and just now?

    def verify(received: Received, settings: Settings) -> Reply | None:
        stamp = received.require("x-desk-timestamp")
        fresh(stamp, received.at)
        signed(received.require("x-desk-signature"), hmac_of(settings.require("DESK_SECRET"), received.body).hex())
        return None

The one rule: signatures are computed over the bytes as they came, never over what was parsed out of them, and compared in
constant time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Settings

# How far from now a signed moment may lie (seconds): what Slack, Svix and HubSpot ask for.
WINDOW = 300.0


class Forged(Exception):
    """The request is not shown to be the vendor's. The reason is for the operator's log, never for the sender."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in: `url` as the vendor called it (scheme, host, query), header names in lower case, the raw
    body, and when it came (seconds since 1970)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def require(self, header: str) -> str:
        """A header; Forged when it is not there."""
        value = self.headers.get(header)
        if not value:
            raise Forged(f"the header {header} is missing")
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor wants to hear before it sends anything: the echo of a challenge."""

    text: str
    media_type: str = "text/plain"


# Raises Forged; answers with a Reply when the request is a handshake and no event, else with None.
Verify = Callable[[Received, "Settings"], Reply | None]


def hmac_of(secret: str | bytes, *parts: str | bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC of the parts, one after the other; texts are taken as UTF-8."""
    import hmac

    key = secret.encode() if isinstance(secret, str) else secret
    code = hmac.new(key, digestmod=algorithm)
    for part in parts:
        code.update(part.encode() if isinstance(part, str) else part)
    return code.digest()


def signed(given: str | Iterable[str], expected: str) -> None:
    """Forged unless one of the signatures given is the expected one."""
    import hmac

    candidates = [given] if isinstance(given, str) else list(given)
    same = [hmac.compare_digest(candidate.encode(), expected.encode()) for candidate in candidates]
    if not any(same):
        raise Forged("the signature does not fit")


def fresh(stamp: str, at: float, window: float = WINDOW) -> None:
    """Forged unless a moment (seconds since 1970, as text) lies within `window` seconds of `at`."""
    if not (stamp.isascii() and stamp.isdigit()):
        raise Forged(f"{stamp[:30]!r} is no moment")
    if abs(at - int(stamp)) > window:
        raise Forged(f"it is dated {at - int(stamp):.0f} s ago; at most {window:.0f} s are taken")
