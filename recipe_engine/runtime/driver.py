"""The embedded runtime: drives every run of one storage inside this process.

The one rule: the storage is the truth and this is a cache of it. Whatever is asked is committed before it is answered,
and a process that dies here loses nothing but the effects under way, which are looked after when it opens again.

`turns` takes runs through the core, `wakeups` wakes those at rest, `deliveries` brings them events, `starts` lets them
in, `following` shows them; here are the operations.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any, Literal

import orjson

from recipe_engine.core import events as ev
from recipe_engine.core.commands import AwaitEvent
from recipe_engine.core.events import Entry, Event
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.runtime.choices import check_edits, pick
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.deliveries import Deliveries
from recipe_engine.runtime.errors import OperationError, OperationRefused, StorageError, UnknownRun
from recipe_engine.runtime.following import Followers
from recipe_engine.runtime.idle import Idleness
from recipe_engine.runtime.inbox import Inbox
from recipe_engine.runtime.live import LiveRun, read, stored_value
from recipe_engine.runtime.performer import Performer
from recipe_engine.runtime.protocol import ENDED_OR_PARKED, STOP_ALL, Journal, Mode, Runs, RunView
from recipe_engine.runtime.redaction import naming, prepare
from recipe_engine.runtime.run_ids import new_run_id, new_seed
from recipe_engine.runtime.starts import Starts
from recipe_engine.runtime.store import Change, EventRow, RunRow, Store
from recipe_engine.runtime.traces import Traces
from recipe_engine.runtime.turns import Turns
from recipe_engine.runtime.views import listed, replayed, shown
from recipe_engine.runtime.wakeups import Wakeups

_log = logging.getLogger("recipe_engine.runtime")
_STOPPED = "stopped"
_RESUMED = "resumed"
_NOTHING = orjson.dumps(None)
Observer = Callable[[str, Entry], None]


class EmbeddedRuntime:
    """Implements `Runtime` on a storage of its own. `observer` is told of every committed entry. `seeds` gives each run
    what its `random()` follows from. `functions` is the table of what expressions may call, None for the language's own."""

    def __init__(
        self,
        store: Store,
        performer: Performer,
        clock: Clock,
        observer: Observer | None = None,
        seeds: Callable[[], str] = new_seed,
        functions: Mapping[str, Any] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer
        self._turns = Turns(store, performer, clock, self, functions)
        self._wakeups = Wakeups(store, clock, self._turns, self.broke, self._stirred)
        self._deliveries = Deliveries(store, self._turns, self._wakeups, self._stirred)
        self._starts = Starts(store, clock, self._turns, seeds)
        self._followers = Followers(store)
        self._error: OperationError | None = OperationError("the runtime is not open")
        self._stopped: JSON = None
        self._draining = False
        self._idleness = Idleness(clock, self._at_rest, self._under_way, lambda: int(self._wakeups.sleeping))
        self._inbox = Inbox(store, self, self._stirred, self.broke)

    # --- open and close

    async def open(self) -> None:
        await self._store.open()
        self._deliveries.open()
        self._error = None
        self._draining = False
        self._stopped = orjson.loads(self._store.note(_STOPPED) or _NOTHING)
        self._turns.holding = self._stopped is not None
        await self._inbox.take_up()
        self._turns.recovering = True
        if not self._turns.holding:
            self._look_after()
        if self._store.shared:
            self._inbox.open()

    def _look_after(self) -> None:
        """Take up what was left: runs that the end of a stop lets go on, effects under way, events on their way, queued
        runs, timers."""
        by = orjson.loads(self._store.note(_RESUMED) or _NOTHING) or "the next worker"
        for number in self._store.stopped():
            self._wakeups.wake(number, lambda run: self._turns.post(run, ev.RunResumed(by)))
        for number in self._store.busy():
            self._wakeups.wake(number, self._turns.recover)
        self._deliveries.deliver_pending()
        self._starts.load()
        self._wakeups.look()
        self._wakeups.pump()

    async def close(self) -> None:
        if isinstance(self._error, OperationError) and not isinstance(self._error, StorageError):
            return
        self._error = self._error or OperationError("the runtime is closed")
        self._followers.fail_all(self._error)
        self._wakeups.close()
        ending = self._inbox.stop()
        await self._deliveries.close()
        await self._turns.close()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._store.close()
        if isinstance(self._error, StorageError):
            self._error = OperationError("the runtime is closed")

    def _usable(self) -> None:
        if self._error is not None:
            raise self._error

    # --- operations

    async def start(
        self,
        plan: Plan,
        input: JSON,
        *,
        config: JSON = None,
        event: JSON = None,
        run_id: str | None = None,
        mode: Mode | None = None,
        retry_of: str | None = None,
        reused: JSON = None,
        request: int | None = None,
    ) -> str:
        self._usable()
        if self._stopped is not None:
            raise OperationRefused(
                f"everything was stopped by {self._stopped['by']}: no run may start",
                "`recipe stop-all --undo` ends that",
            )
        if self._draining:
            raise OperationRefused("what drives the runs is being stopped: no run may start", "start it again later")
        return await self._starts.start(plan, input, config, event, run_id, mode, retry_of, reused, request)

    async def send(self, event: str, data: JSON, event_id: str | None = None, run: str | None = None) -> int:
        self._usable()
        text = stored_value(data, "the event's data")
        number = None
        if run is not None:
            row = self._row(run)
            if row.ended_at is not None:
                raise OperationRefused(f"run {run} has {row.status}: it takes in no events")
            number = row.number
        now = self._clock.now()
        return await self._deliveries.take_in(
            EventRow(self._store.next_event_number(), event, event_id or new_run_id(now), number, now, text)
        )

    async def approve(
        self, run: str, step: str | None, approved: bool, by: str, fields: JSON = None, request: int | None = None
    ) -> None:
        live = self._live(run)
        pending = pick(live, "approval", step, "waits for an approval")
        check_edits(pending, fields)
        event = ev.ApprovalGiven(pending.path, pending.seq, approved, by, fields)
        await self._tell(live, event, f"run {run} does not wait for this approval any more", request)

    async def pause(self, run: str, by: str, reason: str = "", request: int | None = None) -> None:
        live = self._live(run)
        await self._tell(live, ev.RunPaused(by, reason), f"run {run} is paused already", request)

    async def resume(self, run: str, by: str, request: int | None = None) -> None:
        live = self._live(run)
        if self._stopped is not None:
            raise OperationRefused(
                f"everything was stopped by {self._stopped['by']}", "`recipe stop-all --undo` lets runs go on"
            )
        await self._tell(live, ev.RunResumed(by), f"run {run} is not paused", request)

    async def cancel(self, run: str, by: str, reason: str = "", request: int | None = None) -> None:
        self._usable()
        row = self._store.run(run)
        if row is not None and row.queued:
            await self._starts.cancel(row, request)
            self._followers.ended(row.number)
            self._idleness.changed.set()
            return
        await self._tell(self._live(run), ev.RunCancelled(by, reason), f"run {run} has ended already", request)

    async def resolve(
        self,
        run: str,
        step: str | None,
        outcome: Literal["done", "retry"],
        by: str,
        output: JSON = None,
        request: int | None = None,
    ) -> None:
        live = self._live(run)
        pending = pick(live, "doubt", step, "is in doubt")
        stored_value(output, "the output")
        event = ev.StepResolved(pending.path, pending.seq, outcome, by, output)
        await self._tell(live, event, f"run {run} is not in doubt about this step any more", request)

    async def naming(self, traces: JSONObject) -> Runs:
        self._usable()
        return [listed(row) async for row, _ in naming(self._store, Traces.from_json(traces))]

    async def redact(self, traces: JSONObject) -> JSONObject:
        self._usable()
        redaction = await prepare(self._store, self._turns.residents.plans, Traces.from_json(traces))
        await self._store.redact(redaction.runs, redaction.clean)
        for run in redaction.runs:
            self._turns.residents.forget(run.number)
        return redaction.told

    async def stop_all(self, by: str, reason: str = "") -> int:
        self._usable()
        self._stopped = {"by": by, "reason": reason, "at": self._clock.now()}
        self._hold()
        await self._store.commit(Change(notes=[(_STOPPED, orjson.dumps(self._stopped))]))
        return await self._pause_moving(f"{by}: {reason}" if reason else by)

    def _hold(self) -> None:
        self._turns.holding = True
        self._wakeups.stop()
        self._idleness.changed.set()

    async def _pause_moving(self, reason: str) -> int:
        paused = []
        for run in list(self._turns.residents.moving.values()):
            if not run.state.paused and run.state.ended is None:
                taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
                self._turns.post(run, ev.RunPaused(STOP_ALL, reason), taken=taken)
                paused.append(taken)
        return sum(await asyncio.gather(*paused))

    async def drain(self) -> None:
        """As the protocol says; requests of other processes wait for the next owner too."""
        self._usable()
        self._draining = True
        self._hold()
        await asyncio.gather(*self._inbox.stop(), return_exceptions=True)
        await self._pause_moving("its worker stops")
        await self.until_idle()

    async def resume_all(self, by: str) -> int:
        self._usable()
        if self._stopped is None:
            return 0
        await self._store.commit(Change(notes=[(_STOPPED, _NOTHING), (_RESUMED, orjson.dumps(by))]))
        self._stopped = None
        self._turns.holding = False
        count = len(self._store.stopped())
        self._look_after()
        return count

    # --- looking

    async def get(self, run: str) -> RunView:
        row = self._row(run)
        live = self._turns.residents.find(row.number)
        if live is not None:
            return shown(live.state)
        return replayed(row, self._turns.residents.plans.get(row.plan), read(self._store.entries(row.number)))

    async def journal(self, run: str) -> Journal:
        return read(self._store.entries(self._row(run).number))

    async def plan(self, run: str) -> Plan:
        return self._turns.residents.plans.get(self._row(run).plan)

    async def wait(self, run: str, statuses: Collection[str] = ENDED_OR_PARKED) -> RunView:
        while True:
            row = self._row(run)
            if row.status in statuses:
                return await self.get(run)
            if row.ended_at is not None:
                raise OperationRefused(
                    f"run {run} has {row.status}, it will not become {' or '.join(sorted(statuses))}"
                )
            await self._followers.reached(row.number, statuses)

    async def watch(self, run: str) -> AsyncIterator[Entry]:
        async for entry in self._followers.watch(self._row(run)):
            yield entry

    async def list(self, *, status: str | None = None, recipe: str | None = None, limit: int = 50) -> Runs:
        self._usable()
        return [listed(row) for row in self._store.runs(status, recipe, limit)]

    async def prune(self, older_than_seconds: float) -> int:
        """Forget runs that ended longer ago than this; how many those were."""
        self._usable()
        return await self._store.prune(self._clock.now() - older_than_seconds)

    async def until_idle(self, until: float | None = None) -> None:
        """Return when nothing can be done now. A virtual clock is moved on to whatever is due next, but not beyond
        `until` (seconds since 1970), where it stands in the end."""
        self._usable()
        while not await self._idleness.reached(until):
            self._usable()

    def _at_rest(self) -> bool:
        moving = self._turns.residents.moving or self._deliveries.under_way
        return not moving and self._wakeups.at_rest and self._inbox.at_rest

    def _under_way(self) -> int:
        moving = self._turns.residents.moving.values()
        return self._deliveries.under_way + sum(len(run.actions) + len(run.leaving) + run.committing for run in moving)

    # --- what the turns lead to

    def committed(self, run: LiveRun, entries: Journal) -> None:
        try:
            self._starts.born(run)
            self._wakeups.heed(run)
        except StorageError as error:
            self.broke(error)
        self._followers.committed(run, entries)
        if self._observer is not None:
            for entry in entries:
                try:
                    self._observer(run.row.run_id, entry)
                except Exception:  # noqa: BLE001  # whoever looks on must not stop the runs; it is logged
                    _log.exception("an observer broke")

    def awaits(self, run: LiveRun, command: AwaitEvent) -> None:
        try:
            self._deliveries.look_back(run, command)
        except StorageError as error:
            self.broke(error)

    def rested(self, run: LiveRun) -> None:
        try:
            self._wakeups.done(run.row.number)
            if run.row.ended_at is not None:
                self._starts.over(run)
            self._starts.let_in(None)
        except StorageError as error:
            self.broke(error)
        self._wakeups.pump()
        self._idleness.changed.set()

    def set_aside(self, run: LiveRun, error: OperationError) -> None:
        self._followers.fail(run.row.number, error)
        self.rested(run)

    def _stirred(self) -> None:
        self._idleness.changed.set()

    def broke(self, error: StorageError) -> None:
        if self._error is not None:
            return
        self._error = error
        _log.error("the storage failed, nothing is driven any more: %s", error)
        self._wakeups.close()
        self._followers.fail_all(error)
        self._turns.abandon(error)
        self._idleness.changed.set()

    # --- finding runs

    def _row(self, run_id: str) -> RunRow:
        self._usable()
        row = self._store.run(run_id)
        if row is None:
            raise UnknownRun(run_id)
        return row

    def _live(self, run_id: str) -> LiveRun:
        """A run to post to at once. Raises OperationRefused when it has ended or has not begun."""
        self._usable()
        unborn = self._starts.unborn(run_id)
        if unborn is not None:
            return unborn
        row = self._row(run_id)
        if row.ended_at is not None:
            raise OperationRefused(f"run {run_id} has {row.status} already")
        if row.queued:
            raise OperationRefused(f"run {run_id} is queued and has not begun", "wait for it, or cancel it")
        if row.number in self._turns.residents.aside:
            raise OperationRefused(f"run {run_id} met a defect of the engine and was set aside", "the log says more")
        return self._turns.run(row.number)

    async def _tell(self, run: LiveRun, event: Event, stale: str, request: int | None) -> None:
        """Post an event and wait until it is committed. Raises OperationRefused with `stale` when it did not fit."""
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._turns.post(run, event, taken=taken, request=request)
        if not await taken:
            raise OperationRefused(stale)
