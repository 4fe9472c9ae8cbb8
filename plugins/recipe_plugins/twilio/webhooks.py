"""Twilio's signature: over the full address and the parameters of the form, in order of their names.

The one rule: the address counts as Twilio called it. Behind a proxy that is the public one.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from urllib.parse import parse_qs, parse_qsl, urlsplit

from recipe_engine.plugin import Settings
from recipe_engine.plugin.signatures import Received, hmac_of, signed


def verify(received: Received, settings: Settings) -> None:
    """Raises Forged unless the request bears the signature of the account."""
    token = settings.require("TWILIO_AUTH_TOKEN")
    given = received.require("x-twilio-signature")
    text = received.url
    body_hash = parse_qs(urlsplit(received.url).query).get("bodySHA256")
    if body_hash:
        signed(body_hash, hashlib.sha256(received.body).hexdigest())
    elif received.method == "POST":
        pairs = set(parse_qsl(received.body.decode("utf-8", "replace"), keep_blank_values=True))
        text += "".join(name + value for name, value in sorted(pairs))
    signed(given, b64encode(hmac_of(token, text, algorithm="sha1")).decode())
