"""Words of a need and of the catalog, brought into one form: small letters, no accents, stems, one word per meaning.

The one rule: a need in French finds what is described in English. The tables are data (synonyms.txt, stop_words.txt, general_words.txt).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_WORD = re.compile(r"[A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Longest first: what is cut from the end of a word, when enough of it is left.
_ENDINGS = (
    "issements",
    "issement",
    "ements",
    "ement",
    "ations",
    "ation",
    "ings",
    "ing",
    "ees",
    "ers",
    "er",
    "ee",
    "es",
    "ed",
)
_SHORTEST = 3


def words(text: str) -> list[str]:
    """The words of a text in their one form; stop words, numbers and single letters left out."""
    return [form for word in _said(text) for form in _forms(word)]


def telling_words(text: str) -> list[str]:
    """The words of a text that call for something by themselves, in their one form."""
    told = (word for word in _said(text) if _stem(word) not in _general_words())
    return [form for word in told for form in _forms(word) if form not in _general_words()]


def _said(text: str) -> Iterator[str]:
    """Every word, those with capitals inside also in their parts: HubSpot is hubspot, hub and spot."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    for written in _WORD.findall(plain):
        parts = _CAMEL.sub(" ", written).split()
        for word in (each.lower() for each in (written, *(parts if len(parts) > 1 else ()))):
            if len(word) > 1 and not word.isdigit() and word not in _stop_words():
                yield word


def _forms(word: str) -> Iterator[str]:
    """What a word counts as: its stem, and the word for its meaning where the table has one."""
    stem = _stem(word)
    yield stem
    meaning = _meanings().get(stem)
    if meaning is not None and meaning != stem:
        yield meaning


def is_ordinary(word: str) -> bool:
    """Whether a word is one of the language, and no name."""
    return _stem(word) in _meanings()


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word for line in _lines("stop_words.txt") for word in line.split())


@cache
def _general_words() -> frozenset[str]:
    return frozenset(_stem(word) for line in _lines("general_words.txt") for word in line.split())


@cache
def _meanings() -> Mapping[str, str]:
    """The word that stands for a group of words, by the stem of each."""
    table: dict[str, str] = {}
    for line in _lines("synonyms.txt"):
        group = line.split()
        table |= {_stem(word): _stem(group[0]) for word in group}
    return MappingProxyType(table)


def _lines(name: str) -> list[str]:
    """The lines of a table, comments left out."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _stem(word: str) -> str:
    """A word without the ending of its plural or its verb. Crude, and the same for both languages."""
    if word.endswith("aux") and len(word) > 5:
        word = word[:-3] + "al"
    elif word.endswith(("s", "x")) and not word.endswith("ss") and len(word) > _SHORTEST:
        word = word[:-1]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST + 1:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > _SHORTEST + 1 else word
