"""Functions with patterns (regular expressions).

The one rule: patterns run on RE2, whose time grows with the length of the text and never faster. So there are no
look-arounds and no back-references in a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.library.function import Function, function
from recipe_engine.expr.limits import check_text
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.types import ArrayT, IntT, NullT, ObjectT, StringT, Type, union

TITLE: Final = "Patterns"

_MAX_MEMORY: Final = 1 << 20
_LONGEST_PATTERN: Final = 1_000
_LARGEST_PROGRAM: Final = 5_000
# Characters times instructions that a step stands for, and characters to scan again for a further match.
_WORK_SHIFT: Final = 12
_REFERENCE = re.compile(r"\\(?:(\d{1,2})|g<(\w+)>|(\\))")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The compiled pattern, kept. Raises EvaluationError for what RE2 does not read."""
    import re2

    if len(pattern) > _LONGEST_PATTERN:
        raise EvaluationError("limit", f"the pattern is longer than {_LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        regex = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise EvaluationError("argument", f"the pattern {pattern!r} cannot be read: {reason}") from error
    if regex.programsize > _LARGEST_PROGRAM:
        raise EvaluationError("limit", f"the pattern {pattern!r} is too large")
    return regex


def matches(frame: Frame, value: str, pattern: str) -> Iterator[Any]:
    """The matches in a text, the steps of finding them counted."""
    regex = compiled(pattern)
    frame.spend((len(value) * regex.programsize) >> _WORK_SHIFT)
    for found in regex.finditer(value):
        frame.spend(1 + ((len(value) - found.end()) >> _WORK_SHIFT))
        yield found


def is_matching(frame: Frame, value: str, pattern: str) -> bool:
    """Whether the pattern is found in the text."""
    return next(matches(frame, value, pattern), None) is not None


def _match(frame: Frame, value: str, pattern: str) -> dict[str, Any] | None:
    found = next(matches(frame, value, pattern), None)
    if found is None:
        return None
    named = compiled(pattern).groupindex
    return {
        "text": found.group(),
        "start": found.start(),
        "end": found.end(),
        "groups": list(found.groups()),
        "named": {name: found.group(index) for name, index in named.items()},
    }


_PART: Final = union(StringT(), NullT())
_MATCH_FIELDS: Final[dict[str, Type]] = {
    "text": StringT(),
    "start": IntT(),
    "end": IntT(),
    "groups": ArrayT(_PART),
    "named": ObjectT(open=True, rest=_PART),
}
_MATCH: Final = union(ObjectT(_MATCH_FIELDS, frozenset(_MATCH_FIELDS)), NullT())


def _capture(frame: Frame, value: str, pattern: str, group: int) -> str | None:
    found = next(matches(frame, value, pattern), None)
    if found is None:
        return None
    if not 0 <= group <= compiled(pattern).groups:
        raise EvaluationError("argument", f"capture: the pattern has no group {group}")
    text: str | None = found.group(group)
    return text


def _find_all(frame: Frame, value: str, pattern: str) -> list[str]:
    group = min(compiled(pattern).groups, 1)
    return [found.group(group) or "" for found in matches(frame, value, pattern)]


def _replace_regex(frame: Frame, value: str, pattern: str, new: str) -> str:
    regex = compiled(pattern)
    template = _template(new, regex)
    parts: list[str] = []
    position = size = 0
    for found in matches(frame, value, pattern):
        written = [part if isinstance(part, str) else found.group(part) or "" for part in template]
        parts += [value[position : found.start()], *written]
        size += found.start() - position + sum(map(len, written))
        check_text(size)
        position = found.end()
    return "".join([*parts, value[position:]])


def _template(new: str, regex: Any) -> list[str | int]:
    """The parts of a replacement: texts, and numbers of groups."""
    parts: list[str | int] = []
    position = 0
    for reference in _REFERENCE.finditer(new):
        parts.append(new[position : reference.start()])
        number, name, backslash = reference.groups()
        position = reference.end()
        if backslash:
            parts.append("\\")
            continue
        group = int(number) if number else int(name) if name.isdigit() else regex.groupindex.get(name, -1)
        if not 0 <= group <= regex.groups:
            raise EvaluationError("argument", f"replace_regex: the pattern has no group {number or name}")
        parts.append(group)
    return [*parts, new[position:]]


def _split_regex(frame: Frame, value: str, pattern: str) -> list[str]:
    parts: list[str] = []
    position = 0
    for found in matches(frame, value, pattern):
        if found.end() > found.start():
            parts.append(value[position : found.start()])
            position = found.end()
    return [*parts, value[position:]]


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "match(value: text, pattern: text) -> object | null",
        "The first place where the pattern is found: `text`, `start`, `end`, `groups` and `named` groups. Null when it is "
        "not found. Patterns are RE2's: `(?i)` ignores capitals.",
        ("('Ticket #42' | match('#([0-9]+)')).groups[0]", "42"),
        _match,
        contextual=True,
        returns=_MATCH,
    ),
    function(
        "capture(value: text, pattern: text, group: int = 1) -> text | null",
        "The text of a group where the pattern is first found, null when it is not found. Group 0 is the whole.",
        ("'Commande FR-1234' | capture('FR-([0-9]+)')", "1234"),
        _capture,
        contextual=True,
    ),
    function(
        "find_all(value: text, pattern: text) -> list[text]",
        "Every text that the pattern finds; of its first group, when it has one.",
        ("'#a et #b' | find_all('#([a-z]+)')", ["a", "b"]),
        _find_all,
        contextual=True,
    ),
    function(
        "replace_regex(value: text, pattern: text, new: text) -> text",
        "Everything that the pattern finds replaced. In `new`, \\1 or \\g<name> stand for groups.",
        ("'2026-11-20' | replace_regex('([0-9]+)-([0-9]+)-([0-9]+)', '\\3/\\2/\\1')", "20/11/2026"),
        _replace_regex,
        contextual=True,
    ),
    function(
        "split_regex(value: text, pattern: text) -> list[text]",
        "The parts between what the pattern finds.",
        ("'a, b;c' | split_regex('[,;] *')", ["a", "b", "c"]),
        _split_regex,
        contextual=True,
    ),
)
