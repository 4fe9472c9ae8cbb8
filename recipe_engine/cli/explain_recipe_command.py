"""`recipe explain-recipe`: what a recipe does, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.generate.phrases import Language


@click.command(
    "explain-recipe",
    cls=RecipeCommand,
    example="""
    recipe explain-recipe request-handler
    recipe explain-recipe recipes/quote.yml --language fr
    """,
)
@click.argument("recipe")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="English or French.")
def explain_recipe(recipe: str, language: Language) -> int:
    """Say in sentences what RECIPE (a path or a slug) does: what starts it, what it does step by step, what it waits
    for, what it changes and where, what happens when something goes wrong. No model is asked."""
    from recipe_engine.engine import Engine
    from recipe_engine.generate import explain

    engine = Engine()
    click.echo(explain(engine.compile(recipe), engine.catalog, language=language), nl=False)
    return 0
