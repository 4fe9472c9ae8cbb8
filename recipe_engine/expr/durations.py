"""Durations as text: `15m`, `2h30m`, `1d12h`.

The one rule: `parse_duration(format_duration(s)) == s` for every number of milliseconds that is not negative.
"""

from __future__ import annotations

import math
import re

# Largest first. A month or a year is no duration: its length depends on when it begins.
_UNITS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_SIZE = dict(_UNITS)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+\Z")
_LONGEST_TEXT = 64
_LONGEST = 1e11
_EXPECTED = "write for example 15m, 2h30m or 10d"


def parse_duration(value: object) -> float:
    """Seconds of a duration: a text (`2h30m`, units ms s m h d w, largest first) or a number of seconds.

    Raises ValueError for anything else, for negative numbers and for more than 3,000 years.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value) if abs(value) < _LONGEST else math.inf
    elif isinstance(value, str):
        seconds = _parse_text(value)
    else:
        raise ValueError(f"a duration is expected: {_EXPECTED}")  # noqa: TRY004  # one error for whatever the author wrote
    if not 0 <= seconds < _LONGEST:
        raise ValueError(f"{value} is out of range for a duration")
    return seconds


def _parse_text(text: str) -> float:
    word = text.strip()
    if len(word) > _LONGEST_TEXT or not _WHOLE.match(word):
        raise ValueError(f"{text[:_LONGEST_TEXT]!r} is not a duration: {_EXPECTED}")
    total = 0.0
    previous = math.inf
    for number, unit in _PART.findall(word):
        size = _SIZE[unit]
        if size >= previous:
            raise ValueError(f"{text!r} is not a duration: each unit once, the largest first ({_EXPECTED})")
        previous = size
        total += float(number) * size
    return total / 1000


def format_duration(seconds: float) -> str:
    """The text of a duration, to the millisecond: `9000` gives `2h30m`. A negative one begins with `-`."""
    left = round(abs(seconds) * 1000)
    parts: list[str] = []
    for unit, size in _UNITS[1:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    text = "".join(parts) or "0s"
    return f"-{text}" if seconds < 0 and parts else text
