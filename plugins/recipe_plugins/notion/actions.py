"""What recipes can do in Notion.

The one rule: Notion has no idempotency key, so a page is created once, and found again only by NOTION_KEY_PROPERTY; text that
was appended is not found again at all.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from recipe_engine.plugin import Context, Retry, Retryable, Terminal
from recipe_plugins.notion import notion
from recipe_plugins.notion.blocks import Block, blocks_of, requests_of, rich_text
from recipe_plugins.notion.models import (
    AppendBlocks,
    Appended,
    CreatePage,
    GetPage,
    Page,
    Pages,
    Query,
    UpdatePage,
)
from recipe_plugins.notion.values import plain, property_value

# For what is created once: a refusal is tried again, an answer that was lost never is.
AGAIN = Retry(attempts=3)
PAGE = 100


async def _page_of_this_step(ctx: Context, params: CreatePage) -> Page | None:
    """The page that carries this step's key, with all of its text."""
    key_property = ctx.settings.get("NOTION_KEY_PROPERTY")
    if not key_property or params.data_source_id is None:
        raise Retryable("Notion cannot tell whether the page was created: it carries no key (NOTION_KEY_PROPERTY)")
    body = {"filter": {"property": key_property, "rich_text": {"equals": ctx.key}}, "page_size": 1}
    found = await _query(ctx, params.data_source_id, body)
    if not found["results"]:
        raise Retryable("no page carries the step's key; it may still come to be found")
    page = found["results"][0]
    expected = len(blocks_of(params.text))
    if expected and await _children(ctx, page["id"]) < expected:
        raise Retryable(f"the page was created, but not all of its text: {page['url']}")
    return page_of(page)


@notion.action(
    effect="once",
    retry=AGAIN,
    timeout=300.0,
    reconcile=_page_of_this_step,
    example=(
        "- {id: copy, type: notion.create_page, with: {data_source_id: 1f2e3d4c5b6a79808192a3b4c5d6e7f8, "
        'title: "{{ subject }}", properties: {Statut: Nouveau, Score: 4}, text: "{{ message }}"}}'
    ),
)
async def create_page(ctx: Context, params: CreatePage) -> Page:
    """Create a page below a page, or a row of a data source, with a text in Markdown.

    The effect is `once`: a repeat makes a second page. With NOTION_KEY_PROPERTY the row carries the step's key, and after a
    crash it is looked for; when it is not found, or not all of its text, the step waits for a person.
    """
    body: dict[str, Any] = {}
    if params.data_source_id is not None:
        body["parent"] = {"type": "data_source_id", "data_source_id": params.data_source_id}
        body["properties"] = await _row(ctx, params.data_source_id, params.title, params.properties)
        key_property = ctx.settings.get("NOTION_KEY_PROPERTY")
        if key_property:
            body["properties"][key_property] = {"rich_text": rich_text(ctx.key)}
    else:
        body["parent"] = {"type": "page_id", "page_id": params.page_id}
        body["properties"] = {"title": {"title": rich_text(params.title or "")}}
    if params.icon:
        body["icon"] = {"type": "emoji", "emoji": params.icon}
    portions = list(requests_of(blocks_of(params.text)))
    if portions:
        body["children"] = portions[0]
    page = await (await ctx.http.post("/pages", json=body)).json()
    for portion in portions[1:]:
        await _append(ctx, page["id"], portion)
    return page_of(page)


@notion.action(
    effect="keyed",
    example='- {id: done, type: notion.update_page, with: {id: "{{ copy.id }}", properties: {Statut: Traité}}}',
)
async def update_page(ctx: Context, params: UpdatePage) -> Page:
    """Change a page's title, properties or icon, or put it into the trash: only what is given.

    The effect is `keyed`: values are set, and a repeat sets the same.
    """
    body: dict[str, Any] = {}
    plain_values = any(not isinstance(value, dict) for value in params.properties.values())
    if params.title is not None or plain_values:
        page = await (await ctx.http.get(f"/pages/{_segment(params.id)}")).json()
        body["properties"] = _typed(page["properties"], params.title, params.properties)
    elif params.properties:
        body["properties"] = params.properties
    if params.in_trash is not None:
        body["in_trash"] = params.in_trash
    if params.icon:
        body["icon"] = {"type": "emoji", "emoji": params.icon}
    return page_of(await (await ctx.http.patch(f"/pages/{_segment(params.id)}", json=body)).json())


