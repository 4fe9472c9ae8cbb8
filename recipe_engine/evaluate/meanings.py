"""Names and words that count as the same.

The one rule: accents, letter case, spaces and hyphens never make a difference; anything else only where the need's `also`
says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """A name in its one form: `Adresse e-mail` and `adresse_email` are the same."""
    ascii_ = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_WORD.sub("", ascii_)


class Meanings:
    """The names of one need that count as the same."""

    def __init__(self, also: Mapping[str, Sequence[str]]) -> None:
        self._groups: dict[str, set[str]] = {}
        for name, others in also.items():
            for word in (name, *others):
                self._groups.setdefault(plain(word), set()).add(plain(name))

    def same(self, one: str, other: str) -> bool:
        """Whether two names mean the same."""
        a, b = plain(one), plain(other)
        return a == b or not self._of(a).isdisjoint(self._of(b))

    def among(self, name: str, names: Iterable[str]) -> str | None:
        """The one of `names` that means `name`: itself before any other."""
        known = list(names)
        return name if name in known else next((other for other in known if self.same(name, other)), None)

    def _of(self, word: str) -> set[str]:
        return self._groups.get(word, {word})
