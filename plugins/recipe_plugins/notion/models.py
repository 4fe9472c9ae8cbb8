"""Parameters and results of Notion's actions.

The one rule: property values are plain both ways; an object given is Notion's own form, `properties` answered is too.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from recipe_engine.plugin import Params, Result

Id: Any = Field(min_length=1, description="The id at the end of its address, with or without dashes.")
Values: Any = Field(
    default_factory=dict, description="Properties by name: texts, numbers, lists; or objects in Notion's own form."
)
Emoji: Any = Field(default=None, max_length=20, description="An emoji as the page's icon.")


class CreatePage(Params):
    data_source_id: str | None = Field(default=None, description="The data source that gets a row.")
    page_id: str | None = Field(default=None, description="The page that gets a page below it.")
    title: str | None = Field(default=None, description="The title, whatever its property is called.")
    properties: dict[str, Any] = Values
    text: str = Field(default="", description="The page's content in Markdown, of any length.")
    icon: str | None = Emoji

    @model_validator(mode="after")
    def _one_parent(self) -> Self:
        if (self.data_source_id is None) == (self.page_id is None):
            raise ValueError("give data_source_id (a row) or page_id (a page below a page)")
        if self.page_id is not None and self.properties:
            raise ValueError("a page below a page has a title and no other properties")
        if not self.title and not self.properties:
            raise ValueError("give a title or properties")
        return self


class UpdatePage(Params):
    id: str = Id
    title: str | None = None
    properties: dict[str, Any] = Values
    in_trash: bool | None = Field(default=None, description="Put it into the trash, or take it out.")
    icon: str | None = Emoji


class GetPage(Params):
    id: str = Id


class AppendBlocks(Params):
    id: str = Field(min_length=1, description="The id of a page or of a block.")
    text: str = Field(default="", description="Markdown of any length.")
    blocks: list[dict[str, Any]] = Field(
        default_factory=list, description="Blocks in Notion's own form, instead of text."
    )

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if bool(self.text.strip()) == bool(self.blocks):
            raise ValueError("give text or blocks")
        return self


class Sort(Params):
    property: str | None = None
    timestamp: Literal["created_time", "last_edited_time"] | None = None
    direction: Literal["ascending", "descending"] = "ascending"

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.property is None) == (self.timestamp is None):
            raise ValueError("sort by a property or by a timestamp")
        return self


class Query(Params):
    data_source_id: str = Field(min_length=1)
    filter: dict[str, Any] | None = Field(
        default=None, description='In Notion\'s own form: {property: Statut, status: {equals: "À faire"}}.'
    )
    sorts: list[Sort] = Field(default_factory=list)
    limit: int = Field(default=100, ge=1, le=10_000)


class Page(Result):
    """A page or row. `values` are its properties as plain values, `properties` the same in Notion's own form."""

    id: str
    url: str
    title: str
    values: dict[str, Any]
    properties: dict[str, Any]
    in_trash: bool
    created_time: str
    last_edited_time: str


class Pages(Result):
    """`complete` is false when the limit, or Notion's own of 10,000 rows, left some out."""

    pages: list[Page]
    complete: bool


class Appended(Result):
    """The ids of the blocks, in order."""

    ids: list[str]
