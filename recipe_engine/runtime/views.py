"""Runs as they are shown, from a row alone or from the state that a journal leads to."""

from __future__ import annotations

import orjson

from recipe_engine.core.advance import replay
from recipe_engine.core.apply import moment
from recipe_engine.core.events import Entry, Usage
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Plan
from recipe_engine.core.state import State
from recipe_engine.core.view import error_view, run_view, usage_view
from recipe_engine.runtime.protocol import RunView
from recipe_engine.runtime.store import RunRow

_NO_USAGE = Usage()
_NOTHING_USED = usage_view(_NO_USAGE)


def result_of(state: State) -> bytes | None:
    """What a row keeps of a run: its output, its error and what it used; None as long as there is none of it."""
    if state.ended is None and state.usage == _NO_USAGE:
        return None
    output = state.output if state.ended is not None else None
    error = error_view(state.failure) if state.ended in ("failed", "cancelled") else None
    return orjson.dumps({"output": output, "error": error, "usage": usage_view(state.usage)})


def result_of_failure(failure: Failure) -> bytes:
    """What a row keeps of a run that failed before it began."""
    return orjson.dumps({"output": None, "error": error_view(failure), "usage": _NOTHING_USED})


def listed(row: RunRow) -> RunView:
    """A run of a list: from its row, without replay."""
    result = orjson.loads(row.result) if row.result else {}
    return RunView(
        run_id=row.run_id,
        recipe=row.recipe,
        status=row.status,
        output=result.get("output"),
        error=result.get("error"),
        usage=result.get("usage", _NOTHING_USED),
        started_at=moment(row.started_at),
        ended_at=None if row.ended_at is None else moment(row.ended_at),
        rehearsal=row.sandbox or row.dry_run,
    )


def shown(state: State) -> RunView:
    """A run with its steps."""
    return RunView.from_json(run_view(state))


def replayed(row: RunRow, plan: Plan, entries: list[Entry]) -> RunView:
    """A run that is not in memory, with its steps; one that has no journal has none."""
    if entries:
        return shown(replay(plan, entries))
    view = listed(row)
    return RunView(**{**view.to_json(), "steps": []})
