"""A text that was read: its data, and where in the text each value stands.

The one rule: spans are found from character offsets, so they are right after any character and any kind of line end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from recipe_engine.diagnostics.diagnostic import Span
from recipe_engine.source.alignment import align

JSON: TypeAlias = Any
Path: TypeAlias = tuple[str | int, ...]

_LINE_END = re.compile("\r\n|\n|\r")


class Place:
    """Where a value stands in the text: offsets of its first character and of the one after its last.

    `style` of a scalar is "" (plain), "'", '"', "|" or ">". `fields` of a mapping are its keys with their own
    places; `items` are the places of a list's values.
    """

    __slots__ = ("end", "fields", "items", "start", "style")

    def __init__(
        self,
        start: int,
        end: int,
        style: str = "",
        fields: dict[str, tuple[int, int, Place]] | None = None,
        items: list[Place] | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.style = style
        self.fields = fields
        self.items = items


class Lines:
    """Lines and columns of the offsets of a text. Lines end as editors count them: LF, CR LF or CR."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins; found when the first span is asked for, because most texts have no problem."""
        return [0, *(match.end() for match in _LINE_END.finditer(self._text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from `start` up to `end`."""
        return Span(*self.position(start), *self.position(max(start, end)))


@dataclass(frozen=True)
class Included:
    """A text of another file that stands for a value; `file` is its path."""

    file: str
    text: str = field(repr=False)

    def span(self, offset: int, length: int) -> Span:
        """The span, in that file, of the characters [offset, offset + length)."""
        first = min(max(offset, 0), len(self.text))
        return self._lines.span(first, min(max(first + length, first), len(self.text)))

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)


@dataclass(frozen=True)
class Document:
    """A text and what it says. `data` is plain JSON; `file` is the path as the user gave it. `included` are the values that
    are the texts of other files, by path."""

    file: str
    text: str = field(repr=False)
    data: JSON = field(repr=False)
    root: Place = field(repr=False, compare=False)
    included: Mapping[Path, Included] = field(default_factory=dict, repr=False)

    def span(self, path: Path, *, key: bool = False) -> Span:
        """The span of the value at `path`, or of its key. Where the path leads nowhere, of what it last led to."""
        place, name, _ = self._find(path)
        if key and name is not None:
            return self._lines.span(*name)
        return self._lines.span(place.start, place.end)

    def span_within(self, path: Path, offset: int, length: int) -> Span:
        """The span of the characters [offset, offset + length) of the string at `path`.

        Exact for every style of scalar: escapes, doubled quotes, indentation and folded lines are accounted for.
        When the value at `path` is no string, or is included from another file, the span of that value.
        """
        place, _, value = self._find(path)
        if path in self.included:
            return self._lines.span(place.start, place.end)
        units = align(self.text, place.start, place.end, place.style, value) if isinstance(value, str) else None
        if units is None:
            return self._lines.span(place.start, place.end)
        first = min(max(offset, 0), len(units))
        after = min(max(first + length, first), len(units))
        start = units[first][0] if first < len(units) else (units[-1][1] if units else place.start)
        return self._lines.span(start, units[after - 1][1] if after > first else start)

    def _find(self, path: Path) -> tuple[Place, tuple[int, int] | None, JSON]:
        """The place at `path` (or of its nearest ancestor), the offsets of its key, and the value there."""
        place, name, value = self.root, None, self.data
        for part in path:
            if place.fields is not None and part in place.fields:
                start, end, place = place.fields[part]
                name, value = (start, end), value[part]
            elif place.items is not None and isinstance(part, int) and 0 <= part < len(place.items):
                place, name, value = place.items[part], None, value[part]
            else:
                break
        return place, name, value

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)
