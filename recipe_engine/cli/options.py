"""Options that several commands share, said once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON

F = TypeVar("F", bound=Callable[..., Any])


def database(command: F) -> F:
    """`--db`."""
    return click.option(
        "--db", metavar="FILE", help="The file of the runs (default: RECIPE_DB, else .recipe/runs.db)."
    )(command)


def as_json(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else on standard output.")(
        command
    )


def by(command: F) -> F:
    """`--by`: who does it; the user of the machine by default."""
    return click.option("--by", metavar="WHO", default=_user, help="Who does it, for the record (default: the user).")(
        command
    )


def drive(command: F) -> F:
    """`--drive`."""
    return click.option(
        "--drive", is_flag=True, help="When no worker drives the runs: do it here, until the run ends or parks."
    )(command)


def progress(command: F) -> F:
    """`--progress`."""
    return click.option(
        "--progress",
        "form",
        type=click.Choice(["auto", "live", "plain", "json", "none"]),
        default="auto",
        help="How to show what happens, on standard error (auto: live on a terminal, else plain).",
    )(command)


def parsed_json(_: click.Context, parameter: click.Parameter, value: str | None) -> JSON:
    """An option's value as JSON; BadParameter says where it is not."""
    if value is None:
        return None
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        hint = ' (quote it for the shell: \'{"key": "value"}\')' if value[:1] == "{" else ""
        raise click.BadParameter(
            f"it is not JSON: {error.msg} at column {error.colno}{hint}", param=parameter
        ) from error


def _user() -> str:
    for name in ("RECIPE_USER", "USER", "LOGNAME", "USERNAME"):
        if os.environ.get(name):
            return os.environ[name]
    return "command line"


def seconds(text: str, option: str) -> float:
    """The seconds of a duration that was given to an option.

    Raises BadParameter.
    """
    from recipe_engine.expr import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a duration such as 30s, 15m or 2h", param_hint=option) from error
