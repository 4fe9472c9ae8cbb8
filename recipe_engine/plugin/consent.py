"""Consent: before anything is sent to people, whoever knows that they do not want it is asked.

    contacts = Connector(name="contacts", ..., consent=Consent(sift, refuse))

`notify` asks every connector that has one, through `ctx.service("consent")`. A connector whose actions reach people without
`notify` asks as well:

    await may_reach(ctx, "sms", params.to)

The one rule: when it cannot be asked, nothing is sent. A failure of the asking is the failure of the step, and nothing happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recipe_engine.plugin.errors import Terminal

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Context

# The code of a failure by which a provider says that the recipient does not want messages (Twilio's 21610).
OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Sifted:
    """The recipients of a message, parted. An allowed one may be shorter than it was given: the rest of a list of addresses."""

    allowed: tuple[str, ...]
    refused: tuple[str, ...] = ()


# Parts the recipients of a message on a channel.
Sift = Callable[["Context", str, Sequence[str]], Awaitable[Sifted]]
# Takes in that an address (the third) must get nothing on a channel (the second) any more, and who said so.
Refuse = Callable[["Context", str, str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a connector knows of who may be written to. Both are given a context of that connector."""

    sift: Sift
    refuse: Refuse


async def may_reach(ctx: Context, channel: str, *addresses: str) -> None:
    """Return when a message may be sent to all of these. Raises Terminal `opted_out`, naming who may not get it."""
    asked = ctx.service("consent")
    refused = (await asked.sift(channel, addresses)).refused if asked is not None else ()
    if refused:
        raise Terminal(
            f"{', '.join(refused)} has opted out of {channel}: nothing is sent",
            code=OPTED_OUT,
            detail="they said so to us",
        )
