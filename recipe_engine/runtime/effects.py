"""Effects under way: what the core asked for is performed, and what came of it is posted.

The one rule: every effect ends as an event of its run, unless it was withdrawn, or broken off because the process ends;
then its intent is in the journal and the next process looks after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, Event
from recipe_engine.core.failure import Failure
from recipe_engine.runtime.live import LiveRun
from recipe_engine.runtime.performer import Performer

_log = logging.getLogger("recipe_engine.runtime")


class Effects:
    """Performs actions as tasks. `post` takes in what they answer, `settled` hears of withdrawn ones that have ended."""

    def __init__(
        self, performer: Performer, post: Callable[[LiveRun, Event], None], settled: Callable[[LiveRun], None]
    ) -> None:
        self._performer = performer
        self._post = post
        self._settled = settled
        self._closing = False

    def perform(self, run: LiveRun, command: PerformAction, *, recovered: bool) -> None:
        """Begin one attempt."""
        task = asyncio.get_running_loop().create_task(self._performer.perform(run.info, command, recovered))
        run.actions[command.seq] = task
        task.add_done_callback(partial(self._performed, run, command))

    def withdraw(self, run: LiveRun, seq: int) -> None:
        """Break an attempt off that is no longer wanted."""
        task = run.actions.pop(seq, None)
        if task is not None:
            run.leaving.add(task)
            task.cancel()

    def withdraw_all(self, run: LiveRun) -> None:
        """Break off whatever a run has under way."""
        for seq in list(run.actions):
            self.withdraw(run, seq)

    def stop(self, runs: list[LiveRun]) -> list[asyncio.Task[Event]]:
        """Break everything off and post nothing more: the journals hold the intents. The tasks that are ending."""
        self._closing = True
        tasks = [task for run in runs for task in [*run.actions.values(), *run.leaving]]
        for task in tasks:
            task.cancel()
        return tasks

    def _performed(self, run: LiveRun, command: PerformAction, task: asyncio.Task[Event]) -> None:
        error = None if task.cancelled() else task.exception()
        if task in run.leaving:
            run.leaving.discard(task)
            self._settled(run)
            return
        del run.actions[command.seq]
        if self._closing:
            return
        if error is None and not task.cancelled():
            self._post(run, task.result())
            return
        _log.error("the action %s of run %s broke", command.action, run.row.run_id, exc_info=error)
        self._post(run, ActionFailed(command.path, command.seq, _broken(command, error)))


def _broken(command: PerformAction, error: BaseException | None) -> Failure:
    """The failure of an action whose performer broke its word, or that something else cancelled."""
    detail = "it was cancelled from outside" if error is None else f"{type(error).__name__}: {error}"
    return Failure("internal", "the action broke", detail, happened="no" if command.effect == "read" else "maybe")
