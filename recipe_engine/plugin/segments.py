"""How many SMS a text takes: operators carry, and bill, segments.

The one rule: one character outside the GSM alphabet makes the whole text UCS-2, and its segments less than half as long.
"""

from __future__ import annotations

from dataclasses import dataclass

# GSM 03.38: the basic alphabet, and what takes two places because it is reached by an escape.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
# Places in a message of one segment, and in each of several, which carry a header to be joined by.
_PLACES = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """`encoding` is GSM-7 or UCS-2, `count` the number of segments, `odd` the characters that GSM-7 lacks."""

    encoding: str
    count: int
    odd: str = ""


def segments(text: str) -> Segments:
    """What a text takes."""
    odd = "".join(dict.fromkeys(each for each in text if each not in _BASIC and each not in _EXTENDED))
    encoding = "UCS-2" if odd else "GSM-7"
    single, joined = _PLACES[encoding]
    widths = [_width(each, encoding) for each in text]
    if sum(widths) <= single:
        return Segments(encoding, 1, odd)
    count, free = 1, joined
    for width in widths:
        if width > free:  # a character is never cut in two
            count, free = count + 1, joined
        free -= width
    return Segments(encoding, count, odd)


def _width(character: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1
