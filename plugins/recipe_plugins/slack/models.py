"""Parameters and results of Slack's actions.

The one rule: `ts` is the message's id and stays a text: as a number it would lose its end.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from recipe_engine.plugin import Params, Result

Channel: Any = Field(min_length=1, description="Id of a channel (C...), a person (U...) or a conversation; or #name.")
Ts: Any = Field(pattern=r"^\d{10}\.\d{6}$", description="The `ts` of a message.")
Block = dict[str, Any]


class Content(Params):
    text: str | None = Field(
        default=None, max_length=40_000, description="Slack's markup; with blocks, what notifications show."
    )
    blocks: list[Block] = Field(default_factory=list, max_length=50, description="Blocks of Block Kit.")
    escape: bool = Field(default=False, description="Take the text as it is written: no links, no @channel.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.text or "").strip() and not self.blocks:
            raise ValueError("give text or blocks")
        return self


class PostMessage(Content):
    channel: str = Channel
    thread_ts: str | None = Field(
        default=None, pattern=r"^\d{10}\.\d{6}$", description="Answer in the thread of this message."
    )
    reply_broadcast: bool = Field(default=False, description="Show the answer in the channel too.")
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None


class UpdateMessage(Content):
    channel: str = Field(pattern=r"^[CGD][A-Z0-9]{8,}$", description="The `channel` that posting gave.")
    ts: str = Ts


class Webhook(Content):
    pass


class Posted(Result):
    """A message: `channel` is the channel's id, `ts` the message's."""

    channel: str
    ts: str
    text: str
    thread_ts: str | None = None


class Taken(Result):
    """A webhook tells nothing of the message but that it was taken."""

    ok: bool
