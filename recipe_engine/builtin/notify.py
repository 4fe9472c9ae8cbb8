"""The step type `notify`: a message to people, over one or more channels.

    - {id: warn, type: notify, channels: [email], to: "{{ config.admin }}", subject: Alerte, message: "..."}

The one rule: nobody who opted out gets anything. Whoever knows about it is asked before every send; an opt-out is said, not
failed: the run goes on and the result tells.

So it is with a channel that is not configured. A channel that does not exist is a failure. When several channels are asked and one of them sends, the step has succeeded: a repeat
would send again what was sent; what the others met stands in the result.

The effect is `once`: neither SMTP nor the providers of text messages promise to drop a repeat. After an interruption each
channel is asked what became of the message: when all know, the step has succeeded or goes on with what was not sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from recipe_engine.core.failure import Failure
from recipe_engine.plugin import (
    ActionError,
    Connector,
    Context,
    Delivery,
    FileValue,
    Message,
    Params,
    Result,
    Terminal,
    hookimpl,
)
from recipe_engine.plugin.consent import OPTED_OUT, Sifted

notify = Connector(name="notify", title="Notifications", docs="Messages to people over the channels of all connectors.")

# A number is written as its text.
Text = Annotated[str, Field(coerce_numbers_to_str=True), WithJsonSchema({"type": ["string", "number"]})]
Contact = dict[str, Any]


class NotifyStep(Params):
    """The fields of a `notify` step."""

    channels: list[str] = Field(
        min_length=1, description="The ways to send it: `email`, and those that connectors add (sms, slack, ...)."
    )
    to: str | Contact | list[str | Contact] | None = Field(
        None,
        description=(
            "Who gets it: an address, a contact with fields such as `email` and `phone`, or a list of them. Left out, the "
            "channel's own default (for email NOTIFICATION_EMAIL)."
        ),
    )
    subject: Text = Field("", description="The subject, where a channel has one.")
    message: Text = Field("", description="The message as text.")
    html: str | None = Field(None, description="The message as HTML, where a channel can show it.")
    attachments: list[FileValue] = Field(default_factory=list, description="Files to send along.")
    unsubscribe: str | None = Field(
        None,
        pattern=r"^https?://[^\s<>]+$",
        max_length=900,
        description="The recipient's link out (`contacts.unsubscribe_link`): e-mail programs show it as a button.",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.message.strip() and not (self.html or "").strip():
            raise ValueError("a message or html is expected")
        return self


class Sent(Result):
    """What became of the message on one channel."""

    channel: str
    sent: bool
    id: str | None = None
    detail: str = ""
    opted_out: list[str] = Field(default_factory=list, description="Who got nothing because they want nothing.")


class Notified(Result):
    """Whether somebody was told. `skipped` says why nobody was: no channel is configured, or they opted out."""

    sent: bool
    channels: list[Sent]
    skipped: str | None = None
    opted_out: list[str] = Field(default_factory=list, description="Who got nothing because they want nothing.")


async def _sent_by_this_step(ctx: Context, params: NotifyStep) -> Notified | None:
    """What was sent, when every channel says that all of it was; None when the rest may be sent. Raises Retryable when one
    of them cannot tell."""
    known, consent = ctx.service("channels"), ctx.service("consent")
    outcomes: list[Sent | None] = []
    for name in dict.fromkeys(params.channels):
        channel = known.get(name)
        if channel is None or channel.missing() is not None:
            continue
        sifted: Sifted = await consent.sift(name, _recipients(params, channel))
        if sifted.allowed:
            delivery: Delivery | None = await channel.reconcile(_message(params, sifted.allowed))
            outcomes.append(None if delivery is None else _sent(name, delivery, sifted.refused))
    told = [each for each in outcomes if each is not None]
    if not told or len(told) < len(outcomes):
        return None
    return Notified(sent=True, channels=told, opted_out=_opted_out(told))


@notify.action(
    effect="once",
    name="notify",
    reconcile=_sent_by_this_step,
    fields_at_step=True,
    example="{id: warn, type: notify, channels: [email], to: admin@example.org, subject: Alerte, message: Bonjour}",
)
async def send(ctx: Context, params: NotifyStep) -> Notified:
    """Send a message to people.

    When none of the channels is configured the step succeeds with `sent: false` and `skipped` says what to set. Whoever opted
    out gets nothing and stands in `opted_out`; when that is everybody, `sent` is false and `skipped` says so. An unknown
    channel fails.
    """
    known = ctx.service("channels")
    unknown = [name for name in params.channels if name not in known]
    if unknown:
        raise Terminal(
            f"there is no channel {unknown[0]!r}",
            code="unknown_channel",
            detail=f"the channels are {', '.join(sorted(known))}",
        )
    outcomes: list[Sent] = []
    failures: list[ActionError] = []
    skipped: list[str] = []
    for name in dict.fromkeys(params.channels):
        channel = known[name]
        missing = channel.missing()
        to = _recipients(params, channel)
        if missing is None and params.to is None and not to:
            missing = f"give `to`, or set {channel.channel.default_to}" if channel.channel.default_to else "give `to`"
        if missing is not None:
            skipped.append(f"{name} is not configured: {missing}")
            outcomes.append(Sent(channel=name, sent=False, detail=skipped[-1]))
            ctx.log(skipped[-1], channel=name)
            continue
        try:
            if not to:
                raise Terminal(f"the recipient has no address for {name}", code="no_recipient")
            outcome = await _deliver(ctx, name, channel, params, to)
        except ActionError as error:
            failures.append(error)
            outcomes.append(Sent(channel=name, sent=False, detail=_said(error.failure)))
            ctx.log(f"{name}: {error.failure.title}", channel=name)
        else:
            outcomes.append(outcome)
            if not outcome.sent:
                skipped.append(outcome.detail)
                ctx.log(outcome.detail, channel=name)
    sent = any(outcome.sent for outcome in outcomes)
    if failures and not sent:
        raise failures[0]
    told = None if sent else "; ".join(skipped)
    return Notified(sent=sent, channels=outcomes, skipped=told, opted_out=_opted_out(outcomes))


async def _deliver(ctx: Context, name: str, channel: Any, params: NotifyStep, to: tuple[str, ...]) -> Sent:
    """Send to those who may get it. Whom the provider refuses because they opted out there is written down here too."""
    consent = ctx.service("consent")
    sifted: Sifted = await consent.sift(name, to)
    if not sifted.allowed:
        return _unsent(name, sifted.refused)
    try:
        delivery: Delivery = await channel.send(_message(params, sifted.allowed))
    except ActionError as error:
        if error.failure.code != OPTED_OUT or len(sifted.allowed) > 1:
            raise
        delivery = Delivery(opted_out=sifted.allowed)
    for address in delivery.opted_out:
        await consent.refuse(name, address, "the provider")
    if len(delivery.opted_out) == len(sifted.allowed):
        return _unsent(name, [*sifted.refused, *delivery.opted_out])
    return _sent(name, delivery, sifted.refused)


def _sent(name: str, delivery: Delivery, refused: Iterable[str]) -> Sent:
    wants_nothing = [*refused, *delivery.opted_out]
    return Sent(channel=name, sent=True, id=delivery.id, detail=delivery.detail, opted_out=wants_nothing)


def _unsent(name: str, refused: Iterable[str]) -> Sent:
    listed = list(refused)
    return Sent(channel=name, sent=False, detail=f"opted out of {name}: {', '.join(listed)}", opted_out=listed)


def _message(params: NotifyStep, to: tuple[str, ...]) -> Message:
    return Message(to, params.message, params.subject, params.html, tuple(params.attachments), params.unsubscribe)


def _opted_out(outcomes: Iterable[Sent]) -> list[str]:
    return list(dict.fromkeys(address for outcome in outcomes for address in outcome.opted_out))


def _recipients(params: NotifyStep, channel: Any) -> tuple[str, ...]:
    to = params.to if params.to is not None else channel.default_to()
    return tuple(_addresses(to, channel.channel.address))


def _addresses(to: Any, fields: Iterable[str]) -> Iterable[str]:
    """The addresses for one channel: texts as they are, of a contact the first of its fields that has one."""
    if isinstance(to, str):
        if to.strip():
            yield to.strip()
    elif isinstance(to, dict):
        found = (to.get(name) for name in fields)
        address = next((value for value in found if isinstance(value, str) and value.strip()), None)
        if address is not None:
            yield address.strip()
    elif isinstance(to, list):
        for item in to:
            yield from _addresses(item, fields)


def _said(failure: Failure) -> str:
    return f"{failure.title}: {failure.detail}" if failure.detail else failure.title


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of the `notify` step."""
    return [notify]
