"""What stands between two values: comments, blank lines, an anchor, and the marks of YAML.

The one rule: nothing but comments and anchors carries meaning for a reader, so all else may be written anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"(?P<blank>[ \t]+)|(?P<end>\r\n|\n|\r)|(?P<comment>#[^\r\n]*)|(?P<anchor>&\S+)|(?P<mark>[^\s#&]+)")


@dataclass(slots=True)
class Line:
    """A line of its own between values: a comment and the column it stood in (from 0), or a blank line (no text)."""

    text: str
    column: int = 0


@dataclass(slots=True)
class Gap:
    """`comment` ends the line that the gap begins on, with the blanks before it; `lines` are those below."""

    comment: str = ""
    lines: list[Line] = field(default_factory=list)
    anchor: str = ""


def gap_between(text: str, start: int, end: int) -> Gap:
    """What stands in [start, end) of a text, where no value stands."""
    gap = Gap()
    blank, column, empty = "", 0, True
    below = start == 0  # whether this is a line below the one that the gap begins on
    for token in _TOKEN.finditer(text, start, end):
        kind = token.lastgroup
        if kind == "end":
            if below and empty:
                gap.lines.append(Line(""))
            blank, column, below, empty = "", 0, True, True
        elif kind == "comment":
            comment = token[0].rstrip(" \t")
            if below:
                gap.lines.append(Line(comment, column))
            else:
                gap.comment = (blank or " ") + comment
            empty = False
        else:
            if kind == "anchor":
                gap.anchor = token[0]
            blank = token[0].expandtabs() if kind == "blank" else ""
            empty = empty and kind == "blank"
        column += len(token[0]) if kind != "end" else 0
    return gap


def after_mark(text: str, start: int, end: int, mark: str) -> int:
    """The offset after a mark of YAML (`-` or `:`) in a gap, comments aside; `start` when the gap has none."""
    for token in _TOKEN.finditer(text, start, end):
        if token.lastgroup == "mark" and mark in token[0]:
            return token.start() + token[0].index(mark) + 1
    return start
