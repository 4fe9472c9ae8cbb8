"""Did you mean: the candidate that a misspelt word most likely stood for.

The one rule: rather no suggestion than a far-fetched one. Words are compared whole first, then word by word
(`slak.post` means `slack.post_message`, `contact_create` means `create_contact`), then by their beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Z]?[a-z0-9à-ÿ]+|[A-Z]+")
_SHORTEST_PREFIX = 3


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate closest to `word`, or None when none is close. Ties go to the first in alphabetical order."""
    scored = [(score, name) for name in set(candidates) - {word} if (score := _score(word, name)) is not None]
    return min(scored)[1] if scored else None


def _score(word: str, candidate: str) -> tuple[int, int] | None:
    """How far apart, the kind of likeness first; None when they are not alike."""
    written, meant = word.casefold(), candidate.casefold()
    distance = edit_distance(written, meant, _tolerance(written))
    if distance is not None:
        return 0, distance
    by_words = _words_apart(word, candidate)
    if by_words is not None:
        return 1, by_words
    if len(written) >= _SHORTEST_PREFIX and meant.startswith(written):
        return 2, len(meant) - len(written)
    return None


def _words_apart(word: str, candidate: str) -> int | None:
    """How far apart, when every word of the one is found, once, in the other, which has at most twice as many."""
    written, meant = _words(word), _words(candidate)
    fewer, more = sorted((written, meant), key=len)
    if len(more) < 2 or 2 * len(fewer) < len(more):
        return None
    total = abs(len(written) - len(meant)) * (2 if len(written) > len(meant) else 1)  # what was written, was meant
    for part in fewer:
        near = [(d, other) for other in more if (d := edit_distance(part, other, _tolerance(part))) is not None]
        if not near:
            return None
        distance, found = min(near)
        more.remove(found)
        total += distance
    return total


def _words(text: str) -> list[str]:
    return [part.casefold() for part in _WORD.findall(text)]


def _tolerance(word: str) -> int:
    """How many slips a word of this length forgives."""
    length = len(word)
    if length <= 2:
        return 0
    return 1 if length <= 5 else 2 if length <= 8 else 3


def edit_distance(a: str, b: str, at_most: int) -> int | None:
    """Insertions, deletions, replacements and swaps of neighbours from `a` to `b`; None above `at_most`."""
    if abs(len(a) - len(b)) > at_most:
        return None
    before, row = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > at_most:
            return None
    return row[-1] if row[-1] <= at_most else None
