"""`recipe contacts`: a person's data handed over or erased, and the record of who did what.

The one rule: it acts on one person, and says whom it means before anything is erased.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeGroup
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.persons import Erased, Known, Runs
    from recipe_engine.plugin.people import Keeper
    from recipe_engine.runtime.blobs import FolderBlobs


@click.group(cls=RecipeGroup)
def contacts() -> None:
    """Hand over or erase what is kept of a person; show who did what."""


@contacts.command(
    example="""
    recipe contacts export ada@example.org -o ada.json
    recipe contacts export "+33639980012" -o - --by support
    """
)
@click.argument("who")
@click.option("-o", "output", required=True, metavar="FILE", help="Write to this file; - for standard output.")
@options.by
@options.database
def export(who: str, output: str, by: str, db: str | None) -> int:
    """Gather everything that is kept of WHO, an e-mail address, a phone number (+33...) or the id of a contact.

    The contact with consents and interactions, the journals of the runs about them, the values that name them in other
    runs; files go into a folder beside the file.
    """
    return finish(_export(who, output, by, db))


@contacts.command(
    example="""
    recipe contacts erase ada@example.org                    says what would be erased
    recipe contacts erase ada@example.org --yes
    recipe contacts erase ada@example.org --yes --cancel     ends runs that name them first
    """
)
@click.argument("who")
@click.option("--yes", is_flag=True, help="Erase; without it, only say what would be erased.")
@click.option("--cancel", is_flag=True, help="Cancel the runs that name them and go on, instead of refusing.")
@click.option("--drive", is_flag=True, help="With --cancel, when no worker drives the runs: do it here.")
@options.by
@options.as_json
@options.database
def erase(who: str, yes: bool, cancel: bool, drive: bool, by: str, as_json: bool, db: str | None) -> int:
    """Erase WHO, an e-mail address, a phone number (+33...) or the id of a contact.

    The contact and the interactions go; in ended runs, kept events and values between runs, whatever names them becomes
    "[erased]"; files that only runs about them hold are deleted. An opt-out stays, as a digest of the address.
    """
    return finish(_erase(who, by, db, yes=yes, cancel=cancel, drive=drive, as_json=as_json))


@contacts.command(example="recipe contacts audit --limit 20")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many lines.")
@options.as_json
@options.database
def audit(limit: int, as_json: bool, db: str | None) -> int:
    """Show who did what with contacts, the latest first. People are named by number or digest, never by address."""
    return finish(_audit(limit, db, as_json=as_json))


# --- what they do -----------------------------------------------------------------------------------------------------


async def _export(who: str, output: str, by: str, db: str | None) -> int:
    from recipe_engine.persons import export as gather

    known, path = await _known(who, db)
    async with _runs(path, drive=False) as runs:
        found = {"who": who, **await _told(gather(known, runs, by))}
    if output == "-":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    target = Path(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _private(target) as file:
        file.write(json.dumps(found, ensure_ascii=False, indent=2).encode() + b"\n")
    copied, missing = await _copy_files(found["files"], path, target)
    counts = f"{len(found['runs'])} run(s), {copied} file(s)" + (
        f", {missing} file(s) not there any more" if missing else ""
    )
    click.echo(f"wrote {target}: {counts}", err=True)
    return 0


async def _copy_files(files: list[JSONObject], database: Path, target: Path) -> tuple[int, int]:
    """Put the files beside the export; how many were there, and how many not."""
    from recipe_engine.plugin import FileValue

    blobs, folder = _blobs(database), target.with_name(f"{target.stem}-files")
    copied = missing = 0
    for number, each in enumerate(files, 1):
        file = FileValue.model_validate(each)
        if not blobs.has(file):
            missing += 1
            continue
        folder.mkdir(exist_ok=True)
        with _private(folder / f"{number}-{Path(file.name).name or 'file'}") as copy:
            async for chunk in blobs.open(file):
                copy.write(chunk)
        copied += 1
    return copied, missing


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner may read."""
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))


