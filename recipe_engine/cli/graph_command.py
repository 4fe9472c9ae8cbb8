"""`recipe graph`: a recipe as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from recipe_engine.cli.lazy import RecipeCommand


@click.command(
    cls=RecipeCommand,
    example="""
    recipe graph recipes/quote.yml                 Mermaid text, for documents that draw it
    recipe graph request-handler -o handler.svg    a picture, made without a network
    """,
)
@click.argument("recipe")
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file: .svg, or .mmd for Mermaid.",
)
def graph(recipe: str, output: Path | None) -> int:
    """Draw RECIPE, the path of a file or a slug: Mermaid text to standard output, or a file with -o."""
    from recipe_engine.engine import Engine
    from recipe_engine.graph import mermaid, svg

    plan = Engine().compile(recipe)
    if output is None:
        click.echo(mermaid(plan).rstrip("\n"))
        return 0
    kind = output.suffix.lower()
    if kind not in {".svg", ".mmd", ".mermaid"}:
        raise click.UsageError(f"{output}: the name has to end in .svg, or in .mmd for Mermaid text")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(svg(plan) if kind == ".svg" else mermaid(plan), encoding="utf-8")
    click.echo(f"wrote {output}", err=True)
    return 0
