"""What the formatter knows about recipes: the order of keys, and the fields that take a bare expression.

The one rule: a mapping is a recipe, step, case or trigger by where it stands, never by how it looks.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from recipe_engine.source import Document, load
from recipe_engine.source.document import JSON, Path, Place
from recipe_engine.source.wording import in_quotes

_RECIPE_FIRST = (
    *("slug", "name", "description", "category", "input_schema", "output_schema", "config", "triggers", "limits"),
    *("goal", "roi_metrics", "steps", "output", "on_error"),
)
_STEP_FIRST = ("id", "name", "description", "type", "if")
_STEP_LAST = ("retry", "timeout", "on_timeout", "on_error")
_STEP_LISTS = ("steps", "else", "always", "on_timeout", "on_error")
_EXPRESSIONS = {
    "for_each": ("items",),
    "repeat": ("until",),
    "wait": ("until",),
    "transform": ("items", "where", "group_by", "unique_by"),
}
_BRACED = re.compile(r"\{\{(?![-+])((?:(?!\{\{|\}\}).)*?)(?<![-+])\}\}")


@dataclass(frozen=True, slots=True)
class Order:
    """Keys that stand first and last; the others keep their order between them."""

    first: tuple[str, ...]
    last: tuple[str, ...] = ()

    def of(self, keys: list[str]) -> list[str]:
        """The keys in order."""
        rank = {key: place - len(self.first) for place, key in enumerate(self.first)}
        rank |= {key: place + 1 for place, key in enumerate(self.last)}
        return sorted(keys, key=lambda key: rank.get(key, 0))


RECIPE = Order(_RECIPE_FIRST)
STEP = Order(_STEP_FIRST, _STEP_LAST)


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that is written another way: where it stands in the data, what it becomes, and its new text."""

    path: Path
    value: str
    text: str


@dataclass(frozen=True)
class Rules:
    """What applies to which place of a document; places by identity."""

    orders: dict[int, Order] = field(default_factory=dict)
    edits: dict[int, Edit] = field(default_factory=dict)

    def without_order(self) -> Rules:
        """The same without moving anything."""
        return replace(self, orders={})

    def keys(self, place: Place) -> list[str]:
        """The keys of a mapping in the order in which they are to be written."""
        keys = list(place.fields or ())
        order = self.orders.get(id(place))
        return order.of(keys) if order else keys

    def applied_to(self, data: JSON) -> JSON:
        """A document's data with the values that are edited."""
        changed = deepcopy(data)
        for edit in self.edits.values():
            parent = changed
            for part in edit.path[:-1]:
                parent = parent[part]
            parent[edit.path[-1]] = edit.value
        return changed


def rules_of(document: Document) -> Rules:
    """The rules for a document; a mapping without `steps` is no recipe and keeps its order."""
    rules = Rules()
    if isinstance(document.data, dict) and "steps" in document.data:
        _Walk(document.text, rules).recipe(document.data, document.root)
    return rules


class _Walk:
    """Follows a recipe's structure through its data and places side by side."""

    def __init__(self, text: str, rules: Rules) -> None:
        self._text = text
        self._rules = rules

    def recipe(self, data: dict[str, Any], place: Place) -> None:
        self._rules.orders[id(place)] = RECIPE
        flow = self._text[place.start] == "{"
        for index, (trigger, at) in enumerate(self._items(data.get("triggers"), _child(place, "triggers"))):
            in_flow = flow or self._in_flow(_child(place, "triggers")) or self._in_flow(at)
            self._bare(trigger, at, ("if",), ("triggers", index), in_flow)
        for key in ("steps", "on_error"):
            self.steps(data.get(key), _child(place, key), (key,), flow)

    def steps(self, data: JSON, place: Place | None, path: Path, in_flow: bool) -> None:
        in_flow = in_flow or self._in_flow(place)
        for index, (step, at) in enumerate(self._items(data, place)):
            self._step(step, at, (*path, index), in_flow or self._in_flow(at))

    def _step(self, step: dict[str, Any], place: Place, path: Path, in_flow: bool) -> None:
        self._rules.orders[id(place)] = STEP
        kind = step.get("type")
        fields = _EXPRESSIONS.get(kind, ()) if isinstance(kind, str) else ()
        self._bare(step, place, ("if", *fields), path, in_flow)
        for key in _STEP_LISTS:
            self.steps(step.get(key), _child(place, key), (*path, key), in_flow)
        if kind == "branch":
            cases = _child(place, "cases")
            within = in_flow or self._in_flow(cases)
            for index, (case, at) in enumerate(self._items(step.get("cases"), cases)):
                here, flow = (*path, "cases", index), within or self._in_flow(at)
                self._bare(case, at, ("when",), here, flow)
                self.steps(case.get("steps"), _child(at, "steps"), (*here, "steps"), flow)
        lanes = step.get("branches")
        if kind == "parallel" and isinstance(lanes, dict):
            at_lanes = _child(place, "branches")
            for name, lane in lanes.items():
                at_lane = _child(at_lanes, name)
                self.steps(lane, at_lane, (*path, "branches", name), in_flow or self._in_flow(at_lanes))

    def _bare(self, data: dict[str, Any], place: Place, keys: tuple[str, ...], path: Path, in_flow: bool) -> None:
        """Braces around the whole of a bare expression go."""
        for key in keys:
            at, value = _child(place, key), data.get(key)
            if at is None or not isinstance(value, str) or at.style in {"|", ">"}:
                continue
            found = _BRACED.fullmatch(value.strip())
            if found is None or self._text[at.start] == "*" or "\n" in self._text[at.start : at.end]:
                continue
            bare = found[1].strip()
            if (text := _scalar(bare, in_flow)) is not None:
                self._rules.edits[id(at)] = Edit((*path, key), bare, text)

    def _items(self, data: JSON, place: Place | None) -> list[tuple[dict[str, Any], Place]]:
        """The mappings of a list with their places; an empty list for what is no list of mappings, or an alias."""
        if not isinstance(data, list) or place is None or self._text[place.start] == "*":
            return []
        pairs = list(zip(data, place.items or (), strict=True))
        if any(not isinstance(item, dict) or self._text[at.start] == "*" for item, at in pairs):
            return []
        return pairs

    def _in_flow(self, place: Place | None) -> bool:
        return place is not None and self._text[place.start : place.start + 1] in {"{", "["}


def _child(place: Place | None, key: str) -> Place | None:
    found = (place.fields or {}).get(key) if place is not None else None
    return found[2] if found else None


def _scalar(value: str, in_flow: bool) -> str | None:
    """A text as a scalar on one line, plain where that reads as the same text; None when there is no such scalar."""
    if not value:
        return None
    for text in (value, in_quotes(value)):
        document, problems = load(f"k: {{k: {text}}}" if in_flow else f"k: {text}", "")
        found = document.data["k"] if document is not None and not problems else None
        if found == ({"k": value} if in_flow else value):
            return text
    return None
