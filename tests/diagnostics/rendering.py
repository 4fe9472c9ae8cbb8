"""What `recipe check` shows of an example."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from recipe_engine import source
from recipe_engine.compile import check, lower
from recipe_engine.diagnostics import Diagnostic, render
from recipe_engine.source import Document
from recipe_engine.testing.reading import hold_against, no_recipe, read_cases, recipe_path
from tests.unit.compile.support import CATALOG

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("R*.yml"))


def rendered(case: Path) -> str:
    """The text that is shown of a case."""
    return render.text(_check(case), {case.name: case.read_text(encoding="utf-8")}, color=False)


def codes_of(case: Path) -> set[str]:
    """The codes of what is shown of a case."""
    return {item.code for item in _check(case)}


def _check(case: Path) -> list[Diagnostic]:
    text = case.read_text(encoding="utf-8")
    document, diagnostics = source.load(text, case.name)
    if document is None or case.name.startswith("R1"):
        # What the reader of YAML says stands by itself: these texts are no whole recipes.
        return diagnostics
    if case.name.startswith("R7"):
        return diagnostics + _check_tests(case, document)
    return diagnostics + check(document, CATALOG, settings=_settings(text), resolve_recipe=_resolve).diagnostics


def _check_tests(case: Path, document: Document) -> list[Diagnostic]:
    """What is said of a file of tests, whose recipe is one of those beside the cases."""
    cases, found = read_cases(document)
    if cases is None:
        return found
    path = recipe_path(case, cases.recipe)
    if not path.is_file():
        return [replace(no_recipe(document, path), message=f"there is no recipe {path.name}")]
    recipe, _ = source.load(path.read_text(encoding="utf-8"), path.name)
    assert recipe is not None
    return found + hold_against(document, lower(recipe, CATALOG), ["desk"])


def _settings(text: str) -> dict[str, str] | None:
    first = text.partition("\n")[0]
    if not first.startswith("# settings:"):
        return None
    pairs = first.removeprefix("# settings:").split()
    return dict(pair.split("=", 1) for pair in pairs)


def _resolve(slug: str) -> Document | None:
    for folder in (HERE / "recipes", HERE / "cases"):
        path = folder / f"{slug}.yml"
        if path.is_file():
            document, _ = source.load(path.read_text(encoding="utf-8"), path.name)
            return document
    return None
