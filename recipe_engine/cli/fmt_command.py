"""`recipe fmt`: recipes in their canonical form."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.diagnostics import Diagnostic

Outcome = Literal["same", "changed", "unreadable"]
_NOT_FORMATTED, _INVALID = 1, 2


@click.command(
    cls=RecipeCommand,
    example="""
    recipe fmt                          every recipe below recipes/ (or the working folder)
    recipe fmt --check                  exit code 1 when something is not formatted
    recipe fmt --diff recipes/quote.yml
    recipe fmt - < quote.yml            from standard input to standard output
    """,
)
@click.argument("targets", nargs=-1, metavar="[RECIPE]...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; say what is not formatted.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(targets: tuple[str, ...], only_check: bool, diff: bool) -> int:
    """Format recipes: files, folders or slugs. Comments stay, and what the recipe says never changes.

    Exit code 2 when a file is no valid YAML.
    """
    if targets == ("-",):
        return _from_standard_input()
    from recipe_engine.cli.targets import files_of
    from recipe_engine.library import Library

    outcomes = [_format(path, write=not (only_check or diff), diff=diff) for path in files_of(targets, Library())]
    changed, unreadable = outcomes.count("changed"), outcomes.count("unreadable")
    verb = "would be formatted" if only_check or diff else "formatted"
    told = [f"{changed} {verb}" if changed else "", f"{unreadable} cannot be read" if unreadable else ""]
    click.echo(f"{len(outcomes)} recipes: {', '.join(part for part in told if part) or 'all formatted'}", err=True)
    if unreadable:
        return _INVALID
    return _NOT_FORMATTED if changed and only_check else 0


def _format(path: Path, *, write: bool, diff: bool) -> Outcome:
    from recipe_engine.fmt import format_text
    from recipe_engine.source import load_file

    document, problems = load_file(path)
    if document is None:
        _show(problems, str(path), "")
        return "unreadable"
    before = path.read_bytes().decode("utf-8")
    after, problems = format_text(before, str(path))
    if after is None:
        _show(problems, str(path), before)
        return "unreadable"
    if after == before:
        return "same"
    if diff:
        _show_difference(str(path), before, after)
    elif write:
        path.write_bytes(after.encode())
        click.echo(f"formatted {path}", err=True)
    else:
        click.echo(f"would format {path}", err=True)
    return "changed"


def _from_standard_input() -> int:
    from recipe_engine.fmt import format_text

    text = sys.stdin.read()
    after, problems = format_text(text, "<stdin>")
    if after is None:
        _show(problems, "<stdin>", text)
        return _INVALID
    click.echo(after, nl=False)
    return 0


def _show(problems: list[Diagnostic], file: str, source: str) -> None:
    from recipe_engine.cli.show.colour import in_colour
    from recipe_engine.diagnostics.render import text

    click.echo(text(problems, {file: source}, color=in_colour("stderr")).rstrip("\n"), err=True)


def _show_difference(name: str, before: str, after: str) -> None:
    import difflib

    colours = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} (as it is)", f"{name} (formatted)", lineterm=""
    )
    for line in lines:
        click.secho(line, fg=colours.get(line[:1]))
