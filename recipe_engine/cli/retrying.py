"""What `recipe runs retry` does: say what is taken over, start the new run, see it through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from recipe_engine.cli.driving import Telling
    from recipe_engine.engine import Engine
    from recipe_engine.operations import Continuation


@dataclass(frozen=True, slots=True)
class Wish:
    """What to retry, and how."""

    run: str
    recipe: str | None
    start_at: str | None
    only_plan: bool
    repeat_uncertain: bool


async def retry_run(wish: Wish, db: str | None, *, form: str, as_json: bool, sandbox: bool) -> int:
    """Retry a run; gives the exit code."""
    from recipe_engine.cli.driving import Telling
    from recipe_engine.cli.operating import looking
    from recipe_engine.cli.show.progress import progress
    from recipe_engine.engine import Engine
    from recipe_engine.operations import continuation

    shown = progress(form)  # type: ignore[arg-type]  # click has checked the choice
    telling = Telling(shown)
    engine = Engine(db, sandbox=sandbox, log=telling.log)
    fixed = engine.compile(wish.recipe) if wish.recipe else None
    async with looking(db) as runtime:
        plan, journal = await runtime.plan(wish.run), await runtime.journal(wish.run)
    found = continuation(plan, journal, fixed=fixed, start_at=wish.start_at)
    _tell(found)
    if wish.only_plan:
        return 0
    if found.uncertain and not wish.repeat_uncertain:
        raise click.UsageError(
            f"nobody knows whether {', '.join(found.uncertain)} happened; find out, and then either leave it be or "
            "say --repeat-uncertain"
        )
    try:
        return await _start(engine, wish, found, telling, as_json=as_json, db=db)
    finally:
        shown.close()


async def _start(
    engine: Engine, wish: Wish, found: Continuation, telling: Telling, *, as_json: bool, db: str | None
) -> int:
    import json

    from recipe_engine.cli.driving import drive
    from recipe_engine.cli.operating import conclude
    from recipe_engine.cli.show.outcome import exit_code

    async with engine:
        name = await engine.start_again(wish.run, found)
        driven = await drive(engine, name, telling)
        view = await engine.runtime.get(name)
        if as_json:
            click.echo(json.dumps(view.to_json(), ensure_ascii=False, indent=2))
        else:
            conclude(view.to_json(), driven.state, engine.clock.now(), db)
    return exit_code(view.status)


def _tell(found: Continuation) -> None:
    """What is taken over and what is done again, on the error stream."""
    _line("taken over", list(found.reused))
    _line("done again though they succeeded", [path for path in found.again if path not in found.changed])
    _line("done again because the recipe changed there", list(found.changed))
    _line("done again though they may have happened", list(found.uncertain))


def _line(said: str, paths: list[str]) -> None:
    if paths:
        shown = ", ".join(paths[:12]) + (f" and {len(paths) - 12} more" if len(paths) > 12 else "")
        click.echo(f"{said}: {shown}", err=True)
