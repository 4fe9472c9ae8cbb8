"""Resend's signature of webhooks: the scheme of Svix.

The one rule: the id and the moment are signed with the body, so a repeat under another id is refused. `svix-id` is the same
when Resend tries again: a trigger's `key` makes of it that the second try starts nothing.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from recipe_engine.plugin import Settings, Terminal
from recipe_engine.plugin.signatures import Received, fresh, hmac_of, signed

PREFIX = "whsec_"


def verify(received: Received, settings: Settings) -> None:
    """Raises Forged unless the request bears the endpoint's signature and is not older than five minutes."""
    id_, stamp = received.require("svix-id"), received.require("svix-timestamp")
    given = received.require("svix-signature")
    fresh(stamp, received.at)
    code = hmac_of(_key(settings.require("RESEND_WEBHOOK_SECRET")), f"{id_}.{stamp}.", received.body)
    signed(given.split(" "), f"v1,{b64encode(code).decode()}")


def _key(secret: str) -> bytes:
    try:
        return b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise Terminal("RESEND_WEBHOOK_SECRET is no signing secret", code="not_configured", detail=PREFIX) from error
