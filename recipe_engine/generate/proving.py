"""Proves a draft: it is formatted, checked, and its tests are run, all in memory.

The one rule: a draft passes when there is no error, every case passes and says what it expects, and enough is covered.
What is wrong is told in as few words as a model needs to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recipe_engine.core.plan import Plan
from recipe_engine.diagnostics import Diagnostic
from recipe_engine.engine import Engine
from recipe_engine.fmt import format_text
from recipe_engine.generate.prompt import LEAST_COVERAGE
from recipe_engine.source import Document, load
from recipe_engine.testing.coverage import Coverage, covered_by, points_of
from recipe_engine.testing.files import run_one
from recipe_engine.testing.reading import hold_against, read_cases
from recipe_engine.testing.report import CaseReport
from recipe_engine.testing.wording import case_in_words

_MOST_PROBLEMS, _MOST_CASES, _LONGEST_CASE = 15, 6, 1_800


@dataclass(frozen=True, slots=True)
class Draft:
    """A recipe and its tests as texts."""

    recipe: str
    tests: str


@dataclass(slots=True)
class Proof:
    """What a draft came to. `draft` is in canonical form where it could be read; `plan` is None when it has errors.
    `gaps` are sentences about what is missing."""

    draft: Draft
    recipe_problems: list[Diagnostic] = field(default_factory=list)
    test_problems: list[Diagnostic] = field(default_factory=list)
    cases: list[CaseReport] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    plan: Plan | None = None
    coverage: Coverage | None = None

    @property
    def passed(self) -> bool:
        """Whether the draft may be handed over."""
        return not (self.errors or self.gaps) and bool(self.cases) and all(case.passed for case in self.cases)

    @property
    def errors(self) -> list[Diagnostic]:
        """Problems that keep recipe or tests from being run."""
        return [problem for problem in (*self.recipe_problems, *self.test_problems) if problem.severity == "error"]

    @property
    def warnings(self) -> list[Diagnostic]:
        """What the checker advises against in the recipe."""
        return [problem for problem in self.recipe_problems if problem.severity != "error"]

    def in_words(self) -> str:
        """What is wrong, for a model or a person: problems with their lines, failed cases with what happened."""
        return "\n".join(_in_words(self))


async def prove(draft: Draft, engine: Engine, folder: Path) -> Proof:
    """What a draft comes to; `folder` is where it will stand, and where recipes that it calls are looked for."""
    document, proof = _read_recipe(draft, engine, folder)
    if not draft.recipe.strip():
        proof.gaps.append("there is no recipe")
    if not draft.tests.strip():
        proof.gaps.append("there are no tests")
    tests, problems = load(draft.tests, "tests") if draft.tests.strip() else (None, [])
    proof.test_problems += problems
    if tests is not None:
        await _run_tests(tests, proof, engine)
    if document is not None and proof.coverage is not None:
        _look_at_coverage(proof.coverage, proof)
    return proof


def _read_recipe(draft: Draft, engine: Engine, folder: Path) -> tuple[Document | None, Proof]:
    if not draft.recipe.strip():
        return None, Proof(draft)
    formatted, problems = format_text(draft.recipe, "recipe")
    proof = Proof(Draft(formatted or draft.recipe, draft.tests))
    # The name of the file decides where recipes that it calls are looked for.
    document, problems = load(proof.draft.recipe, str(folder / "recipe.yml"))
    proof.recipe_problems += problems
    if document is not None:
        proof.recipe_problems += engine.check(document)
        if not proof.errors:
            proof.plan = engine.compile(document)
    return document, proof


async def _run_tests(tests: Document, proof: Proof, engine: Engine) -> None:
    file, problems = read_cases(tests)
    proof.test_problems += problems
    if file is None or proof.plan is None:
        return
    sandboxed = {name for name, connector in engine.catalog.connectors.items() if connector.sandbox is not None}
    proof.test_problems += hold_against(tests, proof.plan, sandboxed)
    if proof.errors:
        return
    proof.coverage = Coverage(points_of(proof.plan))
    for case, line in zip(file.cases, file.lines, strict=True):
        report, outcome = await run_one(proof.plan, case, engine.catalog, line)
        proof.cases.append(report)
        proof.coverage.covered |= covered_by(proof.plan, outcome.journal)
    proof.gaps += _without_expectations(tests)


def _without_expectations(tests: Document) -> Iterator[str]:
    """A case that expects nothing proves nothing."""
    if (tests.data.get("defaults") or {}).get("expect"):
        return
    for case in tests.data["cases"]:
        if not case.get("expect"):
            yield f"the case `{case.get('name')}` expects nothing: say what it shows under `expect`"


def _look_at_coverage(coverage: Coverage, proof: Proof) -> None:
    if coverage.percent < LEAST_COVERAGE:
        missing = "; ".join(f"line {point.line}, {point.what}" for point in coverage.missing[:_MOST_PROBLEMS])
        proof.gaps.append(
            f"the tests take {coverage.percent:.0f} % of the steps and ways, {LEAST_COVERAGE} % are asked; not taken: {missing}"
        )


# --- in words ---------------------------------------------------------------------------------------------------------


def _in_words(proof: Proof) -> Iterator[str]:
    yield from _problems("recipe", proof.recipe_problems, proof.draft.recipe)
    yield from _problems("tests", proof.test_problems, proof.draft.tests)
    failed = [case for case in proof.cases if not case.passed]
    for case in failed[:_MOST_CASES]:
        text = "\n".join(case_in_words(case))
        yield text if len(text) <= _LONGEST_CASE else f"{text[:_LONGEST_CASE]}\n        ..."
    if len(failed) > _MOST_CASES:
        yield f"... and {len(failed) - _MOST_CASES} further cases fail"
    yield from proof.gaps


def _problems(what: str, problems: list[Diagnostic], text: str) -> Iterator[str]:
    lines = text.splitlines()
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    for problem in ordered[:_MOST_PROBLEMS]:
        hint = f" ({problem.hint})" if problem.hint else ""
        yield f"{what}, line {problem.span.line}: {problem.severity} {problem.code}: {problem.message}{hint}"
        if 0 < problem.span.line <= len(lines):
            yield f"    {lines[problem.span.line - 1].strip()[:120]}"
    if len(problems) > _MOST_PROBLEMS:
        yield f"... and {len(problems) - _MOST_PROBLEMS} further problems in the {what}"
