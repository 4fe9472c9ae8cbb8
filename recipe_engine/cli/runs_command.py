"""`recipe runs`: look at runs, and look after them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeGroup
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON
    from recipe_engine.core.state import State
    from recipe_engine.runtime.protocol import RunView

_STATUSES = ["running", "waiting", "paused", "in_doubt", "succeeded", "failed", "cancelled"]


@click.group(cls=RecipeGroup)
def runs() -> None:
    """List, show, watch, pause, resume, cancel, retry and resolve runs."""


# --- looking ----------------------------------------------------------------------------------------------------------


@runs.command(
    "list",
    example="""
    recipe runs list
    recipe runs list --status in_doubt --json
    """,
)
@click.option("--status", type=click.Choice(_STATUSES), help="Only runs that stand so.")
@click.option("--recipe", metavar="SLUG", help="Only runs of this recipe.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many, the newest first."
)
@options.as_json
@options.database
def list_(status: str | None, recipe: str | None, limit: int, as_json: bool, db: str | None) -> int:
    """List runs, the newest first."""
    from recipe_engine.cli.operating import database_path, looking

    async def found() -> list[RunView]:
        if not database_path(db).exists():
            click.echo(f"there is no database {database_path(db)} yet: `recipe run` makes it", err=True)
            return []
        async with looking(db) as runtime:
            return await runtime.list(status=status, recipe=recipe, limit=limit)

    views = finish(found())
    if as_json:
        click.echo(json.dumps([view.to_json() for view in views], ensure_ascii=False, indent=2))
    else:
        _table(views)
        if len(views) == limit:
            click.echo(f"the newest {limit}; --limit shows more", err=True)
    return 0


def _table(views: list[RunView]) -> None:
    from recipe_engine.cli.show.columns import columns
    from recipe_engine.cli.show.outcome import STATUS_COLOUR
    from recipe_engine.cli.show.words import in_a_line, since

    rows = []
    for view in views:
        status = click.style(f"{view.status.replace('_', ' '):<9}", fg=STATUS_COLOUR.get(view.status))
        told = view.error["title"] if view.error else "" if view.output is None else in_a_line(view.output, 60)
        rows.append((view.run_id, status, view.recipe, since(view.started_at), told))
    if rows:
        click.echo(columns(rows, indent=""))


@runs.command(
    "show",
    example="""
    recipe runs show 06f8zk0m2w3q9x1t
    recipe runs show 06f8zk0m2w3q9x1t --json
    """,
)
@click.argument("run")
@options.as_json
@options.database
def show(run: str, as_json: bool, db: str | None) -> int:
    """Show RUN: its steps, how they went, its output or its error, and what it waits for."""
    from recipe_engine.cli.operating import looking, state_of

    async def found() -> tuple[RunView, State]:
        async with looking(db) as runtime:
            return await runtime.get(run), await state_of(runtime, run)

    view, state = finish(found())
    if as_json:
        click.echo(json.dumps(view.to_json(), ensure_ascii=False, indent=2))
    else:
        from recipe_engine.cli.show.run_page import show_run

        show_run(view, state, db)
    return 0


@runs.command("watch", example="recipe runs watch 06f8zk0m2w3q9x1t")
@click.argument("run")
@options.progress
@options.database
def watch(run: str, form: str, db: str | None) -> int:
    """Show what has happened in RUN and what happens, until it ends. Ctrl-C ends watching, not the run."""
    from recipe_engine.cli.operating import looking
    from recipe_engine.cli.show.narrate import Narrator
    from recipe_engine.cli.show.outcome import exit_code
    from recipe_engine.cli.show.progress import progress

    shown = progress(form)  # type: ignore[arg-type]  # click has checked the choice

    async def follow() -> str:
        async with looking(db) as runtime:
            narrator = Narrator(await runtime.plan(run))
            async for entry in runtime.watch(run):
                for happening in narrator.tell(entry):
                    shown.show(happening)
            return (await runtime.get(run)).status

    try:
        return exit_code(finish(follow()))
    finally:
        shown.close()


# --- looking after ----------------------------------------------------------------------------------------------------


@runs.command("pause", example='recipe runs pause 06f8zk0m2w3q9x1t --by zoe --reason "wrong prices"')
@click.argument("run")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@options.by
@options.database
def pause(run: str, reason: str, by: str, db: str | None) -> int:
    """Pause RUN: nothing new starts in it; what is under way ends."""
    from recipe_engine.cli.operating import operate

    return operate(
        db,
        lambda runtime: runtime.pause(run, by=by, reason=reason),
        f"paused run {run} (`recipe runs resume {run}` lets it go on)",
        run=run,
        possible=lambda state: _refuse_ended(state, "pause"),
        halts=True,
    )


@runs.command("resume", example="recipe runs resume 06f8zk0m2w3q9x1t")
@click.argument("run")
@options.by
@options.progress
@options.database
def resume(run: str, by: str, form: str, db: str | None) -> int:
    """Let RUN go on: paused, interrupted by Ctrl-C, or left by a process that died.

    When no worker drives the runs it is driven here, to its end or until it has to wait again.
    """
    from recipe_engine.cli.operating import looking, operate, state_of
    from recipe_engine.runtime.protocol import Runtime

    async def state() -> State:
        async with looking(db) as runtime:
            return await state_of(runtime, run)

    before = finish(state())
    _refuse_ended(before, "resume")

    async def go_on(runtime: Runtime) -> None:
        if before.paused:
            await runtime.resume(run, by=by)

    said = f"run {run} goes on"
    return operate(db, go_on, said, run=run, drive_here=True, form=form)


@runs.command("cancel", example='recipe runs cancel 06f8zk0m2w3q9x1t --by zoe --reason "sent by mistake"')
@click.argument("run")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@options.by
@options.database
def cancel(run: str, reason: str, by: str, db: str | None) -> int:
    """Cancel RUN for good and break off what is under way in it."""
    from recipe_engine.cli.operating import operate

    return operate(
        db,
        lambda runtime: runtime.cancel(run, by=by, reason=reason),
        f"cancelled run {run}",
        run=run,
        possible=lambda state: _refuse_ended(state, "cancel"),
        halts=True,
    )


@runs.command(
    "resolve",
    example="""
    recipe runs resolve 06f8zk0m2w3q9x1t pay --done --output '{"id": "re_7"}' --by zoe
    recipe runs resolve 06f8zk0m2w3q9x1t --retry --by zoe
    """,
)
@click.argument("run")
@click.argument("step", required=False)
@click.option("--done", "outcome", flag_value="done", help="It happened; --output is what it answered.")
@click.option("--retry", "outcome", flag_value="retry", help="It did not happen: do it (again).")
@click.option("--output", callback=options.parsed_json, metavar="JSON", help="With --done: the step's result.")
@options.by
@options.drive
@options.progress
@options.database
def resolve(
    run: str,
    step: str | None,
    outcome: Literal["done", "retry"] | None,
    output: JSON,
    by: str,
    drive: bool,
    form: str,
    db: str | None,
) -> int:
    """Settle STEP of RUN, which is in doubt: its effect may or may not have happened, and nobody else can tell."""
    from recipe_engine.cli.approve_command import pending_of
    from recipe_engine.cli.operating import looking, operate, state_of

    async def doubted() -> str:
        async with looking(db) as runtime:
            return pending_of(await state_of(runtime, run), step, "doubt", "is in doubt").path

    path = finish(doubted())
    if outcome is None:
        raise click.UsageError(f"did {path} happen? answer with --done or --retry")
    if outcome == "retry" and output is not None:
        raise click.UsageError("--output goes with --done")
    return operate(
        db,
        lambda runtime: runtime.resolve(run, path, outcome, by=by, output=output),
        f"settled {path} of run {run}: {'it happened' if outcome == 'done' else 'to be done again'}",
        run=run,
        drive_here=drive,
        form=form,
    )


def _refuse_ended(state: State, verb: str) -> None:
    if state.ended is not None:
        ended = "was cancelled" if state.ended == "cancelled" else f"has {state.ended}"
        again = f"; `recipe runs retry {state.run}` starts it again" if state.ended != "succeeded" else ""
        raise click.UsageError(f"cannot {verb} run {state.run}: it {ended}{again}")
    if verb == "pause" and state.paused:
        raise click.UsageError(f"run {state.run} is paused already, by {state.paused_by}")


# --- retrying ---------------------------------------------------------------------------------------------------------


@runs.command(
    "retry",
    example="""
    recipe runs retry 06f8zk0m2w3q9x1t                        from the failed step, as it ran
    recipe runs retry 06f8zk0m2w3q9x1t --recipe fixed.yml     with a mended recipe
    recipe runs retry 06f8zk0m2w3q9x1t --from ticket --plan   what would be done again
    """,
)
@click.argument("run")
@click.option("--recipe", metavar="RECIPE", help="A mended recipe to go on with (path or slug).")
@click.option("--from", "start_at", metavar="STEP", help="Do this step and everything after it again.")
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would be taken over and what done again.")
@click.option("--repeat-uncertain", is_flag=True, help="Do steps again of which nobody knows whether they happened.")
@click.option("--sandbox", is_flag=True, help="Run against the connectors' sandboxes.")
@options.progress
@options.as_json
@options.database
def retry(
    run: str,
    recipe: str | None,
    start_at: str | None,
    only_plan: bool,
    repeat_uncertain: bool,
    sandbox: bool,
    form: str,
    as_json: bool,
    db: str | None,
) -> int:
    """Start RUN again, which failed or was cancelled, as a new run that takes over what had succeeded.

    Nothing that was paid for is repeated, and what is repeated carries the same idempotency keys.
    """
    from recipe_engine.cli.retrying import Wish, retry_run

    wish = Wish(run, recipe, start_at, only_plan, repeat_uncertain)
    return finish(retry_run(wish, db, form=form, as_json=as_json, sandbox=sandbox))
