"""What the rows of the storage tell of a run in memory, so that it can leave memory.

The one rule: a row says nothing that its journal does not; it only says it without being replayed.
"""

from __future__ import annotations

from recipe_engine.core.commands import AwaitEvent, Command
from recipe_engine.core.state import State
from recipe_engine.runtime.live import LiveRun
from recipe_engine.runtime.protocol import STOP_ALL
from recipe_engine.runtime.store import Change, RunRow, WaitRow
from recipe_engine.runtime.views import result_of
from recipe_engine.runtime.waits import digest_of, fields_of


def describe(run: LiveRun, commands: list[Command], change: Change) -> None:
    """Add to a change what the rows must tell: the run itself, and the waits for events that began and ended."""
    row, state = run.row, run.state
    if run.waits and (over := [seq for seq in run.waits if seq not in state.pending]):
        run.waits.difference_update(over)
        change.waits_over = [(row.number, seq) for seq in over]
    if begun := [item for item in commands if isinstance(item, AwaitEvent) and item.seq in state.pending]:
        run.waits.update(command.seq for command in begun)
        change.waits = [_wait_row(row.number, command) for command in begun]
    changed = state.started_at is not None and _describe_state(row, state)
    if run.plan_data is not None:
        if state.started_at is not None:
            row.started_at = state.started_at  # lists and the run itself tell the same moment
        change.plans = [(row.plan, row.recipe, run.plan_data)]
        change.created = [row]
        run.plan_data = None
    elif changed or run.stale_row:
        change.updated = [row]
    if run.let_in:
        change.let_in = [row.number]
        run.let_in = False
    run.stale_row = False


def _wait_row(number: int, command: AwaitEvent) -> WaitRow:
    fields = fields_of(command.match)
    digest = digest_of(fields, command.match)
    assert digest is not None
    return WaitRow(number, command.seq, command.event, fields, digest)


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
