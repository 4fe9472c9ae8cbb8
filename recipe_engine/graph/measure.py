"""How wide texts are, and where they break.

The one rule: an estimate that is a little too wide, so that no text leaves its box in the font that a viewer has.
"""

from __future__ import annotations

import unicodedata

_NARROW = frozenset("iljtfrI.,:;'`!|()[]/\\ -")
_WIDE = frozenset("mwMWOQGD@%&—…œæ<>=+~")
_ELLIPSIS = "…"


def width(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is, in the units of `size`, in a sans-serif font."""
    return sum(map(_em, text)) * size * (1.12 if bold else 1.0)


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.41
    if character in _WIDE:
        return 0.9
    if character.isascii():
        return 0.7 if character.isupper() else 0.63
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.1
    return 0.72 if character.isupper() else 0.63


def wrapped(text: str, size: float, room: float, most: int, bold: bool = False) -> list[str]:
    """A text in at most `most` lines that fit `room`; the last one ends in an ellipsis when something is left out."""
    lines: list[str] = []
    words = text.split()
    while words:
        if len(lines) == most - 1:
            return [*lines, shortened(" ".join(words), size, room, bold)]
        line = words.pop(0)
        if width(line, size, bold) > room:
            cut = _longest_fitting(line, size, room, bold)
            words.insert(0, line[cut:])
            line = line[:cut]
        else:
            while words and width(f"{line} {words[0]}", size, bold) <= room:
                line = f"{line} {words.pop(0)}"
        lines.append(line)
    return lines


def shortened(text: str, size: float, room: float, bold: bool = False) -> str:
    """A text on one line, cut with an ellipsis when it does not fit."""
    if width(text, size, bold) <= room:
        return text
    return text[: _longest_fitting(text, size, room - width(_ELLIPSIS, size, bold), bold)].rstrip() + _ELLIPSIS


def _longest_fitting(text: str, size: float, room: float, bold: bool) -> int:
    used = 0.0
    for index, character in enumerate(text):
        used += width(character, size, bold)
        if used > room:
            return max(index, 1)
    return len(text)
