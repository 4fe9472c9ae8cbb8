"""The order in which diagnostics are shown, and their counts."""

from __future__ import annotations

from collections.abc import Iterable

from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity

_WEIGHT: dict[Severity, int] = {"error": 0, "warning": 1, "advice": 2}


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file (in the order in which they first appear), position, severity, code."""
    found = list(diagnostics)
    files = {file: place for place, file in enumerate(dict.fromkeys(item.file for item in found))}
    return sorted(found, key=lambda item: (files[item.file], item.span, _WEIGHT[item.severity], item.code))


def count(diagnostics: Iterable[Diagnostic]) -> dict[Severity, int]:
    """How many there are of each severity."""
    counts: dict[Severity, int] = {"error": 0, "warning": 0, "advice": 0}
    for item in diagnostics:
        counts[item.severity] += 1
    return counts
