"""Parameters and results of Twilio's actions.

The one rule: numbers may be written as people write them; what is sent and answered is E.164.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from recipe_engine.plugin import Params, Result

Status = Literal[
    "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted", "scheduled",
    "read", "partially_delivered", "canceled",
]  # fmt: skip
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
To: Any = Field(min_length=1, description="Phone number: +33..., or national when `region` or PHONE_REGION is set.")
Region: Any = Field(
    default=None, pattern=r"^[A-Za-z]{2}$", description="Country of a national number (FR); PHONE_REGION when left out."
)
Body: Any = Field(min_length=1, max_length=1600, description="The text.")
Callback: Any = Field(
    default=None, description="Where Twilio reports the status; TWILIO_STATUS_CALLBACK when left out."
)


class SendSms(Params):
    to: str = To
    body: str = Body
    sender: str | None = Field(
        default=None,
        description="A number of yours, a messaging service (MG...) or a name of up to 11 letters; TWILIO_PHONE_NUMBER "
        "when left out.",
    )
    region: str | None = Region
    max_segments: int | None = Field(
        default=None, ge=1, le=25, description="Refuse a text that takes more segments than this; each one is billed."
    )
    smart_encoded: bool = Field(default=False, description="Let Twilio replace typographic characters by plain ones.")
    media_urls: list[Url] = Field(default_factory=list, max_length=10, description="Pictures (MMS; not in Europe).")
    status_callback: Url | None = Callback
    validity_period: int | None = Field(
        default=None, ge=1, le=36_000, description="Seconds after which it is no longer worth delivering."
    )
    send_at: AwareDatetime | None = Field(
        default=None, description="15 minutes to 35 days ahead; only with a messaging service."
    )


class SendWhatsApp(Params):
    to: str = To
    body: str | None = Field(
        default=None,
        min_length=1,
        max_length=1600,
        description="Free text: only within 24 h of the person's last message.",
    )
    content_sid: str | None = Field(
        default=None, pattern=r"^HX[0-9a-fA-F]{32}$", description="An approved template, at any time."
    )
    content_variables: dict[str, str] = Field(default_factory=dict, description='What fills it: {"1": "Ada"}.')
    sender: str | None = Field(default=None, description="TWILIO_WHATSAPP_NUMBER when left out.")
    region: str | None = Region
    media_urls: list[Url] = Field(default_factory=list, max_length=1)
    status_callback: Url | None = Callback

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if self.content_sid is None and not (self.body or self.media_urls):
            raise ValueError("give body (free text), media_urls or content_sid (a template)")
        if self.content_sid is not None and (self.body or self.media_urls):
            raise ValueError("give content_sid, or body and media_urls, not both")
        if self.content_variables and self.content_sid is None:
            raise ValueError("content_variables fill a template: give its content_sid")
        return self


class GetMessage(Params):
    id: str = Field(pattern=r"^(SM|MM)[0-9a-fA-F]{32}$", description="The id that sending gave.")


class CancelMessage(GetMessage):
    pass


class ListMessages(Params):
    to: str | None = Field(default=None, description="Recipient; `whatsapp:` before a WhatsApp number.")
    sender: str | None = Field(default=None, description="Sender; `whatsapp:` before a WhatsApp number.")
    region: str | None = Region
    sent_after: AwareDatetime | None = None
    sent_before: AwareDatetime | None = None
    limit: int = Field(default=100, ge=1, le=10_000)


class TwilioMessage(Result):
    """A message. `segments` is Twilio's own count once there is one, else the count of the text."""

    id: str
    status: Status
    to: str | None
    sender: str | None
    body: str | None
    direction: str
    segments: int
    encoding: Literal["GSM-7", "UCS-2"]
    created: str | None
    sent: str | None
    error_code: int | None
    error_message: str | None
    price: str | None
    price_unit: str | None


class TwilioMessages(Result):
    messages: list[TwilioMessage]


def message_of(answer: dict[str, Any]) -> TwilioMessage:
    """A message as Twilio answers it, in our words."""
    from recipe_engine.plugin.segments import segments

    text = answer.get("body") or ""
    counted = segments(text)
    return TwilioMessage(
        id=answer["sid"],
        status=answer["status"],
        to=answer.get("to"),
        sender=answer.get("from") or answer.get("messaging_service_sid"),
        body=answer.get("body"),
        direction=answer.get("direction") or "outbound-api",
        segments=int(answer.get("num_segments") or 0) or counted.count,
        encoding=counted.encoding,  # type: ignore[arg-type]  # one of the two
        created=_iso(answer.get("date_created")),
        sent=_iso(answer.get("date_sent")),
        error_code=answer.get("error_code"),
        error_message=answer.get("error_message"),
        price=answer.get("price"),
        price_unit=answer.get("price_unit"),
    )


def _iso(rfc_2822: str | None) -> str | None:
    return parsedate_to_datetime(rfc_2822).astimezone(UTC).isoformat() if rfc_2822 else None