async def _erase(who: str, by: str, db: str | None, *, yes: bool, cancel: bool, drive: bool, as_json: bool) -> int:
    from recipe_engine.persons import erase as forget

    known, path = await _known(who, db)
    if not yes:
        async with _runs(path, drive=False) as runs:
            await _say_what_would_be(known, runs)
        return 2
    async with _runs(path, drive=drive) as runs:
        done = await _told(forget(known, runs, _blobs(path), by, cancel=cancel))
    _show(done, as_json=as_json)
    return 0


async def _say_what_would_be(known: Known, runs: Runs | None) -> None:
    views = [] if runs is None else await runs.naming(known.traces.to_json())
    click.echo(f"this is {', '.join(known.traces.addresses)}")
    for name, (_, person) in known.keepers.items():
        click.echo(f"{name}: {'no' if not person.ids else ', '.join(person.ids)} contact")
    click.echo(f"runs that name them: {len(views)}")
    for view in views:
        if not view.ended:
            click.echo(f"  {view.run_id} ({view.recipe}) is {view.status}: --cancel ends it")
    raise click.UsageError("nothing was erased; add --yes to erase this for ever")


def _show(done: Erased, *, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        click.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    for name, counts in done.records.items():
        click.echo(f"{name}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    click.echo(f"runs: {len(done.runs)} redacted, {len(done.cancelled)} cancelled; files: {done.files} deleted")
    for name in done.shared:
        click.echo(f"kept, because other runs hold it too: {name}")


async def _audit(limit: int, db: str | None, *, as_json: bool) -> int:
    keepers, _ = _keepers(db)
    lines: list[dict[str, Any]] = []
    for keeper in keepers.values():
        lines += await _told(keeper.audit(limit))
    lines = sorted(lines, key=lambda line: line["at"], reverse=True)[:limit]
    if as_json:
        click.echo(json.dumps(lines, ensure_ascii=False))
        return 0
    for line in lines:
        detail = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in line["detail"].items())
        click.echo(f"{line['at']}  {line['by']}  {line['action']}  {line['subject']}  {detail}".rstrip())
    return 0


# --- where it is ------------------------------------------------------------------------------------------------------


def _keepers(db: str | None) -> tuple[dict[str, Keeper], Path]:
    from recipe_engine.cli.operating import database_path
    from recipe_engine.engine import Engine
    from recipe_engine.persons import keepers_of

    path = database_path(db)
    engine = Engine(path)
    return keepers_of(engine.catalog, engine.settings, str(path)), path


async def _known(who: str, db: str | None) -> tuple[Known, Path]:
    from recipe_engine.persons import know

    keepers, path = _keepers(db)
    return await _told(know(keepers, who)), path


async def _told(work: Any) -> Any:
    """What the work gives; the failure of a keeper as an error for people."""
    from recipe_engine.errors import RecipeError
    from recipe_engine.plugin import ActionError

    try:
        return await work
    except ActionError as error:
        raise RecipeError(error.failure.title, error.failure.detail or None) from error


@asynccontextmanager
async def _runs(path: Path, *, drive: bool) -> AsyncIterator[Runs | None]:
    """The runs of the database, through whoever drives them; None when there is no database."""
    from recipe_engine.engine import Engine
    from recipe_engine.runtime.at_rest import RunsAtRest
    from recipe_engine.runtime.owner import is_owned
    from recipe_engine.wiring import open_client

    if not path.exists():  # noqa: ASYNC240  # nothing else goes on in this process
        yield None
    elif is_owned(path):
        client = open_client(path)
        await client.open()
        try:
            yield client
        finally:
            await client.close()
    elif drive:
        async with Engine(path) as engine:
            yield engine.runtime
    else:
        async with RunsAtRest(path) as runs:
            yield runs


def _blobs(database: Path) -> FolderBlobs:
    from recipe_engine.runtime.blobs import FolderBlobs
    from recipe_engine.wiring import blobs_folder

    return FolderBlobs(blobs_folder(database))
