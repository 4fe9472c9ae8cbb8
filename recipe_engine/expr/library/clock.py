"""Reading and writing moments the way people do: patterns such as %d/%m/%Y, names of months and days, public holidays.

The one rule: the language of names is the locale's, never the machine's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.library.locales import locale_named, ordinary_spaces
from recipe_engine.expr.ordering import folded

PRESETS: Final = ("short", "medium", "long", "full")
_LONGEST: Final = 200
# What stands between a date and a time of day.
_AT: Final[Mapping[str, str]] = {"fr": " à ", "en": " at "}
_DIRECTIVE = re.compile(r"%([a-zA-Z%])")

_WRITERS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: str(at.day),
    "m": lambda at: f"{at.month:02}",
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "u": lambda at: str(at.isoweekday()),
    "V": lambda at: f"{at.isocalendar().week:02}",
    "z": lambda at: at.strftime("%z"),
    "Z": lambda at: at.tzname() or "",
    "s": lambda at: str(int(at.timestamp())),
    "F": lambda at: at.date().isoformat(),
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "%": lambda _at: "%",
}
_READERS: Final[Mapping[str, str]] = {
    "d": r"(?P<day>\d{1,2})",
    "e": r"(?P<day>\d{1,2})",
    "m": r"(?P<month>\d{1,2})",
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short_year>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "I": r"(?P<half_hour>\d{1,2})",
    "M": r"(?P<minute>\d{1,2})",
    "S": r"(?P<second>\d{1,2})",
    "f": r"(?P<fraction>\d{1,6})",
    "p": r"(?P<half>[AaPp]\.?[Mm]\.?)",
    "z": r"(?P<offset>[Zz]|[+-]\d\d:?\d\d)",
    "B": r"(?P<month_name>[^\W\d_]+\.?)",
    "b": r"(?P<month_name>[^\W\d_]+\.?)",
    "A": r"(?P<day_name>[^\W\d_]+\.?)",
    "a": r"(?P<day_name>[^\W\d_]+\.?)",
    "%": "%",
}


def write(at: datetime, pattern: str, locale: str) -> str:
    """A moment as text. `pattern` is short, medium, long or full (a date), time, datetime, %-directives, or a CLDR
    pattern such as `EEEE d MMMM`."""
    if len(pattern) > _LONGEST:
        raise EvaluationError("limit", f"the format is longer than {_LONGEST} characters")
    if "%" in pattern:
        return _DIRECTIVE.sub(lambda found: _directive(at, found[1], locale), pattern)
    from babel.dates import format_date, format_datetime, format_time

    known = locale_named(locale)
    if pattern in PRESETS:
        return ordinary_spaces(format_date(at, pattern, known))
    if pattern == "time":
        return ordinary_spaces(format_time(at, "short", tzinfo=at.tzinfo, locale=known))
    if pattern == "datetime":
        day, time = format_date(at, "long", known), format_time(at, "short", tzinfo=at.tzinfo, locale=known)
        return ordinary_spaces(f"{day}{_AT.get(known.language, ', ')}{time}")
    return ordinary_spaces(format_datetime(at, pattern, tzinfo=at.tzinfo, locale=known))


def _directive(at: datetime, letter: str, locale: str) -> str:
    if letter in _WRITERS:
        return _WRITERS[letter](at)
    known = locale_named(locale)
    match letter:
        case "B":
            return str(known.months["format"]["wide"][at.month])
        case "b":
            return str(known.months["format"]["abbreviated"][at.month])
        case "A":
            return str(known.days["format"]["wide"][at.weekday()])
        case "a":
            return str(known.days["format"]["abbreviated"][at.weekday()])
        case _:
            raise EvaluationError("argument", f"the format has %{letter}, which is no directive")


def read(text: str, pattern: str) -> datetime:
    """The date and time that a text writes by a pattern of %-directives, without a time zone unless %z says one. Names
    of months are read in French and in English. Raises EvaluationError."""
    found = _reader(pattern).match(text.strip())
    if found is None:
        raise EvaluationError("argument", f"{text[:40]!r} is not written as {pattern!r}")
    parts = found.groupdict()
    year, month, hour = _year(parts), _month(parts), _hour(parts)
    second, fraction = int(parts.get("second") or 0), (parts.get("fraction") or "0").ljust(6, "0")
    try:
        read_at = datetime(  # noqa: DTZ001  # the caller puts it into its zone
            year, month, int(parts.get("day") or 1), hour, int(parts.get("minute") or 0), second, int(fraction)
        )
    except ValueError as error:
        raise EvaluationError("argument", f"{text[:40]!r} is no date: {error}") from error
    if not parts.get("offset"):
        return read_at
    from recipe_engine.expr.moments import zone

    return read_at.replace(tzinfo=zone(parts["offset"].upper()))


@lru_cache(maxsize=256)
def _reader(pattern: str) -> re.Pattern[str]:
    if len(pattern) > _LONGEST:
        raise EvaluationError("limit", f"the format is longer than {_LONGEST} characters")
    parts: list[str] = []
    position = 0
    for directive in _DIRECTIVE.finditer(pattern):
        letter = directive[1]
        if letter not in _READERS or (letter != "%" and any(_READERS[letter] == part for part in parts)):
            raise EvaluationError("argument", f"the format {pattern!r} cannot be read: %{letter} is unknown or doubled")
        parts += [_literal(pattern[position : directive.start()]), _READERS[letter]]
        position = directive.end()
    try:
        return re.compile("".join([*parts, _literal(pattern[position:])]) + r"\Z")
    except re.error as error:
        raise EvaluationError("argument", f"the format {pattern!r} cannot be read: {error}") from error


def _literal(text: str) -> str:
    """The text between directives; white space stands for any white space."""
    return r"\s+".join(re.escape(part) for part in re.split(r"\s+", text))


def _year(parts: Mapping[str, Any]) -> int:
    if parts.get("year"):
        return int(parts["year"])
    if parts.get("short_year"):
        short = int(parts["short_year"])
        return short + (2000 if short < 69 else 1900)
    return 1900


def _month(parts: Mapping[str, Any]) -> int:
    if parts.get("month_name"):
        name = folded(parts["month_name"]).rstrip(".")
        found = _month_names().get(name)
        if found is None:
            raise EvaluationError("argument", f"{parts['month_name']!r} is no month")
        return found
    return int(parts.get("month") or 1)


def _hour(parts: Mapping[str, Any]) -> int:
    if not parts.get("half_hour"):
        return int(parts.get("hour") or 0)
    hour = int(parts["half_hour"]) % 12
    return hour + 12 if (parts.get("half") or "").lower().startswith("p") else hour


@lru_cache(maxsize=1)
def _month_names() -> Mapping[str, int]:
    """Months by their names in French and English, long and short, without accents."""
    names: dict[str, int] = {}
    for language in ("fr", "en"):
        for width in ("wide", "abbreviated"):
            months = locale_named(language).months["format"][width]
            names.update({folded(name).rstrip("."): number for number, name in months.items()})
    return names


@lru_cache(maxsize=128)
def french_holidays(year: int) -> tuple[date, ...]:
    """The public holidays of metropolitan France in a year (Code du travail, L3133-1)."""
    easter = _easter(year)
    moving = [easter + timedelta(days=days) for days in (1, 39, 50)]
    fixed = [
        date(year, month, day) for month, day in ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    ]
    return tuple(sorted(set(moving + fixed)))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
