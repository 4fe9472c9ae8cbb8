"""The actions `html.select` and `feed.items`: rows out of pages and feeds that an http step fetched.

The one rule: what is read here comes from strangers. Nothing is fetched, nothing of a page runs, sizes are bounded, and
parsing happens in a thread that lets other runs go on.
"""

from __future__ import annotations

import asyncio
import calendar
import io
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from recipe_engine.builtin.pages import attribute, completed, finder, parsed, plain_text, text_of
from recipe_engine.plugin import Connector, Context, FileValue, JSONObject, Params, Result, Terminal, hookimpl

html = Connector(name="html", title="Web pages")
feed = Connector(name="feed", title="News feeds")

LARGEST_PAGE = 5_000_000
LARGEST_RESULT = 900_000


class Source(Params):
    """What is read: text (usually the body of an http step), or a file."""

    text: str | None = Field(default=None, description="the page or feed itself")
    file: FileValue | None = None
    base: str | None = Field(default=None, description="the address it came from; relative links are completed with it")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.text is None) == (self.file is None):
            raise ValueError("give either text or file")
        return self

    async def content(self, ctx: Context) -> bytes:
        """The bytes; Terminal `value_too_large` beyond 5 MB."""
        size = self.file.size if self.file is not None else len(self.text or "")
        if size <= LARGEST_PAGE:
            data = (
                await ctx.blobs.read(self.file)
                if self.file is not None
                else (self.text or "").encode("utf-8", "replace")
            )
            if len(data) <= LARGEST_PAGE:
                return data
        raise Terminal(f"the page has more than {LARGEST_PAGE:,} bytes", code="value_too_large")


class SelectField(BaseModel):
    """One field of a row: the text, or an attribute, of what a selector finds inside the row's element."""

    model_config = ConfigDict(extra="forbid")
    select: str = Field(default="", description="CSS selector inside the row; empty for the row's element itself")
    attr: str | None = Field(default=None, description="the attribute to take in the place of the text")
    all: bool = Field(default=False, description="a list of all that is found, not the first")


def _short_field(value: Any) -> Any:
    """`h2` is the text of the first h2, `a@href` its link, `@id` the row's own attribute."""
    if not isinstance(value, str):
        return value
    select, _, attr = value.partition("@")
    return {"select": select.strip(), "attr": attr.strip() or None}


class Select(Source):
    """Which elements of a page become rows, and what of them."""

    select: str = Field(min_length=1, description="CSS selector of the elements that become rows")
    fields: (
        dict[
            str,
            Annotated[
                SelectField,
                BeforeValidator(_short_field),
                WithJsonSchema({"anyOf": [{"type": "string"}, SelectField.model_json_schema()]}),
            ],
        ]
        | None
    ) = Field(default=None, description="field to selector: h2, a@href, @id, or {select, attr, all}")
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Selected(Result):
    """The rows: by `fields`, or text and attrs of each element without them."""

    rows: list[JSONObject]
    count: int
    more: bool = Field(description="whether more elements match than `limit`")


def _selected_schema(authored: JSONObject) -> JSONObject:
    schema = Selected.model_json_schema(mode="serialization")
    fields = authored.get("fields")
    if isinstance(fields, dict):
        cells: JSONObject = {name: {"type": "string"} for name in fields}
        for name, item in fields.items():
            if isinstance(item, dict) and item.get("all") is True:
                cells[name] = {"type": "array", "items": {"type": "string"}}
    else:
        cells = {"text": {"type": "string"}, "attrs": {"type": "object", "additionalProperties": {"type": "string"}}}
    row = {"type": "object", "properties": cells, "required": list(cells), "additionalProperties": False}
    schema["properties"]["rows"] = {"type": "array", "items": row}
    return schema


@html.action(
    effect="read",
    result_schema_of=_selected_schema,
    example="""\
- id: ads
  type: html.select
  with:
    text: "{{ page.body }}"
    base: https://www.exemple.fr/annonces
    select: article.ad
    fields: {title: h2, link: a@href, price: .price, photos: {select: img, attr: src, all: true}}
""",
)
async def select(ctx: Context, params: Select) -> Selected:
    """Rows out of a web page: one for each element that a CSS selector finds. A field that is not there is empty text."""
    data = await params.content(ctx)
    rows = await asyncio.to_thread(_rows, data, params)
    if len(orjson.dumps(rows)) > LARGEST_RESULT:
        raise Terminal(
            "the rows are too large for a step's result",
            code="value_too_large",
            detail="select less of each (fields), or fewer elements (limit)",
        )
    return Selected(rows=rows[: params.limit], count=min(len(rows), params.limit), more=len(rows) > params.limit)


