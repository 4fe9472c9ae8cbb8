"""`recipe change`: an existing recipe changed in plain words, shown before it is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli.generating import (
    NOT_DONE,
    answered,
    bounds_of,
    engine_for,
    generating_options,
    tell_refusal,
    write_files,
)
from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.engine import Engine
    from recipe_engine.generate import Generated

_DONE = 0
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(
    cls=RecipeCommand,
    example="""
    recipe change recipes/quote.yml "remind after two days instead of one"
    recipe change recipes/quote.yml "préviens aussi l'équipe sur Slack" --yes
    """,
)
@click.argument("recipe")
@click.argument("request", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Write without asking.")
@generating_options
def change(recipe: str, request: tuple[str, ...], *, yes: bool, **asked: Any) -> int:
    """Change RECIPE as REQUEST says, in plain words, and prove it.

    The changed recipe is checked and its tests are run; the change is shown in sentences and in lines, and written
    when you agree. Comments stay. A change that does not pass is never written over the recipe: it is kept beside it, as
    a draft. Exit code 0 when it passed, 1 when it did not, or was not wanted.
    """
    from recipe_engine.generate import change as changed

    engine = engine_for(asked)
    path = engine.library.find(recipe)
    tests = path.with_name(f"{path.stem}.test.yml")
    before = (_text(path), _text(tests))
    made = answered(
        changed(
            *before,
            " ".join(request),
            engine=engine,
            bounds=bounds_of(asked),
            folder=path.parent,
            tell=lambda line: click.echo(line, err=True),
        )
    )
    if made is None:
        return NOT_DONE
    if made.status == "refused":
        return tell_refusal(made, as_json=asked["as_json"])
    if asked["as_json"]:
        _print_json(made, before)
    else:
        _show(engine, made, path, tests, before)
    if not made.passed:
        return _keep_draft(made, path)
    if (made.recipe, made.tests) == before:
        click.echo("nothing changes", err=True)
        return _DONE
    if not (yes or _wanted(as_json=asked["as_json"])):
        click.echo("nothing was written", err=True)
        return NOT_DONE
    path.write_text(made.recipe, encoding="utf-8")
    tests.write_text(made.tests, encoding="utf-8")
    click.echo(f"wrote {path} and {tests}", err=True)
    return _DONE


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8") if path.is_file() else ""


def _wanted(*, as_json: bool) -> bool:
    """Whether the person agrees; whoever asked for JSON is a program, and says so with --yes."""
    return not as_json and click.confirm("Write this change?", err=True)


def _show(engine: Engine, made: Generated, path: Path, tests: Path, before: tuple[str, str]) -> None:
    """The change: what differs in sentences, then the lines."""
    said = list(_in_sentences(engine, made, path))
    if said:
        click.secho("In sentences", bold=True)
        _print_difference(said)
    for name, old, new in ((path, before[0], made.recipe), (tests, before[1], made.tests)):
        lines = list(
            difflib.unified_diff(old.splitlines(), new.splitlines(), str(name), f"{name} (changed)", lineterm="")
        )
        if lines:
            click.echo()
            _print_difference(lines)
    for assumption in made.assumptions:
        click.echo(f"assumed: {assumption}")
    for warning in made.warnings:
        click.echo(f"the checker advises: {warning}")
    if not made.passed:
        click.secho("It does not pass:", fg="red", bold=True)
        click.echo(made.wrong + (f"\nno further round: {made.stopped}" if made.stopped else ""))
    else:
        click.secho(f"{made.cases} cases pass, coverage {made.coverage or 0:.0f} %", fg="green", bold=True)


def _in_sentences(engine: Engine, made: Generated, path: Path) -> Iterator[str]:
    """The sentences of the explanation that come and go."""
    from recipe_engine.errors import InvalidRecipe
    from recipe_engine.generate import explain

    if made.proof is None or made.proof.plan is None:
        return
    try:
        old = explain(engine.compile(path), engine.catalog).splitlines()
    except InvalidRecipe:
        old = []
    now = explain(made.proof.plan, engine.catalog).splitlines()
    for line in difflib.ndiff(old, now):
        if line.startswith(("+ ", "- ")) and line[2:].strip():
            yield line[0] + " " + line[2:].strip().removeprefix("- ")


def _print_difference(lines: list[str]) -> None:
    for line in lines:
        click.secho(line, fg=_COLOURS.get(line[:1]))


def _keep_draft(made: Generated, path: Path) -> int:
    for written in write_files(made, path.parent):
        click.echo(f"wrote {written}; {path} is as it was", err=True)
    return NOT_DONE


def _print_json(made: Generated, before: tuple[str, str]) -> None:
    import json

    click.echo(json.dumps({**made.to_json(), "before": before[0]}, ensure_ascii=False, indent=2))
