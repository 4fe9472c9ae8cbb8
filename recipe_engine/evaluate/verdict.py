"""What needs came to: plain data that the command prints and programs read.

The one rule: a need passes at its first hand-over or not at all; how many rounds that took is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from recipe_engine.core.json import JSONObject
from recipe_engine.testing.matching import Miss
from recipe_engine.testing.report import CaseReport

# passed, failed: handed over, and judged. draft: nothing that passes its own tests came of it. refused: it was said
# that the need cannot be met, wrongly. unanswered: the model gave no answer (yet). stopped: the money was spent before.
Result = Literal["passed", "failed", "draft", "refused", "unanswered", "stopped"]
JUDGED: frozenset[Result] = frozenset({"passed", "failed", "draft", "refused"})


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What a scenario came to. `left_out` are fields it gives that the recipe does not have."""

    report: CaseReport
    left_out: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.report.passed

    def to_json(self) -> JSONObject:
        """The result as an object."""
        return {**self.report.to_json(), "left_out": list(self.left_out)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a need came to. `misses` are about the recipe or the refusal itself, `why` says what kept it from being judged.
    `cost` is in US dollars, with what was paid in earlier sittings."""

    need: str
    language: str
    level: str
    result: Result
    misses: tuple[Miss, ...] = ()
    scenarios: tuple[ScenarioResult, ...] = ()
    why: str = ""
    rounds: int = 0
    cost: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    made: JSONObject = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether it is as expected."""
        return self.result == "passed"

    @property
    def reason(self) -> str:
        """Why it did not pass, in a line; empty when it did."""
        if self.why:
            return self.why.partition("\n")[0]
        for miss in self.misses:
            return f"{miss.path}: expected {miss.expected}, found {miss.found}"
        for scenario in self.scenarios:
            for miss in scenario.report.misses:
                return f"{scenario.report.name}: {miss.path}: expected {miss.expected}, found {miss.found}"
        return ""

    def to_json(self) -> JSONObject:
        """The verdict as an object."""
        return {
            "need": self.need,
            "language": self.language,
            "level": self.level,
            "result": self.result,
            "why": self.why,
            "misses": [miss.to_json() for miss in self.misses],
            "scenarios": [scenario.to_json() for scenario in self.scenarios],
            "rounds": self.rounds,
            "cost": round(self.cost, 6),
            "tokens": self.tokens,
            "seconds": round(self.seconds, 3),
            "made": self.made,
        }


def totals(verdicts: Iterable[Verdict]) -> JSONObject:
    """The sums: how many passed, of how many judged, how many of them in one round, and by language and level."""
    found = list(verdicts)
    judged = [verdict for verdict in found if verdict.result in JUDGED]
    passed = [verdict for verdict in judged if verdict.passed]
    return {
        "needs": len(found),
        "judged": len(judged),
        "passed": len(passed),
        "share": _share(judged),
        "in_one_round": sum(verdict.rounds == 1 for verdict in passed),
        "rounds": round(sum(verdict.rounds for verdict in judged) / len(judged), 2) if judged else None,
        "cost": round(sum(verdict.cost for verdict in found), 6),
        "tokens": sum(verdict.tokens for verdict in found),
        "by_language": {
            name: _share(it for it in judged if it.language == name) for name in _names(judged, "language")
        },
        "by_level": {name: _share(it for it in judged if it.level == name) for name in _names(judged, "level")},
    }


def _share(verdicts: Iterable[Verdict]) -> float | None:
    """The share that passed, from 0 to 1; None of none."""
    all_ = [verdict.passed for verdict in verdicts]
    return round(sum(all_) / len(all_), 4) if all_ else None


def _names(verdicts: Iterable[Verdict], field_: str) -> list[str]:
    return list(dict.fromkeys(getattr(verdict, field_) for verdict in verdicts))
