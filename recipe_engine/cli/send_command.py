"""`recipe send`: an event for the runs that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON


@click.command(
    cls=RecipeCommand,
    example="""
    recipe send contact.replied --data '{"email": "ada@example.org"}'
    recipe send lead.converted --data '{"id": 7}' --id crm-7 --run 06f8zk0m2w3q9x1t
    """,
)
@click.argument("event")
@click.option(
    "--data", callback=options.parsed_json, default="{}", metavar="JSON", help="What the event says (default: {})."
)
@click.option("--run", metavar="RUN", help="Send it to this run alone.")
@click.option("--id", "event_id", metavar="ID", help="What makes it unique: a second one of the same id is dropped.")
@options.drive
@options.database
def send(event: str, data: JSON, run: str | None, event_id: str | None, drive: bool, db: str | None) -> int:
    """Send EVENT to the runs that wait for it. It is kept for waits that begin later."""
    from recipe_engine.cli.operating import operate

    return operate(
        db,
        lambda runtime: runtime.send(event, data, event_id=event_id, run=run),
        f"sent {event}; runs that it woke: {{}}",
        run=run,
        drive_here=drive,
    )
