"""`recipe new`: a recipe from plain words, with tests that prove it."""

from __future__ import annotations

import re
import sys
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
    tell_result,
    write_files,
)
from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.generate import Example, Generated

_PASSED = 0
_LARGEST_EXAMPLE = 200_000


@click.command(
    cls=RecipeCommand,
    example="""
    recipe new "when a quote is not answered within 3 days, remind the customer by e-mail, twice at most"
    recipe new --file need.txt --domain plumbing --example orders.csv -o recipes
    recipe new --file need.txt --llm manual --answers talk     prompts and answers are files: no key needed
    """,
)
@click.argument("need", nargs=-1)
@click.option(
    "--file", "source", type=click.Path(dir_okay=False), help="Read the need from a file; - is standard input."
)
@click.option("--domain", default="", metavar="TEXT", help="What it is about: a trade, a kind of firm.")
@click.option(
    "--example",
    "examples",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that shows the data: text, JSON, CSV. May be repeated.",
)
@click.option(
    "-o", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where to write (recipes/, or here)."
)
@generating_options
def new(
    need: tuple[str, ...],
    source: str | None,
    domain: str,
    examples: tuple[Path, ...],
    folder: Path | None,
    **asked: Any,
) -> int:
    """Write a recipe from a NEED in plain words, in French or English, and prove it.

    A model drafts the recipe and its tests; they are checked and run on imitated vendors, and what does not pass goes
    back to the model. What passes is written as SLUG.yml and SLUG.test.yml. What does not is kept as a draft,
    SLUG.draft.yml, with what is wrong. Exit code 0 when it passed, 1 when it did not or cannot be done.
    """
    from recipe_engine.generate import generate

    words = _need(need, source)
    engine = engine_for(asked)
    target = folder or (Path("recipes") if Path("recipes").is_dir() else Path())
    shown = tuple(_example(path) for path in examples)
    made = answered(
        generate(
            words,
            engine=engine,
            domain=domain,
            examples=shown,
            bounds=bounds_of(asked),
            folder=target,
            tell=lambda line: click.echo(line, err=True),
        )
    )
    if made is None:
        return NOT_DONE
    if made.status == "refused":
        return tell_refusal(made, as_json=asked["as_json"])
    renamed = _with_free_slug(made, target) if made.passed else made
    written = write_files(renamed, target)
    tell_result(renamed, written, as_json=asked["as_json"])
    return _PASSED if made.passed else NOT_DONE


def _need(words: tuple[str, ...], source: str | None) -> str:
    """The need as it was typed, or as it stands in a file."""
    if words and source:
        raise click.UsageError("give the need in words, or --file, not both")
    try:
        text = " ".join(words) if source is None else _text(source)
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"cannot read {source}: {error}") from error
    if not text.strip():
        raise click.UsageError('say what the recipe shall do: recipe new "..."')
    return text.strip()


def _text(source: str) -> str:
    return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")


def _example(path: Path) -> Example:
    from recipe_engine.generate import Example

    try:
        with path.open(encoding="utf-8-sig") as file:
            return Example(path.name, file.read(_LARGEST_EXAMPLE))
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path} is no text: give an example as text, JSON or CSV") from error


def _with_free_slug(made: Generated, folder: Path) -> Generated:
    """The result under a slug that no file of the folder has."""
    from dataclasses import replace

    slug, number = made.slug, 1
    while (folder / f"{slug}.yml").exists():
        number += 1
        slug = f"{made.slug}-{number}"
    if slug == made.slug:
        return made
    recipe = re.sub(
        rf"^(slug:\s*[\"']?){re.escape(made.slug)}", rf"\g<1>{slug}", made.recipe, count=1, flags=re.MULTILINE
    )
    return replace(made, slug=slug, recipe=recipe)
