"""`recipe init`: a small project to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from recipe_engine.cli.lazy import RecipeCommand

_TEMPLATES = Path(__file__).parent / "project"
# In the package these have names that no tool takes for its own.
_NAMES = {"env.example": ".env.example", "gitignore": ".gitignore"}


@click.command(
    cls=RecipeCommand,
    example="""
    recipe init my-automations
    recipe init                    in the working folder
    """,
)
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> int:
    """Make a small project in FOLDER: a recipe, its test, an example of settings. Files that exist are left alone."""
    made = [_make(source, folder) for source in sorted(_TEMPLATES.rglob("*")) if source.is_file()]
    for path, new in made:
        click.echo(f"{'made' if new else 'kept'}  {path}", err=True)
    here = "" if folder == Path() else f"  cd {folder}\n"
    click.echo(
        "\nWhat you can do now:\n"
        f"{here}"
        "  recipe test                                       run its test, in no time and without any account\n"
        "  recipe run welcome --sandbox -i name=Ada -i email=ada@example.org\n"
        "  recipe docs first-recipe                          ten minutes to a recipe of your own"
    )
    return 0


def _make(source: Path, folder: Path) -> tuple[Path, bool]:
    """Copy a template, unless its file is there already; says which file it is and whether it is new."""
    inside = source.relative_to(_TEMPLATES)
    path = folder / inside.with_name(_NAMES.get(inside.name, inside.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(source.read_text(encoding="utf-8"))
    except FileExistsError:
        return path, False
    return path, True
