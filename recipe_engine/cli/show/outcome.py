"""A run that ended or parked: its output, what it did in the sandboxes, why it failed, and how to go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.show.columns import columns
from recipe_engine.cli.show.words import in_a_line, moment

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.core.state import Pending, State
    from recipe_engine.plugin import Effect

STATUS_COLOUR = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "waiting": "yellow",
    "paused": "yellow",
    "in_doubt": "magenta",
    "running": "cyan",
}
_LONGEST_VALUE = 400


def exit_code(status: str) -> int:
    """0 succeeded, 1 failed or cancelled, 3 for everything that is not at its end."""
    return {"succeeded": 0, "failed": 1, "cancelled": 1}.get(status, 3)


def status_word(status: str) -> str:
    """The status in its colour, as people read it."""
    return click.style(status.replace("_", " "), fg=STATUS_COLOUR.get(status), bold=True)


def show_output(output: JSON) -> None:
    """The output on standard output, readable and whole."""
    click.secho("\nOutput", bold=True)
    click.echo("\n".join(f"  {line}" for line in _readable(output)))


def show_effects(effects: Iterable[Effect]) -> None:
    """What the sandboxes were asked to change, in order."""
    rows = [(effect.connector, effect.action, _fields(effect.data)) for effect in effects]
    click.secho("\nEffects in the sandboxes", bold=True)
    click.echo(columns(rows) if rows else "  none")


def show_error(error: JSONObject) -> None:
    """Why a run failed, on the error stream."""
    where = f" at {error['step']}" if error.get("step") else ""
    click.echo(f"{click.style('error: ', fg='red', bold=True)}{error['title']} [{error['code']}]{where}", err=True)
    if error.get("detail"):
        click.echo(f"  {in_a_line(error['detail'], _LONGEST_VALUE)}", err=True)


def show_how_to_go_on(state: State, now: float, options: str = "") -> None:
    """On the error stream: what the run needs, and the commands that give it. `options` are added to each command."""
    for need, command in _ways_on(state, now):
        click.echo(f"\n{need}:\n  {click.style(command + options, bold=True)}", err=True)


def _ways_on(state: State, now: float) -> Iterator[tuple[str, str]]:
    run = state.run
    if state.ended == "failed":
        yield "to try again from the failed step", f"recipe runs retry {run}"
    elif state.paused:
        yield "the run is paused; to go on", f"recipe runs resume {run}"
    elif state.status == "running":
        yield "the run was left under way; to go on", f"recipe runs resume {run}"
    elif state.ended is None:
        for pending in state.pending.values():
            yield from _way_on(run, pending, now)


def _way_on(run: str, pending: Pending, now: float) -> Iterator[tuple[str, str]]:
    path = pending.path
    until = f" until {moment(pending.wake_at, now)}" if pending.wake_at is not None else ""
    if pending.kind == "doubt":
        told = f"{path} may or may not have happened; find out, then say --done (with its --output) or --retry"
        yield told, f"recipe runs resolve {run} {path} --done --by YOU"
    elif pending.approval is not None:
        yield f"{path} waits for a person{until}; to say --yes or --no", f"recipe approve {run} {path} --yes --by YOU"
    elif pending.event is not None:
        data = json.dumps(pending.match or {}, ensure_ascii=False)
        yield f"{path} waits for an event{until}; to send it", f"recipe send {pending.event} --data '{data}'"
    elif until and pending.purpose not in ("timeout", "duration"):
        yield f"{path} waits{until}; to have it go on then", "recipe worker"


def _fields(data: JSONObject) -> str:
    return ", ".join(f"{name}: {in_a_line(value, 80)}" for name, value in data.items())


def _readable(value: JSON) -> list[str]:
    """A value as YAML, which reads best; text as it is."""
    if isinstance(value, str):
        return value.splitlines() or [""]
    if not isinstance(value, dict | list):
        return [json.dumps(value)]
    import yaml

    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100)
    return text.splitlines()
