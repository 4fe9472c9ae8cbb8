"""Driving a run in the foreground: show it, let Ctrl-C pause it, leave the database in order.

The one rule: a process that owns the database finishes what is under way for everybody before it lets go of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli.interrupts import Interrupts
from recipe_engine.cli.show.narrate import Happening, Narrator
from recipe_engine.cli.show.progress import Progress
from recipe_engine.cli.show.words import in_a_line
from recipe_engine.core.events import Entry
from recipe_engine.following import PATIENCE
from recipe_engine.runtime.errors import OperationRefused

if TYPE_CHECKING:
    from recipe_engine.core.plan import Plan
    from recipe_engine.core.state import State
    from recipe_engine.engine import Engine

PAUSED_BY = "Ctrl-C"


@dataclass(frozen=True, slots=True)
class Driven:
    """How far a run got. `interrupted` says that a person stopped it."""

    state: State
    interrupted: bool


class Telling:
    """What is told of a run in the foreground: its journal, and the lines that its steps log.

    Lines that are logged before the journal's beginning was told are kept until then.
    """

    def __init__(self, shown: Progress) -> None:
        self.shown = shown
        self._narrator: Narrator | None = None
        self._early: list[Happening] | None = []

    def of(self, plan: Plan) -> None:
        """Begin to tell a run of this plan."""
        self._narrator = Narrator(plan)

    def of_many(self) -> None:
        """Tell nothing but what steps log."""
        self._early = None

    def seen(self, entry: Entry) -> None:
        """Tell an entry of the journal."""
        assert self._narrator is not None, "`of` comes first"
        for happening in [*self._narrator.tell(entry), *(self._early or ())]:
            self.shown.show(happening)
        self._early = None

    def log(self, _run: str, path: str, message: str, fields: Mapping[str, Any]) -> None:
        """Tell a line that a step logged."""
        told = ", ".join(f"{name}: {in_a_line(value, 200)}" for name, value in fields.items())
        line = Happening(time.time(), "note", path, text=f"{message} ({told})" if told else message)
        if self._early is None:
            self.shown.show(line)
        else:
            self._early.append(line)


async def drive(engine: Engine, run: str, telling: Telling, *, patience: float = PATIENCE) -> Driven:
    """Show a run until it ends or parks, as `follow` does; on Ctrl-C pause it first when this process drives it."""
    shown, seen = telling.shown, telling.seen
    telling.of(await engine.runtime.plan(run))
    async with Interrupts() as stop:
        following = asyncio.create_task(engine.see_through(run, patience=patience, seen=seen))
        ended = await stop.first(following)
        if not ended and engine.owner:
            ended = await _pause(engine, run, following, stop, shown)
        if not ended:
            following.cancel()
            return Driven(await _state(engine, run), interrupted=True)
        if engine.owner:
            await _settle(engine, stop, shown)
    return Driven(following.result(), interrupted=stop.was_asked)


async def _pause(engine: Engine, run: str, following: asyncio.Task[State], stop: Interrupts, shown: Progress) -> bool:
    """Pause the run and let what is under way end; False when a second Ctrl-C came first."""
    shown.close()
    click.echo("\npausing the run; what is under way is finished first (Ctrl-C again breaks it off)", err=True)
    with contextlib.suppress(OperationRefused):  # it ended, or was paused, in this very moment
        await engine.runtime.pause(run, by=PAUSED_BY)
    idle = asyncio.create_task(engine.runtime.until_idle())
    finished = await stop.second(idle)
    idle.cancel()
    return finished and await stop.second(following)


async def _settle(engine: Engine, stop: Interrupts, shown: Progress) -> None:
    """Finish what is under way for other runs of the database, since nobody else drives them; Ctrl-C leaves it."""
    idle = asyncio.create_task(engine.runtime.until_idle())
    await asyncio.wait({idle}, timeout=1.0)
    if not idle.done():
        shown.close()
        click.echo("finishing what is under way for other runs of this database (Ctrl-C leaves it)", err=True)
        await (stop.second if stop.was_asked else stop.first)(idle)
    idle.cancel()


async def _state(engine: Engine, run: str) -> State:
    from recipe_engine.core.advance import replay

    return replay(await engine.runtime.plan(run), await engine.runtime.journal(run))
