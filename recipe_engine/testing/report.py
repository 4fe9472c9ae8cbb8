"""What tests came to: of a case, of a file, of all files.

The one rule: plain data that renderers read; nothing here prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recipe_engine.core.json import JSONObject
from recipe_engine.diagnostics import Diagnostic
from recipe_engine.plugin import Effect
from recipe_engine.testing.coverage import Coverage
from recipe_engine.testing.matching import Miss


@dataclass(frozen=True, slots=True)
class StepLine:
    """A line of the story of a run: when a step began (seconds after the start), and what became of it."""

    at: float
    path: str
    status: str
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What a case came to. `misses` is empty when it passed; times are seconds, real and virtual."""

    name: str
    line: int
    misses: tuple[Miss, ...]
    story: tuple[StepLine, ...]
    effects: tuple[Effect, ...]
    seconds: float
    virtual_seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.misses

    def to_json(self) -> JSONObject:
        """The report as an object."""
        return {
            "name": self.name,
            "line": self.line,
            "passed": self.passed,
            "misses": [miss.to_json() for miss in self.misses],
            "effects": [{"connector": it.connector, "action": it.action, "data": it.data} for it in self.effects],
            "seconds": round(self.seconds, 4),
            "virtual_seconds": self.virtual_seconds,
        }


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a test file came to. With errors among `diagnostics` (of the file or of its recipe) no case was run. `chosen`
    says that only some of its cases were, so that its coverage means nothing."""

    path: Path
    recipe: str
    cases: tuple[CaseReport, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    coverage: Coverage | None = None
    chosen: bool = False

    @property
    def valid(self) -> bool:
        """Whether file and recipe could be read."""
        return not any(problem.severity == "error" for problem in self.diagnostics)

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return self.valid and all(case.passed for case in self.cases)

    def to_json(self) -> JSONObject:
        """The report as an object."""
        return {
            "file": str(self.path),
            "recipe": self.recipe,
            "valid": self.valid,
            "passed": self.passed,
            "cases": [case.to_json() for case in self.cases],
            "coverage": None if self.coverage is None or self.chosen else self.coverage.to_json(),
            "diagnostics": [
                {
                    "code": problem.code,
                    "severity": problem.severity,
                    "message": problem.message,
                    "file": problem.file,
                    "line": problem.span.line,
                    "column": problem.span.column,
                    "hint": problem.hint,
                }
                for problem in self.diagnostics
            ],
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """All files together."""

    files: int
    cases: int
    failed: int
    invalid: int
    seconds: float
    virtual_seconds: float


def totals(reports: Iterable[FileReport]) -> Totals:
    """The sums of reports."""
    found = list(reports)
    cases = [case for report in found for case in report.cases]
    return Totals(
        files=len(found),
        cases=len(cases),
        failed=sum(not case.passed for case in cases),
        invalid=sum(not report.valid for report in found),
        seconds=sum(case.seconds for case in cases),
        virtual_seconds=sum(case.virtual_seconds for case in cases),
    )
