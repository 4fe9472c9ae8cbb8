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
from collections import OrderedDict
from functools import partial
from typing import Protocol

import orjson

from recipe_engine.core import events as ev
from recipe_engine.core.advance import advance, new_state, outstanding, replay
from recipe_engine.core.commands import AwaitEvent, Command, PerformAction, Withdraw
from recipe_engine.core.events import Entry, Event
from recipe_engine.core.failure import Failure
from recipe_engine.core.state import State
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.errors import OperationError, OperationRefused, StorageError
from recipe_engine.runtime.live import MAX_VALUE, LiveRun, Mail, Plans, read, revived, written
from recipe_engine.runtime.performer import Performer
from recipe_engine.runtime.protocol import STOP_ALL
from recipe_engine.runtime.store import Change, RunRow, Store, WaitRow
from recipe_engine.runtime.views import result_of, result_of_failure
from recipe_engine.runtime.waits import digest_of, fields_of

_log = logging.getLogger("recipe_engine.runtime")
_KEPT_AT_REST = 64
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

    def broke(self, error: StorageError) -> None:
        """The storage failed; nothing more can be committed."""
        ...


class Turns:
    """Runs in memory and their turns."""

    def __init__(self, store: Store, performer: Performer, clock: Clock, listener: Listener) -> None:
        self.plans = Plans(store)
        self.moving: dict[int, LiveRun] = {}
        self.aside: set[int] = set()
        self.holding = False
        self._store = store
        self._performer = performer
        self._clock = clock
        self._listener = listener
        self._rested: OrderedDict[int, LiveRun] = OrderedDict()
        self._closing = False

    # --- runs in memory

    def run(self, number: int) -> LiveRun:
        """A run, read back from its journal unless it is in memory. Post to it before anything else is awaited."""
        known = self.in_memory(number)
        if known is not None:
            return known
        row = self._store.run_numbered(number)
        assert row is not None, f"run {number} is not stored"
        run = revived(row, self.plans.get(row.plan), read(self._store.entries(number)))
        self._rest(run)
        if run.state.in_flight:
            self.recover(run)
        return run

    def in_memory(self, number: int) -> LiveRun | None:
        """A run that is in memory."""
        return self.moving.get(number) or self._rested.get(number)

    def recover(self, run: LiveRun) -> None:
        """Look after effects that were under way when a process died; those of a paused run wait with it."""
        if run.state.paused or self.holding:
            return
        for command in outstanding(run.state):
            if isinstance(command, PerformAction) and command.seq not in run.actions:
                self._perform(run, command, recovered=True)

    # --- mail

    def post(
        self,
        run: LiveRun,
        event: Event,
        *,
        taken: asyncio.Future[bool] | None = None,
        request: int | None = None,
    ) -> None:
        """Hand an event to a run. While everything is stopped the run is paused first, whatever woke it."""
        if self._closing:
            if taken is not None:
                taken.set_exception(OperationError("the runtime is closed"))
            return
        self._move(run)
        if self.holding and not run.state.paused and not isinstance(event, ev.RunPaused | ev.RunCancelled):
            run.mail.append(Mail(ev.RunPaused(STOP_ALL)))
        run.mail.append(Mail(event, taken, request))
        if run.commit is None:
            self._turn(run)

    def refresh(self, run: LiveRun) -> None:
        """Commit the run's row as it should be, when it tells something else than its journal."""
        run.stale_row = True
        self._move(run)
        if run.commit is None:
            self._turn(run)

    def _turn(self, run: LiveRun) -> None:
        """Take in the run's mail and commit what that leads to."""
        change = Change()
        commands: list[Command] = []
        entries: list[Entry] = []
        answered: list[tuple[asyncio.Future[bool], bool]] = []
        try:
            while run.mail:
                mail = run.mail.popleft()
                entry = self._take_in(run, mail, change, commands)
                if entry is not None:
                    entries.append(entry)
                    if mail.request is not None:
                        change.answers.append((mail.request, ACCEPTED))
                if mail.taken is not None:
                    answered.append((mail.taken, entry is not None))
        except Exception:  # noqa: BLE001  # a defect of the engine must not take the other runs along; it is logged
            self._set_aside(run, answered)
            return
        if not entries and not run.stale_row:
            _answer(answered)
            self._release(run)
            return
        self._describe(run, commands, change)
        run.commit = self._store.commit(change)
        run.commit.add_done_callback(partial(self._committed, run, entries, commands, answered))

    def _take_in(self, run: LiveRun, mail: Mail, change: Change, commands: list[Command]) -> Entry | None:
        """Hand one event to the core; the entry that it led to, None when it was stale."""
        at, event = self._clock.now(), mail.event
        step = advance(run.state, event, at)
        if step.entry is None:
            return None
        try:
            data = written(step.entry)
            if len(data) > MAX_VALUE:
                _check_answer(event)
        except ValueError as error:
            if isinstance(event, ev.RunStarted):
                self._cannot_begin(run, mail, f"the run cannot begin: {error}")
                return None
            kept = self._store.entries(run.row.number)
            committed = read([*kept, *(item[2] for item in change.entries)])
            run.state = replay(run.state.plan, committed)
            step = advance(run.state, _instead_of(event, str(error)), at)
            assert step.entry is not None
            data = written(step.entry)
        change.entries.append((run.row.number, run.count, data))
        run.count += 1
        commands += step.commands
        return step.entry

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

    def _describe(self, run: LiveRun, commands: list[Command], change: Change) -> None:
        """Add to a change what the rows must tell: the run itself, and the waits that began and ended."""
        row, state = run.row, run.state
        for seq in [seq for seq in run.waits if seq not in state.pending]:
            run.waits.discard(seq)
            change.waits_over.append((row.number, seq))
        for command in commands:
            if isinstance(command, AwaitEvent) and command.seq in state.pending:
                run.waits.add(command.seq)
                fields = fields_of(command.match)
                digest = digest_of(fields, command.match)
                assert digest is not None
                change.waits.append(WaitRow(row.number, command.seq, command.event, fields, digest))
        changed = state.started_at is not None and _describe_state(row, state)
        if run.plan_data is not None:
            change.plans.append((row.plan, row.recipe, run.plan_data))
            change.created.append(row)
            run.plan_data = None
        elif changed or run.stale_row:
            change.updated.append(row)
        if run.let_in:
            change.let_in.append(row.number)
            run.let_in = False
        run.stale_row = False

    def _committed(
        self,
        run: LiveRun,
        entries: list[Entry],
        commands: list[Command],
        answered: list[tuple[asyncio.Future[bool], bool]],
        commit: asyncio.Future[None],
    ) -> None:
        """What was committed is shown, and its commands are carried out."""
        error = commit.exception()
        if error is not None:
            assert isinstance(error, StorageError)
            for taken, _ in answered:
                if not taken.done():
                    taken.set_exception(error)
            self._listener.broke(error)
            return
        self._listener.committed(run, entries)
        if not self._closing:
            for command in commands:
                self._carry_out(run, command)
            if any(isinstance(event, ev.RunResumed) for entry in entries for event in entry.events):
                self.recover(run)
        _answer(answered)
        run.commit = None
        if run.mail and not self._closing:
            self._turn(run)
        else:
            self._release(run)

    # --- commands

    def _carry_out(self, run: LiveRun, command: Command) -> None:
        match command:
            case PerformAction():
                self._perform(run, command, recovered=False)
            case AwaitEvent():
                self._listener.awaits(run, command)
            case Withdraw():
                task = run.actions.pop(command.seq, None)
                if task is not None:
                    run.leaving.add(task)
                    task.cancel()
            case _:
                pass  # timers are in the run's row, approvals are answered by people

    def _perform(self, run: LiveRun, command: PerformAction, *, recovered: bool) -> None:
        self._move(run)
        task = asyncio.get_running_loop().create_task(self._performer.perform(run.info, command, recovered))
        run.actions[command.seq] = task
        task.add_done_callback(partial(self._performed, run, command))

    def _performed(self, run: LiveRun, command: PerformAction, task: asyncio.Task[Event]) -> None:
        """Post what an action answered."""
        error = None if task.cancelled() else task.exception()
        if task in run.leaving:
            run.leaving.discard(task)
            self._release(run)
            return
        del run.actions[command.seq]
        if self._closing:
            return
        if error is None and not task.cancelled():
            self.post(run, task.result())
            return
        _log.error("the action %s of run %s broke", command.action, run.row.run_id, exc_info=error)
        self.post(run, ev.ActionFailed(command.path, command.seq, _broken(command, error)))

    # --- rest

    def _move(self, run: LiveRun) -> None:
        number = run.row.number
        if number not in self.moving:
            self._rested.pop(number, None)
            self.moving[number] = run

    def _release(self, run: LiveRun) -> None:
        if run.at_rest and self.moving.pop(run.row.number, None) is not None:
            if run.row.ended_at is None:
                self._rest(run)
            self._listener.rested(run)

    def _rest(self, run: LiveRun) -> None:
        self._rested[run.row.number] = run
        if len(self._rested) > _KEPT_AT_REST:
            self._rested.popitem(last=False)

    def _set_aside(self, run: LiveRun, answered: list[tuple[asyncio.Future[bool], bool]]) -> None:
        """Leave a run that the core could not take further where its journal ends, until the next start."""
        _log.exception("run %s is set aside: its journal ends before what went wrong", run.row.run_id)
        self.aside.add(run.row.number)
        error = OperationError(
            f"run {run.row.run_id} met a defect of the engine", "the log says more; please report it"
        )
        for taken, _ in answered:
            if not taken.done():
                taken.set_exception(error)
        _refuse(run, error)
        for task in run.actions.values():
            run.leaving.add(task)
            task.cancel()
        run.actions.clear()
        self.moving.pop(run.row.number, None)
        self._listener.rested(run)

    def abandon(self, error: StorageError) -> None:
        """Nothing can be committed any more: break off what is under way, and tell those who wait."""
        self._closing = True
        for run in self.moving.values():
            for task in run.actions.values():
                task.cancel()
            _refuse(run, error)

    async def close(self) -> None:
        """Break off what is under way, and wait for what is being committed."""
        self._closing = True
        tasks = [task for run in self.moving.values() for task in [*run.actions.values(), *run.leaving]]
        for task in tasks:
            task.cancel()
        commits = {run.commit for run in self.moving.values() if run.commit is not None}
        await asyncio.gather(*tasks, *commits, return_exceptions=True)
        for run in self.moving.values():
            _refuse(run, OperationError("the runtime is closed"))
        self.moving.clear()
        self._rested.clear()


