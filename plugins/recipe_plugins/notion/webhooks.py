"""Notion's signature of webhooks.

The one rule: no moment is signed; deliveries are told apart by their `id` (a trigger's `key`). The very first one, which brings
the verification token itself, cannot be verified: its token is copied from Notion's settings by a person.
"""

from __future__ import annotations

from recipe_engine.plugin import Settings
from recipe_engine.plugin.signatures import Received, hmac_of, signed


def verify(received: Received, settings: Settings) -> None:
    """Raises Forged unless the request bears the signature of the subscription."""
    given = received.require("x-notion-signature")
    signed(given, f"sha256={hmac_of(settings.require('NOTION_WEBHOOK_TOKEN'), received.body).hex()}")
