"""`recipe prompts`: what steps asked language models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeGroup
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.core.state import State
    from recipe_engine.runtime.protocol import Journal


@click.group(cls=RecipeGroup)
def prompts() -> None:
    """Show what steps asked language models."""


@prompts.command(
    "show",
    example="""
    recipe prompts show 06f8zk0m2w3q9x1t classify
    recipe prompts show 06f8zk0m2w3q9x1t each[2]/classify --json
    """,
)
@click.argument("run")
@click.argument("step")
@options.as_json
@options.database
def show(run: str, step: str, as_json: bool, db: str | None) -> int:
    """Show what STEP of RUN asked: its id shows every time that it ran, its path one of them.

    The questions are built from the recorded parameters as they were built then, answers that did not fit and what
    was said of them included; images and documents are shortened. Who was asked is kept for forty days, after that today's
    settings tell. --json prints the body of every request.
    """
    shown = finish(_questions(run, step, db))
    if as_json:
        click.echo(
            json.dumps([{"path": path, "request": body} for path, _, body in shown], ensure_ascii=False, indent=2)
        )
    else:
        click.echo("\n\n".join(text for _, text, _ in shown if text))
    return 0


async def _questions(run: str, step: str, db: str | None) -> list[tuple[str, str, object]]:
    """Path, text and body of every request of the step; no text of those that another repeats with more."""
    from recipe_engine.builtin.llm.rebuilt import body_of, rebuilt
    from recipe_engine.builtin.llm.shown import as_text
    from recipe_engine.cli.operating import database_path, looking, state_of
    from recipe_engine.installed import bare_settings
    from recipe_engine.plugin import ActionError
    from recipe_engine.runtime.blobs import FolderBlobs
    from recipe_engine.wiring import blobs_folder

    async with looking(db) as runtime:
        state = await state_of(runtime, run)
        asked = _asked(state, await runtime.journal(run), step)
    blobs = FolderBlobs(blobs_folder(database_path(db)))
    kept = _kept(database_path(db), state.run, asked)
    shown: list[tuple[str, str, object]] = []
    for path, params in asked.items():
        try:
            requests = await rebuilt(path, params, bare_settings(), blobs, kept[path])
        except ActionError as error:
            raise click.UsageError(f"{path} asked nothing: {error.failure.title}") from error
        shown += [(path, "" if each.repeated else as_text(each.request), body_of(each)) for each in requests]
    return shown


def _kept(database: Path, run: str, paths: Iterable[str]) -> dict[str, list[JSONObject]]:
    """What was kept of whom each of these steps of a run asked, nothing where nothing was or is any more."""
    import time

    import orjson

    from recipe_engine.builtin.llm.kept import TABLE, key_of, key_of_all
    from recipe_engine.runtime.sqlite_reader import SqliteReader
    from recipe_engine.runtime.sqlite_schema import connect

    reader, connection, now = SqliteReader(database), connect(database, migrate=False), time.time()
    reader.use(connection)
    try:
        found = {
            path: reader.value(TABLE, key_of(run, path), now) or reader.value(TABLE, key_of_all(run, path), now)
            for path in paths
        }
    finally:
        connection.close()
    return {path: orjson.loads(value)["asked"] if value else [] for path, value in found.items()}


def _asked(state: State, journal: Journal, wanted: str) -> dict[str, JSON]:
    """The recorded parameters of the instances of a step that asked, by their paths.

    Raises UsageError when there is none.
    """
    from recipe_engine.builtin.llm.call import asking as asking_step
    from recipe_engine.core.events import StepStarted

    asking = {path for path, step in state.steps.items() if step.step.type == "llm_call"}
    recorded: dict[str, JSON] = {}
    for entry in journal:
        for event in entry.events:
            if isinstance(event, StepStarted) and event.path in asking and event.params is not None:
                recorded[event.path] = event.params
    found = [path for path in recorded if wanted in (path, asking_step(path))]
    found = found or [path for path in recorded if asking_step(path).rpartition("/")[2] == wanted]
    if not found:
        paths = ", ".join(list(recorded)[:10]) or "none"
        raise click.UsageError(f"no step {wanted!r} of run {state.run} asked a model; these did: {paths}")
    return {path: recorded[path] for path in found}