def _describe_state(row: RunRow, state: State) -> bool:
    """Make a row tell what the state says; whether that was something new."""
    status, wake, busy = state.status, state.next_wake, state.in_flight > 0
    stopped = state.paused and state.paused_by == STOP_ALL
    if (row.status, row.next_wake, row.busy, row.stopped, row.queued) == (status, wake, busy, stopped, False):
        return False
    row.status, row.next_wake, row.busy, row.stopped, row.queued = status, wake, busy, stopped, False
    row.ended_at = state.ended_at
    row.result = result_of(state)
    return True


def _answer(answered: list[tuple[asyncio.Future[bool], bool]]) -> None:
    for taken, fitted in answered:
        if not taken.done():  # whoever asked may have gone
            taken.set_result(fitted)


def _refuse(run: LiveRun, error: OperationError) -> None:
    """Tell those who posted to a run that their events are not taken in."""
    for mail in run.mail:
        if mail.taken is not None and not mail.taken.done():
            mail.taken.set_exception(error)
    run.mail.clear()


def _check_answer(event: Event) -> None:
    """Raises ValueError when what an action answered is too large."""
    if isinstance(event, ev.ActionSucceeded):
        size = len(orjson.dumps(event.output))
        if size > MAX_VALUE:
            raise ValueError(f"the answer is larger than {MAX_VALUE:,} bytes ({size:,}): save it as a file")


def _instead_of(event: Event, problem: str) -> Event:
    """What happens to a run in the place of an event that cannot be kept."""
    if isinstance(event, ev.ActionSucceeded):
        failure = Failure("value_too_large", "the action answered with a value that cannot be kept", problem)
        return ev.ActionFailed(event.path, event.seq, failure, event.usage)
    return ev.RunCancelled("the engine", f"value_too_large: {problem}")


def _broken(command: PerformAction, error: BaseException | None) -> Failure:
    """The failure of an action whose performer broke its word, or that something else cancelled."""
    detail = "it was cancelled from outside" if error is None else f"{type(error).__name__}: {error}"
    return Failure("internal", "the action broke", detail, happened="no" if command.effect == "read" else "maybe")
