"""`recipe check`: every problem of recipes, at once, in the format that the reader wants."""

from __future__ import annotations

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
@click.option("--settings", "with_settings", is_flag=True, help="Also warn of settings that are not set here.")
def check(targets: tuple[str, ...], form: str, strict: bool, with_settings: bool) -> int:
    """Prove recipes before they run: files, folders or slugs. Reports every problem at once.

    Exit code 0 when nothing is wrong, 2 when there are errors (with --strict: or warnings).
    """
    from recipe_engine.cli.targets import files_of
    from recipe_engine.engine import Engine

    engine = Engine()
    files = files_of(targets, engine.library)
    diagnostics = [problem for file in files for problem in engine.check(file, with_settings=with_settings)]
    _print(form, diagnostics, engine.texts)
    errors = sum(problem.severity == "error" for problem in diagnostics)
    warnings = sum(problem.severity == "warning" for problem in diagnostics)
    if form == "text" and not diagnostics:
        click.secho(f"{len(files)} recipe{'s' if len(files) > 1 else ''}: no problem", fg="green", err=True)
    return _INVALID if errors or (strict and warnings) else 0


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
                click.echo(render.text(diagnostics, texts, color=in_colour("stdout")).rstrip("\n"))
