"""`recipe run`: one run in the foreground, or one for every row of a file.

The one rule: what is wrong with the recipe, the input or the options is said before anything is begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.cli.driving import Telling
    from recipe_engine.cli.running import Asked
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.engine import Engine


@click.command(
    cls=RecipeCommand,
    example="""
    recipe run recipes/quote.yml -i email=ada@example.org -i urgent=true -i photo=@roof.jpg
    recipe run request-handler --input payload.json --sandbox
    recipe run welcome --input contacts.csv          one run for each row
    recipe run quote.yml --dry-run --json            show every write, make none
    """,
)
@click.argument("recipe")
@click.option(
    "-i", "pairs", multiple=True, metavar="KEY=VALUE", help="An input; KEY=@FILE takes a file. May be repeated."
)
@click.option(
    "--input", "input_file", metavar="FILE", help="The input as JSON or YAML (- for standard input), or a CSV file."
)
@click.option(
    "-c", "config_pairs", multiple=True, metavar="KEY=VALUE", help="A value of the recipe's config. May be repeated."
)
@click.option("--config", "config_file", metavar="FILE", help="The recipe's config as JSON or YAML.")
@click.option("--sandbox", is_flag=True, help="Talk to the connectors' sandboxes instead of the vendors.")
@click.option("--dry-run", is_flag=True, help="Show every write instead of making it; reads are made.")
@click.option(
    "--answers",
    metavar="PATH",
    help="With --sandbox: a file of the model's answers, as in a test. With --llm manual: a folder, one file an answer.",
)
@click.option("--llm", metavar="NAME", help="Who answers llm_call steps (replaces RECIPE_LLM).")
@click.option("--detach", is_flag=True, help="Hand the run to the worker and return at once.")
@click.option(
    "--patience", default="1m", metavar="DURATION", show_default=True, help="Sit through waits up to this long."
)
@options.progress
@options.as_json
@options.database
def run(
    recipe: str,
    pairs: tuple[str, ...],
    input_file: str | None,
    config_pairs: tuple[str, ...],
    config_file: str | None,
    sandbox: bool,
    dry_run: bool,
    answers: str | None,
    llm: str | None,
    detach: bool,
    patience: str,
    form: str,
    as_json: bool,
    db: str | None,
) -> int:
    """Run RECIPE, the path of a file or the slug of a bundled recipe.

    When a worker owns the database the run is handed to it and watched; else it is driven here, to its end or until it
    has to wait for longer than --patience, for an event or for a person. Ctrl-C pauses it: nothing is lost.
    """
    from recipe_engine.cli.driving import Telling
    from recipe_engine.cli.running import Asked, run_many, run_one
    from recipe_engine.cli.show.progress import progress

    _refuse_contradictions(sandbox=sandbox, dry_run=dry_run, answers=answers, llm=llm, detach=detach)
    asked = Asked(as_json, detach, "none" if detach else form, options.seconds(patience, "--patience"), db)
    shown = progress(asked.form)  # type: ignore[arg-type]  # click has checked the choice
    telling = Telling(shown)
    engine = _engine(asked, telling, sandbox=sandbox, dry_run=dry_run, answers=answers, llm=llm)
    plan = engine.compile(recipe)
    inputs = _inputs("input", plan.input_schema, pairs, input_file)
    config = _config(plan.config_schema, config_pairs, config_file)
    try:
        if detach:
            from recipe_engine.cli.handing_over import hand_over

            return hand_over(engine, plan, inputs, config, as_json=as_json)
        if len(inputs) == 1:
            return finish(run_one(engine, plan, inputs[0], config, asked, telling))
        return finish(run_many(engine, plan, inputs, config, asked, telling))
    finally:
        shown.close()


# --- what was given ---------------------------------------------------------------------------------------------------


def _refuse_contradictions(*, sandbox: bool, dry_run: bool, answers: str | None, llm: str | None, detach: bool) -> None:
    if sandbox and dry_run:
        raise click.UsageError("--sandbox and --dry-run exclude each other: a sandbox has nothing to protect")
    if answers and not sandbox and llm != "manual":
        raise click.UsageError("--answers is for --sandbox and --llm manual: a real run asks a real model")
    if llm and sandbox:
        raise click.UsageError(
            "--llm has no say with --sandbox, whose model gives samples; --answers gives it a script"
        )
    if answers and detach:
        raise click.UsageError("--answers cannot be handed to a worker with --detach")


def _engine(
    asked: Asked, telling: Telling, *, sandbox: bool, dry_run: bool, answers: str | None, llm: str | None
) -> Engine:
    import os

    from recipe_engine.engine import Engine

    return Engine(
        asked.db,
        env={**os.environ, **_who_answers(llm, answers)} if llm else None,
        sandbox=sandbox,
        dry_run=dry_run,
        answers=_script(answers) if answers and not llm else None,
        log=telling.log,
    )


def _who_answers(llm: str, folder: str | None) -> dict[str, str]:
    """The settings that `--llm` and its folder of answers stand for."""
    return {"RECIPE_LLM": llm, "RECIPE_LLM_ANSWERS": folder} if folder else {"RECIPE_LLM": llm}


def _inputs(what: str, schema: JSON, pairs: tuple[str, ...], file: str | None) -> list[JSONObject]:
    """The input of each run (or the config): what the file gives, with the pairs on top of it."""
    from recipe_engine.cli.given import from_file, from_pairs

    given = from_pairs(pairs, schema, what)
    return [{**base, **given} for base in from_file(file, schema)] if file else [given]


def _config(schema: JSON, pairs: tuple[str, ...], file: str | None) -> JSONObject:
    if file is not None and file.lower().endswith(".csv"):
        raise click.UsageError(f"{file}: the config of a recipe is one object, in JSON or YAML")
    return _inputs("config", schema, pairs, file)[0]


def _script(file: str) -> list[JSON]:
    """The scripted answers of a file: a list, or an object whose `answers` is one."""
    from recipe_engine.cli.given import data_of

    found = data_of(file)
    if isinstance(found, dict):
        found = found.get("answers")
    if not isinstance(found, list):
        raise click.UsageError(f"{file} holds no list of answers: write `- {{step: classify, answer: {{...}}}}`")
    return found
