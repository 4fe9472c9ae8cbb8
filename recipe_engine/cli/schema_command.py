"""`recipe schema`: what editors complete recipes with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from recipe_engine.cli.lazy import RecipeCommand


@click.command(
    cls=RecipeCommand,
    example="""
    recipe schema -o .recipe/recipe.schema.json
    recipe schema | less
    """,
)
@click.option("-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
def schema(output: Path | None) -> int:
    """Print the JSON Schema of recipes, with the parameters of every installed connector.

    In VS Code with the YAML extension, put into settings.json: "yaml.schemas": {".recipe/recipe.schema.json":
    "recipes/**/*.yml"}. In any editor with yaml-language-server, begin a recipe with the comment
    `# yaml-language-server: $schema=../.recipe/recipe.schema.json`.
    """
    from recipe_engine.editor_schema import recipe_schema
    from recipe_engine.installed import installed

    text = json.dumps(recipe_schema(installed().catalog), ensure_ascii=False, indent=2)
    if output is None:
        click.echo(text)
        return 0
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(f"{text}\n", encoding="utf-8")
    click.echo(f"wrote {output}", err=True)
    return 0
