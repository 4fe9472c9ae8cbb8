"""Secrets: sealed markers on the way in, scrubbing on the way out.

The one rule: the value of a secret exists between the performer and the wire and nowhere else. An expression sees the
marker; the marker is replaced only where the action said that a secret may stand, and only when its seal is the run's
own, so that a text from outside can never name a secret. On the way back every text is scrubbed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import orjson

from recipe_engine.core.json import JSON

_MARKER = re.compile("\x02secret:([^:\x03]*):([^\x03]+)\x03")

# Shorter values are words that stand in any text; replacing them would garble it and hide nothing.
SHORTEST = 6
# What was cut off in the middle of a secret still begins with it: so much of one is taken out wherever it stands, and
# SHORTEST at the end of a text that may have been cut (characters).
_PART = 16
_SHORTEST_CUT_TEXT = 64
# A text inside JSON that is itself a text inside JSON, and so on.
_NESTED = 3


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
        self._beginning: dict[str, list[str]] = {}
        self._shortest_beginning: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        """Remember a secret: as it is, URL-encoded, in base64 and inside JSON; of an address its path and password too."""
        if len(value) < SHORTEST or value in self._names:
            return
        for secret in (value, *_secrets_of_address(value)):
            for form in _forms(secret):
                self._names.setdefault(form, name)
        longest_first = sorted(self._names, key=len, reverse=True)
        self._bytes = re.compile(b"|".join(re.escape(form.encode()) for form in longest_first))
        self._beginning, self._shortest_beginning = {}, {}
        for form in longest_first:
            self._beginning.setdefault(form[:_PART], []).append(form)
            self._shortest_beginning.setdefault(form[:SHORTEST], []).append(form)
        self._text = re.compile("|".join(map(re.escape, sorted(self._beginning, key=len, reverse=True))))

    def text(self, text: str) -> str:
        """The text without any known secret, or a part of one that was cut off, and with markers made readable."""
        if self._text is not None:
            if self._text.search(text):
                text = self._without_secrets(text, self._text)
            if len(text) >= _SHORTEST_CUT_TEXT:
                text = self._without_beginning_at_end(text)
        return without_markers(text) if "\x02" in text else text

    def _shown(self, form: str) -> str:
        return f"[secret {self._names[form]}]"

    def _without_secrets(self, text: str, beginnings: re.Pattern[str]) -> str:
        kept, end = [], 0
        for found in beginnings.finditer(text):
            if found.start() < end:
                continue
            length, form = max((_in_common(each, text, found.start()), each) for each in self._beginning[found[0]])
            kept += [text[end : found.start()], self._shown(form)]
            end = found.start() + length
        return "".join([*kept, text[end:]])

    def _without_beginning_at_end(self, text: str) -> str:
        for beginning, forms in self._shortest_beginning.items():
            at = text.find(beginning, max(0, len(text) - len(forms[0])))
            if at >= 0:
                form = next((each for each in forms if each.startswith(text[at:])), None)
                if form is not None:
                    return text[:at] + self._shown(form)
        return text

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


def _forms(secret: str) -> set[str]:
    """The ways in which a secret is written."""
    inside = [secret]
    for _ in range(_NESTED):
        inside.append(orjson.dumps(inside[-1])[1:-1].decode())
    ascii_only = json.dumps(secret)[1:-1]
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {*inside, ascii_only, quote(secret, safe=""), quote_plus(secret), encoded}


def _secrets_of_address(value: str) -> list[str]:
    """What is secret of an address when the rest of it is left out: its path with its query, and its password."""
    scheme, found, rest = value.partition("://")
    if not found or not scheme.replace("+", "").isalnum():
        return []
    host, slash, path = rest.partition("/")
    password = host.rpartition("@")[0].partition(":")[2]
    parts = [slash + path if scheme in ("http", "https") else "", password, unquote(password)]
    return [part for part in parts if len(part) >= SHORTEST]


def _in_common(form: str, text: str, at: int) -> int:
    """How many characters of `form` stand in `text` at `at`."""
    count = 0
    for one, other in zip(form, text[at : at + len(form)], strict=False):
        if one != other:
            break
        count += 1
    return count


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
