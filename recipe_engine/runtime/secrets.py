"""Secrets: sealed markers on the way in, scrubbing on the way out.

The one rule: the value of a secret exists between the performer and the wire and nowhere else. An expression sees the
marker; the marker is replaced only where the action said that a secret may stand, and only when its seal is the run's
own, so that a text from outside can never name a secret. On the way back every text is scrubbed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

from recipe_engine.core.json import JSON

_MARKER = re.compile("\x02secret:([^:\x03]*):([^\x03]+)\x03")

# Shorter values are words that stand in any text; replacing them would garble it and hide nothing.
SHORTEST = 6


def marker(seed: str, name: str) -> str:
    """What `secrets.NAME` evaluates to in the run that `seed` belongs to."""
    return f"\x02secret:{seed}:{name}\x03"


def without_markers(text: str) -> str:
    """The text with markers made readable, for what is shown to people."""
    return _MARKER.sub(lambda found: f"[secret {found[2]}]", text)


def reveal(params: JSON, positions: Iterable[str], seed: str, require: Callable[[str], str]) -> JSON:
    """The parameters with the run's own markers replaced at `positions` (`headers.*`, `auth.token`; a final `*` is
    everything below). `require` gives a secret's value. What is not touched is shared with `params`."""
    for position in positions:
        params = _reveal_at(params, position.split("."), seed, require)
    return params


def _reveal_at(value: JSON, path: list[str], seed: str, require: Callable[[str], str]) -> JSON:
    if not path or path == ["*"]:
        return _reveal_all(value, seed, require)
    name, rest = path[0], path[1:]
    if not isinstance(value, dict):
        return value
    if name == "*":
        return {key: _reveal_at(item, rest, seed, require) for key, item in value.items()}
    if name not in value:
        return value
    return {**value, name: _reveal_at(value[name], rest, seed, require)}


def _reveal_all(value: JSON, seed: str, require: Callable[[str], str]) -> JSON:
    if isinstance(value, str):
        if "\x02" not in value:
            return value
        return _MARKER.sub(lambda found: require(found[2]) if found[1] == seed else found[0], value)
    if isinstance(value, dict):
        return {key: _reveal_all(item, seed, require) for key, item in value.items()}
    if isinstance(value, list):
        return [_reveal_all(item, seed, require) for item in value]
    return value


class Scrubber:
    """Knows the values of secrets in the forms in which they could leak and takes them out of texts."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._text: re.Pattern[str] | None = None
        self._bytes: re.Pattern[bytes] | None = None

    def add(self, name: str, value: str) -> None:
        """Remember a secret: as it is, URL-encoded, in base64 and inside JSON."""
        if len(value) < SHORTEST or value in self._names:
            return
        forms = {
            value,
            quote(value, safe=""),
            quote_plus(value),
            base64.b64encode(value.encode()).decode().rstrip("="),
            orjson.dumps(value)[1:-1].decode(),
        }
        for form in forms:
            self._names.setdefault(form, name)
        longest_first = sorted(self._names, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, longest_first)))
        self._bytes = re.compile(b"|".join(re.escape(form.encode()) for form in longest_first))

    def text(self, text: str) -> str:
        """The text without any known secret and with markers made readable."""
        if self._text is not None:
            text = self._text.sub(lambda found: f"[secret {self._names[found[0]]}]", text)
        return without_markers(text) if "\x02" in text else text

    def json(self, value: JSON) -> JSON:
        """The same tree with every string and key scrubbed."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.json(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.json(item) for item in value]
        return value

    def leaks(self, data: bytes) -> bool:
        """Whether a known secret stands in `data`."""
        return self._bytes is not None and self._bytes.search(data) is not None


def strings_in(value: Any) -> Iterable[str]:
    """Every string in a tree of dicts and lists (the shared tokens), keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings_in(item)
