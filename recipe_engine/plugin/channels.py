"""Channels: the ways in which `notify` reaches people. A connector adds one by naming it in `Connector.channels`.

    sms = Channel(send=send_sms, missing=needs("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"), address=("phone", "mobile"))
    twilio = Connector(name="twilio", ..., channels={"sms": sms})

The one rule: `notify` knows no channel by name. What a channel needs, whom it can reach and how it sends is the channel's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Context, FileValue, Settings


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `to` are addresses of the channel's own kind, `text` is always there, the rest where a channel can."""

    to: tuple[str, ...]
    text: str
    subject: str = ""
    html: str | None = None
    attachments: tuple[FileValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the channel's provider took over: its `id` of the message, and a remark worth keeping (`detail`)."""

    id: str | None = None
    detail: str = ""


Send = Callable[["Context", Message], Awaitable[Delivery]]


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach people.

    `send` hands a message over, with a context of the connector that has the channel; it raises Retryable or Terminal.
    `missing` says what to set when the channel is not configured ("set SMTP_HOST"), None when it is. `address` names the
    fields of a contact in which its addresses stand, the best first. `default_to` is the setting that holds the
    recipient of messages that name none.
    """

    send: Send
    missing: Callable[[Settings], str | None]
    address: tuple[str, ...] = ()
    default_to: str | None = None


def needs(*names: str) -> Callable[[Settings], str | None]:
    """The `missing` of a channel that is configured when these settings are set."""

    def missing(settings: Settings) -> str | None:
        absent = [name for name in names if not settings.get(name)]
        return f"set {' and '.join(absent)}" if absent else None

    return missing
