"""A tree as text: two spaces of indentation, at most one blank line, comments where they belong.

The one rule: what is written reads back as the same tree, so that formatting twice changes nothing.
"""

from __future__ import annotations

import re

from recipe_engine.fmt.gaps import Line
from recipe_engine.fmt.tree import Block, Entry, Leaf, Tree
from recipe_engine.source.alignment import block_indentation, trim

_STEP = "  "
_BREAK = re.compile("\r\n|\n|\r")
_HEADER = re.compile(r"(?P<style>[|>])(?P<marks>[-+0-9]*)(?P<comment>.*)")


def written(tree: Tree) -> str:
    """The text of a tree, with one LF at its end."""
    writer = _Writer()
    writer.between(tree.header, "")
    root = tree.root.value
    if isinstance(root, Leaf):
        writer.lines += _leaf_lines(root, "")
        writer.lines[-1] += tree.root.comment
    else:
        writer.block(root, "")
    writer.between(tree.footer, "")
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def block(self, block: Block, indent: str, lead: str | None = None) -> None:
        """A block at an indentation. `lead` is the text that its first line has begun with already."""
        first, *others = block.in_order()
        if lead is None:
            self.between(_from_first_comment(first.above), indent)
        self._entry(first, indent, indent if lead is None else lead)
        for entry in others:
            self.between(entry.above, indent)
            self._entry(entry, indent, indent)
        self.between(block.below, indent)

    def between(self, lines: list[Line], indent: str) -> None:
        """Comments and blank lines, of which never two in a row and none at the start."""
        for line in lines:
            if line.text:
                self.lines.append(indent + line.text)
            elif self.lines and self.lines[-1]:
                self.lines.append("")

    def _entry(self, entry: Entry, indent: str, lead: str) -> None:
        head = f"{lead}{'-' if entry.key is None else f'{entry.key}:'}"
        if entry.anchor:
            head += f" {entry.anchor}"
        if isinstance(entry.value, Leaf):
            first, *others = _leaf_lines(entry.value, indent)
            self.lines += [f"{head} {first}" if first else head, *others]
            self.lines[-1] += entry.comment
        elif entry.key is None and not entry.anchor:
            self._hoist(entry.value, indent, lead)
            self.block(entry.value, indent + _STEP, f"{head} ")
        else:
            self.lines.append(head + entry.comment)
            self.block(entry.value, indent + _STEP)

    def _hoist(self, block: Block, indent: str, lead: str) -> None:
        """What stands above the first entry of a block that begins on its item's line goes above that line."""
        if lead != indent:
            return  # an item within an item: the outer one has done it
        while True:
            first = block.in_order()[0]
            self.between([line for line in first.above if line.text], indent)
            if first.key is not None or first.anchor or isinstance(first.value, Leaf):
                return
            block = first.value


def _from_first_comment(lines: list[Line]) -> list[Line]:
    first = next((index for index, line in enumerate(lines) if line.text), len(lines))
    return lines[first:]


def _leaf_lines(leaf: Leaf, indent: str) -> list[str]:
    """The lines of a value, the first without indentation."""
    lines = _BREAK.split(leaf.text)
    if leaf.style in {"|", ">"}:
        return _block_lines(lines, leaf.value, indent + _STEP)
    if len(lines) == 1:
        return lines
    trimmed = [line[: trim(line, 0, len(line), '"')] for line in lines[:-1]] + lines[-1:]
    if leaf.text[0] in "{[":
        return _shifted(trimmed, len(indent) - max(leaf.column, 0))
    contents = [line.lstrip(" \t") for line in trimmed[1:]]
    return [trimmed[0], *(f"{indent}{_STEP}{content}" if content else "" for content in contents)]


def _shifted(lines: list[str], by: int) -> list[str]:
    """The lines of a collection in brackets, those after the first moved sideways."""
    moved = [lines[0]]
    for line in lines[1:]:
        content = line.lstrip(" ")
        moved.append(" " * (max(len(line) - len(content) + by, 0) if content else 0) + content)
    return moved


def _block_lines(lines: list[str], value: str, indent: str) -> list[str]:
    """The lines of a block scalar. Blanks at the ends of lines that say something are part of it and stay."""
    header = _HEADER.fullmatch(lines[0])
    assert header is not None
    marks = re.sub("[0-9]", str(len(_STEP)), header["marks"])
    if value and not value.endswith("\n"):  # the file ended without a line end, which is about to be added
        marks = marks.replace("+", "").replace("-", "") + "-"
    by = block_indentation(lines[1:], value)
    body = [line[by:] for line in lines[1:]]
    comment = header["comment"].rstrip(" \t")
    return [f"{header['style']}{marks}{comment}", *(indent + line if line else "" for line in body)]
