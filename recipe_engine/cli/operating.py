"""How commands reach runs: through whoever drives the database, or by leaving a request for whoever will.

The one rule: a command never starts to drive runs behind a person's back. When nobody drives them, what is asked is
recorded and carried out by the next worker; `--drive` is how a person says "here and now".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli.show import outcome
from recipe_engine.runtime.errors import NotAnswered

if TYPE_CHECKING:
    from recipe_engine.core.state import State
    from recipe_engine.runtime.protocol import Runtime

Operation = Callable[["Runtime"], Awaitable[Any]]
Possible = Callable[["State"], None]


@asynccontextmanager
async def looking(db: str | None) -> AsyncIterator[Runtime]:
    """A runtime to read runs with; nothing is driven. StorageError when there is no database."""
    from recipe_engine.wiring import open_client

    runtime = open_client(database_path(db))
    await runtime.open()
    try:
        yield runtime
    finally:
        await runtime.close()


def database_path(db: str | None) -> Path:
    """The file of the runs, by `--db`, the environment or .env."""
    import os

    from recipe_engine.installed import DOTENV
    from recipe_engine.runtime.settings import Settings
    from recipe_engine.wiring import MEMORY, database_of

    found = database_of(db, Settings(os.environ, Path(DOTENV)))
    if found == MEMORY:
        raise click.UsageError("runs in :memory: end with their process; give the file of a database")
    return Path(found)


def operate(
    db: str | None,
    operation: Operation,
    said: str,
    *,
    run: str | None = None,
    possible: Possible | None = None,
    drive_here: bool = False,
    halts: bool = False,
    form: str = "auto",
) -> int:
    """Carry out an operation and say so with `said` (`{}` stands for what the operation gives).

    `possible` raises what speaks against it, from the state of `run`. `halts` says that it keeps the run from going on.
    Gives the exit code.
    """
    if drive_here:
        return asyncio.run(_here(db, operation, said, run, form))
    return asyncio.run(_through_the_owner(db, operation, said, run, possible, halts=halts))


async def _through_the_owner(
    db: str | None, operation: Operation, said: str, run: str | None, possible: Possible | None, *, halts: bool
) -> int:
    async with looking(db) as runtime:
        if run is not None:
            state = await state_of(runtime, run)
            if possible is not None:
                possible(state)
        try:
            result = await operation(runtime)
        except NotAnswered as error:
            click.echo(f"recorded: {error.message}; {error.hint}", err=True)
            if halts:
                click.echo("nothing of the run goes on before that", err=True)
            elif run is not None:
                click.echo(f"to go on at once: recipe runs resume {run}{for_db(db)}", err=True)
            return 0
    click.echo(said.format(result))
    return 0


async def _here(db: str | None, operation: Operation, said: str, run: str | None, form: str) -> int:
    """Become the owner, unless another process is, then see the run through."""
    from recipe_engine.cli.driving import Telling, drive
    from recipe_engine.cli.show.progress import progress
    from recipe_engine.engine import Engine

    shown = progress(form)  # type: ignore[arg-type]  # click has checked the choice
    try:
        telling = Telling(shown)
        async with Engine(db, log=telling.log) as engine:
            result = await operation(engine.runtime)
            click.echo(said.format(result), err=True)
            if run is None:
                await engine.runtime.until_idle()
                return 0
            driven = await drive(engine, run, telling)
            shown.close()
            view = await engine.runtime.get(run)
            conclude(view.to_json(), driven.state, engine.clock.now(), db)
            if engine.effects:
                outcome.show_effects(engine.effects)
            return outcome.exit_code(view.status)
    finally:
        shown.close()


def conclude(view: dict[str, Any], state: State, now: float, db: str | None) -> None:
    """Show how a run stands: its output or its error, and how to go on."""
    if view["error"] is not None:
        outcome.show_error(view["error"])
    if view["status"] == "succeeded":
        outcome.show_output(view["output"])
    outcome.show_how_to_go_on(state, now, for_db(db))


async def state_of(runtime: Runtime, run: str) -> State:
    """The state of a run, from its journal."""
    from recipe_engine.core.advance import replay

    return replay(await runtime.plan(run), await runtime.journal(run))


def for_db(db: str | None) -> str:
    """What has to be added to a command for it to mean the same database."""
    return f" --db {db}" if db else ""
