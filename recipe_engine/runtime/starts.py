"""How runs begin: at once, or queued until there is room.

The one rule: a run is stored before its name is given to anybody. A queued run is a row and what it will start with; its
journal begins when it is let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from recipe_engine.core.codec import decoder, encode
from recipe_engine.core.events import RunStarted
from recipe_engine.core.json import JSON
from recipe_engine.core.plan import Plan
from recipe_engine.runtime.admission import Admission, Slot, slot_of
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.errors import OperationRefused, UnknownRun
from recipe_engine.runtime.live import LiveRun, newborn, read, stored_value
from recipe_engine.runtime.protocol import Mode
from recipe_engine.runtime.run_ids import new_run_id
from recipe_engine.runtime.store import Change, RunRow, Store
from recipe_engine.runtime.turns import ACCEPTED, Turns
from recipe_engine.runtime.wakeups import MAX_MOVING

_started: Callable[[JSON], RunStarted] = decoder(RunStarted)


class Starts:
    """Begins runs and lets queued ones in."""

    def __init__(self, store: Store, clock: Clock, turns: Turns, seeds: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._turns = turns
        self._seeds = seeds
        self._admission = Admission(store)
        self._unborn: dict[str, LiveRun] = {}

    def unborn(self, run_id: str) -> LiveRun | None:
        """A run that is being stored at this moment."""
        return self._unborn.get(run_id)

    async def start(
        self,
        plan: Plan,
        input: JSON,
        config: JSON,
        event: JSON,
        run_id: str | None,
        mode: Mode | None,
        retry_of: str | None,
        reused: JSON,
        request: int | None,
    ) -> str:
        """Begin a run, or queue it; its name."""
        for value, what in ((input, "the input"), (config, "the config"), (event, "the event")):
            if value:
                stored_value(value, what)
        now, seed = self._clock.now(), self._seeds()
        name = self._free(run_id) if run_id is not None else new_run_id(now)
        origin = None if retry_of is None else self._origin(retry_of)
        mode = self._mode_of(retry_of) if mode is None else mode
        slot = slot_of(plan, input, config or {}, now, seed)
        plan, data = self._turns.residents.plans.keep(plan)
        row = RunRow(
            number=self._store.next_run_number(),
            run_id=name,
            recipe=plan.slug,
            plan=plan.digest,
            started_at=now,
            sandbox=mode.get("sandbox", False),
            dry_run=mode.get("dry_run", False),
            slot=None if slot is None else slot.name,
        )
        started = RunStarted(name, plan.digest, input, config, seed, origin, reused, event)
        if self._has_room(slot):
            await self._begin(row, plan, data, started, request)
        elif slot is not None and slot.refuse:
            raise OperationRefused(
                f"{plan.slug} has {slot.most} run(s) going on and its limits.concurrency refuses more",
                "start it again when they have ended, or let it queue: when_full: queue",
            )
        else:
            await self._queue(row, data, started, request)
        return name

    def _free(self, run_id: str) -> str:
        if run_id in self._unborn or self._store.run(run_id) is not None:
            raise OperationRefused(f"there is already a run {run_id!r}")
        return run_id

    def _origin(self, run_id: str) -> str:
        """The run whose idempotency keys a retry of this one continues."""
        row = self._store.run(run_id)
        if row is None:
            raise UnknownRun(run_id)
        entries = read(self._store.entries(row.number)[:1])
        if not entries:
            return run_id
        started = entries[0].events[0]
        assert isinstance(started, RunStarted)
        return started.origin or run_id

    def _mode_of(self, retry_of: str | None) -> Mode:
        """The mode of a run that was started without one: a retry keeps that of the run it retries, so that what ran
        against sandboxes never reaches a vendor by being tried again."""
        row = None if retry_of is None else self._store.run(retry_of)
        return {} if row is None else {"sandbox": row.sandbox, "dry_run": row.dry_run}

    def _has_room(self, slot: Slot | None) -> bool:
        """Whether a run may begin now; who comes later stands behind those that are queued."""
        if slot is None:
            return len(self._turns.residents.moving) < MAX_MOVING and not self._admission.waits(None)
        return not self._admission.waits(slot.name) and self._admission.enter(slot.name, slot.most)

    async def _begin(self, row: RunRow, plan: Plan, data: bytes, started: RunStarted, request: int | None) -> None:
        run = newborn(row, plan, started)
        run.plan_data = data
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._unborn[row.run_id] = run
        self._turns.post(run, started, taken=taken, request=request)
        try:
            await taken
        except OperationRefused:
            self.over(run)
            raise

    def born(self, run: LiveRun) -> None:
        """A run is stored."""
        self._unborn.pop(run.row.run_id, None)

    async def _queue(self, row: RunRow, data: bytes, started: RunStarted, request: int | None) -> None:
        row.queued = True
        row.status = "waiting"
        change = Change(
            plans=[(row.plan, row.recipe, data)],
            created=[row],
            starts=[(row.number, orjson.dumps(encode(started)))],
            answers=[] if request is None else [(request, ACCEPTED)],
        )
        await self._store.commit(change)
        self._admission.queue(row.slot, row.number)
        self.let_in(row.slot)

    def load(self) -> None:
        """Take over the queues that the storage holds."""
        self._admission.load()
        self.let_all_in()

    def over(self, run: LiveRun) -> None:
        """A run has ended, or could not begin: there is room for another."""
        self._unborn.pop(run.row.run_id, None)
        if run.row.slot is not None:
            self._admission.leave(run.row.slot)
            self.let_in(run.row.slot)

    def let_all_in(self) -> None:
        """Look at every queue again."""
        for slot in self._admission.slots():
            self.let_in(slot)

    def let_in(self, slot: str | None) -> None:
        """Begin queued runs, in the order in which they came, as long as there is room."""
        while not self._turns.holding and (number := self._admission.first(slot)) is not None:
            data = self._store.start_of(number)
            row = self._store.run_numbered(number)
            if data is None or row is None:  # it was cancelled while it waited
                self._admission.take_first(slot)
                continue
            plan = self._turns.residents.plans.get(row.plan)
            if slot is None:
                room = len(self._turns.residents.moving) < MAX_MOVING
            else:
                room = self._admission.enter(slot, plan.limits.concurrency["max"])
            if not room:
                return
            self._admission.take_first(slot)
            row.queued = False
            run = newborn(row, plan, _started(orjson.loads(data)))
            run.let_in = True
            self._turns.post(run, _started(orjson.loads(data)))

    async def cancel(self, row: RunRow, request: int | None) -> None:
        """End a run that has not been let in."""
        row.queued = False
        row.status = "cancelled"
        row.ended_at = self._clock.now()
        answers = [] if request is None else [(request, ACCEPTED)]
        await self._store.commit(Change(updated=[row], let_in=[row.number], answers=answers))
