"""`recipe change`: an existing recipe changed in plain words, shown before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli.changing import Files, keep_draft, show, wanted
from recipe_engine.cli.generating import NOT_DONE, answered, bounds_of, engine_for, generating_options, tell_refusal
from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.generate import Generated

_DONE = 0


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
    files = Files.of(engine.library.find(recipe))
    made = answered(
        changed(
            *files.before,
            " ".join(request),
            engine=engine,
            bounds=bounds_of(asked),
            folder=files.recipe.parent,
            tell=lambda line: click.echo(line, err=True),
        )
    )
    if made is None:
        return NOT_DONE
    if made.status == "refused":
        return tell_refusal(made, as_json=asked["as_json"])
    if asked["as_json"]:
        _print_json(made, files.before)
    else:
        show(engine, made, files)
    if not made.passed:
        keep_draft(made, files)
        return NOT_DONE
    if (made.recipe, made.tests) == files.before:
        click.echo("nothing changes", err=True)
        return _DONE
    if not (yes or wanted(as_json=asked["as_json"])):
        click.echo("nothing was written", err=True)
        return NOT_DONE
    files.write(made)
    return _DONE


def _print_json(made: Generated, before: tuple[str, str]) -> None:
    import json

    click.echo(json.dumps({**made.to_json(), "before": before[0]}, ensure_ascii=False, indent=2))
