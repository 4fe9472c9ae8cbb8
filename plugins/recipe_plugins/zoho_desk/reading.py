"""Reading Desk: names as recipes write them, and lists of many pages as one.

The one rule: a row is seen once. Zoho pages by position, so that what is added or closed meanwhile shifts the rest.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import Context, Terminal

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Maps whose keys are the account's own names.
_AS_THEY_ARE = {"cf", "customFields"}
# Zoho's search gives no row beyond this position.
_LAST_SEARCHED = 4999
# How Zoho answers a list or a search that is empty.
NO_CONTENT = 204


def named(value: Any) -> Any:
    """Zoho's names with underscores, all the way down; custom fields keep theirs."""
    if isinstance(value, dict):
        return {
            _HUMP.sub("_", key).lower(): item if key in _AS_THEY_ARE else named(item) for key, item in value.items()
        }
    return [named(item) for item in value] if isinstance(value, list) else value


def record(value: Any) -> dict[str, Any]:
    """One record, in recipes' names; a null map of custom fields is an empty one."""
    if not isinstance(value, dict):
        raise Terminal("Zoho Desk answered something that is no record", code="invalid_answer")
    found: dict[str, Any] = named(value)
    found["cf"] = found.get("cf") or {}
    return found


async def rows(
    ctx: Context, url: str, query: dict[str, Any], limit: int, page: int = 100, first: int = 1
) -> AsyncIterator[tuple[dict[str, Any], int | None]]:
    """The rows of all pages, up to `limit`, each with the count that Zoho tells (if it does). `first` is the position
    of the first row: lists count from 1, searches from 0."""
    seen: set[str] = set()
    position = first
    while len(seen) < limit:
        asked = {**query, "limit": min(page, limit), "from": position if position > first else None}
        response = await ctx.http.get(url, query=asked)
        if response.status == NO_CONTENT:
            return
        answer = await response.object()
        found, count = answer["data"], answer.get("count")
        for row in found:
            if row["id"] not in seen and len(seen) < limit:
                seen.add(row["id"])
                yield row, None if count is None else int(count)
        position += len(found)
        if len(found) < asked["limit"] or (first == 0 and position > _LAST_SEARCHED):
            return


def moment(at: float) -> str:
    """Seconds since 1970 as Zoho writes a moment."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
