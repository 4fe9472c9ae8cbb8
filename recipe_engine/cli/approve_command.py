"""`recipe approve`: the answer of a person to a run that asked for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.core.state import Pending, State


@click.command(
    cls=RecipeCommand,
    example="""
    recipe approve 06f8zk0m2w3q9x1t --yes --by zoe@example.org
    recipe approve 06f8zk0m2w3q9x1t check_offer --no --by zoe --set reason="too expensive"
    """,
)
@click.argument("run")
@click.argument("step", required=False)
@click.option("--yes/--no", "approved", default=None, help="The answer.")
@click.option(
    "--set", "pairs", multiple=True, metavar="FIELD=VALUE", help="A field that may be edited. May be repeated."
)
@options.by
@options.drive
@options.progress
@options.database
def approve(
    run: str,
    step: str | None,
    approved: bool | None,
    pairs: tuple[str, ...],
    by: str,
    drive: bool,
    form: str,
    db: str | None,
) -> int:
    """Answer RUN, which waits for a person. STEP says which of its steps when several wait."""
    from recipe_engine.cli.operating import looking, operate, state_of

    async def asked() -> Pending:
        async with looking(db) as runtime:
            return pending_of(await state_of(runtime, run), step, "approval", "waits for an approval")

    pending = finish(asked())
    if approved is None:
        raise click.UsageError(f"{pending.path} asks: {pending.approval['ask']} -- answer with --yes or --no")
    fields = _fields(pairs, pending)
    return operate(
        db,
        lambda runtime: runtime.approve(run, pending.path, approved=approved, by=by, fields=fields),
        f"{'approved' if approved else 'refused'} {pending.path} of run {run} for {by}",
        run=run,
        drive_here=drive,
        form=form,
    )


def pending_of(state: State, step: str | None, kind: str, said: str) -> Pending:
    """The pending thing of a kind: the only one, or that of `step` (path or id). UsageError names what there is."""
    from recipe_engine.core.pending import meant

    found = [item for item in state.pending.values() if item.kind == kind]
    fitting = meant(found, step)
    if len(fitting) == 1:
        return fitting[0]
    if not found:
        raise click.UsageError(f"no step of run {state.run} {said}: it is {state.status.replace('_', ' ')}")
    paths = ", ".join(item.path for item in found)
    if step is None or fitting:
        raise click.UsageError(f"several steps of run {state.run} do: say which, of {paths}")
    raise click.UsageError(f"step {step!r} of run {state.run} does not: {paths} does")


def _fields(pairs: tuple[str, ...], pending: Pending) -> JSONObject | None:
    """The edited fields, held against the schema of what may be edited."""
    from recipe_engine.cli.given import from_pairs
    from recipe_engine.inputs import misses

    if not pairs:
        return None
    schema = pending.approval.get("fields") or {"type": "object", "additionalProperties": False}
    given = from_pairs(pairs, schema, "field")
    problems = misses({**schema, "required": []}, given)
    if problems:
        raise click.UsageError("; ".join(str(problem) for problem in problems))
    return given
