"""`recipe doctor`: what stands between this machine and a run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.core.failure import Failure
    from recipe_engine.plugin import Connector
    from recipe_engine.plugin.loading import LoadedPlugins
    from recipe_engine.runtime.settings import Settings

_LITTLE_ROOM = 500_000_000
_MARKS = {"ok": ("ok", "green"), "note": ("note", "cyan"), "wrong": ("wrong", "red")}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do about it."""

    what: str
    state: Literal["ok", "note", "wrong"]
    text: str


@click.command(
    cls=RecipeCommand,
    example="""
    recipe doctor
    recipe doctor --db /var/lib/recipes/runs.db
    recipe doctor --offline
    """,
)
@click.option("--offline", is_flag=True, help="Ask no vendor anything.")
@options.database
def doctor(db: str | None, offline: bool) -> int:
    """Check Python, settings, database and connectors, and say what to do. Vendors whose settings are there are asked by
    one call that only reads.

    Exit code 1 when something is wrong, 0 otherwise.
    """
    from recipe_engine.cli.show.columns import columns

    findings = list(_look(db, offline=offline))
    rows = []
    for finding in findings:
        word, colour = _MARKS[finding.state]
        rows.append((click.style(f"{word:<5}", fg=colour), finding.what, finding.text))
    click.echo(columns(rows, indent=""))
    wrong = sum(finding.state == "wrong" for finding in findings)
    click.echo(f"\n{wrong} things are wrong" if wrong else "\nnothing is wrong", err=True)
    return 1 if wrong else 0


def _look(db: str | None, *, offline: bool) -> Iterator[Finding]:
    from recipe_engine.installed import installed, settings
    from recipe_engine.version import VERSION

    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("versions", "ok", f"recipe_engine {VERSION}, Python {python}")
    yield _dotenv()
    found = installed()
    values = settings(found)
    yield from _plugins(found)
    yield from _database(db, values)
    yield from _http_allow(values)
    yield from _connectors(db, found, values, offline=offline)
    yield _recipes()


def _dotenv() -> Finding:
    path = Path(".env")
    if not path.exists():
        return Finding("settings", "note", "no .env in this folder: settings come from the environment alone")
    try:
        path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Finding("settings", "wrong", f".env cannot be read: {error}")
    if os.name == "posix" and path.stat().st_mode & 0o004:
        return Finding("settings", "note", "everybody on this machine may read .env: chmod 600 .env")
    return Finding("settings", "ok", ".env is read; what the environment sets wins over it")


def _plugins(found: LoadedPlugins) -> Iterator[Finding]:
    for warning in found.warnings:
        yield Finding("plugins", "wrong", str(warning))
    count = len(found.catalog.actions)
    yield Finding("plugins", "ok", f"{count} actions of {len(found.catalog.connectors)} connectors")


def _database(db: str | None, values: Settings) -> Iterator[Finding]:
    from recipe_engine.errors import RecipeError
    from recipe_engine.runtime.owner import is_owned
    from recipe_engine.runtime.sqlite_schema import connect
    from recipe_engine.wiring import MEMORY, database_of

    name = database_of(db, values)
    if name == MEMORY:
        yield Finding("database", "note", "RECIPE_DB is :memory:, so every run ends with its process")
        return
    path = Path(name)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK):
        yield Finding("database", "wrong", f"{folder} cannot be written: give this user the right, or use --db")
    room = shutil.disk_usage(folder).free
    if room < _LITTLE_ROOM:
        yield Finding("disk", "wrong" if room < _LITTLE_ROOM / 10 else "note", f"only {room // 1_000_000} MB are free")
    if not path.exists():
        yield Finding("database", "ok", f"{path} will be made by the first run")
        return
    try:
        connect(path, migrate=False).close()
        driven = "a process drives its runs" if is_owned(path) else "no process drives its runs (`recipe worker` does)"
    except RecipeError as error:
        yield Finding("database", "wrong", f"{error.message}: {error.hint}")
    else:
        yield Finding("database", "ok", f"{path}, {path.stat().st_size // 1000} kB; {driven}")


def _http_allow(values: Settings) -> Iterator[Finding]:
    from recipe_engine.runtime.private_addresses import Allowed
    from recipe_engine.wiring import ALLOW_SETTING

    text = values.get(ALLOW_SETTING)
    if not text:
        return
    try:
        Allowed.parse(text)
    except ValueError as error:
        yield Finding(ALLOW_SETTING, "wrong", str(error))
    else:
        yield Finding(ALLOW_SETTING, "note", f"http steps may reach these private hosts: {text}")


def _connectors(db: str | None, found: LoadedPlugins, values: Settings, *, offline: bool) -> Iterator[Finding]:
    from recipe_engine.cli.connectors_command import missing

    absent = {
        each.name: missing(each, values) for each in found.catalog.connectors.values() if each.settings or each.probe
    }
    ready = [found.catalog.connectors[name] for name, told in absent.items() if not told]
    asked = {} if offline else _asked(db, values, ready)
    for name, told in absent.items():
        if told:
            yield Finding(name, "note", f"{told} (`recipe connectors {name}`); --sandbox works without")
        elif name not in asked:
            yield Finding(
                name, "ok", f"has the settings it needs{_login(name, found, values)}; the vendor was not asked"
            )
        elif (failure := asked[name]) is None:
            yield Finding(name, "ok", f"the vendor answers, and the settings are right{_login(name, found, values)}")
        else:
            words = f" ({failure.detail})" if failure.detail else ""
            yield Finding(name, "wrong", f"{failure.title}{words}")


def _login(name: str, found: LoadedPlugins, values: Settings) -> str:
    """That the connector works by a login, where it does."""
    from recipe_engine.cli.show.logins import in_use, summary

    record = in_use(found.catalog.connectors[name], values)
    return f"; {summary(record)}" if record else ""


def _asked(db: str | None, values: Settings, ready: list[Connector]) -> dict[str, Failure | None]:
    """What the vendors answered that can be asked; nothing of the network is imported when none can."""
    if not any(connector.probe for connector in ready):
        return {}
    from recipe_engine.cli.probing import ask
    from recipe_engine.wiring import database_of

    return ask(values, ready, database_of(db, values))


def _recipes() -> Finding:
    from recipe_engine.library import recipe_files
    from recipe_engine.resources import bundled_recipes

    own = len(recipe_files(Path("recipes"))) if Path("recipes").is_dir() else 0
    return Finding("recipes", "ok", f"{own} in recipes/, {len(bundled_recipes())} bundled; `recipe check` proves them")
