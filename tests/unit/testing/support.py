"""Recipes and test files written into a folder, and what comes of them."""

from __future__ import annotations

from pathlib import Path

from recipe_engine.engine import Engine
from recipe_engine.testing import FileReport, run_file_async

# One for all tests: what is installed does not change.
ENGINE = Engine(env={})

HEAD = "slug: sample\nname: Sample\ndescription: Shows something.\ncategory: examples\n"


def written(folder: Path, recipe: str, tests: str) -> Path:
    """The test file, beside its recipe."""
    (folder / "sample.yml").write_text(HEAD + recipe, encoding="utf-8")
    path = folder / "sample.test.yml"
    path.write_text(tests, encoding="utf-8")
    return path


async def ran(folder: Path, recipe: str, tests: str) -> FileReport:
    """What a test file comes to."""
    path = written(folder, recipe, tests)
    return await run_file_async(path, engine=Engine(env={}, folder=folder, catalog=ENGINE.catalog))


def missed(report: FileReport) -> dict[str, list[tuple[str, str, str]]]:
    """What each case missed: path, expected, found."""
    assert report.valid, [f"{it.code} {it.message}" for it in report.diagnostics]
    return {case.name: [(miss.path, miss.expected, miss.found) for miss in case.misses] for case in report.cases}
