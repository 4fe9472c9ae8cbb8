"""How far a schema is told: whole while that is readable, else as much of it as is.

The one rule: an action's schema stays small enough to be shown, typed and completed, however much the document ties
together. What lies deeper than told is checked nowhere but at the vendor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from recipe_engine.core.json import JSON, JSONObject

_MOST = 20_000
_PREFIX = "#/$defs/"


def bounded(schema: JSONObject, most: int = _MOST) -> tuple[JSONObject, bool]:
    """The schema, and whether it is whole; one that has more than `most` values when written out is written out as far
    as these reach, what is near the top first."""
    defs = schema.get("$defs", {})
    if Weights(lambda reference: defs.get(reference.removeprefix(_PREFIX)), most).fits(schema):
        return schema, True
    return _cut({key: value for key, value in schema.items() if key != "$defs"}, defs, most), False


class Weights:
    """How many values schemas have when written out, what they refer to (`found` by the reference) weighed once. One that
    leads to something of more than `most` values has more than these itself."""

    def __init__(self, found: Callable[[str], Any], most: int = _MOST) -> None:
        self._found = found
        self._most = most
        self._known: dict[str, int] = {}

    def fits(self, schema: JSON) -> bool:
        """Whether a schema is told whole."""
        return not isinstance(schema, dict) or self._weight(schema) <= self._most

    def _weight(self, schema: JSONObject) -> int:
        """The weight of a schema, counted up to `most`: references written out, each once on a way down."""
        count = 0
        within: list[str] = []
        # A reference with the count before it comes again when all that is in it has been counted.
        pending: list[Any] = [{key: value for key, value in schema.items() if key != "$defs"}]
        while pending:
            value = pending.pop()
            if isinstance(value, _End):
                within.pop()
                self._known[value.name] = count - value.before
            elif isinstance(value, dict):
                count += 1
                pending += value.values()
                if "$ref" in value:
                    count += self._enter(str(value["$ref"]), within, pending, count)
            elif isinstance(value, list):
                pending += value
            if count > self._most:
                self._known.update(dict.fromkeys(within, self._most + 1))
                return count
        return count

    def _enter(self, name: str, within: list[str], pending: list[Any], count: int) -> int:
        """What a reference adds at once: the weight of a definition that is known. One that is not is counted next."""
        if name in within:
            return 0
        if name in self._known:
            return self._known[name]
        within.append(name)
        pending += [_End(name, count), self._found(name)]
        return 0


class _End:
    """Where the counting of a definition ends."""

    __slots__ = ("before", "name")

    def __init__(self, name: str, before: int) -> None:
        self.name = name
        self.before = before


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
    """A copy without references: where they stood is in `places`. Of alternatives that were cut, exactly one can no longer
    be asked for."""
    if not isinstance(value, dict | list):
        return value
    left[0] -= isinstance(value, dict)
    copy: Any = {} if isinstance(value, dict) else [None] * len(value)
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        to = "anyOf" if key == "oneOf" and isinstance(item, list) and "anyOf" not in value else key
        reference = item.get("$ref") if isinstance(item, dict) else None
        if isinstance(reference, str):
            copy[to] = {}
            places.append((copy, to, reference.removeprefix(_PREFIX)))
        else:
            copy[to] = _copied(item, left, places)
    return copy
