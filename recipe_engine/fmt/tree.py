"""A document as nested blocks whose entries own the comments that belong to them.

The one rule: a comment belongs to the value on its line, else to the key or item below it when it stands at its column,
else to the end of the block that it is indented like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from recipe_engine.fmt.flow import copied
from recipe_engine.fmt.gaps import Gap, Line, after_mark, gap_between
from recipe_engine.fmt.rules import Order, Rules
from recipe_engine.source.document import JSON, Document, Place
from recipe_engine.source.wording import line_end, line_start


@dataclass(slots=True)
class Leaf:
    """A value that is copied: a scalar, an alias, or a collection in brackets. `value` is what a block scalar says;
    `column` that of the block in which the value stands."""

    text: str
    style: str
    value: JSON
    column: int


@dataclass(slots=True)
class Entry:
    """A key (None for an item; as it is written) with its value. `name` is what the key says, `above` are the lines
    before it; `comment` ends its line."""

    name: str
    key: str | None
    above: list[Line]
    value: Leaf | Block
    anchor: str = ""
    comment: str = ""


@dataclass(slots=True)
class Block:
    """A mapping or list in block style. `below` are the comments after its last entry."""

    column: int
    order: Order | None
    entries: list[Entry] = field(default_factory=list)
    below: list[Line] = field(default_factory=list)

    def in_order(self) -> list[Entry]:
        """The entries as they are to be written."""
        if self.order is None:
            return self.entries
        by_name = {entry.name: entry for entry in self.entries}
        return [by_name[name] for name in self.order.of(list(by_name))]


@dataclass(slots=True)
class Tree:
    """`header` are the lines that open the file, up to the last blank one; `footer` those that end it."""

    header: list[Line]
    root: Entry
    footer: list[Line]


def tree_of(document: Document, rules: Rules) -> Tree:
    """The tree of a document."""
    text, place = document.text, document.root
    builder = _Builder(text, rules)
    before = gap_between(text, 0, place.start)
    root = Entry("", None, [], builder.value(place, document.data, -1))
    after = gap_between(text, place.end, len(text))
    if isinstance(root.value, Leaf):
        root.comment = after.comment
        return Tree(before.lines, root, _until_last_comment(after.lines))
    header, above = _parted(before.lines)
    root.value.entries[0].above[:0] = above
    footer = builder.closed(root, after, -1)
    return Tree(header, root, _until_last_comment(footer))


class _Builder:
    def __init__(self, text: str, rules: Rules) -> None:
        self._text = text
        self._rules = rules

    def value(self, place: Place, data: JSON, column: int) -> Leaf | Block:
        """The value at a place, which stands in a block at `column`."""
        within = place.fields if place.fields is not None else place.items
        if not within or self._text[place.start] in "{[*":
            return Leaf(copied(self._text, place, self._rules), place.style, data, column)
        if place.fields is not None:
            return self._mapping(place, data)
        return self._list(place, data)

    def _mapping(self, place: Place, data: dict[str, JSON]) -> Block:
        block = self._block(place, self._rules.orders.get(id(place)))
        cursor = place.start
        for key, (start, end, child) in (place.fields or {}).items():
            above = self._above(block, gap_between(self._text, cursor, start))
            value = self.value(child, data[key], block.column)
            gap = gap_between(self._text, after_mark(self._text, end, child.start, ":"), child.start)
            entry = Entry(key, self._key(key, start, end), above, value, gap.anchor, gap.comment)
            block.entries.append(entry)
            if isinstance(value, Block):
                value.entries[0].above[:0] = _without_blanks_at_start(gap.lines)
            else:
                entry.above += _before_leaf(entry, gap)
            cursor = max(child.end, end)
        return block

    def _key(self, key: str, start: int, end: int) -> str:
        """A key as it is written, or in quotes when it is written over several lines."""
        original = self._text[start:end]
        if original[0] in "|>" or "\n" in original or "\r" in original:
            return json.dumps(key, ensure_ascii=False)
        return original

    def _list(self, place: Place, data: list[JSON]) -> Block:
        block = self._block(place, None)
        cursor = place.start
        for child, item in zip(place.items or (), data, strict=True):
            after_dash = after_mark(self._text, cursor, child.start, "-")
            above = self._above(block, gap_between(self._text, cursor, after_dash - 1))
            gap = gap_between(self._text, after_dash, child.start)
            value = self.value(child, item, block.column)
            entry = Entry("", None, above, value, gap.anchor)
            block.entries.append(entry)
            entry.above += _before_leaf(entry, gap)
            cursor = child.end
        return block

    def _block(self, place: Place, order: Order | None) -> Block:
        return Block(place.start - line_start(self._text, place.start), order)

    def _above(self, block: Block, gap: Gap) -> list[Line]:
        """What of the gap before the next entry belongs to that entry."""
        return self.closed(block.entries[-1], gap, block.column) if block.entries else []

    def closed(self, entry: Entry, gap: Gap, column: int) -> list[Line]:
        """Give the comments of the gap after an entry to it and to the blocks that end with it, as far as they are
        indented deeper than `column`; the lines that are left."""
        open_blocks = []
        last = entry
        while isinstance(last.value, Block):
            open_blocks.append(last.value)
            last = last.value.entries[-1]
        if gap.comment:
            if last.comment:  # `key: # one` with its value and a second comment on the next line
                last.above.append(Line(last.comment.lstrip(" \t")))
            last.comment = gap.comment
        return _shared_out(gap.lines, [block for block in open_blocks if block.column > column])


def _shared_out(lines: list[Line], blocks: list[Block]) -> list[Line]:
    """Append comments to the ends of the blocks whose columns they reach, outermost first; the lines that are left."""
    blank: list[Line] = []
    for index, line in enumerate(lines):
        if not line.text:
            blank.append(line)
            continue
        reached = [block for block in blocks if block.column <= line.column]
        if not reached:
            return [*blank, *lines[index:]]
        column = reached[-1].column
        owner = next(block for block in reached if block.column == column)
        owner.below += [*blank, line]
        blocks, blank = reached, []
    return blank


def _before_leaf(entry: Entry, gap: Gap) -> list[Line]:
    """The comments between a key or dash and its value, which go above it; but one may end its line."""
    lines = [line for line in gap.lines if line.text]
    if isinstance(entry.value, Leaf) and entry.value.style not in {"|", ">"}:
        entry.comment = gap.comment
    elif gap.comment:
        entry.comment = ""
        lines.insert(0, Line(gap.comment.lstrip(" \t")))
    return lines


def _parted(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines up to the last blank one, and the rest."""
    last = max((index for index, line in enumerate(lines) if not line.text), default=-1)
    return lines[: last + 1], lines[last + 1 :]


