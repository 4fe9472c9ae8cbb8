"""The page of one run: `recipe runs show`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.show.columns import columns
from recipe_engine.cli.show.narrate import Narrator
from recipe_engine.cli.show.outcome import (
    STATUS_COLOUR,
    show_error,
    show_how_to_go_on,
    show_output,
    status_word,
)
from recipe_engine.cli.show.words import duration, since

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.core.state import State
    from recipe_engine.runtime.protocol import RunView


def show_run(view: RunView, state: State, db: str | None) -> None:
    """Print a run for people."""
    click.echo(f"{click.style(view.run_id, bold=True)}  {view.recipe}  {status_word(view.status)}  {_when(view)}")
    narrator = Narrator(state.plan)
    rows = [_row(step, narrator) for step in view.steps or []]
    if rows:
        click.secho("\nSteps", bold=True)
        click.echo(columns(rows))
    fallbacks = view.usage.get("fallbacks", 0)
    if view.usage["tokens"] or fallbacks:
        stood_in = f", {fallbacks} answered by a stand-in" if fallbacks else ""
        click.echo(f"\n{view.usage['tokens']} tokens, {view.usage['cost']:.4f} USD{stood_in}")
    if view.status == "succeeded":
        show_output(view.output)
    if view.error is not None:
        click.echo()
        show_error(view.error)
    show_how_to_go_on(state, time.time(), f" --db {db}" if db else "")


def _when(view: RunView) -> str:
    told = f"began {since(view.started_at)}"
    if view.started_at and view.ended_at:
        taken = datetime.fromisoformat(view.ended_at) - datetime.fromisoformat(view.started_at)
        told += f", took {duration(taken.total_seconds())}"
    return told


def _row(step: JSONObject, narrator: Narrator) -> tuple[str, str, str]:
    known = narrator.step(step["path"])
    status = click.style(f"{step['status'].replace('_', ' '):<9}", fg=STATUS_COLOUR.get(step["status"]))
    parts = [known.name if known else step["type"]]
    if step["started_at"] and step["ended_at"]:
        taken = datetime.fromisoformat(step["ended_at"]) - datetime.fromisoformat(step["started_at"])
        if taken.total_seconds() >= 0.005:
            parts.append(duration(taken.total_seconds()))
    if step["attempts"] > 1:
        parts.append(f"{step['attempts']} attempts")
    if step["error"]:
        parts.append(f"{step['error']['title']} [{step['error']['code']}]")
    return step["path"], status, "  ".join(parts)
