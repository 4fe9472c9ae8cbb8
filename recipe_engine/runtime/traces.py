"""Traces of one person in what runs have kept: found, and put out.

The one rule: what a run did stays readable, whom it was about does not. Values lose the person; paths, codes and moments, by which
a journal is replayed, are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from recipe_engine.core.events import Entry, Event, EventReceived, RunStarted
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject

ERASED = "[erased]"
_FILE = frozenset({"digest", "name", "media_type", "size"})
# The fields of events that hold what recipes and vendors said. Of all others replay lives.
_SAID = frozenset({"input", "config", "output", "params", "data", "fields", "match", "approval", "items", "reason"})
_SHORTEST_NAME = 3
_BETWEEN = r"[\s.\-/()]*"


@dataclass(frozen=True)
class Traces:
    """By what somebody is recognised. `addresses` (e-mail, phone in E.164) and `marks` (texts made of them) are theirs alone;
    `more` (names, a shared number) means them only in a run that has one of these."""

    addresses: tuple[str, ...]
    marks: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    def to_json(self) -> JSONObject:
        return {"addresses": list(self.addresses), "marks": list(self.marks), "more": list(self.more)}

    @classmethod
    def from_json(cls, data: JSONObject) -> Traces:
        return cls(tuple(data["addresses"]), tuple(data["marks"]), tuple(data["more"]))

    @cached_property
    def _own(self) -> re.Pattern[str]:
        patterns = [pattern for address in self.addresses for pattern in _patterns(address)]
        return _any([*patterns, *map(re.escape, self.marks)])

    @cached_property
    def _all(self) -> re.Pattern[str]:
        named = [pattern for text in self.more if len(text) >= _SHORTEST_NAME for pattern in _patterns(text)]
        return _any([self._own.pattern, *named])

    def in_value(self, value: JSON) -> bool:
        """Whether a value holds one of the traces that are theirs alone."""
        return any(self._own.search(text) for text in _texts(value))

    def clean(self, value: JSON) -> JSON:
        """A value in which every text, number or name of a field that holds a trace is `[erased]`."""
        if isinstance(value, dict):
            return {
                self.clean(name) if isinstance(name, str) else name: self.clean(each) for name, each in value.items()
            }
        if isinstance(value, list):
            return [self.clean(each) for each in value]
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return ERASED if self._all.search(str(value)) else value
        return value

    def clean_entry(self, entry: Entry, gone: frozenset[str] = frozenset()) -> Entry:
        """An entry of a journal without the person; files of which the digest is in `gone` lose their names."""
        return Entry(entry.at, tuple(self._clean_event(event, gone) for event in entry.events))

    def _clean_event(self, event: Event, gone: frozenset[str]) -> Event:
        changed: dict[str, Any] = {}
        for field in fields(event):
            value = getattr(event, field.name)
            if field.name in _SAID or (field.name == "event" and isinstance(event, RunStarted)):
                changed[field.name] = _unnamed(self.clean(value), gone)
            elif field.name == "reused" and isinstance(value, dict):
                changed[field.name] = {path: _unnamed(self.clean(output), gone) for path, output in value.items()}
            elif isinstance(value, Failure):
                said = {name: self.clean(getattr(value, name)) for name in ("title", "detail", "data")}
                changed[field.name] = replace(value, **said)
        return replace(event, **changed) if changed else event


def begun_by(entries: Iterable[Entry], traces: Traces) -> bool:
    """Whether a run is about this person: its input names them, or an event that it took in."""
    for event in (event for entry in entries for event in entry.events):
        if isinstance(event, RunStarted) and (traces.in_value(event.input) or traces.in_value(event.event)):
            return True
        if isinstance(event, EventReceived) and traces.in_value(event.data):
            return True
    return False


def files_in(value: JSON) -> Iterator[JSONObject]:
    """The files of the blob store that a value holds."""
    if isinstance(value, dict):
        if value.keys() == _FILE:
            yield value
        else:
            for each in value.values():
                yield from files_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from files_in(each)


def _unnamed(value: JSON, gone: frozenset[str]) -> JSON:
    if not gone:
        return value
    if isinstance(value, dict):
        if value.keys() == _FILE and value["digest"] in gone:
            return {**value, "name": ERASED}
        return {name: _unnamed(each, gone) for name, each in value.items()}
    return [_unnamed(each, gone) for each in value] if isinstance(value, list) else value


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield str(value)


def _patterns(text: str) -> Iterator[str]:
    """How an address or a name is recognised inside of a text."""
    if "@" in text:
        # The same letters inside of a longer address are somebody else's.
        for written in {text, quote(text, safe="")}:
            yield rf"(?<![\w.+%-]){re.escape(written)}(?![\w-])(?!\.\w)"
    elif text.startswith("+") and text[1:].isdigit():
        yield _phone(text)
    else:
        yield rf"(?<!\w){re.escape(text)}(?!\w)"


def _phone(number: str) -> str:
    """A number however it is written: +33 6 39 98 00 12, 0033639980012, 06.39.98.00.12, 33639980012."""
    import phonenumbers

    parsed = phonenumbers.parse(number)
    code, national = str(parsed.country_code), phonenumbers.national_significant_number(parsed)
    spread = _BETWEEN.join(national)
    return rf"(?<!\w)(?:(?:\+|00)?{_BETWEEN.join(code)}{_BETWEEN}(?:\(?0\)?{_BETWEEN})?|0{_BETWEEN}|){spread}(?!\w)"


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)", re.IGNORECASE)
