"""What an `http` step may say, and what it returns."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from recipe_engine.plugin import FileValue, Params, Result

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
# A number is written as its text.
Text = Annotated[str, Field(coerce_numbers_to_str=True), WithJsonSchema({"type": ["string", "number"]})]

SMALL_BODY = 10_000_000
LARGEST_FILE = 5_000_000_000
MOST_PAGES = 1000


class BasicAuth(Params):
    """User and password."""

    username: Text
    password: Text


class HeaderAuth(Params):
    """A header that carries the credential."""

    name: str
    value: Text


class HttpAuth(Params):
    """One way to say who asks."""

    bearer: Text | None = Field(None, description="A token, sent as `Authorization: Bearer ...`.")
    basic: BasicAuth | None = Field(None, description="User and password.")
    header: HeaderAuth | None = Field(None, description="A header of the service's own.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("exactly one of bearer, basic and header is expected")
        return self


class Paginate(Params):
    """How the next page is found. Expressions without braces, evaluated after each page."""

    next: str = Field(
        description=(
            "What follows: a URL (absolute or relative), or an object of query parameters. Nothing, false or an empty "
            "text ends it. In scope: `body`, `headers`, `page` (1 for the first) and `links` (of the Link header by rel)."
        )
    )
    items: str | None = Field(None, description="The list of items of a page; the whole body when it is left out.")
    max_pages: int = Field(100, ge=1, le=MOST_PAGES, description="The most pages to read.")


class HttpStep(Params):
    """The fields of an `http` step."""

    url: str = Field(description="The address, beginning with http:// or https://.")
    method: Method = Field("GET", description="GET and HEAD only read; see `idempotent` for the others.")
    headers: dict[str, Text] = Field(default_factory=dict, description="Headers; `secrets.NAME` may stand here.")
    query: dict[str, Any] = Field(
        default_factory=dict, description="Query parameters; a list repeats its name, null leaves it out."
    )
    json_body: Any = Field(None, alias="json", description="A body, sent as JSON.")
    form: dict[str, Any] | None = Field(
        None, description="A form. With a file among its fields it is sent as multipart/form-data, streamed."
    )
    body: FileValue | str | None = Field(None, description="A body as it is: a text, or a file, which is streamed.")
    auth: HttpAuth | None = Field(None, description="Who asks; `secrets.NAME` may stand here.")
    save: Literal["file"] | None = Field(
        None, description="`file` streams the answer into a file, whatever its size; the step returns it."
    )
    paginate: Paginate | None = Field(None, description="Read page after page and return the items of all.")
    accept: list[int] = Field(default_factory=list, description="Statuses besides 2xx that are no failure.")
    idempotent: bool = Field(
        False,
        description=(
            "The service honours an Idempotency-Key: it is sent, and the step may be repeated when an answer is lost. "
            "Without it a POST or PATCH whose answer is lost waits for a person."
        ),
    )
    max_bytes: int | None = Field(
        None,
        ge=1,
        description=f"The largest answer to take: {SMALL_BODY} bytes unless told, {LARGEST_FILE} for a file.",
    )
    response_schema: dict[str, Any] | None = Field(
        None,
        description="JSON Schema of the answer's body (of one item with `paginate`): checked, and typed for later steps.",
    )

    @field_validator("method", mode="before")
    @classmethod
    def _upper(cls, method: Any) -> Any:
        return method.upper() if isinstance(method, str) else method

    @model_validator(mode="after")
    def _fit(self) -> Self:
        bodies = self.model_fields_set & {"json_body", "form", "body"}
        if len(bodies) > 1:
            raise ValueError("only one of json, form and body can be sent")
        if self.paginate is not None and self.save is not None:
            raise ValueError("paginate and save exclude each other")
        if self.paginate is not None and self.method not in ("GET", "POST"):
            raise ValueError("paginate reads pages with GET or POST")
        return self


class HttpAnswer(Result):
    """An answer: `body` is parsed JSON, or a text."""

    status: int
    headers: dict[str, str]
    body: Any = None


class HttpFile(Result):
    """An answer kept as a file."""

    status: int
    headers: dict[str, str]
    file: FileValue


class HttpPages(Result):
    """The items of all pages. `more` says that `max_pages` was reached before the end."""

    items: list[Any]
    pages: int
    more: bool = False
