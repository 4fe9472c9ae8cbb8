"""HubSpot's search: its filters, its sorting, its paging and its limits.

The one rule: a query that HubSpot refuses is refused, so that no recipe learns it in production.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from recipe_plugins.hubspot.sandbox_account import Record, Refusal
from recipe_plugins.hubspot.sandbox_tables import Kind

Order = tuple[int, float, str]
COMPARE: dict[str, Callable[[Order, Order], bool]] = {
    "EQ": operator.eq,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}


def page_of(
    records: list[Record], asked: dict[str, Any], known: Mapping[str, Kind]
) -> tuple[int, list[Record], str | None]:
    """How many of `records` match, the page asked for, and the `after` of the next one. Raises Refusal."""
    groups = asked.get("filterGroups") or []
    _check_size(groups)
    limit, after = asked.get("limit", 10), int(asked.get("after") or 0)
    if not 1 <= limit <= 200:
        raise _refusal(f"limit {limit} is not between 1 and 200")
    if after + limit > 10_000:
        raise _refusal(f"paging beyond 10000 results is not possible (after {after})")
    for each in (each for group in groups for each in group.get("filters", ())):
        if each.get("propertyName") not in known:
            raise _refusal(f"There was a problem with the request: property {each.get('propertyName')} does not exist")
    found = [
        record
        for record in records
        if (not groups or any(all(_holds(record, each, known) for each in group["filters"]) for group in groups))
        and _has_words(record, asked.get("query"))
    ]
    for sort in reversed(asked.get("sorts") or []):
        if not isinstance(sort, dict) or sort.get("propertyName") not in known:
            raise _refusal(f"cannot sort by {sort}")
        found.sort(key=lambda record: _ordered(_value(record, sort["propertyName"])),
                   reverse=sort.get("direction") == "DESCENDING")  # fmt: skip
    following = str(after + limit) if after + limit < len(found) else None
    return len(found), found[after : after + limit], following


def _refusal(message: str) -> Refusal:
    return Refusal(400, message, "VALIDATION_ERROR")


def _check_size(groups: list[Any]) -> None:
    sizes = [len(group.get("filters", ())) for group in groups]
    if len(groups) > 5:
        raise _refusal(f"{len(groups)} filter groups; at most 5")
    if any(size > 10 for size in sizes) or sum(sizes) > 25:
        raise _refusal(f"{max(sizes)} filters in a group, {sum(sizes)} in all; at most 10 and 25")


def _value(record: Record, name: str) -> str | None:
    match name:
        case "createdate":
            return str(int(record.created * 1000))
        case "lastmodifieddate" | "hs_lastmodifieddate":
            return str(int(record.updated * 1000))
        case "hs_object_id":
            return record.id
    return record.properties.get(name)


def _ordered(value: str | None) -> Order:
    """An order for values that are texts, numbers or moments: nothing first, numbers by size, then texts."""
    if value is None:
        return (0, 0.0, "")
    try:
        return (1, float(value), "")
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return (2, 0.0, value.lower())
    return (1, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000, "")


def _holds(record: Record, asked: dict[str, Any], known: Mapping[str, Kind]) -> bool:
    have, how = _value(record, asked["propertyName"]), str(asked.get("operator"))
    value, values = asked.get("value"), asked.get("values")
    if how in ("IN", "NOT_IN"):
        if not isinstance(values, list):
            raise _refusal(f"operator {how} requires values")
        # Of text properties HubSpot compares the lower case with the values as they are given.
        text = have.lower() if have and isinstance(known[asked["propertyName"]], str) else have
        return (text in values) == (how == "IN")
    if how in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (have is not None) == (how == "HAS_PROPERTY")
    if not isinstance(value, str):
        raise _refusal(f"operator {how} requires a value")
    if how in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        contains = have is not None and value.strip("*").lower() in have.lower()
        return contains == (how == "CONTAINS_TOKEN")
    if how == "NEQ":
        return _ordered(have) != _ordered(value)
    if have is None:
        return False
    one, other = _ordered(have), _ordered(value)
    if how == "BETWEEN":
        return other <= one <= _ordered(asked.get("highValue"))
    if how not in COMPARE:
        raise _refusal(f"unknown operator {how}")
    return COMPARE[how](one, other)


def _has_words(record: Record, query: str | None) -> bool:
    text = " ".join(record.properties.values()).lower()
    return not query or all(word in text for word in query.lower().split())
