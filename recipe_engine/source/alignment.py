"""Which characters of a text each character of a scalar's value came from.

The one rule: an alignment is exact or there is none. Every step compares the text with the value, so a scalar that
this module would misread gives None instead of a wrong place. Source: YAML 1.2.2, chapters 7.3 and 8.1.
"""

from __future__ import annotations

from typing import TypeAlias

Units: TypeAlias = list[tuple[int, int]]
"""For each character of the value, the stretch of the text that it came from."""

_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


def align(text: str, start: int, end: int, style: str, value: str) -> Units | None:
    """The units of the scalar that stands at [start, end) of `text`, or None when they cannot be told exactly."""
    if style in {"|", ">"}:
        units = _align_block(text, start, end, value)
    else:
        inset = 1 if style else 0
        units = _align_flow(text, start + inset, end - inset, style, value)
    return units if units is not None and len(units) == len(value) else None


def _align_flow(text: str, start: int, end: int, style: str, value: str) -> Units | None:
    """Plain and quoted scalars: a line break is a space, further ones are newlines."""
    units: Units = []
    lines = _lines(text, start, end)
    blanks, joined = 0, False
    for number, (first, last) in enumerate(lines):
        a = first if number == 0 else _skip_blanks(text, first, last)
        b = last if number == len(lines) - 1 else trim(text, a, last, style)
        if a == b and 0 < number < len(lines) - 1:
            blanks += 1
            continue
        if number:
            gap = "\n" * blanks if blanks or joined else " "
            if not value.startswith(gap, len(units)):
                return None
            units += [(first - 1, first)] * len(gap)
        blanks, joined = 0, style == '"' and number < len(lines) - 1 and _ends_in_escape(text, a, b)
        if not _align_content(text, a, b - joined, style, value, units):
            return None
    return units


def _align_content(text: str, start: int, end: int, style: str, value: str, units: Units) -> bool:
    """Append the units of one line; False when the value does not continue with it."""
    at = start
    while at < end:
        size = 1
        if style == "'" and text.startswith("''", at):
            size = 2
        elif style == '"' and text[at] == "\\":
            size = 2 + _HEX_ESCAPES.get(text[at + 1 : at + 2], 0)
        elif len(units) >= len(value) or text[at] != value[len(units)]:
            return False
        units.append((at, at + size))
        at += size
    return True


def _align_block(text: str, start: int, end: int, value: str) -> Units | None:
    """Literal and folded scalars: lines without their indentation; breaks between them are newlines or a space."""
    body = _lines(text, start, end)[1:]
    indentation = block_indentation([text[first:last] for first, last in body], value)
    units: Units = []
    before: int | None = None  # where the last line with content ended
    for first, last in body:
        a = first + indentation if not text[first : first + indentation].strip(" ") else first
        if a >= last:
            continue
        gap = len(value) - len(units) - len(value[len(units) :].lstrip("\n"))
        if not gap and before is not None:
            if not value.startswith(" ", len(units)):
                return None
            gap = 1
        break_ = start if before is None else before
        units += [(break_, break_ + 1)] * gap
        if not _align_content(text, a, last, "|", value, units):
            return None
        before = last
    rest = value[len(units) :]
    break_ = start if before is None else before
    return None if rest.strip("\n") else units + [(break_, break_ + 1)] * len(rest)


def block_indentation(body: list[str], value: str) -> int:
    """By how much a block scalar's lines are indented: what its first line that is not blank has more than the value's,
    and when all are blank, what the longest has."""
    lines = value.split("\n")
    written = next((line for line in body if line.strip(" ")), None)
    meant = next((line for line in lines if line.strip(" ")), None)
    if written is None or meant is None:
        return max(map(len, body), default=0) - max(map(len, lines))
    return (len(written) - len(written.lstrip(" "))) - (len(meant) - len(meant.lstrip(" ")))


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """First and last offsets of the lines of a stretch, without their ends."""
    lines, first = [], start
    for line in text[start:end].splitlines(keepends=True):
        lines.append((first, first + len(line.rstrip("\r\n"))))
        first += len(line)
    if not lines or lines[-1][1] < first:
        lines.append((first, first))
    return lines


def _skip_blanks(text: str, start: int, end: int) -> int:
    while start < end and text[start] in " \t":
        start += 1
    return start


def trim(text: str, start: int, end: int, style: str) -> int:
    """The end of a line without the blanks before it; a blank that a backslash escapes stays."""
    trimmed = end
    while trimmed > start and text[trimmed - 1] in " \t":
        trimmed -= 1
    return trimmed + 1 if trimmed < end and style == '"' and _ends_in_escape(text, start, trimmed) else trimmed


def _ends_in_escape(text: str, start: int, end: int) -> bool:
    """Whether a line of a double-quoted scalar ends in a backslash that escapes what follows."""
    line = text[start:end]
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1
