"""A cron expression in a sentence: `30 8 * * MON-FRI` is every weekday at 8:30.

The one rule: what has no plain sentence stays as it is written; nothing is half translated.
"""

from __future__ import annotations

import re

from recipe_engine.generate.phrases import Voice

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_EVERY = re.compile(r"\*/([0-9]+)\Z")
_NUMBER = re.compile(r"[0-9]{1,2}\Z")
_MOST_TIMES = 4


def schedule_in_words(cron: str, voice: Voice) -> str:
    """When a schedule starts, as far as it can be said plainly; else the expression."""
    fields = cron.upper().split()
    if len(fields) != 5:
        return cron
    minute, hour, day, month, weekday = fields
    days = _days(day, month, weekday, voice)
    if days is None:
        return cron
    every = _EVERY.match(minute)
    if every is not None and hour == "*":
        return voice.say("every_minutes", n=every[1]) + ("" if days == voice.say("every_day") else f", {days}")
    hourly = _EVERY.match(hour)
    if _NUMBER.match(minute) and (hour == "*" or hourly is not None):
        told = voice.say("every_hour") if hourly is None else voice.say("every_hours", n=hourly[1])
        past = "" if int(minute) == 0 else f" {voice.say('past', n=int(minute))}"
        return told + past + ("" if days == voice.say("every_day") else f", {days}")
    times = _times(minute, hour, voice)
    return cron if times is None else f"{days} {times}"


def _times(minute: str, hour: str, voice: Voice) -> str | None:
    hours = hour.split(",")
    if not _NUMBER.match(minute) or len(hours) > _MOST_TIMES or not all(_NUMBER.match(each) for each in hours):
        return None
    told = [voice.say("clock", hour=int(each), minute=minute.zfill(2)) for each in hours]
    return voice.say("at_times", times=_listed(told, voice))


def _days(day: str, month: str, weekday: str, voice: Voice) -> str | None:
    if month != "*":
        return None
    if day != "*":
        return voice.say("day_of_month", n=int(day)) if weekday == "*" and _NUMBER.match(day) else None
    if weekday == "*":
        return voice.say("every_day")
    if weekday in ("MON-FRI", "1-5"):
        return voice.say("weekdays")
    named = [_day(each, voice) for each in weekday.split(",")]
    known = [each for each in named if each is not None]
    return voice.say("each_weekday", days=_listed(known, voice)) if len(known) == len(named) else None


def _day(written: str, voice: Voice) -> str | None:
    """`MON`, or `1`; Sunday is 0 or 7."""
    if _NUMBER.match(written) and int(written) <= len(_DAYS):
        written = _DAYS[int(written) - 1]
    return voice.say(f"day_{written}") if written in _DAYS else None


def _listed(items: list[str], voice: Voice) -> str:
    return items[0] if len(items) == 1 else voice.say("and", a=", ".join(items[:-1]), b=items[-1])
