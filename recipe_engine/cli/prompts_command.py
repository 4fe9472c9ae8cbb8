"""`recipe prompts`: what steps asked language models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeGroup
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON
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

    The question is built from the recorded parameters as it was built then; images and documents are shortened. Model
    and length follow today's settings where the step does not name them. --json prints the bodies of the requests.
    """
    shown = finish(_questions(run, step, db))
    if as_json:
        click.echo(
            json.dumps([{"path": path, "request": body} for path, _, body in shown], ensure_ascii=False, indent=2)
        )
    else:
        click.echo("\n\n".join(text for _, text, _ in shown))
    return 0


async def _questions(run: str, step: str, db: str | None) -> list[tuple[str, str, object]]:
    """Path, text and body of every question of the step."""
    from recipe_engine.builtin.llm.rebuilt import body_of, rebuilt
    from recipe_engine.builtin.llm.shown import as_text
    from recipe_engine.cli.operating import database_path, looking, state_of
    from recipe_engine.installed import bare_settings
    from recipe_engine.plugin import ActionError
    from recipe_engine.runtime.blobs import FolderBlobs
    from recipe_engine.wiring import blobs_folder

    async with looking(db) as runtime:
        asked = _asked(await state_of(runtime, run), await runtime.journal(run), step)
    blobs = FolderBlobs(blobs_folder(database_path(db)))
    shown: list[tuple[str, str, object]] = []
    for path, params in asked.items():
        try:
            candidate, request = await rebuilt(path, params, bare_settings(), blobs)
        except ActionError as error:
            raise click.UsageError(f"{path} asked nothing: {error.failure.title}") from error
        shown.append((path, as_text(request), body_of(candidate, request)))
    return shown


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
