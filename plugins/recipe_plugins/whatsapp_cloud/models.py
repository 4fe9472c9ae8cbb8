"""Parameters and results of the actions of WhatsApp Cloud.

The one rule: what Meta would refuse by its form (lengths, sizes, what excludes what) is refused before it is sent.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from recipe_engine.plugin import FileValue, Params, Result

Kind = Literal["image", "video", "audio", "document", "sticker"]
To: Any = Field(min_length=1, description="Phone number: +33..., or national when `region` or PHONE_REGION is set.")
Region: Any = Field(
    default=None, pattern=r"^[A-Za-z]{2}$", description="Country of a national number (FR); PHONE_REGION when left out."
)


class Send(Params):
    """What all messages have."""

    to: str = To
    region: str | None = Region
    reply_to: str | None = Field(default=None, description="The id (wamid...) of a message to quote.")


class SendText(Send):
    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool = Field(default=False, description="Show a preview of the first link.")


class SendTemplate(Send):
    name: str = Field(min_length=1, max_length=512, description="The template's name in WhatsApp Manager.")
    language: str = Field(default="fr", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", description="Its language: fr, en_US.")
    body: list[str] = Field(default_factory=list, description="What fills {{1}}, {{2}}... of its body.")
    components: list[dict[str, Any]] = Field(
        default_factory=list, description="Meta's components, for headers and buttons; instead of body."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.body and self.components:
            raise ValueError("give body (its texts) or components (everything), not both")
        return self


class SendMedia(Send):
    kind: Kind
    media_id: str | None = Field(default=None, description="What upload_media gave.")
    link: str | None = Field(default=None, pattern=r"^https?://\S+$", description="A public address instead.")
    caption: str | None = Field(default=None, max_length=1024, description="Not with audio and stickers.")
    filename: str | None = Field(default=None, description="The name that a document is shown by.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.media_id is None) == (self.link is None):
            raise ValueError("give media_id or link")
        if self.caption is not None and self.kind in ("audio", "sticker"):
            raise ValueError(f"{self.kind} has no caption")
        if self.filename is not None and self.kind != "document":
            raise ValueError("only a document has a filename")
        return self


class UploadMedia(Params):
    file: FileValue


class Uploaded(Result):
    """`kind` is what `send_media` sends it as."""

    id: str
    kind: Kind


class SentMessage(Result):
    """`wa_id` is WhatsApp's name of the recipient, when it tells one. Taken over is not delivered: a webhook tells."""

    id: str
    wa_id: str | None
    message_status: str | None = None
