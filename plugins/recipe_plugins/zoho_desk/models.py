"""Parameters and results of Zoho Desk's actions.

The one rule: Zoho's own names, written with underscores (`ticketNumber` is `ticket_number`). What is not listed here
passes through under such a name; custom fields are under `cf`, by their API names.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from recipe_engine.plugin import Params, Result

Scalar = str | int | float | bool | None
Channel = Literal["EMAIL", "FACEBOOK", "TWITTER", "FORUMS"]
Id: Any = Field(pattern=r"^[0-9]+$", description="Zoho's id, a long number; not the ticket's number.")
MaybeId: Any = Field(default=None, pattern=r"^[0-9]+$")
Limit: Any = Field(default=100, ge=1, le=5000, description="How many at most, over all pages.")


class Person(Result):
    """A customer as a ticket shows them."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


class Author(Result):
    """Who wrote a thread or comment: `type` is AGENT, END_USER or SYSTEM."""

    name: str | None = None
    email: str | None = None
    type: str | None = None


class Thread(Result):
    """A message of a ticket. `direction` is `in` from the customer and `out` to them; `text` is its plain text, as far
    as it was asked for, else its summary."""

    id: str
    direction: str | None = None
    channel: str | None = None
    status: str | None = None
    visibility: str | None = None
    created_time: str | None = None
    summary: str | None = None
    text: str = ""
    author: Author | None = None
    to: str | None = None
    from_email_address: str | None = None


class Comment(Result):
    """A comment; `is_public` ones are seen by the customer."""

    id: str
    content: str | None = None
    is_public: bool | None = None
    commented_time: str | None = None
    commenter: Author | None = None


class Conversation(Result):
    """A thread (with its summary) or a comment (with its content), told apart by `type`."""

    id: str
    type: Literal["thread", "comment"]
    summary: str | None = None
    content: str | None = None
    is_public: bool | None = None
    direction: str | None = None


class Ticket(Result):
    """A ticket. `status` is a name of the department's, `status_type` one of Open, On Hold, Closed. Lists lack
    `description`, `modified_time` and `cf`."""

    id: str
    ticket_number: str | None = None
    subject: str | None = None
    status: str | None = None
    status_type: str | None = None
    priority: str | None = None
    channel: str | None = None
    category: str | None = None
    description: str | None = None
    email: str | None = None
    phone: str | None = None
    department_id: str | None = None
    contact_id: str | None = None
    assignee_id: str | None = None
    created_time: str | None = None
    modified_time: str | None = None
    customer_response_time: str | None = None
    web_url: str | None = None
    contact: Person | None = None
    cf: dict[str, Scalar] = Field(default_factory=dict)


class WholeTicket(Ticket):
    """A ticket with its newest messages, oldest first."""

    threads: list[Thread] = Field(default_factory=list)
    conversations: list[Conversation] = Field(default_factory=list)


class Tickets(Result):
    """`count` is how many match, when Zoho tells (searches)."""

    data: list[Ticket]
    count: int | None = None


class Threads(Result):
    data: list[Thread]


class Conversations(Result):
    data: list[Conversation]


class Contact(Result):
    """A contact. `zoho_crm_contact` is its record in the CRM, when the two are linked: `id` and `type`."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    account_id: str | None = None
    zoho_crm_contact: dict[str, str | None] | None = None
    cf: dict[str, Scalar] = Field(default_factory=dict)


class FoundContact(Result):
    found: bool
    contact: Contact | None = None


class GetTicket(Params):
    id: str = Id
    threads: int = Field(default=0, ge=0, le=200, description="How many of the newest messages to read, with text.")
    conversations: int = Field(
        default=0, ge=0, le=200, description="How many messages and comments to read, in short form."
    )


class ListTickets(Params):
    status: str | None = Field(default=None, description="A status, or several with commas between.")
    priority: str | None = None
    channel: str | None = None
    department_id: str | None = MaybeId
    assignee: str | None = Field(default=None, description="An agent's id, or Unassigned.")
    received_in_days: Literal[15, 30, 90] | None = None
    oldest_first: bool = False
    limit: int = Limit


class SearchTickets(Params):
    text: str | None = Field(default=None, description="Words anywhere in the ticket; `*` stands for anything.")
    ticket_number: str | None = None
    subject: str | None = None
    status: str | None = None
    priority: str | None = None
    category: str | None = None
    channel: str | None = None
    tag: str | None = None
    email: str | None = None
    contact_id: str | None = MaybeId
    department_id: str | None = MaybeId
    assignee_id: str | None = MaybeId
    created_after: AwareDatetime | None = None
    modified_after: AwareDatetime | None = None
    sort: Literal["relevance", "modified_time", "-modified_time", "created_time", "-created_time"] = "-modified_time"
    limit: int = Limit

    @model_validator(mode="after")
    def _something_to_look_for(self) -> Self:
        if not self.model_fields_set - {"sort", "limit"}:
            raise ValueError("name at least one thing to look for")
        return self


class ListOfTicket(Params):
    ticket_id: str = Id
    limit: int = Field(default=20, ge=1, le=1000, description="How many of the newest at most.")


class ListThreads(ListOfTicket):
    text: bool = Field(default=True, description="Read the text of each (one request each), not the summary alone.")


class SendReply(Params):
    ticket_id: str = Id
    content: str = Field(min_length=1, max_length=16_000_000)
    html: bool = Field(default=False, description="Whether the content is HTML.")
    channel: Channel = "EMAIL"
    from_email: str | None = Field(
        default=None,
        description="One of the portal's addresses. Without it ZOHO_DESK_FROM_EMAIL, else the one the customer wrote to.",
    )
    to: str | None = Field(default=None, description="Addresses with commas between; the customer without it.")
    cc: str | None = None
    bcc: str | None = None
    attachment_ids: list[str] = Field(default_factory=list, description="Ids of files uploaded to Desk.")
    ticket_status: str | None = Field(default=None, description="The status that the ticket gets with the reply.")
    draft: bool = Field(default=False, description="Keep it as a draft for an agent instead of sending it.")


class AddComment(Params):
    ticket_id: str = Id
    content: str = Field(min_length=1, max_length=32_000)
    html: bool = False
    is_public: bool = Field(default=False, description="Whether the customer sees it.")


class UpdateTicket(Params):
    id: str = Id
    subject: str | None = Field(default=None, max_length=1000)
    description: str | None = Field(default=None, max_length=65_535)
    status: str | None = None
    priority: str | None = None
    category: str | None = None
    sub_category: str | None = None
    classification: str | None = None
    resolution: str | None = Field(default=None, max_length=65_535)
    assignee_id: str | None = MaybeId
    team_id: str | None = MaybeId
    department_id: str | None = MaybeId
    due_date: AwareDatetime | None = None
    cf: dict[str, Scalar] = Field(
        default_factory=dict, description="Custom fields by API name (`cf_...`); null clears one."
    )

    @model_validator(mode="after")
    def _something_to_change(self) -> Self:
        if all(value in (None, {}) for name, value in self if name != "id"):
            raise ValueError("name at least one thing to change")
        return self


class GetContact(Params):
    id: str = Id


class FindContact(Params):
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
