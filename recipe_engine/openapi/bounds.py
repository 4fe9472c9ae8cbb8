"""How far a schema is told: whole while that is readable, else as much of it as is.

The one rule: an action's schema stays small enough to be shown, typed and completed, however much the document ties
together. What lies deeper than told is checked nowhere but at the vendor.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from recipe_engine.core.json import JSON, JSONObject

_MOST = 20_000
_PREFIX = "#/$defs/"


def bounded(schema: JSONObject, most: int = _MOST) -> tuple[JSONObject, bool]:
    """The schema, and whether it is whole; one that has more than `most` values when written out is written out as far
    as these reach, what is near the top first."""
    defs = schema.get("$defs", {})
    if _weight(schema, defs, most) <= most:
        return schema, True
    return _cut({key: value for key, value in schema.items() if key != "$defs"}, defs, most), False


def fits(schema: JSON, defs: JSONObject, most: int = _MOST) -> bool:
    """Whether a schema with these definitions is told whole."""
    return _weight(schema if isinstance(schema, dict) else {}, defs, most) <= most


def _weight(schema: JSON, defs: JSONObject, most: int) -> int:
    """How many values the schema has with its references written out, each once on a way down; counted up to `most`."""
    count = 0
    pending: list[tuple[Any, frozenset[str]]] = [({k: v for k, v in schema.items() if k != "$defs"}, frozenset())]
    while pending and count <= most:
        value, seen = pending.pop()
        if isinstance(value, dict):
            count += 1
            name = str(value.get("$ref", "")).removeprefix(_PREFIX)
            if "$ref" in value and name not in seen:
                pending.append((defs.get(name), seen | {name}))
            pending += [(item, seen) for item in value.values()]
        elif isinstance(value, list):
            pending += [(item, seen) for item in value]
    return count


def _cut(schema: JSONObject, defs: JSONObject, most: int) -> JSONObject:
    """The schema with references written out, level by level; those that `most` values leave no room for become
    "anything"."""
    left = [most]
    places: deque[tuple[Any, Any, str]] = deque()
    cut: JSONObject = _copied({"whole": schema}, left, places)
    while places:
        holder, key, name = places.popleft()
        holder[key] = _copied(defs.get(name, {}), left, places) if left[0] > 0 else {}
        if isinstance(holder[key], dict) and isinstance(reference := holder[key].get("$ref"), str):
            holder[key] = {}
            places.append((holder, key, reference.removeprefix(_PREFIX)))
            left[0] -= 1  # a definition that is nothing but another one: counted, so that a circle of them ends
    whole: JSONObject = cut["whole"]
    return whole


def _copied(value: Any, left: list[int], places: deque[tuple[Any, Any, str]]) -> Any:
    """A copy without references: where they stood is in `places`."""
    if not isinstance(value, dict | list):
        return value
    left[0] -= isinstance(value, dict)
    copy: Any = {} if isinstance(value, dict) else [None] * len(value)
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        reference = item.get("$ref") if isinstance(item, dict) else None
        if isinstance(reference, str):
            copy[key] = {}
            places.append((copy, key, reference.removeprefix(_PREFIX)))
        else:
            copy[key] = _copied(item, left, places)
    return copy
