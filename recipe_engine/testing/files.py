"""Runs test files: finds them, reads them, runs their cases, sums up what they cover.

The one rule: a file is run whole or not at all; with an error in it, or in its recipe, no case is run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from recipe_engine.core.plan import BETWEEN, Plan
from recipe_engine.diagnostics import Diagnostic
from recipe_engine.engine import Engine
from recipe_engine.errors import InvalidRecipe, RecipeError
from recipe_engine.plugin import Catalog
from recipe_engine.source import Document, load_file
from recipe_engine.testing.coverage import Coverage, covered_by, points_of
from recipe_engine.testing.judging import judge
from recipe_engine.testing.model import Case, CaseFile
from recipe_engine.testing.reading import SUFFIXES, hold_against, no_recipe, read_cases, recipe_path
from recipe_engine.testing.report import CaseReport, FileReport, StepLine
from recipe_engine.testing.running import Outcome, run

Chosen = Callable[[str], bool]


class NoTests(RecipeError):
    """There is nothing to run."""


def find_files(targets: Iterable[str | Path], engine: Engine) -> list[Path]:
    """The test files that the targets mean, each once: test files, recipes (by path or slug) that have one, folders.

    Raises NoTests when a target has none, RecipeNotFound for a name that means nothing.
    """
    found: list[Path] = []
    for target in targets:
        path = Path(target)
        if path.is_dir():
            inside = sorted(file for suffix in SUFFIXES for file in path.rglob(f"*{suffix}") if not _hidden(file, path))
            if not inside:
                raise NoTests(
                    f"there is no test file below {path}",
                    "the tests of quote.yml are in quote.test.yml beside it; see `recipe docs test-a-recipe`",
                )
            found += inside
        elif path.name.endswith(SUFFIXES):
            if not path.is_file():
                raise NoTests(f"there is no test file {path}")
            found.append(path)
        else:
            found.append(_tests_of(engine.library.find(target)))
    return list(dict.fromkeys(found))


def run_file(path: str | Path, *, engine: Engine | None = None, chosen: Chosen | None = None) -> FileReport:
    """What a test file comes to. `chosen` says by its name whether a case is run. For programs without an event loop."""
    return asyncio.run(run_file_async(path, engine=engine, chosen=chosen))


async def run_file_async(path: str | Path, *, engine: Engine | None = None, chosen: Chosen | None = None) -> FileReport:
    """`run_file` inside of an event loop."""
    loaded = load(path, engine or Engine())
    if loaded.plan is None or loaded.file is None:
        return FileReport(loaded.path, loaded.recipe, (), tuple(loaded.problems), loaded.sources)
    coverage = Coverage(points_of(loaded.plan))
    reports: list[CaseReport] = []
    skipped = 0
    for case, line in zip(loaded.file.cases, loaded.file.lines, strict=True):
        if chosen is not None and not chosen(case.name):
            skipped += 1
            continue
        report, outcome = await run_one(loaded.plan, case, loaded.catalog, line)
        reports.append(report)
        coverage.covered |= covered_by(loaded.plan, outcome.journal)
    return FileReport(
        loaded.path, loaded.recipe, tuple(reports), tuple(loaded.problems), loaded.sources, coverage, skipped > 0
    )


class _Sandboxed(Collection[str]):
    """The names of the connectors that have a sandbox. Whether one is among them is asked without loading the others."""

    def __init__(self, catalog: Catalog) -> None:
        self._connectors = catalog.connectors

    def __contains__(self, name: object) -> bool:
        connector = self._connectors.get(name) if isinstance(name, str) else None
        return connector is not None and connector.sandbox is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name, connector in self._connectors.items() if connector.sandbox)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Loaded:
    """A test file that was read with its recipe; `plan` and `file` are None when one of them has errors."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self.recipe = ""
        self.catalog: Catalog = engine.catalog
        self.file: CaseFile | None = None
        self.plan: Plan | None = None
        self.sources: dict[str, str] = {}
        document, self.problems = load_file(path)
        if document is not None:
            self.sources[document.file] = document.text
            self._read(document, engine)

    def _read(self, document: Document, engine: Engine) -> None:
        file, problems = read_cases(document)
        self.problems += problems
        named = document.data.get("recipe")
        recipe = recipe_path(self.path, named if isinstance(named, str) else None)
        self.recipe = str(recipe)
        if not recipe.is_file():
            self.problems.append(no_recipe(document, recipe))
            return
        plan, of_recipe = _compiled(engine, recipe)
        self.sources.update(engine.texts)
        self.problems += of_recipe
        if file is None or plan is None:
            return
        against = hold_against(document, plan, _Sandboxed(self.catalog))
        self.problems += against
        if not against:
            self.file, self.plan = file, plan


def _compiled(engine: Engine, recipe: Path) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of a recipe; None when it has errors, and these."""
    try:
        return engine.compile(recipe), []
    except InvalidRecipe as invalid:
        return None, [problem for problem in invalid.diagnostics if problem.severity == "error"]


def load(path: str | Path, engine: Engine) -> Loaded:
    """A test file and the plan of its recipe, with everything that is wrong with either."""
    return Loaded(Path(path), engine)


def check_file(path: str | Path, engine: Engine | None = None) -> list[Diagnostic]:
    """Everything that is wrong with a test file and its recipe; nothing is run."""
    return load(path, engine or Engine()).problems


async def run_one(plan: Plan, case: Case, catalog: Catalog, line: int = 0) -> tuple[CaseReport, Outcome]:
    """What one case comes to."""
    outcome = await run(plan, case, catalog)
    report = CaseReport(
        name=case.name,
        line=line,
        misses=tuple(judge(case.expect, outcome)),
        story=tuple(_story(outcome)),
        effects=tuple(outcome.effects),
        seconds=outcome.seconds,
        virtual_seconds=outcome.virtual_seconds,
    )
    return report, outcome


def _story(outcome: Outcome) -> Iterator[StepLine]:
    state = outcome.state
    if state is None or state.started_at is None:
        return
    for step in state.steps.values():
        if step.status != "pending" and step.started_at is not None and step.step.type != BETWEEN:
            error = f"{step.error.title} [{step.error.code}]" if step.error else None
            yield StepLine(step.started_at - state.started_at, step.path, step.status, step.attempts, error)


def _tests_of(recipe: Path) -> Path:
    for suffix in SUFFIXES:
        path = recipe.with_name(f"{recipe.stem}{suffix}")
        if path.is_file():
            return path
    expected = recipe.with_name(f"{recipe.stem}{SUFFIXES[0]}")
    raise NoTests(f"{recipe} has no tests", f"write them in {expected}; see `recipe docs test-a-recipe`")


def _hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)
