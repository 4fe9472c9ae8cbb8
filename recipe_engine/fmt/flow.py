"""Values that are copied as they are written: scalars, and collections in brackets.

The one rule: within brackets only edits and, on a single line, the order of a step's keys change anything.
"""

from __future__ import annotations

from recipe_engine.fmt.rules import Rules
from recipe_engine.source.document import Place


def copied(text: str, place: Place, rules: Rules) -> str:
    """The text of a place, with edits applied and, on a single line, keys in order."""
    edit = rules.edits.get(id(place))
    if edit is not None:
        return edit.text
    original = text[place.start : place.end]
    if original[:1] not in {"{", "["}:
        return original
    ordered = "\n" not in original and "\r" not in original
    if place.fields is not None:
        parts = {
            key: (start, max(end, child.end), text[start : child.start] + copied(text, child, rules))
            if child.start >= end
            else (start, end, text[start:end])
            for key, (start, end, child) in place.fields.items()
        }
        keys = rules.keys(place) if ordered else list(parts)
        stretches = [part[:2] for part in parts.values()]
        contents = [parts[key][2] for key in keys]
    else:
        stretches = [(child.start, child.end) for child in place.items or ()]
        contents = [copied(text, child, rules) for child in place.items or ()]
    return _joined(text, place, stretches, contents)


def _joined(text: str, place: Place, stretches: list[tuple[int, int]], contents: list[str]) -> str:
    """The contents, with what stood between the stretches between them."""
    pieces, cursor = [], place.start
    for (start, end), content in zip(stretches, contents, strict=True):
        pieces += [text[cursor:start], content]
        cursor = end
    return "".join([*pieces, text[cursor : place.end]])
