"""`recipe stop-all`: the emergency stop."""

from __future__ import annotations

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand


@click.command(
    "stop-all",
    cls=RecipeCommand,
    example="""
    recipe stop-all --by zoe --reason "wrong prices"
    recipe stop-all --undo --by zoe
    """,
)
@click.option("--undo", is_flag=True, help="Let everything go on again; runs that a person paused stay paused.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@options.by
@options.database
def stop_all(undo: bool, reason: str, by: str, db: str | None) -> int:
    """Stop everything: no step and no run starts, now or after a restart, until --undo. What is under way ends."""
    from recipe_engine.cli.operating import operate

    if undo:
        return operate(db, lambda runtime: runtime.resume_all(by=by), "everything goes on; runs that were stopped: {}")
    return operate(
        db,
        lambda runtime: runtime.stop_all(by=by, reason=reason),
        "stopped everything; runs paused under way: {} (`recipe stop-all --undo` lets them go on)",
    )
