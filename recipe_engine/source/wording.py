"""Reading the raw text around a problem: lines, values, quotes. For diagnostics only."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"[ \t]+#")
_LINE_BREAK = re.compile(r"[\r\n]")
_LONGEST = 40


def line_start(text: str, offset: int) -> int:
    """Offset of the first character of the line that holds `offset`."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Offset of the end of the line that holds `offset`, before its line break."""
    found = _LINE_BREAK.search(text, offset)
    return found.start() if found else len(text)


def line_of(text: str, offset: int) -> str:
    """The line that holds `offset`."""
    return text[line_start(text, offset) : line_end(text, offset)]


def value_end(text: str, start: int) -> int:
    """The end of what stands on the line from `start` on: before a comment and trailing blanks."""
    end = line_end(text, start)
    comment = _COMMENT.search(text, start, end)
    return start + len(text[start : comment.start() if comment else end].rstrip(" \t"))


def template_end(text: str, start: int, in_flow: bool) -> int:
    """The end of the unquoted value that begins with `{{` at `start`.

    In block context it goes to the end of the line; within brackets to what closes or separates after `}}`.
    """
    end = value_end(text, start)
    if not in_flow:
        return end
    closing = text.find("}}", start, end)
    while closing >= 0:
        after = closing + 2
        while after < end and text[after] not in ",]}{":
            after += 1
        if not text.startswith("{{", after):
            return start + len(text[start:after].rstrip(" \t"))
        closing = text.find("}}", after, end)
    return end


def in_quotes(content: str) -> str:
    """A text as a quoted YAML scalar, in the quotes that need no escape where one kind does."""
    if '"' not in content and "\\" not in content:
        return f'"{content}"'
    return "'" + content.replace("'", "''") + "'"


def shortened(content: str) -> str:
    """The first line of a text, cut when it is long."""
    first = content.split("\n", 1)[0].rstrip(" \t")
    return first if len(first) <= _LONGEST and first == content.rstrip(" \t") else f"{first[: _LONGEST - 1]}…"
