"""The order in which lists are sorted.

The one rule: sorting never fails on a mixture, and puts texts where a reader looks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from recipe_engine.expr.errors import Undefined, undefined
from recipe_engine.expr.values import Duration, Moment, key_of


def sort_key(value: object) -> tuple[int, Any]:
    """What lists are sorted by: numbers, then texts as a dictionary has them (accents and capitals come second), then
    moments, durations and whatever else. Null is the caller's business."""
    match value:
        case bool():
            return (0, value)
        case int() | float():
            return (1, value)
        case str():
            return (2, (folded(value), value))
        case Moment() | Duration():
            return (3, value.seconds)
        case Undefined():
            raise undefined(value)
        case _:
            return (4, str(key_of(value)))


def folded(text: str) -> str:
    """A text without accents and capitals."""
    if text.isascii():
        return text.lower()
    import unicodedata

    decomposed = unicodedata.normalize("NFD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def sorted_by(items: list[Any], keys: Iterable[Callable[[Any], Any]], descending: Iterable[bool]) -> list[Any]:
    """The items sorted by several keys, the first one deciding first. Null comes last, whichever way."""
    result = list(items)
    for key, downwards in reversed(list(zip(keys, descending, strict=True))):
        pairs = [(key(item), item) for item in result]
        there = [(sort_key(value), item) for value, item in pairs if value is not None]
        there.sort(key=lambda pair: pair[0], reverse=downwards)
        result = [item for _, item in there] + [item for value, item in pairs if value is None]
    return result
