"""`recipe check`: every problem of recipes, at once, in the format that the reader wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recipe_engine.diagnostics import Diagnostic

_INVALID = 2


@click.command(
    cls=RecipeCommand,
    example="""
    recipe check recipes/quote.yml
    recipe check                             every recipe below recipes/ (or the working folder)
    recipe check --strict --format github    in continuous integration
    """,
)
@click.argument("targets", nargs=-1, metavar="[RECIPE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="For people, or for programs.",
)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def check(targets: tuple[str, ...], form: str, strict: bool) -> int:
    """Prove recipes before they run: files, folders or slugs. Reports every problem at once.

    Exit code 0 when nothing is wrong, 2 when there are errors (with --strict: or warnings).
    """
    from recipe_engine.engine import Engine

    engine = Engine()
    files = _files(targets, engine)
    diagnostics = [problem for file in files for problem in engine.check(file)]
    _print(form, diagnostics, engine.texts)
    errors = sum(problem.severity == "error" for problem in diagnostics)
    warnings = sum(problem.severity == "warning" for problem in diagnostics)
    if form == "text":
        _summary(len(files), errors, warnings, len(diagnostics) - errors - warnings)
    return _INVALID if errors or (strict and warnings) else 0


def _files(targets: Sequence[str], engine: object) -> list[Path]:
    """The files that the targets mean, each once."""
    from recipe_engine.library import recipe_files

    if not targets:
        targets = ["recipes" if Path("recipes").is_dir() else "."]
    files: list[Path] = []
    for target in targets:
        path = Path(target)
        if path.is_dir():
            found = recipe_files(path)
            if not found:
                raise click.UsageError(f"there is no recipe below {target}: no .yml file")
            files += found
        else:
            files.append(engine.library.find(target))  # type: ignore[attr-defined]
    return list(dict.fromkeys(files))


def _print(form: str, diagnostics: Sequence[Diagnostic], texts: Mapping[str, str]) -> None:
    from recipe_engine.diagnostics import render

    match form:
        case "json":
            click.echo(render.json_(diagnostics))
        case "github":
            click.echo(render.github(diagnostics), nl=bool(diagnostics))
        case "sarif":
            click.echo(render.sarif(diagnostics))
        case _:
            from recipe_engine.cli.show.colour import in_colour

            if diagnostics:
                click.echo(render.text(diagnostics, texts, color=in_colour("stdout")))


def _summary(files: int, errors: int, warnings: int, advice: int) -> None:
    counts = [(errors, "error"), (warnings, "warning"), (advice, "advice")]
    found = ", ".join(
        f"{count} {word}{'s' if count > 1 and word != 'advice' else ''}" for count, word in counts if count
    )
    subject = f"{files} recipe{'s' if files > 1 else ''}"
    click.secho(
        f"{subject}: {found or 'no problem'}", fg="red" if errors else "yellow" if warnings else "green", err=True
    )
