"""What an exchange costs, and what it could cost at worst before it is made.

The one rule: a price holds from its date on, and one dollar per million tokens is one micro-dollar a token, so sums
are made in micro-dollars and turned into dollars once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from recipe_engine.builtin.llm.provider import TokenUsage
from recipe_engine.plugin import JSONObject


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens from `since` on (ISO date, empty for always).

    A cache price that the vendor did not publish is None and counted at the general rule: 1.25 and 2 times the input
    price for writing, the input price for reading. `long_prompt` replaces the price when the whole prompt is longer
    than `above` tokens.
    """

    input: float
    output: float
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None
    cache_read: float | None = None
    since: str = ""
    above: int = 0
    long_prompt: Price | None = None

    @classmethod
    def from_json(cls, data: JSONObject) -> Price:
        """The price written in the form of models.json."""
        fields = {name: value for name, value in data.items() if name not in ("from", "long_prompt")}
        long_prompt = data.get("long_prompt")
        return cls(
            **fields, since=data.get("from", ""), long_prompt=cls.from_json(long_prompt) if long_prompt else None
        )

    def micros(self, usage: TokenUsage) -> float:
        """What this many tokens cost, in millionths of a dollar."""
        prompt = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
        if self.long_prompt and prompt > self.long_prompt.above:
            return self.long_prompt.micros(usage)
        write_5m = self.input * 1.25 if self.cache_write_5m is None else self.cache_write_5m
        write_1h = self.input * 2 if self.cache_write_1h is None else self.cache_write_1h
        read = self.input if self.cache_read is None else self.cache_read
        return (
            usage.input * self.input
            + usage.output * self.output
            + usage.cache_write_5m * write_5m
            + usage.cache_write_1h * write_1h
            + usage.cache_read * read
        )


def price_at(prices: Sequence[Price], at: float) -> Price:
    """The price in force at a moment (seconds since 1970)."""
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    return max((price for price in prices if price.since <= day), key=lambda price: price.since)


def cost(prices: Sequence[Price], usage: TokenUsage, at: float) -> float:
    """Dollars for these tokens at a moment."""
    return price_at(prices, at).micros(usage) / 1_000_000
