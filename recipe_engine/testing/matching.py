"""Expected values against found ones.

The one rule: objects are compared by the fields that are expected, everything else exactly; a list has as many items as
were expected. What should be looser or stricter says so with a matcher: an object that has nothing but words of the table
below (`{contains: facture}`, `{gte: 1, lt: 5}`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import re2

from recipe_engine.core.json import JSON, JSONObject

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Miss:
    """One way in which a case missed what it expected: where (`output.type`), what was expected, what was found."""

    path: str
    expected: str
    found: str

    def to_json(self) -> JSONObject:
        """The miss as an object of three texts."""
        return {"path": self.path, "expected": self.expected, "found": self.found}


class _Nothing:
    """What is found where there is no value."""


NOTHING = _Nothing()


def misses(expected: JSON, found: object, path: str) -> list[Miss]:
    """Every way in which `found` is not as expected, in the order of the expectation; `path` begins their paths."""
    return list(_misses(expected, found, path))


def fits(expected: JSON, found: object) -> bool:
    """Whether `found` is as expected."""
    return next(_misses(expected, found, ""), None) is None


def is_matcher(expected: JSON) -> bool:
    """Whether an expected value is a matcher: an object that has nothing but words of matchers."""
    return isinstance(expected, dict) and bool(expected) and expected.keys() <= _MATCHERS.keys()


def bad_matchers(expected: JSON, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The matchers of an expected value that cannot work: where, and what is wrong."""
    if is_matcher(expected):
        for word, wanted in expected.items():
            problem = _MATCHERS[word].problem(wanted)
            if problem is not None:
                yield (*path, word), f"`{word}`: {problem}"
            elif word in ("contains", "not"):
                yield from bad_matchers(wanted, (*path, word))
    elif isinstance(expected, dict):
        for name, value in expected.items():
            yield from bad_matchers(value, (*path, name))
    elif isinstance(expected, list):
        for index, value in enumerate(expected):
            yield from bad_matchers(value, (*path, index))


def shown(value: object) -> str:
    """A value as messages show it: JSON, cut when it is long."""
    if value is NOTHING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _misses(expected: JSON, found: object, path: str) -> Iterator[Miss]:
    if is_matcher(expected):
        for word, wanted in expected.items():
            if word == "exactly":
                yield from _exact(wanted, found, path)
            elif not _MATCHERS[word].holds(wanted, found):
                yield Miss(path, _MATCHERS[word].words.format(shown(wanted)), shown(found))
    elif isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            yield from _misses(value, found.get(name, NOTHING), f"{path}.{name}" if path else name)
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield Miss(path, f"{_count(expected)}: {shown(expected)}", f"{_count(found)}: {shown(found)}")
            return
        for index, (value, item) in enumerate(zip(expected, found, strict=True)):
            yield from _misses(value, item, f"{path}[{index}]")
    elif not _same(expected, found):
        yield Miss(path, shown(expected), shown(found))


def _exact(expected: JSON, found: object, path: str) -> Iterator[Miss]:
    """The misses where nothing further may stand and nothing is a matcher, field by field as far as both have fields."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in [*expected, *(name for name in found if name not in expected)]:
            here = f"{path}.{name}" if path else name
            if name not in expected:
                yield Miss(here, "no such field", shown(found[name]))
            else:
                yield from _exact(expected[name], found.get(name, NOTHING), here)
    elif not _same(expected, found):
        yield Miss(path, f"exactly {shown(expected)}", shown(found))


def _same(expected: JSON, found: object) -> bool:
    """Equality of JSON: true is not 1, 1 is 1.0."""
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(_same(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(_same(one, two) for one, two in zip(expected, found, strict=True))
    return bool(expected == found)


def _count(items: list[JSON]) -> str:
    return f"{len(items)} item{'' if len(items) == 1 else 's'}"


# --- matchers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Matcher:
    """`holds(wanted, found)`; `problem` says what is wrong with `wanted`; `words` are for messages."""

    holds: Callable[[JSON, object], bool]
    problem: Callable[[JSON], str | None]
    words: str


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compared(holds: Callable[[float, float], bool], words: str) -> _Matcher:
    def both(wanted: JSON, found: object) -> bool:
        return isinstance(found, int | float) and not isinstance(found, bool) and holds(found, wanted)

    return _Matcher(both, lambda wanted: None if _number(wanted) else "a number is expected", words)


def _contains(wanted: JSON, found: object) -> bool:
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list) and any(fits(wanted, item) for item in found)


def _matches(wanted: JSON, found: object) -> bool:
    return isinstance(found, str) and re2.search(wanted, found) is not None


def _pattern_problem(wanted: JSON) -> str | None:
    if not isinstance(wanted, str):
        return "a pattern is expected, a text"
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(wanted, options)
    except re2.error as error:
        reason = error.args[0]
        return f"the pattern cannot be read: {reason.decode() if isinstance(reason, bytes) else reason}"
    return None


def _only_true(wanted: JSON) -> str | None:
    return None if wanted is True else "only `true` can stand here"


def _count_problem(wanted: JSON) -> str | None:
    return None if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted >= 0 else "a count is expected"


def _no_problem(_wanted: JSON) -> str | None:
    return None


_MATCHERS: Mapping[str, _Matcher] = MappingProxyType(
    {
        "contains": _Matcher(_contains, _no_problem, "something that contains {}"),
        "matches": _Matcher(_matches, _pattern_problem, "a text that matches {}"),
        "gt": _compared(lambda found, wanted: found > wanted, "more than {}"),
        "gte": _compared(lambda found, wanted: found >= wanted, "at least {}"),
        "lt": _compared(lambda found, wanted: found < wanted, "less than {}"),
        "lte": _compared(lambda found, wanted: found <= wanted, "at most {}"),
        "length": _Matcher(
            lambda wanted, found: isinstance(found, str | list) and len(found) == wanted,
            _count_problem,
            "a length of {}",
        ),
        "any": _Matcher(lambda _, found: found is not NOTHING and found is not None, _only_true, "any value"),
        "absent": _Matcher(lambda _, found: found is NOTHING or found is None, _only_true, "no value"),
        "not": _Matcher(lambda wanted, found: not fits(wanted, found), _no_problem, "anything but {}"),
        "exactly": _Matcher(_same, _no_problem, "exactly {}"),
    }
)
# Word, an example, and what fits: what the reference page shows.
MATCHER_DOCS: tuple[tuple[str, str, str], ...] = (
    ("contains", "facture", "A text with this part, or a list with an item that fits."),
    ("matches", '"^https://"', "A text with a part that fits the pattern (RE2)."),
    ("gt", "0", "A number that is larger. Also `gte`, `lt`, `lte`; several may stand together: `{gte: 1, lt: 5}`."),
    ("length", "3", "A list of so many items, or a text of so many characters."),
    ("any", "true", "Any value but null."),
    ("absent", "true", "No value, or null."),
    ("not", "{contains: erreur}", "A value that does not fit."),
    ("exactly", "{type: SUPPORT}", "This value and no further fields; nothing inside is a matcher."),
)
