"""Parameters and results of HubSpot's actions.

The one rule: what HubSpot takes as a property keeps HubSpot's own name; `properties` passes any other through.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from recipe_engine.plugin import Params, Result

Scalar = str | int | float | bool | None
ObjectType = Literal["contacts", "tickets", "deals", "companies"]
Priority = Literal["LOW", "MEDIUM", "HIGH", "URGENT"]
Operator = Literal[
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
]  # fmt: skip
Email: Any = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="E-mail address: HubSpot's own key for contacts.")
Id: Any = Field(min_length=1, description="HubSpot record id.")
Extra: Any = Field(
    default_factory=dict, description="Further properties by internal name; custom ones too. An empty text clears one."
)
Wanted: Any = Field(default_factory=list, description="Further properties to read, by internal name.")


class Record(Result):
    """A record. `properties` are texts, null where unset; `url` is its page when HUBSPOT_HUB_ID is set."""

    id: str
    properties: dict[str, str | None]
    url: str | None = None


class FindContact(Params):
    email: str = Email
    properties: list[str] = Wanted


class FoundContact(Result):
    found: bool
    contact: Record | None = None


class ContactDetails(Params):
    email: str = Email
    firstname: str | None = None
    lastname: str | None = None
    phone: str | None = None
    company: str | None = None
    properties: dict[str, Scalar] = Extra


class FoundOrCreatedContact(Record):
    created: bool


class UpdateContact(Params):
    id: str = Field(min_length=1, description="HubSpot record id, or the contact's e-mail address.")
    properties: dict[str, Scalar] = Field(min_length=1, description='What changes, by internal name; "" clears.')


class CreateTicket(Params):
    subject: str = Field(min_length=1)
    content: str | None = None
    pipeline: str | None = Field(default=None, description="Pipeline id; HUBSPOT_PIPELINE_ID when left out.")
    stage: str | None = Field(default=None, description="Stage id; HUBSPOT_STAGE_NEW when left out.")
    priority: Priority | None = None
    owner_id: str | None = None
    contact_id: str | None = Field(default=None, description="A contact to associate, in the same request.")
    properties: dict[str, Scalar] = Extra


class GetTicket(Params):
    id: str = Id
    properties: list[str] = Wanted


class UpdateTicket(Params):
    id: str = Id
    subject: str | None = None
    content: str | None = None
    pipeline: str | None = None
    stage: str | None = None
    priority: Priority | None = None
    owner_id: str | None = None
    properties: dict[str, Scalar] = Extra


class Associate(Params):
    from_type: ObjectType
    from_id: str = Id
    to_type: ObjectType
    to_id: str = Id


class Association(Result):
    from_id: str
    to_id: str


class CreateNote(Params):
    body: str = Field(min_length=1, max_length=65_536, description="Text or simple HTML.")
    at: AwareDatetime | None = Field(default=None, description="When it is dated; now when left out.")
    contact_id: str | None = None
    company_id: str | None = None
    deal_id: str | None = None
    ticket_id: str | None = None


class Filter(Params):
    property: str
    operator: Operator = "EQ"
    value: Scalar = None
    high_value: Scalar = Field(default=None, description="Upper end of BETWEEN.")
    values: list[Scalar] | None = Field(default=None, description="For IN and NOT_IN; lower case for text properties.")


class Search(Params):
    type: Literal["contacts", "tickets", "deals"]
    filters: list[Filter] = Field(default_factory=list, max_length=10, description="All of these must hold.")
    any_of: list[list[Filter]] = Field(
        default_factory=list, max_length=5, description="Instead of filters: groups, of which one must hold."
    )
    query: str | None = Field(default=None, description="Words looked for in the default text properties.")
    sort: str | None = Field(default=None, description="A property; with a leading `-` the largest first.")
    properties: list[str] = Wanted
    limit: int = Field(default=100, ge=1, le=10_000)

    @model_validator(mode="after")
    def _one_way_to_filter(self) -> Self:
        if self.filters and self.any_of:
            raise ValueError("give filters (all must hold) or any_of (one group must hold), not both")
        return self


class ListTickets(Params):
    pipeline: str | None = None
    stage: str | None = None
    created_after: AwareDatetime | None = None
    properties: list[str] = Wanted
    limit: int = Field(default=100, ge=1, le=10_000)


class Records(Result):
    """`total` is how many match, `results` at most `limit` of them."""

    total: int
    results: list[Record]


class CreateDeal(Params):
    name: str = Field(min_length=1)
    stage: str = Field(min_length=1, description="Stage id of the pipeline: `qualifiedtobuy`, or a number.")
    pipeline: str | None = Field(default=None, description="Pipeline id; HubSpot's own default when left out.")
    amount: Decimal | None = Field(default=None, allow_inf_nan=False)
    close_date: AwareDatetime | None = None
    owner_id: str | None = None
    contact_id: str | None = Field(default=None, description="A contact to associate, in the same request.")
    properties: dict[str, Scalar] = Extra


class GetDeal(Params):
    id: str = Id
    properties: list[str] = Wanted


class UpdateDeal(Params):
    id: str = Id
    name: str | None = None
    stage: str | None = None
    pipeline: str | None = None
    amount: Decimal | None = Field(default=None, allow_inf_nan=False)
    close_date: AwareDatetime | None = None
    owner_id: str | None = None
    properties: dict[str, Scalar] = Extra


class ListDeals(Params):
    pipeline: str | None = None
    stage: str | None = None
    owner_id: str | None = None
    created_after: AwareDatetime | None = None
    updated_before: AwareDatetime | None = Field(default=None, description="Deals that nobody touched since.")
    properties: list[str] = Wanted
    limit: int = Field(default=100, ge=1, le=10_000)


class ListAssociations(Params):
    from_type: ObjectType
    from_id: str = Id
    to_type: Literal["contacts", "tickets", "deals", "companies", "notes"]
    limit: int = Field(default=500, ge=1, le=10_000)


class AssociationType(Result):
    """`category` is HUBSPOT_DEFINED, USER_DEFINED or INTEGRATOR_DEFINED; `label` what users called it."""

    id: int
    category: str
    label: str | None = None


class AssociatedRecord(Result):
    id: str
    types: list[AssociationType]


class AssociatedRecords(Result):
    results: list[AssociatedRecord]


class ListNotes(Params):
    type: ObjectType
    id: str = Id
    limit: int = Field(default=20, ge=1, le=100)


class Notes(Result):
    """`total` is how many notes the record has, `results` the last `limit` of them."""

    total: int
    results: list[Record]
