"""`recipe connectors new`: the project of a connector in Python, that installs, registers and passes its tests."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import click

from recipe_engine.cli.lazy import RecipeCommand

_TEMPLATES = Path(__file__).parent / "connector_project"


@click.command(
    "new",
    cls=RecipeCommand,
    example="""
    recipe connectors new shop
    recipe connectors new shop --title "Shop" --folder ~/code/recipe-shop
    """,
)
@click.argument("name")
@click.option("--title", help="The vendor's name as people write it; NAME with a capital without it.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Where to write it; recipe-NAME without it."
)
def new(name: str, title: str | None, folder: Path | None) -> int:
    """Write the project of a connector in Python: a distribution with the connector NAME, its sandbox and its tests."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise click.UsageError(f"{name!r} is no name of a connector: small letters, digits and _ are expected")
    from recipe_engine.installed import installed

    if name in installed().catalog.connectors:
        raise click.UsageError(f"there is a connector {name!r} already; choose another name")
    words = {
        "name": name,
        "title": _plain(title or name.replace("_", " ").capitalize()),
        "dashed": name.replace("_", "-").rstrip("-"),
        "package": f"recipe_{name}",
        "upper": name.upper(),
        "camel": "".join(word.capitalize() for word in name.split("_")),
    }
    place = folder or Path(f"recipe-{words['dashed']}")
    if place.exists() and any(place.iterdir()):
        raise click.UsageError(f"{place} is there already and not empty; --folder names another place")
    for path, template in _files(words["package"]).items():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (_TEMPLATES / template).read_text(encoding="utf-8")
        target.write_text(Template(text).substitute(words), encoding="utf-8")
        click.echo(f"made  {target}", err=True)
    click.echo(f"cd {place}\npip install -e '.[dev]'\npytest\nrecipe connectors {name}")
    return 0


def _plain(title: str) -> str:
    """The title, if it can stand in a text of Python and TOML. Raises UsageError."""
    if not title.strip() or any(sign in title for sign in "\"'\\{}$") or not title.isprintable():
        raise click.UsageError("the title cannot have quotes, braces, $ or backslashes")
    return title.strip()


def _files(package: str) -> dict[str, str]:
    """The files of the project, and the templates that they are made of."""
    return {
        "pyproject.toml": "pyproject.toml.txt",
        "README.md": "README.md.txt",
        ".gitignore": "gitignore.txt",
        f"{package}/__init__.py": "connector.py.txt",
        f"{package}/sandbox.py": "sandbox.py.txt",
        "tests/test_connector.py": "test_connector.py.txt",
    }
