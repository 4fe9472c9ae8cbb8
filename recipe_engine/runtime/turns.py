"""The heart of the driver: runs take in their mail, one turn at a time.

Theory of operation. A turn hands all of a run's mail to the core, commits what that led to as one change, and only then
carries out the core's commands: the intent of an effect stands in the journal before the effect. What the effects
answer is mail again. Mail that arrives while a commit is under way waits, and is taken in together by the next turn.
Runs are independent; what their turns commit at the same time shares one transaction.

A run that has nothing under way is at rest: it leaves memory (but for the few that were last at rest), and is read
back from its journal when there is mail for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import orjson

from recipe_engine.core import events as ev
from recipe_engine.core.advance import advance, new_state, outstanding, replay
from recipe_engine.core.commands import AwaitEvent, Command, PerformAction, Withdraw
from recipe_engine.core.events import Entry, Event
from recipe_engine.core.failure import Failure
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.effects import Effects
from recipe_engine.runtime.errors import OperationError, OperationRefused, StorageError
from recipe_engine.runtime.live import LiveRun, Mail, read, replacement, written
from recipe_engine.runtime.performer import Performer
from recipe_engine.runtime.protocol import STOP_ALL
from recipe_engine.runtime.residents import Residents
from recipe_engine.runtime.rows import describe
from recipe_engine.runtime.store import Change, Store
from recipe_engine.runtime.views import result_of_failure

_log = logging.getLogger("recipe_engine.runtime")
ACCEPTED = orjson.dumps({"result": None})


class Listener(Protocol):
    """Who is told what the turns lead to. Called from the event loop; must not raise."""

    def committed(self, run: LiveRun, entries: list[Entry]) -> None:
        """Entries of a run are safe (none when only its row was)."""
        ...

    def awaits(self, run: LiveRun, command: AwaitEvent) -> None:
        """A run began to wait for an event, which may have arrived already."""
        ...

    def rested(self, run: LiveRun) -> None:
        """A run has nothing under way any more."""
        ...

    def set_aside(self, run: LiveRun, error: OperationError) -> None:
        """A run met a defect of the engine and is not driven any more."""
        ...

    def broke(self, error: StorageError) -> None:
        """The storage failed; nothing more can be committed."""
        ...


@dataclass(slots=True)
class _Turn:
    """What a turn has led to so far. `answers` are for those who wait: whether their event fitted."""

    kept: list[tuple[int, int, bytes]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    answers: list[tuple[asyncio.Future[bool], bool]] = field(default_factory=list)
    requests: list[tuple[int, bytes]] = field(default_factory=list)
    resumed: bool = False


class Turns:
    """Runs and their turns. While `holding`, everything is stopped: runs that get mail are paused first. Effects that
    another process left under way are looked after once `recovering`."""

    def __init__(
        self,
        store: Store,
        performer: Performer,
        clock: Clock,
        listener: Listener,
        functions: Mapping[str, Any] | None = None,
    ) -> None:
        self._functions = functions
        self.residents = Residents(store)
        self.holding = False
        self.recovering = False
        self._store = store
        self._clock = clock
        self._listener = listener
        self._effects = Effects(performer, self.post, self._settle)
        self._closing = False

    def run(self, number: int) -> LiveRun:
        """A run, read back from its journal unless it is in memory. Post to it before anything else is awaited."""
        run = self.residents.find(number)
        if run is None:
            run = self.residents.read_back(number)
            if run.state.in_flight:
                self.recover(run)
        return run

    def recover(self, run: LiveRun) -> None:
        """Look after effects that were under way when a process died; those of a paused run wait with it."""
        if run.state.paused or self.holding or not self.recovering:
            return
        for command in outstanding(run.state):
            if isinstance(command, PerformAction) and command.seq not in run.actions:
                self.residents.move(run)
                self._effects.perform(run, command, recovered=True)

    # --- mail

    def post(
        self, run: LiveRun, event: Event, *, taken: asyncio.Future[bool] | None = None, request: int | None = None
    ) -> None:
        """Hand an event to a run. While everything is stopped the run is paused first, whatever woke it."""
        if self._closing:
            if taken is not None:
                taken.set_exception(OperationError("the runtime is closed"))
            return
        self.residents.move(run)
        if self.holding and not run.state.paused and not isinstance(event, ev.RunPaused | ev.RunCancelled):
            run.mail.append(Mail(ev.RunPaused(STOP_ALL)))
        run.mail.append(Mail(event, taken, request))
        if not run.committing:
            self._turn(run)

    def refresh(self, run: LiveRun) -> None:
        """Commit the run's row as it should be, when it tells something else than its journal."""
        run.stale_row = True
        self.residents.move(run)
        if not run.committing:
            self._turn(run)

    # --- turns

    def _turn(self, run: LiveRun) -> None:
        """Take in the run's mail and commit what that leads to."""
        turn = _Turn()
        try:
            while run.mail:
                self._take_in(run, run.mail[0], turn)
                run.mail.popleft()
        except StorageError as error:
            self._refuse(run, turn, error)
            self._listener.broke(error)
            return
        except Exception:  # noqa: BLE001  # a defect of the engine must not take the other runs along; it is logged
            self._set_aside(run, turn)
            return
        if not turn.entries and not run.stale_row:
            _answer(turn)
            self._settle(run)
            return
        change = Change(entries=turn.kept, answers=turn.requests)
        describe(run, turn.commands, change)
        run.committing = True
        self._store.submit(change, partial(self._committed, run, turn))

    def _take_in(self, run: LiveRun, mail: Mail, turn: _Turn) -> None:
        """Hand one event to the core; a stale one leads to nothing."""
        at, event = self._clock.now(), mail.event
        step = advance(run.state, event, at, self._functions)
        entry, commands = step.entry, step.commands
        if entry is not None:
            try:
                data = written(event, entry)
            except ValueError as error:
                if isinstance(event, ev.RunStarted):
                    self._cannot_begin(run, mail, f"the run cannot begin: {error}")
                    return
                entry, commands = self._instead(run, event, str(error), turn)
                data = written(event, entry)
            turn.kept.append((run.row.number, run.count, data))
            turn.entries.append(entry)
            turn.commands += commands
            turn.resumed |= isinstance(event, ev.RunResumed)
            run.count += 1
            run.size += len(data)
            if mail.request is not None:
                turn.requests.append((mail.request, ACCEPTED))
        if mail.taken is not None:
            turn.answers.append((mail.taken, entry is not None))

    def _instead(self, run: LiveRun, event: Event, problem: str, turn: _Turn) -> tuple[Entry, list[Command]]:
        """Go back to before an event that cannot be kept, and take in what stands for it."""
        kept = [*self._store.entries(run.row.number), *(item[2] for item in turn.kept)]
        run.state = replay(run.state.plan, read(kept))
        step = advance(run.state, replacement(event, problem), self._clock.now(), self._functions)
        assert step.entry is not None
        return step.entry, step.commands

    def _cannot_begin(self, run: LiveRun, mail: Mail, problem: str) -> None:
        """Refuse a run whose first entry cannot be kept. One that had been queued has failed, without a journal."""
        run.state = new_state(run.state.plan)
        run.row.queued = False
        run.row.status = "failed"
        run.row.ended_at = self._clock.now()
        run.row.result = result_of_failure(Failure("value_too_large", problem))
        run.stale_row = run.let_in
        if mail.taken is not None and not mail.taken.done():
            mail.taken.set_exception(OperationRefused(problem))

    def _committed(self, run: LiveRun, turn: _Turn, error: StorageError | None) -> None:
        """What was committed is shown, and its commands are carried out."""
        if error is not None:
            run.committing = False
            self._refuse(run, turn, error)
            self._listener.broke(error)
            return
        try:
            self._listener.committed(run, turn.entries)
            if not self._closing:
                self._carry_out(run, turn)
        except Exception:  # noqa: BLE001  # as above: the others of this transaction have to go on
            self._set_aside(run, turn)
            return
        _answer(turn)
        run.committing = False
        if run.mail and not self._closing:
            self._turn(run)
        else:
            self._settle(run)

    def _carry_out(self, run: LiveRun, turn: _Turn) -> None:
        for command in turn.commands:
            self._obey(run, command)
        if turn.resumed:
            self.recover(run)

    def _obey(self, run: LiveRun, command: Command) -> None:
        match command:
            case PerformAction():
                self._effects.perform(run, command, recovered=False)
            case AwaitEvent():
                self._listener.awaits(run, command)
            case Withdraw():
                self._effects.withdraw(run, command.seq)
            case _:
                pass  # timers are in the run's row, approvals are answered by people

    # --- ends

    def _settle(self, run: LiveRun) -> None:
        if self.residents.rest(run):
            self._listener.rested(run)

    def _set_aside(self, run: LiveRun, turn: _Turn) -> None:
        """Leave a run that could not be taken further where its journal ends, until the next start."""
        _log.exception("run %s is set aside: its journal ends before what went wrong", run.row.run_id)
        told = OperationError(f"run {run.row.run_id} met a defect of the engine", "the log says more; please report it")
        self._refuse(run, turn, told)
        self._effects.withdraw_all(run)
        self.residents.set_aside(run)
        self._listener.set_aside(run, told)

    def _refuse(self, run: LiveRun, turn: _Turn | None, error: OperationError) -> None:
        """Tell those who posted to a run that their events are not taken in."""
        waiting = [mail.taken for mail in run.mail if mail.taken is not None]
        for taken in [*waiting, *(item[0] for item in (turn.answers if turn else ()))]:
            if not taken.done():
                taken.set_exception(error)
        run.mail.clear()

    def abandon(self, error: StorageError) -> None:
        """Nothing can be committed any more: break off what is under way, and tell those who wait."""
        self._closing = True
        runs = list(self.residents.moving.values())
        self._effects.stop(runs)
        for run in runs:
            self._refuse(run, None, error)

    async def close(self) -> None:
        """Break off what is under way, and wait for what is being committed."""
        self._closing = True
        runs = list(self.residents.moving.values())
        await asyncio.gather(*self._effects.stop(runs), return_exceptions=True)
        await self._store.flush()
        for run in runs:
            self._refuse(run, None, OperationError("the runtime is closed"))
        self.residents.clear()


def _answer(turn: _Turn) -> None:
    for taken, fitted in turn.answers:
        if not taken.done():  # whoever asked may have gone
            taken.set_result(fitted)
