"""Cases for programs: a case of a file as a value to run, and a case written in Python.

The one rule: they are the same cases that `recipe test` runs, by the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe_engine.core.plan import Plan
from recipe_engine.engine import Engine
from recipe_engine.errors import InvalidRecipe
from recipe_engine.plugin import Catalog
from recipe_engine.source import Document, load
from recipe_engine.testing.files import Loaded, run_one
from recipe_engine.testing.model import Case
from recipe_engine.testing.reading import read_cases
from recipe_engine.testing.report import CaseReport
from recipe_engine.testing.wording import case_in_words


class CaseFailed(AssertionError):
    """A case missed what it expects; the message shows all of it. `report` is the case's report."""

    def __init__(self, report: CaseReport) -> None:
        super().__init__("\n".join(case_in_words(report)))
        self.report = report


@dataclass(frozen=True)
class RecipeTest:
    """One case, ready to run. `str()` is its name, so that pytest shows it: `parametrize("case", cases, ids=str)`."""

    name: str
    plan: Plan
    case: Case
    catalog: Catalog
    line: int = 0

    def __str__(self) -> str:
        return self.name

    async def run(self) -> CaseReport:
        """What the case comes to."""
        report, _ = await run_one(self.plan, self.case, self.catalog, self.line)
        return report

    def check(self) -> CaseReport:
        """Run the case, outside of an event loop. Raises CaseFailed when it misses what it expects."""
        report = asyncio.run(self.run())
        if not report.passed:
            raise CaseFailed(report)
        return report


def load_cases(path: str | Path, *, engine: Engine | None = None) -> list[RecipeTest]:
    """The cases of a test file.

    Raises InvalidRecipe when the file or its recipe has errors.
    """
    loaded = Loaded(Path(path), engine or Engine())
    if loaded.plan is None or loaded.file is None:
        raise InvalidRecipe(str(path), loaded.problems, loaded.sources)
    both = zip(loaded.file.cases, loaded.file.lines, strict=True)
    return [RecipeTest(case.name, loaded.plan, case, loaded.catalog, line) for case, line in both]


async def run_case(
    recipe: str | Path | Document, case: Mapping[str, Any], *, engine: Engine | None = None
) -> CaseReport:
    """What a case written in Python comes to; it has the fields of a case in a test file, `name` may be left out.

    Raises InvalidRecipe when the recipe or the case has errors.
    """
    import json

    engine = engine or Engine()
    plan = engine.compile(recipe)
    text = json.dumps({"cases": [{"name": "case", **case}]}, ensure_ascii=False)
    document, problems = load(text, "the case")
    if document is not None:
        file, problems = read_cases(document)
        if file is not None:
            report, _ = await run_one(plan, file.cases[0], engine.catalog)
            return report
    raise InvalidRecipe("the case", problems, {"the case": text})
