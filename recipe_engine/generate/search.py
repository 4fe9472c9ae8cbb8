"""A small search: texts in, the best ones for a question out (BM25).

The one rule: an index is built from what it is given and kept by nobody; a thousand texts take some milliseconds.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recipe_engine.generate.words import words

# The usual constants: how soon a repeated word stops to count, how much a long text is held against it.
_SATURATION, _LENGTH = 1.4, 0.6
_BEGINNING, _ALIKE = 6, 0.6


@dataclass(frozen=True, slots=True)
class Hit:
    """A name that was found, and how well it fits."""

    name: str
    score: float


class Index:
    """An index of texts by name. Each text is a list of parts with the weight of their words."""

    def __init__(self, texts: Mapping[str, Iterable[tuple[str, float]]]) -> None:
        self._lengths: dict[str, float] = {}
        self._where: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for name, parts in texts.items():
            counts: Counter[str] = Counter()
            for text, weight in parts:
                for word in words(text):
                    counts[word] += weight  # type: ignore[assignment]  # weights are no whole numbers
            self._lengths[name] = sum(counts.values())
            for word, count in counts.items():
                self._where[word][name] = count
        self._average = sum(self._lengths.values()) / len(self._lengths) if self._lengths else 1.0

    def search(self, question: str, most: int) -> list[Hit]:
        """The best names for a question, the best first; names without any of its words are left out."""
        scores: defaultdict[str, float] = defaultdict(float)
        for word in set(words(question)):
            for name, score in self._scores(word).items():
                scores[name] += score
        return _ranked(scores)[:most]

    def _scores(self, word: str) -> dict[str, float]:
        found, trust = self._where.get(word), 1.0
        if found is None:
            # Verbs have many endings: what begins alike is taken for the same, with less weight.
            found, trust = self._alike(word), _ALIKE
        rarity = trust * math.log(1 + (len(self._lengths) - len(found) + 0.5) / (len(found) + 0.5))
        scores = {}
        for name, count in found.items():
            norm = _SATURATION * (1 - _LENGTH + _LENGTH * self._lengths[name] / self._average)
            scores[name] = rarity * count * (_SATURATION + 1) / (count + norm)
        return scores

    def _alike(self, word: str) -> dict[str, float]:
        if len(word) < _BEGINNING:
            return {}
        near: defaultdict[str, float] = defaultdict(float)
        for other, found in self._where.items():
            if other.startswith(word[:_BEGINNING]):
                for name, count in found.items():
                    near[name] += count
        return near


def _ranked(scores: Mapping[str, float]) -> list[Hit]:
    return [Hit(name, score) for name, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]
