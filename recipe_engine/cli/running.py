"""Runs in the foreground: one that is shown as it happens, or one for every row of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recipe_engine.cli.driving import Telling
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


# --- one run ----------------------------------------------------------------------------------------------------------


async def run_one(
    engine: Engine, plan: Plan, given: JSONObject, config: JSONObject, asked: Asked, telling: Telling
) -> int:
    from recipe_engine.cli.driving import drive
    from recipe_engine.cli.show.outcome import exit_code

    async with engine:
        _say_who_drives(engine)
        name = await engine.start(plan, given, config=config)
        driven = await drive(engine, name, telling, patience=asked.patience)
        telling.shown.close()
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


async def run_many(
    engine: Engine, plan: Plan, inputs: list[JSONObject], config: JSONObject, asked: Asked, telling: Telling
) -> int:
    """One run a row, all at once; the worst of their ends is the exit code."""
    import asyncio

    from recipe_engine.cli.show.outcome import exit_code

    _check_all(plan, inputs)
    telling.of_many()
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
