"""A small catalog of invented actions, and short ways to check and lower a text."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import Any, Literal

from pydantic import BaseModel, Field

from recipe_engine import source
from recipe_engine.builtin.llm.action import llm
from recipe_engine.compile import check, compile_recipe
from recipe_engine.core.plan import Plan, Retry
from recipe_engine.diagnostics import Diagnostic
from recipe_engine.plugin import Catalog, Connector, FileValue, Params, Result, Setting
from recipe_engine.source import Document

HEAD = "slug: test\nname: Test\ndescription: A test.\ncategory: test\n"

desk = Connector("desk", "Desk", settings=[Setting("DESK_TOKEN", secret=True), Setting("DESK_REGION", default="eu")])
builtin = Connector("builtin", "Built in")


class Address(BaseModel):
    """Where somebody lives."""

    street: str = Field(description="street and number")
    city: str = ""


class NewTicket(Params):
    subject: str = Field(description="what it is about")
    priority: Literal["low", "normal", "high"] = "normal"
    tags: list[str] = Field(default_factory=list)
    weight: int | None = Field(None, ge=1)
    address: Address | None = None
    notify: bool = False


class Ticket(Result):
    id: str
    number: int
    subject: str
    status: Literal["new", "open", "closed"]


class TicketList(Result):
    data: list[Ticket]
    total: int


class ListTickets(Params):
    status: str | None = None


class Call(Params):
    method: Literal["GET", "POST"] = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    json_: Any = Field(None, alias="json")
    idempotent: bool = False
    save: Literal["file"] | None = None


class Answer(Result):
    status: int
    body: Any = None


class Notify(Params):
    channels: list[str] = Field(default_factory=lambda: ["email"])
    to: str
    message: str
    attachments: list[FileValue] = Field(default_factory=list)


class Sent(Result):
    sent: list[str]


class Emit(Params):
    event: str
    data: Any = None


class Nothing(Result):
    pass


@desk.action(effect="once", example="- {id: ticket, type: desk.create_ticket, with: {subject: Panne}}")
async def create_ticket(ctx: Any, params: NewTicket) -> Ticket:
    """Open a ticket.

    The customer is told.
    """
    raise NotImplementedError


@desk.action(effect="read")
async def list_tickets(ctx: Any, params: ListTickets) -> TicketList:
    """List tickets."""
    raise NotImplementedError


@desk.action(effect="read")
async def download(ctx: Any, params: ListTickets) -> FileValue:
    """A ticket as a file."""
    raise NotImplementedError


@builtin.action(
    effect="once",
    name="http",
    fields_at_step=True,
    effect_of=lambda params: (
        "read" if params.get("method", "GET") == "GET" else "keyed" if params.get("idempotent") else "once"
    ),
    secret_params=("headers.*",),
    retry=Retry(attempts=3),
    timeout=30.0,
)
async def http(ctx: Any, params: Call) -> Answer:
    """Call an address."""
    raise NotImplementedError


@builtin.action(effect="once", name="notify", fields_at_step=True)
async def notify(ctx: Any, params: Notify) -> Sent:
    """Tell somebody."""
    raise NotImplementedError


@builtin.action(effect="keyed", name="emit", fields_at_step=True)
async def emit(ctx: Any, params: Emit) -> Nothing:
    """Post an event."""
    raise NotImplementedError


CATALOG = Catalog.of([desk, builtin, llm])


def document(text: str, file: str = "test.yml") -> Document:
    """A document that the reader has nothing to say about."""
    found, diagnostics = source.load(text, file)
    assert found is not None, diagnostics
    assert not diagnostics, diagnostics
    return found


def recipe(body: str, head: str = HEAD) -> str:
    """A whole recipe with this body."""
    return head + dedent(body)


def problems(body: str, *, recipes: Mapping[str, str] | None = None, **options: Any) -> list[Diagnostic]:
    """What a check says of a recipe with this body; `recipes` are the texts of others by slug."""
    texts = recipes or {}

    def resolve(slug: str) -> Document | None:
        return document(texts[slug], f"{slug}.yml") if slug in texts else None

    text = body if body.startswith("slug:") else recipe(body)
    return check(document(text), CATALOG, resolve_recipe=resolve, **options).diagnostics


def codes(body: str, **options: Any) -> list[str]:
    """The codes of what a check says."""
    return [item.code for item in problems(body, **options)]


def plan(body: str, *, recipes: Mapping[str, str] | None = None) -> Plan:
    """The plan of a recipe with this body, which must have no errors."""
    texts = recipes or {}
    text = body if body.startswith("slug:") else recipe(body)
    lowered, diagnostics = compile_recipe(
        document(text),
        CATALOG,
        resolve_recipe=lambda slug: document(texts[slug], f"{slug}.yml") if slug in texts else None,
    )
    assert lowered is not None, [f"{item.span.line}: {item.code} {item.message}" for item in diagnostics]
    return lowered
