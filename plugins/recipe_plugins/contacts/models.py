"""Parameters and results of the actions.

The one rule: an address may be written as people write it and may be empty where a form left it empty; what is kept and
answered is its one spelling.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from recipe_engine.plugin import Params, Result

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Id: Any = Field(default=None, description="The contact's id.")
Email: Any = Field(default=None, max_length=320, description="Their e-mail address.")
Phone: Any = Field(default=None, max_length=60, description="Their phone number: +33..., or national with `region`.")
Region: Any = Field(
    default=None, pattern=r"^[A-Za-z]{2}$", description="Country of a national number (FR); PHONE_REGION when left out."
)
ChannelName: Any = Field(
    default="all",
    pattern=r"^[a-z][a-z0-9_]{0,49}$",
    description="sms, email, whatsapp, ... as in notify; `all` is every channel and every address of the person.",
)
Kind: Any = Field(pattern=r"^[a-z][a-z0-9_ -]{0,49}$", description="call, email, sms, meeting, visit, demo, ...")


class Who(Params):
    """Somebody: the first of id, email and phone that is given counts."""

    id: str | None = Id
    email: str | None = Email
    phone: str | None = Phone
    region: str | None = Region

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.id or self.email or self.phone):
            raise ValueError("give id, email or phone")
        return self


class Upsert(Params):
    email: str | None = Email
    phone: str | None = Phone
    region: str | None = Region
    name: str = Field(default="", max_length=500, description="An empty text leaves what is known.")
    company: str = Field(default="", max_length=500)
    source: str = Field(default="", max_length=200, description="Where they come from: website, fair, ...")
    tags: list[Tag] = Field(default_factory=list, max_length=100, description="Added to those that they have.")
    fields: dict[str, Any] = Field(
        default_factory=dict, description="Fields of your own; a null removes one, others stay."
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.email or self.phone):
            raise ValueError("give email or phone")
        return self


class Update(Params):
    id: str = Field(min_length=1, description="The contact's id.")
    email: str | None = Email
    phone: str | None = Phone
    region: str | None = Region
    name: str = Field(default="", max_length=500, description="An empty text leaves what is known.")
    company: str = Field(default="", max_length=500)
    source: str = Field(default="", max_length=200)
    add_tags: list[Tag] = Field(default_factory=list, max_length=100)
    remove_tags: list[Tag] = Field(default_factory=list, max_length=100)
    fields: dict[str, Any] = Field(default_factory=dict, description="A null removes one, others stay.")


class ListContacts(Params):
    tag: Tag | None = Field(default=None, description="Only those with this tag.")
    source: str | None = Field(default=None, description="Only those from there.")
    query: str = Field(
        default="", max_length=200, description="A part of name, company, e-mail address or phone number."
    )
    updated_after: AwareDatetime | None = Field(default=None, description="Only those changed or heard of since.")
    after: str = Field(default="0", description="`next` of the page before.")
    limit: int = Field(default=100, ge=1, le=1000)


class AddInteraction(Who):
    kind: str = Kind
    subject: str = Field(default="", max_length=500)
    notes: str = Field(default="", max_length=50_000)
    outcome: str = Field(default="", max_length=500)
    at: AwareDatetime | None = Field(default=None, description="When it was; now, when left out.")


class ListInteractions(Who):
    kind: str | None = Field(default=None, description="Only those of this kind.")
    limit: int = Field(default=100, ge=1, le=1000)


class Say(Who):
    channel: str = ChannelName
    reason: str = Field(default="", max_length=2000)
    source: str = Field(default="recipe", max_length=200, description="How they said so.")


class Asked(Who):
    channel: str = ChannelName


class HandleReply(Params):
    sender: str = Field(min_length=1, max_length=320, description="The address of whoever wrote.")
    text: str = Field(max_length=50_000, description="What they wrote.")
    channel: str = Field(pattern=r"^[a-z][a-z0-9_]{0,49}$", description="How it came: sms, whatsapp, email, ...")
    opt_out_of: Literal["all", "channel"] = Field(
        default="all", description="What STOP ends: everything, or messages on this channel."
    )
    region: str | None = Region


class UnsubscribeLink(Params):
    email: str = Field(max_length=320, description="Whose link it is.")
    channel: str = ChannelName


class Unsubscribe(Params):
    token: str = Field(min_length=1, max_length=4000, description="`token` of the link that was followed.")


class Contact(Result):
    id: str
    email: str | None
    phone: str | None
    name: str
    company: str
    tags: list[str]
    source: str
    fields: dict[str, Any]
    created_at: str
    updated_at: str
    opted_out: list[str] = Field(description="Channels on which they must get nothing; `all` for every one.")


class Upserted(Contact):
    created: bool = Field(description="Whether this step added them.")


class Found(Result):
    found: bool
    contact: Contact | None


class Contacts(Result):
    contacts: list[Contact]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


class Interaction(Result):
    id: str
    contact_id: str
    kind: str
    subject: str
    notes: str
    outcome: str
    at: str


class Interactions(Result):
    interactions: list[Interaction]
    more: bool = Field(description="Whether there are older ones beyond `limit`.")


class Said(Result):
    channel: str
    contact_ids: list[str]


class Standing(Result):
    allowed: bool
    since: str | None = Field(description="Since when they are not to be written to.")
    source: str | None
    reason: str | None


class Handled(Result):
    meaning: Literal["stop", "start", "reply"]
    contact_ids: list[str] = Field(description="The contacts who have the address.")


class Link(Result):
    url: str
