"""Slack's signature of requests, version 0.

The one rule: the challenge of a new address is answered only when it is signed like everything else.
"""

from __future__ import annotations

import json

from recipe_engine.plugin import Settings
from recipe_engine.plugin.signatures import Received, Reply, fresh, hmac_of, signed


def verify(received: Received, settings: Settings) -> Reply | None:
    """Raises Forged unless the request bears the app's signature and is not older than five minutes."""
    stamp = received.require("x-slack-request-timestamp")
    given = received.require("x-slack-signature")
    fresh(stamp, received.at)
    code = hmac_of(settings.require("SLACK_SIGNING_SECRET"), f"v0:{stamp}:", received.body)
    signed(given, f"v0={code.hex()}")
    return _challenge(received)


def _challenge(received: Received) -> Reply | None:
    if not received.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        body = json.loads(received.body)
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("type") != "url_verification":
        return None
    return Reply(str(body.get("challenge", "")))