def _until_last_comment(lines: list[Line]) -> list[Line]:
    last = max((index for index, line in enumerate(lines) if line.text), default=-1)
    return lines[: last + 1]


def _without_blanks_at_start(lines: list[Line]) -> list[Line]:
    first = next((index for index, line in enumerate(lines) if line.text), len(lines))
    return lines[first:]


def comments_of(document: Document) -> list[str]:
    """The text of every comment of a document, in order."""
    text, comments, cursor = document.text, [], 0
    for place in _leaves(document.root, text):
        gap = gap_between(text, cursor, place.start)
        comments += [gap.comment, *(line.text for line in gap.lines)]
        if place.style in {"|", ">"}:
            comments.append(gap_between(text, place.start + 1, line_end(text, place.start)).comment)
        cursor = place.end
    gap = gap_between(text, cursor, len(text))
    comments += [gap.comment, *(line.text for line in gap.lines)]
    return [comment.strip(" \t") for comment in comments if comment]


def _leaves(place: Place, text: str) -> Iterator[Place]:
    """Where scalars, keys and aliases stand, in order."""
    if (place.fields is None and place.items is None) or text.startswith("*", place.start):
        yield place
        return
    for start, end, child in (place.fields or {}).values():
        yield Place(start, end)
        yield from _leaves(child, text)
    for child in place.items or ():
        yield from _leaves(child, text)
