"""ClickUp's signature of webhooks.

The one rule: it signs no time, so that an old event sent again is told by the ids of its history alone.
"""

from __future__ import annotations

from recipe_engine.plugin import Settings
from recipe_engine.plugin.signatures import Received, Reply, hmac_of, signed


def verify(received: Received, settings: Settings) -> Reply | None:
    """Raises Forged unless the webhook's secret signed the body."""
    given = received.require("x-signature")
    signed(given, hmac_of(settings.require("CLICKUP_WEBHOOK_SECRET"), received.body).hex())
    return None
