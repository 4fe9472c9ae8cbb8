"""What a plain scalar means under the core schema of YAML 1.2, as far as JSON can hold it.

The one rule: only null, true, false and numbers are special; everything else (`on`, `no`, `12:30`, dates) is text.
Source: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_MAY_BE_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+|\+[0-9]{6,}", re.ASCII)
_MOST_DIGITS = 40  # beyond this many digits no number fits 64 bits, and converting would take long

Plain = str | int | float | bool | None


class NotANumberOfJson(ValueError):
    """The scalar is a number for YAML, but one that JSON cannot hold."""


def resolve(text: str) -> Plain:
    """The value of a plain scalar. Raises NotANumberOfJson for infinities, not-a-number and integers beyond 64 bits."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _MAY_BE_NUMBER else text


def _number(text: str) -> Plain:
    if _INTEGER.fullmatch(text):
        return _within_64_bits(text, 10)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise NotANumberOfJson
        return number
    if _OCTAL.fullmatch(text):
        return _within_64_bits(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return _within_64_bits(text[2:], 16)
    if _NOT_FINITE.fullmatch(text):
        raise NotANumberOfJson
    return text


def _within_64_bits(digits: str, base: int) -> int:
    if len(digits.lstrip("+-0")) > _MOST_DIGITS:
        raise NotANumberOfJson
    number = int(digits, base)
    if not -(2**63) <= number < 2**63:
        raise NotANumberOfJson
    return number


def loses_characters(text: str) -> bool:
    """Whether a plain integer reads as a number that is written differently: `0612345678`, `+33612345678`."""
    return _LEADING_ZERO.fullmatch(text) is not None
