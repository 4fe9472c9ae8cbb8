"""Moments as text: ISO 8601 to seconds since 1970 and back.

The one rule: a text without an offset is meant in the default time zone, never in the machine's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

DEFAULT_TIMEZONE = "Europe/Paris"

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?\Z")
_DATE_LENGTH = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years 1 to 9999, less a day on each side so that every time zone can show them.
EARLIEST = -62_135_510_400.0
LATEST = 253_402_214_400.0


def looks_like_moment(text: str) -> bool:
    """Whether a text is written as an ISO 8601 date or date and time."""
    return len(text) >= _DATE_LENGTH and text[4] == "-" and _ISO.match(text) is not None


def is_date_only(text: str) -> bool:
    """Whether an ISO text names a day without a time."""
    return len(text) == _DATE_LENGTH


def zone(name: str) -> tzinfo:
    """The time zone of an IANA name (`Europe/Paris`), `UTC`, or an offset (`+02:00`). Raises ValueError."""
    if name in ("UTC", "Z"):
        return UTC
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if offset is not None:
        away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        if away >= timedelta(hours=24):
            raise ValueError(f"{name!r} is not an offset")
        return timezone(-away if offset[1] == "-" else away)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone: write for example Europe/Paris") from error


def parse_iso(text: str, timezone_name: str = DEFAULT_TIMEZONE) -> datetime:
    """The moment that an ISO 8601 text names, aware of its zone. Raises ValueError."""
    word = text.strip()
    if not looks_like_moment(word):
        raise ValueError(f"{text[:40]!r} is not a date: write for example 2026-03-01 or 2026-03-01T10:00:00+01:00")
    parsed = datetime.fromisoformat(word.upper().replace(" +", "+").replace(" Z", "Z").replace(",", "."))
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=zone(timezone_name))


def datetime_of(seconds: float, at: tzinfo) -> datetime:
    """The aware datetime of seconds since 1970, rounded to the microsecond."""
    return (_EPOCH + timedelta(microseconds=round(seconds * 1_000_000))).astimezone(at)


def format_iso(seconds: float, at: tzinfo) -> str:
    """ISO 8601 text with offset; fractions of a second only when there are any."""
    return datetime_of(seconds, at).isoformat()
