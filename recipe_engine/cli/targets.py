"""The recipes that a command's arguments mean: files, folders, slugs; without any, those of the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from recipe_engine.library import Library, recipe_files


def files_of(targets: Sequence[str], library: Library) -> list[Path]:
    """The files that the targets mean, each once, in their order.

    Raises UsageError for a folder without recipes, RecipeNotFound for a file or slug that does not exist.
    """
    if not targets:
        targets = ["recipes" if Path("recipes").is_dir() else "."]
    files: list[Path] = []
    for target in targets:
        path = Path(target)
        if path.is_dir():
            found = recipe_files(path)
            if not found:
                raise click.UsageError(
                    f"there is no recipe below {target}: no .yml file; `recipe init` makes a first one"
                )
            files += found
        else:
            files.append(library.find(target))
    return list(dict.fromkeys(files))
