"""Filters and sorts of the imitated Notion.

The one rule: a condition that is not known is refused, never taken for true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recipe_plugins.notion.sandbox_shapes import invalid
from recipe_plugins.notion.values import plain

CONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "does_not_equal": lambda value, wanted: value != wanted,
    "contains": lambda value, wanted: wanted in (value or ()),
    "does_not_contain": lambda value, wanted: wanted not in (value or ()),
    "starts_with": lambda value, wanted: str(value or "").startswith(wanted),
    "is_empty": lambda value, _: value in (None, "", []),
    "is_not_empty": lambda value, _: value not in (None, "", []),
    "greater_than": lambda value, wanted: value is not None and value > wanted,
    "less_than": lambda value, wanted: value is not None and value < wanted,
    "greater_than_or_equal_to": lambda value, wanted: value is not None and value >= wanted,
    "less_than_or_equal_to": lambda value, wanted: value is not None and value <= wanted,
    "after": lambda value, wanted: value is not None and value > wanted,
    "before": lambda value, wanted: value is not None and value < wanted,
    "on_or_after": lambda value, wanted: value is not None and value >= wanted,
    "on_or_before": lambda value, wanted: value is not None and value <= wanted,
}


def matches(row: dict[str, Any], wanted: dict[str, Any] | None, kinds: dict[str, str]) -> bool:
    """Whether a row fits a filter."""
    if wanted is None:
        return True
    if "and" in wanted:
        return all(matches(row, each, kinds) for each in wanted["and"])
    if "or" in wanted:
        return any(matches(row, each, kinds) for each in wanted["or"])
    if "timestamp" in wanted:
        value, conditions = row[wanted["timestamp"]], wanted[wanted["timestamp"]]
    else:
        name = wanted.get("property", "")
        if name not in kinds:
            raise invalid(f"Could not find property with name or id: {name}")
        if kinds[name] not in wanted:
            raise invalid(f"database property {kinds[name]} does not match filter")
        value, conditions = plain(row["properties"][name]), wanted[kinds[name]]
    for name, content in conditions.items():
        if name not in CONDITIONS:
            raise invalid(f"body.filter: {name} is not a condition")
        if not CONDITIONS[name](value, content):
            return False
    return True


def sorted_by(rows: list[dict[str, Any]], sorts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in order; without sorts the newest first."""
    if not sorts:
        return rows[::-1]
    for sort in reversed(sorts):
        down = sort.get("direction") == "descending"
        rows = sorted(rows, key=lambda row: _key(row, sort), reverse=down)
    return rows


def _key(row: dict[str, Any], sort: dict[str, Any]) -> tuple[bool, Any]:
    value = row[sort["timestamp"]] if "timestamp" in sort else plain(row["properties"][sort["property"]])
    return (value is not None, value if value is not None else 0)