@notion.action(effect="read", example='- {id: page, type: notion.get_page, with: {id: "{{ copy.id }}"}}')
async def get_page(ctx: Context, params: GetPage) -> Page:
    """A page by its id, with its properties as plain values; one that is not shared with the integration is `http_404`."""
    return page_of(await (await ctx.http.get(f"/pages/{_segment(params.id)}")).json())


@notion.action(
    effect="once",
    retry=AGAIN,
    timeout=300.0,
    example='- {id: log, type: notion.append_blocks, with: {id: "{{ copy.id }}", text: "## Réponse\\n{{ answer }}"}}',
)
async def append_blocks(ctx: Context, params: AppendBlocks) -> Appended:
    """Write at the end of a page (or below a block): Markdown, or blocks.

    The effect is `once`: a repeat writes again, and nothing in a block could carry a key, so a break leaves the step in
    doubt.
    """
    blocks = params.blocks or blocks_of(params.text)
    ids: list[str] = []
    for portion in requests_of(blocks):
        ids += await _append(ctx, params.id, portion)
    return Appended(ids=ids)


@notion.action(
    effect="read",
    example=(
        "- {id: open, type: notion.query, with: {data_source_id: 1f2e3d4c5b6a79808192a3b4c5d6e7f8, "
        "filter: {property: Statut, status: {equals: Nouveau}}, sorts: [{timestamp: created_time}], limit: 500}}"
    ),
)
async def query(ctx: Context, params: Query) -> Pages:
    """Rows of a data source, all pages of them up to `limit`."""
    body: dict[str, Any] = {}
    if params.filter is not None:
        body["filter"] = params.filter
    if params.sorts:
        body["sorts"] = [sort.model_dump(exclude_none=True) for sort in params.sorts]
    pages: list[Page] = []
    while True:
        body["page_size"] = min(PAGE, params.limit - len(pages))
        answer = await _query(ctx, params.data_source_id, body)
        pages += [page_of(each) for each in answer["results"] if each.get("object") == "page" and "properties" in each]
        more = answer.get("has_more") and answer.get("next_cursor")
        if not more or len(pages) >= params.limit:
            cut = (answer.get("request_status") or {}).get("type") == "incomplete"
            return Pages(pages=pages[: params.limit], complete=not more and not cut)
        body["start_cursor"] = answer["next_cursor"]


def page_of(answer: dict[str, Any]) -> Page:
    """A page as Notion answers it, with plain values beside."""
    properties = answer["properties"]
    values = {name: plain(value) for name, value in properties.items()}
    title = next((values[name] for name, value in properties.items() if value.get("type") == "title"), "")
    named = ("id", "url", "in_trash", "created_time", "last_edited_time")
    return Page(title=title, values=values, properties=properties, **{name: answer[name] for name in named})


async def _row(ctx: Context, data_source: str, title: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The properties of a row in Notion's form; the data source is asked what they are when plain values are given."""
    if title is None and all(isinstance(value, dict) for value in given.values()):
        return dict(given)
    known = await (await ctx.http.get(f"/data_sources/{_segment(data_source)}")).json()
    return _typed(known["properties"], title, given)


def _typed(known: dict[str, Any], title: str | None, given: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if title is not None:
        name = next(name for name, value in known.items() if value["type"] == "title")
        properties[name] = property_value(name, "title", title)
    for name, value in given.items():
        if isinstance(value, dict):
            properties[name] = value
        elif name in known:
            properties[name] = property_value(name, known[name]["type"], value)
        else:
            names = ", ".join(sorted(known))
            raise Terminal(f"there is no property {name!r}", code="validation", detail=f"the properties are {names}")
    return properties


async def _query(ctx: Context, data_source: str, body: dict[str, Any]) -> dict[str, Any]:
    path = f"/data_sources/{_segment(data_source)}/query"
    answer: dict[str, Any] = await (await ctx.http.post(path, json=body, reads=True)).json()
    return answer


async def _append(ctx: Context, id_: str, blocks: list[Block]) -> list[str]:
    answer = await ctx.http.patch(f"/blocks/{_segment(id_)}/children", json={"children": blocks})
    return [block["id"] for block in (await answer.json())["results"]]


async def _children(ctx: Context, id_: str) -> int:
    """How many blocks stand on a page."""
    count, asked = 0, {"page_size": PAGE}
    while True:
        answer = await (await ctx.http.get(f"/blocks/{_segment(id_)}/children", query=asked)).json()
        count += len(answer["results"])
        if not answer.get("has_more"):
            return count
        asked = {"page_size": PAGE, "start_cursor": answer["next_cursor"]}


def _segment(value: str) -> str:
    return quote(value, safe="")
