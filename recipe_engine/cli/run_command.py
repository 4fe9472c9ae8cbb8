"""`recipe run`: one run in the foreground, or one for every row of a file.

The one rule: what is wrong with the recipe, the input or the options is said before anything is begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.core.plan import Plan
    from recipe_engine.engine import Engine
    from recipe_engine.runtime.protocol import RunView


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line, beside the recipe and its input."""

    as_json: bool
    detach: bool
    form: str
    patience: float
    db: str | None


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
@click.option("--answers", metavar="FILE", help="With --sandbox: the model's answers, as in a test (YAML or JSON).")
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
    from recipe_engine.cli.show.progress import progress

    _refuse_contradictions(sandbox=sandbox, dry_run=dry_run, answers=answers, llm=llm, detach=detach)
    asked = Asked(as_json, detach, "none" if detach else form, _seconds(patience), db)
    shown = progress(asked.form)  # type: ignore[arg-type]  # click has checked the choice
    engine = _engine(asked, shown, sandbox=sandbox, dry_run=dry_run, answers=answers, llm=llm)
    plan = engine.compile(recipe)
    inputs = _inputs("input", plan.input_schema, pairs, input_file)
    config = _config(plan.config_schema, config_pairs, config_file)
    try:
        if detach:
            from recipe_engine.cli.handing_over import hand_over

            return hand_over(engine, plan, inputs, config, as_json=as_json)
        if len(inputs) == 1:
            return finish(_run_one(engine, plan, inputs[0], config, asked, shown))
        return finish(_run_many(engine, plan, inputs, config, asked))
    finally:
        shown.close()


# --- what was given ---------------------------------------------------------------------------------------------------


def _refuse_contradictions(*, sandbox: bool, dry_run: bool, answers: str | None, llm: str | None, detach: bool) -> None:
    if sandbox and dry_run:
        raise click.UsageError("--sandbox and --dry-run exclude each other: a sandbox has nothing to protect")
    if answers and not sandbox:
        raise click.UsageError("--answers is for --sandbox: a real run asks a real model")
    if llm and sandbox:
        raise click.UsageError(
            "--llm has no say with --sandbox, whose model gives samples; --answers gives it a script"
        )
    if answers and detach:
        raise click.UsageError("--answers cannot be handed to a worker with --detach")


def _engine(asked: Asked, shown: Any, *, sandbox: bool, dry_run: bool, answers: str | None, llm: str | None) -> Engine:
    import os

    from recipe_engine.cli.driving import log_lines
    from recipe_engine.engine import Engine

    return Engine(
        asked.db,
        env={**os.environ, "RECIPE_LLM": llm} if llm else None,
        sandbox=sandbox,
        dry_run=dry_run,
        answers=_script(answers) if answers else None,
        log=log_lines(shown),
    )


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
    """The scripted answers of a file: a list, or an object whose `answers` (or `llm`) is one."""
    from recipe_engine.cli.given import data_of

    found = data_of(file)
    if isinstance(found, dict):
        found = found.get("answers", found.get("llm"))
    if not isinstance(found, list):
        raise click.UsageError(f"{file} holds no list of answers: write `- {{step: classify, answer: {{...}}}}`")
    return found


def _seconds(patience: str) -> float:
    from recipe_engine.expr import parse_duration

    try:
        return parse_duration(patience)
    except ValueError as error:
        raise click.BadParameter(
            f"{patience!r} is not a duration such as 30s, 15m or 2h", param_hint="--patience"
        ) from error


# --- one run ----------------------------------------------------------------------------------------------------------


async def _run_one(engine: Engine, plan: Plan, given: JSONObject, config: JSONObject, asked: Asked, shown: Any) -> int:
    from recipe_engine.cli.driving import drive
    from recipe_engine.cli.show.outcome import exit_code

    async with engine:
        _say_who_drives(engine)
        name = await engine.start(plan, given, config=config)
        driven = await drive(engine, name, shown, patience=asked.patience)
        shown.close()
        view = await engine.runtime.get(name)
        if asked.as_json:
            _print_json(view.to_json())
        else:
            _print(engine, view, driven.state, asked)
    return exit_code(view.status)


def _say_who_drives(engine: Engine) -> None:
    if not engine.owner:
        if engine.answers_given:
            raise click.UsageError(
                "another process drives this database, and --answers cannot be handed to it; use --db"
            )
        click.echo("another process drives this database: the run is handed to it", err=True)


def _print(engine: Engine, view: RunView, state: Any, asked: Asked) -> None:
    from recipe_engine.cli.show import outcome

    if view.error is not None:
        outcome.show_error(view.error)
    if view.status == "succeeded":
        outcome.show_output(view.output)
    if engine.sandbox and engine.owner:
        outcome.show_effects(engine.effects)
    if engine.database != ":memory:":
        outcome.show_how_to_go_on(state, engine.clock.now(), f" --db {asked.db}" if asked.db else "")


def _print_json(value: JSON) -> None:
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


# --- many runs --------------------------------------------------------------------------------------------------------


async def _run_many(engine: Engine, plan: Plan, inputs: list[JSONObject], config: JSONObject, asked: Asked) -> int:
    """One run a row, all at once; the worst of their ends is the exit code."""
    import asyncio

    from recipe_engine.cli.show.outcome import exit_code

    _check_all(plan, inputs)
    async with engine:
        _say_who_drives(engine)
        names = [await engine.start(plan, given, config=config) for given in inputs]
        views = await asyncio.gather(*(_finish(engine, name, number, asked) for number, name in enumerate(names, 1)))
        if engine.owner:
            await engine.runtime.until_idle()
    if asked.as_json:
        _print_json({"runs": [view.to_json() for view in views]})
    else:
        _print_counts(views)
    codes = {exit_code(view.status) for view in views}
    return 1 if 1 in codes else max(codes)


def _check_all(plan: Plan, inputs: list[JSONObject]) -> None:
    """Refuse the file when a row misses the schema, naming every such row. Rows with files are checked when they start."""
    from recipe_engine.errors import InputProblem, InvalidInput
    from recipe_engine.inputs import fitted

    problems: list[InputProblem] = []
    for number, given in enumerate(inputs, 1):
        try:
            fitted("input", plan.input_schema, given)
        except InvalidInput as error:
            problems += [
                InputProblem(f"row {number}: {item.path}", item.found, item.expected) for item in error.problems
            ]
    if problems:
        raise InvalidInput("input", problems)


async def _finish(engine: Engine, name: str, number: int, asked: Asked) -> RunView:
    from recipe_engine.cli.show.outcome import status_word
    from recipe_engine.cli.show.words import in_a_line

    view = await engine.follow(name, patience=asked.patience)
    if asked.form != "none":
        told = in_a_line(view.error["title"] if view.error else view.output, 80)
        click.echo(f"row {number}  {name}  {status_word(view.status)}  {told}", err=True)
    return view


def _print_counts(views: list[RunView]) -> None:
    from collections import Counter

    counts = Counter(view.status for view in views)
    told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.most_common())
    click.echo(f"{len(views)} runs: {told}")
