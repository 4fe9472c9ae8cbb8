"""`recipe worker`: the process that drives the runs of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recipe_engine.cli.interrupts import Interrupts
    from recipe_engine.engine import Engine


@click.command(
    cls=RecipeCommand,
    example="""
    recipe worker                 until Ctrl-C or SIGTERM
    recipe worker --until-idle    do what can be done now, then end (from cron, after a crash)
    """,
)
@click.option("--until-idle", is_flag=True, help="End when every run has ended or waits for later or for somebody.")
@click.option(
    "--grace",
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="How long what is under way may take to end after a signal.",
)
@click.option("--quiet", is_flag=True, help="Do not write the lines that steps log.")
@options.database
def worker(until_idle: bool, grace: str, quiet: bool, db: str | None) -> int:
    """Own the database and drive every run that is due: timers, events, approvals, runs handed over by other commands.

    One worker to a database; a second one is refused. What was under way when a worker died is looked after first.
    """
    from recipe_engine.engine import Engine
    from recipe_engine.wiring import MEMORY

    engine = Engine(db, log=None if quiet else _log)
    if engine.database == MEMORY:
        raise click.UsageError("a worker needs the file of a database, not :memory:")
    return finish(_drive(engine, until_idle=until_idle, grace=options.seconds(grace, "--grace")))


async def _drive(engine: Engine, *, until_idle: bool, grace: float) -> int:
    import asyncio

    from recipe_engine.cli.interrupts import Interrupts
    from recipe_engine.runtime.errors import DatabaseOwned

    async with Interrupts() as stop, engine:
        if not engine.owner:
            raise DatabaseOwned(
                f"another process drives the runs of {engine.database} already",
                "`recipe doctor` says which; end it to take over",
            )
        click.echo(f"driving the runs of {engine.database}", err=True)
        _collect_less_often()
        work = engine.runtime.until_idle() if until_idle else asyncio.Event().wait()
        working: asyncio.Task[Any] = asyncio.create_task(work)
        if await stop.first(working):
            await working
        else:
            working.cancel()
            await _stop(engine, stop, grace)
        await _tell_what_is_left(engine)
    return 0


async def _stop(engine: Engine, stop: Interrupts, grace: float) -> None:
    """Let what is under way end, for a while; then, or at the second signal, it is broken off."""
    import asyncio

    click.echo("stopping: what is under way is finished first (a second signal breaks it off)", err=True)
    draining = asyncio.create_task(engine.runtime.drain())
    timed = asyncio.create_task(asyncio.wait({draining}, timeout=grace))
    await stop.second(timed)
    if draining.done():
        draining.result()
    else:
        draining.cancel()
        click.echo("broken off; the next worker finds out what became of it", err=True)
    click.echo("everything goes on with the next worker", err=True)


def _collect_less_often() -> None:
    """A worker's garbage is freed by counting references; looking for cycles after every 700 new objects, through all
    that is imported, cost a seventh of its time."""
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _tell_what_is_left(engine: Engine) -> None:
    """How many runs are parked, and why, so that somebody looks after those that need a person."""
    found = {
        status: await engine.runtime.list(status=status, limit=1001) for status in ("waiting", "paused", "in_doubt")
    }
    told = [f"{_count(views)} {status.replace('_', ' ')}" for status, views in found.items() if views]
    click.echo(f"parked runs: {', '.join(told) or 'none'}", err=True)


def _count(views: list[Any]) -> str:
    return "more than 1000" if len(views) > 1000 else str(len(views))


def _log(run: str, path: str, message: str, fields: Mapping[str, Any]) -> None:
    from recipe_engine.cli.show.words import in_a_line

    told = ", ".join(f"{name}: {in_a_line(value, 200)}" for name, value in fields.items())
    click.echo(f"{run}  {path}  {message}" + (f" ({told})" if told else ""), err=True)
