"""A text that matches a pattern, as short and plain as possible.

The one rule: what is not understood gives None; whoever asks holds the text against the pattern anyway.
"""

from __future__ import annotations

import re

_CLASSES = {"d": "0", "w": "a", "s": " ", "S": "a", "D": "a", "W": "-"}
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}|[*+?]")


def matching(pattern: str) -> str | None:
    """A text for the pattern, or None."""
    try:
        text, end = _alternatives(pattern, 0)
    except (IndexError, ValueError):
        return None
    return text if end == len(pattern) else None


def _alternatives(pattern: str, at: int) -> tuple[str, int]:
    """The text of the first alternative from `at` on, and where the group ends."""
    text, at = _sequence(pattern, at)
    while at < len(pattern) and pattern[at] == "|":
        _, at = _sequence(pattern, at + 1)
    return text, at


def _sequence(pattern: str, at: int) -> tuple[str, int]:
    parts = []
    while at < len(pattern) and pattern[at] not in "|)":
        atom, at = _atom(pattern, at)
        found = _REPEAT.match(pattern, at)
        if found:
            at = found.end()
            if pattern[at : at + 1] == "?":
                at += 1
            least = int(found[1]) if found[1] else int(found[0] == "+")
            most = found[2] if found[1] else ""
            atom *= max(least, 1 if found[0] == "*" or most not in (None, "", "0") else least)
        parts.append(atom)
    return "".join(parts), at


def _atom(pattern: str, at: int) -> tuple[str, int]:
    sign = pattern[at]
    if sign in "^$":
        return "", at + 1
    if sign == ".":
        return "a", at + 1
    if sign == "\\":
        return _escaped(pattern, at)
    if sign == "[":
        return _set(pattern, at + 1)
    if sign == "(":
        return _group(pattern, at + 1)
    return sign, at + 1


def _group(pattern: str, at: int) -> tuple[str, int]:
    silent = pattern.startswith(("?=", "?!", "?<=", "?<!"), at)
    if pattern[at] == "?":
        at = pattern.index(">", at) + 1 if pattern.startswith(("?<", "?P<"), at) and not silent else at
        while pattern[at] in "?:=!<":
            at += 1
    text, end = _alternatives(pattern, at)
    if pattern[end] != ")":
        raise ValueError(pattern)
    return "" if silent else text, end + 1


def _escaped(pattern: str, at: int) -> tuple[str, int]:
    letter = pattern[at + 1]
    if letter in "bBAzZ":
        return "", at + 2
    if letter == "u":
        return chr(int(pattern[at + 2 : at + 6], 16)), at + 6
    if letter == "x":
        return chr(int(pattern[at + 2 : at + 4], 16)), at + 4
    if letter in "pP":
        return "A", pattern.index("}", at) + 1
    return _CLASSES.get(letter, {"n": "\n", "t": "\t", "r": "\r"}.get(letter, letter)), at + 2


def _set(pattern: str, at: int) -> tuple[str, int]:
    """A character of a set, a plain one of a set that says what is not in it."""
    denied = pattern[at] == "^"
    at += denied
    members: list[str] = []
    while pattern[at] != "]" or not members:
        member, at = _escaped(pattern, at) if pattern[at] == "\\" else (pattern[at], at + 1)
        members.append(member)
        if pattern[at] == "-" and pattern[at + 1] != "]":
            high, at = _escaped(pattern, at + 1) if pattern[at + 1] == "\\" else (pattern[at + 1], at + 2)
            members += [chr(code) for code in range(ord(member[:1] or "a") + 1, min(ord(high[:1] or "a"), 0x2FF) + 1)]
    if denied:
        return next(each for each in "a0A-_ .x" if each not in members), at + 1
    return next((each for each in ("0", "a", "A", "1") if each in members), members[0]), at + 1
