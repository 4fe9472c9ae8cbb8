"""The consent of the people who are written to, asked of every connector that knows about it.

The one rule: one refusal is enough. Whom any connector refuses gets nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recipe_engine.plugin.consent import Consent, Sifted


@dataclass(frozen=True, slots=True)
class BoundConsent:
    """What `ctx.service("consent")` gives: each consent with a context of its own connector."""

    bound: Sequence[tuple[Consent, Any]]

    async def sift(self, channel: str, addresses: Sequence[str]) -> Sifted:
        """The recipients of a message, parted into those who may get it and those who may not."""
        allowed, refused = tuple(addresses), list[str]()
        for consent, ctx in self.bound:
            if allowed:
                sifted = await consent.sift(ctx, channel, allowed)
                allowed = sifted.allowed
                refused += sifted.refused
        return Sifted(allowed, tuple(refused))

    async def refuse(self, channel: str, address: str, source: str) -> None:
        """An address must get nothing on this channel any more; `source` is who says so."""
        for consent, ctx in self.bound:
            await consent.refuse(ctx, channel, address, source)
