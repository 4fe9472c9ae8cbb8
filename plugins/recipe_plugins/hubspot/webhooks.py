"""HubSpot's signatures of webhooks, version 3 and version 1.

The one rule: version 3 counts wherever it is sent, since version 1 signs neither the address nor the time.
"""

from __future__ import annotations

import base64
import hashlib
import re

from recipe_engine.plugin import Settings
from recipe_engine.plugin.signatures import Forged, Received, Reply, fresh, hmac_of, signed

# What HubSpot decodes in the address before it signs; every other escape stays.
DECODED = {f"%{ord(sign):02X}": sign for sign in ":/?@!$'()*,;"}


def verify(received: Received, settings: Settings) -> Reply | None:
    """Raises Forged unless the app's secret signed the request; under version 3 not more than five minutes ago."""
    secret = settings.require("HUBSPOT_CLIENT_SECRET")
    if "x-hubspot-signature-v3" in received.headers:
        stamp = received.require("x-hubspot-request-timestamp")
        given = received.require("x-hubspot-signature-v3")
        # In milliseconds.
        fresh(stamp[:-3], received.at)
        code = hmac_of(secret, received.method, _signed_address(received.url), received.body, stamp)
        signed(given, base64.b64encode(code).decode())
        return None
    given = received.require("x-hubspot-signature")
    version = received.headers.get("x-hubspot-signature-version", "v1")
    if version != "v1":
        raise Forged(f"signatures of version {version[:10]!r} are not taken, those of v1 and v3 are")
    signed(given, hashlib.sha256(secret.encode() + received.body).hexdigest())
    return None


def _signed_address(url: str) -> str:
    return re.sub(r"%[0-9A-Fa-f]{2}", lambda found: DECODED.get(found[0].upper(), found[0]), url)
