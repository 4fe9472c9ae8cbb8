"""One diagnostic code: what `recipe explain` prints about it. The one rule: a code's number never changes its meaning."""

from __future__ import annotations

from dataclasses import dataclass

from recipe_engine.diagnostics.diagnostic import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """The page of one code.

    `title` finishes the sentence "R204: ..." in a few words, lower case. `severity` is what `report` gives when its
    caller does not say otherwise. `explanation` is prose in Markdown. `bad` and `good` are the smallest texts
    that show the problem and its cure; either may be empty when no text can show it.
    """

    code: str
    title: str
    severity: Severity
    explanation: str
    bad: str
    good: str
