"""Parameters and results of Resend's actions.

The one rule: what Resend would refuse by its form (lengths, numbers, what excludes what) is refused before it is sent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from recipe_engine.plugin import FileValue, Params, Result

Addresses = str | list[str]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$")]
Event = Literal[
    "bounced", "canceled", "clicked", "complained", "delivered", "delivery_delayed", "failed", "opened", "queued",
    "scheduled", "sent", "suppressed",
]  # fmt: skip
To: Any = Field(description="Who gets it: an address, `Name <address>`, or a list of at most 50.")
From: Any = Field(default=None, description="`Name <address>`; FROM_EMAIL when left out.")
Tags: Any = Field(default_factory=dict, description="Words to find it by: {campaign: devis}; letters, digits, - and _.")


class Template(Params):
    id: str = Field(min_length=1, description="A published template.")
    variables: dict[str, str | int | float] = Field(default_factory=dict)


class Mail(Params):
    """What one e-mail and one of a batch have in common."""

    to: Addresses = To
    sender: str | None = From
    subject: str = Field(min_length=1, max_length=998)
    html: str | None = None
    text: str | None = Field(default=None, description="The text part; Resend makes one of the HTML when left out.")
    template: Template | None = Field(default=None, description="Instead of html and text.")
    cc: Addresses | None = None
    bcc: Addresses | None = None
    reply_to: Addresses | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    tags: dict[Word, Word] = Tags
    topic_id: str | None = Field(default=None, description="Respects the opt-out that Resend keeps for a topic.")

    @model_validator(mode="after")
    def _content(self) -> Self:
        written = (self.html or "").strip() or (self.text or "").strip()
        if self.template is not None and written:
            raise ValueError("give a template, or html and text, not both")
        if self.template is None and not written:
            raise ValueError("give html, text or a template")
        return self


class Send(Mail):
    attachments: list[FileValue] = Field(default_factory=list, description="At most 40 MB together, as sent.")
    scheduled_at: AwareDatetime | None = Field(default=None, description="At most 30 days ahead.")


class SendBatch(Params):
    emails: list[Mail] = Field(min_length=1, max_length=100)
    permissive: bool = Field(default=False, description="Send the good ones although others are refused.")


class GetEmail(Params):
    id: str = Field(min_length=1, description="The id that sending gave.")


class Sent(Result):
    id: str


class Refusal(Result):
    index: int
    message: str


class Batch(Result):
    """`ids` in the order of the e-mails that were taken; `errors` are those that were not, when `permissive`."""

    ids: list[str]
    errors: list[Refusal]


class Email(Result):
    id: str
    to: list[str]
    subject: str
    last_event: Event
    created_at: str
