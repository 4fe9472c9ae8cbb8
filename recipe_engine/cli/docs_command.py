"""`recipe docs`: the documentation that came with the installed version."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from recipe_engine.cli.lazy import RecipeCommand


@click.command(
    cls=RecipeCommand,
    example="""
    recipe docs                  the pages there are
    recipe docs first-recipe     the tutorial
    """,
)
@click.argument("page", required=False)
@click.option("--path", "show_path", is_flag=True, help="Print where the page (or the whole documentation) is.")
def docs(page: str | None, show_path: bool) -> int:
    """Read the documentation in the terminal. Without a PAGE, list the pages."""
    from recipe_engine.resources import docs_dir

    folder = docs_dir()
    if page is None:
        click.echo(str(folder)) if show_path else _list_pages(folder)
        return 0
    path = _page(folder, page)
    if show_path:
        click.echo(str(path))
    else:
        _show(path.read_text(encoding="utf-8"))
    return 0


def _pages(folder: Path) -> dict[str, Path]:
    """Every page by its short name; a name that two folders have is listed with its folder."""
    paths = sorted(folder.rglob("*.md"))
    names = [path.stem for path in paths]
    return {
        path.stem if names.count(path.stem) == 1 else str(path.relative_to(folder).with_suffix("")): path
        for path in paths
    }


def _page(folder: Path, wanted: str) -> Path:
    pages = _pages(folder)
    name = wanted.removesuffix(".md")
    path = pages.get(name) or pages.get(name.rpartition("/")[2])
    if path is None:
        from recipe_engine.diagnostics.suggest import suggest

        near = suggest(name, pages)
        meant = f"; did you mean {near!r}?" if near else "; `recipe docs` lists the pages"
        raise click.UsageError(f"there is no page {wanted!r}{meant}")
    return path


def _list_pages(folder: Path) -> None:
    pages = _pages(folder)
    width = max((len(name) for name in pages), default=0)
    for group in dict.fromkeys(path.parent for path in pages.values()):
        click.secho(group.name if group != folder else "docs", bold=True)
        for name, path in pages.items():
            if path.parent == group:
                click.echo(f"  {name:<{width}}  {_title(path)}")


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "")


def _show(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=min(100, Console().width))
    with console.pager(styles=True):
        console.print(Markdown(text))
