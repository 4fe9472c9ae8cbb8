"""Durations, moments and values as a person reads them in a line."""

from __future__ import annotations

import json
from datetime import datetime

from recipe_engine.core.json import JSON

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """`0.04 s`, `3.2 s`, `2 min 5 s`, `3 h`, `10 d 4 h`: the two largest units."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    left = round(seconds)
    parts: list[str] = []
    for size, unit in (*_UNITS, (1, "s")):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts[:2])


def moment(at: float, now: float | None = None) -> str:
    """A moment in local time, `2026-11-20 14:05:12`; with `now`, also how far away it is."""
    text = datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if now is None:
        return text
    away = at - now
    return f"{text} (in {duration(away)})" if away >= 1 else f"{text} (now)"


def since(moment_text: str | None) -> str:
    """A moment in ISO 8601 as local time; `not yet` when there is none."""
    if moment_text is None:
        return "not yet"
    return datetime.fromisoformat(moment_text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock(at: float) -> str:
    """The time of day of a moment, in local time."""
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def in_a_line(value: JSON, width: int = 100) -> str:
    """A value on one line, cut at `width`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[: width - 3]}..."
