"""Meta's webhooks: the challenge of a new address, and the signature of what comes there.

The one rule: Meta signs no moment, so an old request looks like a new one: deliveries are told apart by the ids of their
messages and statuses (a trigger's `key`).
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from recipe_engine.plugin import Settings
from recipe_engine.plugin.signatures import Forged, Received, Reply, hmac_of, signed


def verify(received: Received, settings: Settings) -> Reply | None:
    """Raises Forged unless the request is Meta's: by the verify token for a challenge, by the signature otherwise."""
    if received.method == "GET":
        return _challenge(received, settings)
    given = received.require("x-hub-signature-256")
    signed(given, f"sha256={hmac_of(settings.require('WHATSAPP_APP_SECRET'), received.body).hex()}")
    return None


def _challenge(received: Received, settings: Settings) -> Reply:
    query = {name: values[0] for name, values in parse_qs(urlsplit(received.url).query).items()}
    if query.get("hub.mode") != "subscribe" or "hub.challenge" not in query:
        raise Forged("it is no subscription")
    signed(query.get("hub.verify_token", ""), settings.require("WHATSAPP_VERIFY_TOKEN"))
    return Reply(query["hub.challenge"])
