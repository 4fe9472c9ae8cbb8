"""Channels: the ways in which `notify` reaches people. A connector adds one by naming it in `Connector.channels`.

    sms = Channel(send=send_sms, missing=needs("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"), address=("phone", "mobile"))
    twilio = Connector(name="twilio", ..., channels={"sms": sms})

Several connectors may provide a channel of the same name: `email` is sent by SMTP or by a provider's interface. One of
them sends: the one that the setting `<CHANNEL>_PROVIDER` names (`EMAIL_PROVIDER=smtp`), else the first that is configured.

The one rule: `notify` knows no channel by name. What a channel needs, whom it can reach and how it sends is the channel's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Context, FileValue, Settings


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `to` are addresses of the channel's own kind, `text` is always there, the rest where a channel can.
    `unsubscribe` is the address of the recipient's way out: e-mail carries it in its header List-Unsubscribe."""

    to: tuple[str, ...]
    text: str
    subject: str = ""
    html: str | None = None
    attachments: tuple[FileValue, ...] = ()
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the channel's provider took over: its `id` of the message, and a remark worth keeping (`detail`). `opted_out` are
    recipients who got nothing because they told the provider that they want nothing more."""

    id: str | None = None
    detail: str = ""
    opted_out: tuple[str, ...] = ()


Send = Callable[["Context", Message], Awaitable[Delivery]]
Reconcile = Callable[["Context", Message], Awaitable[Delivery | None]]


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach people.

    `send` hands a message over, with a context of the connector that has the channel; it raises Retryable or Terminal.
    `missing` says what to set when the channel is not configured ("set SMTP_HOST"), None when it is. `address` names the
    fields of a contact in which its addresses stand, the best first. `default_to` is the setting that holds the
    recipient of messages that name none. `reconcile` is asked about a message whose sending was interrupted: what was taken
    over of it, None when `send` may be called again because it sends only what was not sent; it raises Retryable when nobody
    can tell. `provider` is what `<CHANNEL>_PROVIDER` calls it, if not by its connector's
    name; `fallback` lets other providers go first.
    """

    send: Send
    missing: Callable[[Settings], str | None]
    address: tuple[str, ...] = ()
    default_to: str | None = None
    provider: str = ""
    fallback: bool = False
    reconcile: Reconcile | None = None


def needs(*names: str) -> Callable[[Settings], str | None]:
    """The `missing` of a channel that is configured when these settings are set."""

    def missing(settings: Settings) -> str | None:
        absent = [name for name in names if not settings.get(name)]
        return f"set {' and '.join(absent)}" if absent else None

    return missing


def chosen(name: str, offers: Mapping[str, Channel], settings: Settings) -> tuple[str, str | None]:
    """Which connector sends a channel, of those that offer it (by connector), and what has to be set first, None when
    nothing has."""
    named = {channel.provider or connector: connector for connector, channel in offers.items()}
    wanted = settings.get(f"{name.upper()}_PROVIDER")
    if wanted is not None:
        if wanted not in named:
            expected = " or ".join(sorted(named))
            return next(iter(offers)), f"{name.upper()}_PROVIDER is {wanted!r}; expected {expected}"
        return named[wanted], offers[named[wanted]].missing(settings)
    ordered = sorted(offers, key=lambda connector: offers[connector].fallback)
    absent = {connector: offers[connector].missing(settings) for connector in ordered}
    ready = next((connector for connector in ordered if absent[connector] is None), None)
    if ready is not None:
        return ready, None
    return ordered[0], ", or ".join(told for told in absent.values() if told is not None)
