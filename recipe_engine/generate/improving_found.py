"""What a finding is, and the words that all of them are told in.

The one rule: a finding says how often of how many, and names runs to look at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recipe_engine.core.json import JSONObject
from recipe_engine.generate.improving_seen import Trouble

# Runs, or times, from which a share says something; and those from which "never" does.
FEW, MANY = 5, 20
# How many runs are named.
EXAMPLES = 3
_ADVICE = (
    (r"rate_limit|overloaded|timeout|connection|server_error|http_5\d\d|http_429",
     "retry it more often or with longer waits, and say with on_error what happens when it stays so"),
    (r"http_40[13]|unauthorized|forbidden|auth\w*", "check the connector's settings; only that helps for good"),
    (r"http_404|not_found", "ask whether it is there before it is used, or go on without it"),
    (r"invalid_output|no_answer_that_fits|truncated|context_too_long",
     "ask for less at once: a simpler output_schema, clearer instructions, or room for a longer answer"),
    (r"refused", "say in the prompt what the task is for, or have a prepared answer as fallback"),
    (r"limit_\w+", "raise the limit, or spend less in the step that uses it up"),
    (r"expression|undefined|type", "say with default() or `is defined` what holds when a value is missing"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that runs have shown. `where` is the step, empty for the recipe as a whole; `said` is a sentence for people;
    `evidence` has the numbers; `troubles` are failures whose messages others wrote; `runs` are some to look at. `advice` is
    what usually helps, empty where a change of the recipe does not."""

    kind: str
    where: str
    said: str
    evidence: JSONObject
    advice: str = ""
    line: int = 0
    runs: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    weight: float = 0.0

    @property
    def can_be_changed(self) -> bool:
        """Whether a change of the recipe may answer it."""
        return bool(self.advice)

    def to_json(self) -> JSONObject:
        """The finding as an object."""
        return {
            "kind": self.kind,
            "step": self.where or None,
            "line": self.line or None,
            "said": self.said,
            "evidence": self.evidence,
            "advice": self.advice or None,
            "runs": list(self.runs),
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings, what weighs most first, and what has to be known to read them."""

    found: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def advice_for(troubles: Sequence[Trouble]) -> str:
    """What usually helps against the most frequent of these failures."""
    for trouble in troubles:
        for pattern, advice in _ADVICE:
            if re.fullmatch(pattern, trouble.code):
                return advice
    return "say with on_error what takes its place when it fails, or keep it from failing"


def count(number: int, word: str) -> str:
    """`1 run`, `40 runs`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def out_of(number: int, all_: int) -> str:
    """`4 of 40 runs`."""
    return f"{number:,} of {count(all_, 'run')}"
