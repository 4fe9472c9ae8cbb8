"""The actions `store.*`: small values kept between runs, in named tables.

The one rule: a step that is repeated after a crash finds its own work and not a stranger's: a claim belongs to the
step's key, and putting or deleting twice is the same as once. Runs in the sandbox have tables of their own.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, Field, WithJsonSchema

from recipe_engine.expr import parse_duration
from recipe_engine.plugin import JSON, Connector, Context, Params, Result, Terminal, hookimpl

store = Connector(name="store", title="Values kept between runs")

LARGEST_VALUE = 100_000


def _text_key(value: JSON) -> JSON:
    """A vendor's ids are often numbers: 17 and "17" are the same key."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Table = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$", description="letters, digits, _ . and -")]
Key = Annotated[
    str,
    BeforeValidator(_text_key),
    Field(min_length=1, max_length=500),
    WithJsonSchema({"type": ["string", "integer"], "maxLength": 500, "description": "what the entry is found by"}),
]
Keep = Annotated[
    float | None,
    BeforeValidator(lambda value: None if value is None else parse_duration(value)),
    WithJsonSchema(
        {"type": ["string", "number", "null"], "description": "how long it is kept (90d, 12h); for ever without it"}
    ),
]


class Claim(Params):
    table: Table
    key: Key
    keep: Keep = None


class Claimed(Result):
    claimed: bool = Field(description="true for the first to claim the key, false for everybody after")


class Get(Params):
    table: Table
    key: Key
    default: Any = Field(default=None, description="the value when there is none")


class Found(Result):
    found: bool
    value: Any = None


class Put(Params):
    table: Table
    key: Key
    value: Any = Field(description="any value but null, at most 100,000 bytes as JSON")
    keep: Keep = None


class Kept(Result):
    key: str


class ListEntries(Params):
    table: Table
    prefix: str = Field(default="", max_length=500, description="only keys that begin with it")
    limit: int = Field(default=100, ge=1, le=1_000)


class Entry(Result):
    key: str
    value: Any = Field(default=None, description="null for a key that was claimed and never put")


class Entries(Result):
    entries: list[Entry]
    more: bool = Field(description="whether there are entries beyond `limit`")


class Delete(Params):
    table: Table
    key: Key


class Deleted(Result):
    deleted: bool = Field(description="whether there was such an entry")


def table_of(table: str, *, sandbox: bool) -> str:
    """The table as storage names it: those of sandbox runs are others."""
    return f"sandbox:{table}" if sandbox else table


@store.action(
    effect="keyed", example='{id: seen, type: store.claim, with: {table: seen, key: "{{ ad.id }}", keep: 90d}}'
)
async def claim(ctx: Context, params: Claim) -> Claimed:
    """Claim a key: true once, whoever asks. What a run has claimed stays its own when the step is repeated."""
    claimed = await ctx.store.claim(table_of(params.table, sandbox=ctx.sandbox), params.key, ctx.key, params.keep)
    return Claimed(claimed=claimed)


@store.action(effect="read", example="{id: last, type: store.get, with: {table: cursor, key: orders, default: 0}}")
async def get(ctx: Context, params: Get) -> Found:
    """Read a value."""
    value = await ctx.store.get(table_of(params.table, sandbox=ctx.sandbox), params.key)
    return Found(found=value is not None, value=params.default if value is None else value)


@store.action(
    effect="keyed", example='{id: save, type: store.put, with: {table: cursor, key: orders, value: "{{ page.last }}"}}'
)
async def put(ctx: Context, params: Put) -> Kept:
    """Keep a value, in the place of the one that was there."""
    if params.value is None:
        raise Terminal("store.put keeps no null", code="validation", detail="use store.delete to forget an entry")
    size = len(orjson.dumps(params.value))
    if size > LARGEST_VALUE:
        raise Terminal(
            f"the value has {size:,} bytes as JSON; store.put keeps at most {LARGEST_VALUE:,}",
            code="value_too_large",
            detail="keep what the next run needs, or write a file (file.write) and keep that",
        )
    await ctx.store.put(table_of(params.table, sandbox=ctx.sandbox), params.key, params.value, params.keep)
    return Kept(key=params.key)


@store.action(effect="read", name="list", example="{id: all, type: store.list, with: {table: carts, limit: 500}}")
async def list_entries(ctx: Context, params: ListEntries) -> Entries:
    """The entries of a table, by key."""
    found = await ctx.store.list(table_of(params.table, sandbox=ctx.sandbox), params.prefix, params.limit + 1)
    entries = [Entry(key=entry["key"], value=entry["value"]) for entry in found[: params.limit]]
    return Entries(entries=entries, more=len(found) > params.limit)


@store.action(effect="keyed", example='{id: forget, type: store.delete, with: {table: carts, key: "{{ email }}"}}')
async def delete(ctx: Context, params: Delete) -> Deleted:
    """Forget an entry, claimed or put."""
    return Deleted(deleted=await ctx.store.delete(table_of(params.table, sandbox=ctx.sandbox), params.key))


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of values kept between runs."""
    return [store]
