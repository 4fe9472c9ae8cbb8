"""`recipe test`: the tests of recipes, offline and in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recipe_engine.testing import FileReport

_PASSED, _FAILED, _INVALID = 0, 1, 2
_STYLES = {"good": {"fg": "green"}, "bad": {"fg": "red"}, "warn": {"fg": "yellow"}, "dim": {"dim": True}}


@click.command(
    cls=RecipeCommand,
    example="""
    recipe test                                   every *.test.yml below recipes/ (or the working folder)
    recipe test recipes/quote.yml -k urgent       the cases of one recipe whose names contain `urgent`
    recipe test --coverage --min-coverage 100     say what no case covers; fail below 100 %
    recipe test --format junit > tests.xml        in continuous integration
    """,
)
@click.argument("targets", nargs=-1, metavar="[PATH]...")
@click.option("-k", "word", metavar="TEXT", help="Only cases whose name contains TEXT (any letter case).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    help="For people, or for programs.",
)
@click.option("--coverage", is_flag=True, help="List the steps and branches that no case covers.")
@click.option(
    "--min-coverage", type=click.FloatRange(0, 100), metavar="PERCENT", help="Fail when a recipe is covered less."
)
def test(targets: tuple[str, ...], word: str | None, form: str, coverage: bool, min_coverage: float | None) -> int:
    """Run the tests of recipes: test files, recipes (paths or slugs), or folders.

    Vendors are sandboxes, the model answers from the case, and time is virtual: nothing is sent, ten days pass in
    milliseconds, and the environment is not read. Exit code 0 when all cases passed, 1 when one failed or too little is
    covered, 2 when a file or its recipe has errors, or there is nothing to run.
    """
    from pathlib import Path

    from recipe_engine.engine import Engine
    from recipe_engine.testing import find_files, run_file

    if word is not None and min_coverage is not None:
        raise click.UsageError("-k and --min-coverage exclude each other: some of the cases cover some of the recipe")
    engine = Engine(env={})
    files = find_files(targets or ["recipes" if Path("recipes").is_dir() else "."], engine)
    wanted = None if word is None else word.casefold()
    reports: list[FileReport] = []
    for file in files:
        chosen = None if wanted is None else lambda name: wanted in name.casefold()
        reports.append(run_file(file, engine=engine, chosen=chosen))
        if form == "text" and (reports[-1].cases or not reports[-1].valid):
            _tell(reports[-1], coverage=coverage or min_coverage is not None)
    too_little = _too_little(reports, min_coverage)
    if not any(report.cases or not report.valid for report in reports):
        raise click.UsageError(f"no case of {len(files)} file(s) has {word!r} in its name")
    _sum_up(reports, form, too_little)
    if any(not report.valid for report in reports):
        return _INVALID
    return _FAILED if too_little or not all(report.passed for report in reports) else _PASSED


def _tell(report: FileReport, *, coverage: bool) -> None:
    """One file, as soon as it is done."""
    from recipe_engine.cli.show.colour import in_colour
    from recipe_engine.diagnostics import render
    from recipe_engine.testing.wording import file_in_words

    if report.diagnostics:
        click.echo(render.text(report.diagnostics, report.sources, color=in_colour("stdout")))
    if report.valid:
        for line in file_in_words(report, _styled, coverage=coverage):
            click.echo(line)


def _styled(text: str, style: str) -> str:
    return click.style(text, bold=style == "strong", **_STYLES.get(style, {}))  # type: ignore[arg-type]  # a table of styles


def _too_little(reports: Sequence[FileReport], least: float | None) -> list[str]:
    """A line for each recipe that is covered less than is asked."""
    if least is None:
        return []
    return [
        f"{report.recipe} is covered to {report.coverage.percent:.1f} %, {least:g} % is asked"
        for report in reports
        if report.coverage is not None and report.coverage.percent < least
    ]


def _sum_up(reports: Sequence[FileReport], form: str, too_little: list[str]) -> None:
    from recipe_engine.testing import totals

    sums = totals(reports)
    match form:
        case "json":
            import json

            found = {
                "passed": all(report.passed for report in reports) and not too_little,
                "cases": sums.cases,
                "failed": sums.failed,
                "seconds": round(sums.seconds, 3),
                "virtual_seconds": sums.virtual_seconds,
                "too_little_coverage": too_little,
                "files": [report.to_json() for report in reports],
            }
            click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        case "junit":
            from recipe_engine.testing.junit import junit

            click.echo(junit(reports))
        case _:
            from recipe_engine.testing.wording import totals_in_words

            for line in too_little:
                click.secho(line, fg="red")
            click.secho(totals_in_words(sums), fg="red" if sums.failed or sums.invalid else "green", bold=True)
