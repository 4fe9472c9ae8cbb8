"""Functions that work on moments and durations.

The one rule: a day is a day of people. What counts days, months and hours of the clock does so in a time zone, by
default the moment's own when it was put into one, else Europe/Paris; what adds a duration adds seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from recipe_engine.expr.access import shown_zone
from recipe_engine.expr.durations import parse_duration
from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.library.clock import french_holidays, read, write
from recipe_engine.expr.library.function import Function, function
from recipe_engine.expr.moments import DEFAULT_TIMEZONE, datetime_of, format_iso, parse_iso, zone
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.values import Duration, Moment, moment_of

TITLE: Final = "Dates and durations"

_UNITS: Final = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_MOST_DAYS: Final = 40_000
_CLOCK_PARTS: Final = 3


def local(moment: Moment, timezone: str = "") -> datetime:
    """A moment as people of a zone see it."""
    return datetime_of(moment.seconds, zone(timezone) if timezone else shown_zone(moment))


def of_local(at: datetime) -> Moment:
    """The moment of an aware datetime."""
    return Moment(at.timestamp(), at.tzinfo or UTC)


def _bounded(make: Callable[[], datetime]) -> Moment:
    """The moment of the local time that `make` gives; what leaves the calendar is an error of the language."""
    try:
        at = make()
        return Moment(at.timestamp(), at.tzinfo or UTC, placed=True)
    except OverflowError as error:
        raise EvaluationError("limit", "the moment is outside of the years 1 to 9999") from error


def _now(frame: Frame) -> Moment:
    return Moment(frame.scope.now)


def _today(frame: Frame, timezone: str) -> str:
    return local(_now(frame), timezone).date().isoformat()


def _date(value: Any, month: int | None, day: int | None, timezone: str) -> str:
    if isinstance(value, int):
        try:
            return date(value, month or 1, day or 1).isoformat()
        except (ValueError, OverflowError) as error:
            raise EvaluationError("argument", f"date: {error}") from error
    return local(value, timezone).date().isoformat()


def _moment(value: Any, pattern: str, timezone: str) -> Moment:
    if isinstance(value, Moment):
        return value
    if isinstance(value, (int, float)):
        return Moment(float(value))
    if not pattern:
        return of_local(parse_iso(value, timezone))
    parsed = read(value, pattern)
    return of_local(parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=zone(timezone)))


def _format_date(value: Moment, pattern: str, timezone: str, locale: str) -> str:
    return write(local(value, timezone), pattern, locale)


def _in_timezone(value: Moment, timezone: str) -> Moment:
    return Moment(value.seconds, zone(timezone), placed=True)


def _unit(unit: str) -> str:
    name = unit.removesuffix("s")
    if name not in _UNITS:
        raise EvaluationError("argument", f"{unit[:20]!r} is not one of {', '.join(_UNITS)}")
    return name


def _start(at: datetime, unit: str) -> datetime:
    """The beginning of the unit in which a local time lies. The zone's offset is looked up again for the new time."""
    day = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0, "fold": 0}
    match unit:
        case "second":
            return at.replace(microsecond=0)
        case "minute":
            return at.replace(second=0, microsecond=0)
        case "hour":
            return at.replace(minute=0, second=0, microsecond=0)
        case "day":
            return at.replace(**day)  # type: ignore[arg-type]  # the fields of a clock
        case "week":
            return (at - timedelta(days=at.weekday())).replace(**day)  # type: ignore[arg-type]  # as above
        case "month":
            return at.replace(day=1, **day)  # type: ignore[arg-type]  # as above
        case "quarter":
            return at.replace(month=(at.month - 1) // 3 * 3 + 1, day=1, **day)  # type: ignore[arg-type]  # as above
        case _:
            return at.replace(month=1, day=1, **day)  # type: ignore[arg-type]  # as above


def _next(start: datetime, unit: str) -> datetime:
    """The beginning of the unit after the one that begins at `start`."""
    match unit:
        case "second" | "minute" | "hour":
            # Hours of the clock repeat or are missing where summer time begins or ends; seconds do not.
            later = start.astimezone(UTC) + timedelta(**{f"{unit}s": 1})
            return later.astimezone(start.tzinfo)
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(weeks=1)
        case "month":
            return _months_later(start, 1)
        case "quarter":
            return _months_later(start, 3)
        case _:
            return _months_later(start, 12)


def _months_later(at: datetime, months: int) -> datetime:
    """The same day and time some months later; the last day of the month when it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return at.replace(year=year, month=month + 1, day=min(at.day, _days_in(year, month + 1)))


def _days_in(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _start_of(value: Moment, unit: str, timezone: str) -> Moment:
    name = _unit(unit)
    return _bounded(lambda: _start(local(value, timezone), name))


def _end_of(value: Moment, unit: str, timezone: str) -> Moment:
    name = _unit(unit)
    after = _bounded(lambda: _next(_start(local(value, timezone), name), name))
    return after.later(-1)


def _at(value: Moment, time: str, timezone: str) -> Moment:
    parts = time.split(":")
    if len(parts) not in (2, _CLOCK_PARTS) or not all(
        part.isascii() and part.isdigit() and len(part) <= 2 for part in parts
    ):
        raise EvaluationError("argument", f"at: {time[:20]!r} is not a time of day: write for example 09:00")
    hour, minute, *second = map(int, parts)
    if hour > 23 or minute > 59 or (second and second[0] > 59):
        raise EvaluationError("argument", f"at: {time!r} is not a time of day")
    return _bounded(
        lambda: local(value, timezone).replace(
            hour=hour, minute=minute, second=second[0] if second else 0, microsecond=0, fold=0
        )
    )


def _add_days(value: Moment, count: int, timezone: str) -> Moment:
    return _bounded(lambda: local(value, timezone) + timedelta(days=count))


def _add_months(value: Moment, count: int, timezone: str) -> Moment:
    return _bounded(lambda: _months_later(local(value, timezone), count))


def _add_years(value: Moment, count: int, timezone: str) -> Moment:
    return _bounded(lambda: _months_later(local(value, timezone), count * 12))


def _holidays(country: str, dates: list[Any]) -> Callable[[date], bool]:
    """Whether a day is a public holiday of the country, or one of `dates`."""
    if country not in ("", "FR"):
        raise EvaluationError(
            "argument", f"the public holidays of {country[:10]!r} are not known: give them as `holidays`"
        )
    named = {datetime_of(moment_of(day).seconds, moment_of(day).zone).date() for day in dates}
    return lambda day: day in named or (country == "FR" and day in french_holidays(day.year))


def _add_business_days(
    frame: Frame, value: Moment, count: int, country: str, holidays: list[Any], timezone: str
) -> Moment:
    if abs(count) > _MOST_DAYS:
        raise EvaluationError("argument", f"add_business_days: `count` is at most {_MOST_DAYS}")
    is_holiday = _holidays(country, holidays)
    frame.spend(abs(count))
    step = timedelta(days=1 if count > 0 else -1)

    def move() -> datetime:
        at, left = local(value, timezone), abs(count)
        while left:
            at += step
            if at.weekday() < 5 and not is_holiday(at.date()):
                left -= 1
        return at

    return _bounded(move)


def _is_business_day(value: Moment, country: str, holidays: list[Any], timezone: str) -> bool:
    day = local(value, timezone).date()
    return day.weekday() < 5 and not _holidays(country, holidays)(day)


def _public_holidays(year: int, country: str) -> list[str]:
    if country != "FR":
        raise EvaluationError("argument", f"the public holidays of {country[:10]!r} are not known")
    if not 1583 <= year <= 9999:
        raise EvaluationError("argument", "public_holidays: `year` is between 1583 and 9999")
    return [day.isoformat() for day in french_holidays(year)]


def _days_between(start: Moment, end: Moment, timezone: str) -> int:
    where = timezone or DEFAULT_TIMEZONE
    return (local(end, where).date() - local(start, where).date()).days


def _span(unit: str) -> Callable[[float], Duration]:
    seconds = timedelta(**{unit: 1}).total_seconds()
    return lambda count: Duration(count * seconds)


def _duration(value: Any) -> Duration:
    return value if isinstance(value, Duration) else Duration(parse_duration(value))


def _span_function(unit: str, example: tuple[str, str]) -> Function:
    return function(
        f"{unit}(count: number) -> duration",
        f"A duration of that many {unit}.",
        example,
        _span(unit),
        kind="function",
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "now() -> moment",
        "The present moment; it does not change while an expression is evaluated. `now` alone is the same.",
        ("now() - now", "0s"),
        _now,
        kind="function",
        contextual=True,
    ),
    function(
        "today(timezone: text = '') -> date",
        "Today's date, as text.",
        ("today('Asia/Tokyo') >= today('UTC')", True),
        _today,
        kind="function",
        contextual=True,
    ),
    function(
        "date(value: int | moment, month: int | null = null, day: int | null = null, timezone: text = '') -> date",
        "The date of a moment, as text; or the date with that year, month and day.",
        ("'2026-11-20T23:30:00Z' | date", "2026-11-21"),
        _date,
    ),
    function(
        "moment(value: text | number | moment, format: text = '', timezone: text = 'Europe/Paris') -> moment",
        "The moment that a text names, in ISO 8601 or by a format of %-directives (names of months in French or English). "
        "Without an offset it is meant in the time zone. A number is seconds since 1970.",
        ("'20/11/2026 14:30' | moment('%d/%m/%Y %H:%M') | iso", "2026-11-20T14:30:00+01:00"),
        _moment,
    ),
    function(
        "format_date(value: moment, format: text = 'long', timezone: text = '', locale: text = 'fr_FR') -> text",
        "A moment for people. The format is short, medium, long or full for the date, time, datetime, %-directives "
        "(`%A %d %B à %Hh%M`), or a CLDR pattern (`EEEE d MMMM`).",
        ("'2026-11-20' | format_date('full')", "vendredi 20 novembre 2026"),
        _format_date,
    ),
    function(
        "iso(value: moment, timezone: text = '') -> text",
        "The moment as ISO 8601 text, in a time zone.",
        ("'2026-11-20T12:00:00Z' | iso('America/Montreal')", "2026-11-20T07:00:00-05:00"),
        lambda value, timezone: format_iso(value.seconds, zone(timezone) if timezone else value.zone),
    ),
    function(
        "in_timezone(value: moment, timezone: text) -> moment",
        "The same moment in another time zone: its fields, its text and its days are then of that zone.",
        ("('2026-11-20T23:30:00Z' | in_timezone('Asia/Tokyo')).day", 21),
        _in_timezone,
    ),
    function(
        "start_of(value: moment, unit: text, timezone: text = '') -> moment",
        "The beginning of the second, minute, hour, day, week (Monday), month, quarter or year.",
        ("'2026-11-20T14:30:00+01:00' | start_of('month')", "2026-11-01T00:00:00+01:00"),
        _start_of,
    ),
    function(
        "end_of(value: moment, unit: text, timezone: text = '') -> moment",
        "The last second of the minute, hour, day, week (Sunday), month, quarter or year.",
        ("'2026-11-20T14:30:00+01:00' | end_of('day')", "2026-11-20T23:59:59+01:00"),
        _end_of,
    ),
    function(
        "at(value: moment, time: text, timezone: text = '') -> moment",
        "The same day at a time of day.",
        ("'2026-11-20' | at('09:00')", "2026-11-20T09:00:00+01:00"),
        _at,
    ),
    function(
        "add_days(value: moment, count: int, timezone: text = '') -> moment",
        "The same time of day some days later, or earlier. (days(1) is 24 hours, which differs when the clocks change.)",
        ("'2026-03-28T09:00:00+01:00' | add_days(1)", "2026-03-29T09:00:00+02:00"),
        _add_days,
    ),
    function(
        "add_months(value: moment, count: int, timezone: text = '') -> moment",
        "The same day and time some months later; the last day of a month that has no such day.",
        ("'2026-01-31' | add_months(1) | date", "2026-02-28"),
        _add_months,
    ),
    function(
        "add_years(value: moment, count: int, timezone: text = '') -> moment",
        "The same day and time some years later.",
        ("'2024-02-29' | add_years(1) | date", "2025-02-28"),
        _add_years,
    ),
    function(
        "add_business_days(value: moment, count: int, country: text = 'FR', holidays: list = [], timezone: text = '') -> moment",
        "The same time of day that many working days later, or earlier: without weekends, the public holidays of the "
        "country ('FR', or '' for none) and the dates of `holidays`.",
        ("'2026-04-30' | add_business_days(1) | date", "2026-05-04"),
        _add_business_days,
        contextual=True,
    ),
    function(
        "is_business_day(value: moment, country: text = 'FR', holidays: list = [], timezone: text = '') -> bool",
        "Whether the day is neither of a weekend nor a public holiday.",
        ("is_business_day('2026-07-14')", False),
        _is_business_day,
    ),
    function(
        "is_weekend(value: moment, timezone: text = '') -> bool",
        "Whether the day is a Saturday or a Sunday.",
        ("is_weekend('2026-11-21')", True),
        lambda value, timezone: local(value, timezone).weekday() >= 5,
    ),
    function(
        "public_holidays(year: int, country: text = 'FR') -> list[date]",
        "The public holidays of a year.",
        ("public_holidays(2026) | first", "2026-01-01"),
        _public_holidays,
        kind="function",
    ),
    function(
        "weekday(value: moment, timezone: text = '') -> int",
        "The day of the week: 1 for Monday, 7 for Sunday.",
        ("'2026-11-20' | weekday", 5),
        lambda value, timezone: local(value, timezone).isoweekday(),
    ),
    function(
        "week_number(value: moment, timezone: text = '') -> int",
        "The number of the week in its year (ISO 8601).",
        ("'2026-11-20' | week_number", 47),
        lambda value, timezone: local(value, timezone).isocalendar().week,
    ),
    function(
        "days_between(start: moment, end: moment, timezone: text = '') -> int",
        "How many times midnight lies between two moments; negative when the end comes first.",
        ("days_between('2026-11-20T23:00:00+01:00', '2026-11-21T01:00:00+01:00')", 1),
        _days_between,
        kind="function",
    ),
    function(
        "timestamp(value: moment) -> number",
        "Seconds since 1970.",
        ("'1970-01-02T00:00:00Z' | timestamp", 86_400.0),
        lambda value: value.seconds,
    ),
    function(
        "from_timestamp(value: number) -> moment",
        "The moment so many seconds after the beginning of 1970 (UTC).",
        ("from_timestamp(86400)", "1970-01-02T00:00:00+00:00"),
        lambda value: Moment(float(value)),
    ),
    function(
        "duration(value: text | number | duration) -> duration",
        "The duration that a text writes (`1h30m`); a number is seconds.",
        ("duration('1h30m') > hours(1)", True),
        _duration,
    ),
    _span_function("weeks", ("weeks(1)", "7d")),
    _span_function("days", ("days(1.5)", "1d12h")),
    _span_function("hours", ("hours(2)", "2h")),
    _span_function("minutes", ("minutes(90)", "1h30m")),
    _span_function("seconds", ("seconds(90)", "1m30s")),
    _span_function("milliseconds", ("milliseconds(1500)", "1s500ms")),
)