def _rows(data: bytes, params: Select) -> list[JSONObject]:
    """The rows, one more than asked for when there are more."""
    page = parsed(data)
    if page is None:
        return []
    wanted = finder(params.select)
    fields = {name: (item, finder(item.select)) for name, item in (params.fields or {}).items()}
    rows: list[JSONObject] = []
    for element in wanted(page)[: params.limit + 1]:
        if params.fields is None:
            attributes = {name: attribute(element, name, params.base) for name in element.attrib}
            rows.append({"text": text_of(element), "attrs": attributes})
        else:
            rows.append({name: _field(element, item, find, params.base) for name, (item, find) in fields.items()})
    return rows


def _field(element: Any, item: SelectField, find: Any, base: str | None) -> Any:
    found = (
        text_of(each) if item.attr is None else attribute(each, item.attr, base)
        for each in find(element)
        if item.attr is None or item.attr in each.attrib
    )
    return list(found) if item.all else next(found, "")


class Feed(Source):
    """Which feed is read."""

    limit: int = Field(default=100, ge=1, le=1_000)


class Item(Result):
    """An entry of a feed. Moments are ISO 8601 in UTC, null when the feed does not say."""

    id: str = Field(description="the feed's own id of the entry, else its link, else its title")
    title: str
    link: str = Field(description="empty when the entry has none")
    published: str | None
    updated: str | None
    author: str
    summary: str = Field(description="plain text")
    content: str = Field(description="HTML, cleaned of scripts")
    categories: list[str]
    files: list[str] = Field(description="addresses of attached files (podcasts)")


class Items(Result):
    """The feed."""

    title: str
    link: str
    items: list[Item]
    more: bool = Field(description="whether the feed has more than `limit` entries")


@feed.action(
    effect="read",
    example="""\
- id: news
  type: feed.items
  with: {text: "{{ page.body }}", limit: 20}
""",
)
async def items(ctx: Context, params: Feed) -> Items:
    """The entries of an RSS or Atom feed, in the feed's order (usually the newest first)."""
    data = await params.content(ctx)
    found, problem = await asyncio.to_thread(_read_feed, data, params)
    if problem:
        ctx.log(f"the feed is not well-formed, what could be read was read: {problem}")
    if len(found.model_dump_json()) > LARGEST_RESULT:
        raise Terminal(
            "the entries are too large for a step's result", code="value_too_large", detail="set a lower limit"
        )
    return found


def _read_feed(data: bytes, params: Feed) -> tuple[Items, str]:
    import feedparser  # type: ignore[import-untyped]  # it has no types

    # A stream: given text that looks like an address or a path, feedparser would go and fetch it.
    parsed = feedparser.parse(io.BytesIO(data))
    if not parsed.get("version") and not parsed.entries:
        raise Terminal("this is no RSS or Atom feed", code="invalid_feed", detail=data[:200].decode("utf-8", "replace"))
    found = Items(
        title=parsed.feed.get("title", ""),
        link=_link(parsed.feed, params.base),
        items=[_item(entry, params.base) for entry in parsed.entries[: params.limit]],
        more=len(parsed.entries) > params.limit,
    )
    return found, str(parsed.bozo_exception) if parsed.bozo else ""


def _item(entry: Any, base: str | None) -> Item:
    link = _link(entry, base)
    title = plain_text(entry.get("title", ""))
    summary = entry.get("summary", "")
    bodies = [body.get("value", "") for body in entry.get("content", ())]
    return Item(
        id=str(entry.get("id") or link or title),
        title=title,
        link=link,
        published=_moment(entry.get("published_parsed")),
        # Asked as a dict: the feed's own `get` would answer with the other moment, and warn.
        updated=_moment(dict.get(entry, "updated_parsed")),
        author=entry.get("author") or "",
        summary=plain_text(summary),
        content=bodies[0] if bodies else summary,
        categories=[tag["term"] for tag in entry.get("tags", ()) if tag.get("term")],
        files=[completed(file["href"], base) for file in entry.get("enclosures", ()) if file.get("href")],
    )


def _link(entry: Any, base: str | None) -> str:
    link = entry.get("link")
    return completed(link, base) if link else ""


def _moment(parsed: Any) -> str | None:
    """feedparser's time in UTC as ISO 8601."""
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat()
    except (ValueError, OverflowError):  # a year that no calendar has
        return None


@hookimpl
def register_connectors() -> list[Connector]:
    """The connectors of web pages and feeds."""
    return [html, feed]
