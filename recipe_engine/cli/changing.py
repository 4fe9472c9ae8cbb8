"""A change of a recipe as a person reviews it: sentences, lines, agreement, files.

The one rule: nothing is written over a recipe that did not pass and was not agreed to.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.generating import write_files

if TYPE_CHECKING:
    from recipe_engine.engine import Engine
    from recipe_engine.generate import Generated

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Files:
    """A recipe and its tests as files, and what is in them."""

    recipe: Path
    tests: Path
    before: tuple[str, str]

    @classmethod
    def of(cls, recipe: Path) -> Files:
        """The files of a recipe as they are now."""
        tests = recipe.with_name(f"{recipe.stem}.test.yml")
        return cls(recipe, tests, (_text(recipe), _text(tests)))

    def write(self, made: Generated) -> None:
        """Write a change that passed and was agreed to."""
        self.recipe.write_text(made.recipe, encoding="utf-8")
        self.tests.write_text(made.tests, encoding="utf-8")
        click.echo(f"wrote {self.recipe} and {self.tests}", err=True)


def wanted(*, as_json: bool) -> bool:
    """Whether the person agrees; whoever asked for JSON is a program, and says so with --yes."""
    return not as_json and click.confirm("Write this change?", err=True)


def show(engine: Engine, made: Generated, files: Files) -> None:
    """The change: what differs in sentences, then the lines."""
    from recipe_engine.generate.phrases import Voice

    say = Voice(made.language).say
    said = list(_in_sentences(engine, made, files.recipe))
    if said:
        click.secho(say("in_sentences"), bold=True)
        _print_difference(said)
    for name, old, new in (
        (files.recipe, files.before[0], made.recipe),
        (files.tests, files.before[1], made.tests),
    ):
        lines = list(
            difflib.unified_diff(old.splitlines(), new.splitlines(), str(name), f"{name} (changed)", lineterm="")
        )
        if lines:
            click.echo()
            _print_difference(lines)
    for assumption in made.assumptions:
        click.echo(say("assumed", what=assumption))
    for warning in made.warnings:
        click.echo(say("advised", what=warning))
    if not made.passed:
        click.secho(say("wrong"), fg="red", bold=True)
        click.echo(made.wrong + (f"\nno further round: {made.stopped}" if made.stopped else ""))
    else:
        click.secho(f"{made.cases} cases pass, coverage {made.coverage or 0:.0f} %", fg="green", bold=True)


def keep_draft(made: Generated, files: Files) -> None:
    """Keep what does not pass beside the recipe."""
    for written in write_files(made, files.recipe.parent):
        click.echo(f"wrote {written}; {files.recipe} is as it was", err=True)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8") if path.is_file() else ""


def _in_sentences(engine: Engine, made: Generated, path: Path) -> Iterator[str]:
    """The sentences of the explanation that come and go, in the recipe's own language."""
    from recipe_engine.errors import InvalidRecipe
    from recipe_engine.generate import explain

    if made.proof is None or made.proof.plan is None:
        return
    try:
        old = explain(engine.compile(path), engine.catalog, language=made.language).splitlines()
    except InvalidRecipe:
        old = []
    now = explain(made.proof.plan, engine.catalog, language=made.language).splitlines()
    for line in difflib.ndiff(old, now):
        if line.startswith(("+ ", "- ")) and line[2:].strip():
            yield line[0] + " " + line[2:].strip().removeprefix("- ")


def _print_difference(lines: list[str]) -> None:
    for line in lines:
        click.secho(line, fg=_COLOURS.get(line[:1]))
