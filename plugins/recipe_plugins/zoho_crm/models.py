"""Parameters and results of Zoho CRM's actions.

The one rule: fields of records keep their API names (`Deal_Name`), those of the account's own making like the vendor's.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from recipe_engine.plugin import JSON, Params, Result

Scalar = str | int | float | bool | None
Operator = Literal[
    "equals", "not_equal", "starts_with", "in", "between", "greater_than", "greater_equal", "less_than", "less_equal"
]
NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
PATH = r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,2}$"
CLOSED = ["Closed Won", "Closed Lost", "Closed Lost to Competition"]
Id: Any = Field(pattern=r"^[0-9]+$", description="Zoho's id, a long number.")
Fields: Any = Field(default_factory=list, max_length=40, description="Further fields to read, by API name.")
Limit: Any = Field(default=200, ge=1, le=5000, description="How many at most, over all pages.")


class Link(Result):
    """Another record that a field names."""

    id: str
    name: str | None = None


class Deal(Result):
    """A deal. Fields of the account's own stand beside these, by their API names."""

    id: str
    Deal_Name: str | None = None
    Stage: str | None = None
    Amount: float | None = None
    Closing_Date: str | None = None
    Probability: float | None = None
    Next_Step: str | None = None
    Description: str | None = None
    Created_Time: str | None = None
    Modified_Time: str | None = None
    Last_Activity_Time: str | None = None
    Account_Name: Link | None = None
    Contact_Name: Link | None = None
    Owner: Link | None = None


class Deals(Result):
    data: list[Deal]


class StaleDeals(Deals):
    """`before` is the moment since when nothing happened."""

    before: str


class FoundDeal(Result):
    found: bool
    deal: Deal | None = None


class Rows(Result):
    data: list[dict[str, JSON]]


class Changed(Result):
    """A record that was written."""

    id: str
    Modified_Time: str | None = None


class Note(Result):
    id: str
    Note_Title: str | None = None
    Note_Content: str | None = None
    Created_Time: str | None = None
    Owner: Link | None = None


class Notes(Result):
    data: list[Note]


class GetDeal(Params):
    id: str = Id


class Condition(Params):
    field: str = Field(pattern=NAME, description="API name of a field.")
    operator: Operator = "equals"
    value: Scalar = None
    values: list[Scalar] = Field(default_factory=list, description="For `in`, and the two ends of `between`.")


class SearchDeals(Params):
    where: list[Condition] = Field(default_factory=list, max_length=10, description="All of these must hold.")
    criteria: str | None = Field(
        default=None, description="Instead of where: in Zoho's own words, ((Stage:equals:Qualification)and(...))."
    )
    email: str | None = None
    phone: str | None = None
    word: str | None = Field(default=None, min_length=2, description="A word anywhere in the deal.")
    fields: list[str] = Fields
    limit: int = Field(default=200, ge=1, le=2000, description="How many at most, over all pages.")

    @model_validator(mode="after")
    def _one_way_to_search(self) -> Self:
        if sum(map(bool, (self.where, self.criteria, self.email, self.phone, self.word))) != 1:
            raise ValueError("search by exactly one of where, criteria, email, phone, word")
        return self


class Query(Params):
    query: str = Field(
        pattern=r"(?i)^\s*select\s",
        description="In COQL, without LIMIT; `:name` stands for a value of `values`, which is quoted as Zoho needs it.",
    )
    values: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict)
    limit: int = Limit


class StaleDealsSince(Params):
    days: float = Field(default=7, gt=0, le=3650, description="For how long nothing happened.")
    by: Literal["activity", "modification"] = Field(
        default="activity",
        description="What counts: calls, mails, tasks, notes (a change, where there were none), or changes alone.",
    )
    except_stages: list[str] = Field(
        default_factory=lambda: list(CLOSED), description="Stages in which a deal needs nobody: the closed ones."
    )
    fields: list[str] = Fields
    limit: int = Limit


class FindDeal(Params):
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", description="Of the deal's contact.")
    contact_id: str | None = Field(default=None, pattern=r"^[0-9]+$", description="The contact's id in the CRM.")
    except_stages: list[str] = Field(
        default_factory=lambda: list(CLOSED), description="Stages of deals that do not count."
    )
    fields: list[str] = Fields

    @model_validator(mode="after")
    def _one_contact(self) -> Self:
        if (self.email is None) == (self.contact_id is None):
            raise ValueError("name the contact by email or by contact_id")
        return self


class UpdateDeal(Params):
    id: str = Id
    fields: dict[str, JSON] = Field(min_length=1, description="What changes, by API name; null clears a field.")
    automations: bool = Field(default=True, description="Whether the account's workflows run on the change.")


class AddNote(Params):
    deal_id: str = Id
    title: str = Field(default="", max_length=120)
    content: str = Field(min_length=1, max_length=32_000)


class ListNotes(Params):
    deal_id: str = Id
    limit: int = Field(default=20, ge=1, le=1000, description="How many of the newest at most.")
