"""Which of the things that a run waits for a person means, and whether what they give fits it.

The one rule: nothing is guessed; when several are meant, the choices are named.
"""

from __future__ import annotations

from recipe_engine.core.json import JSON
from recipe_engine.core.pending import meant
from recipe_engine.core.state import Pending, PendingKind
from recipe_engine.runtime.errors import OperationRefused
from recipe_engine.runtime.live import LiveRun, stored_value


def pick(run: LiveRun, kind: PendingKind, step: str | None, what: str) -> Pending:
    """The one pending thing of a kind that is meant by a step's path or id, or by nothing when there is only one.

    Raises OperationRefused naming the choices.
    """
    run_id, found = run.row.run_id, [item for item in run.state.pending.values() if item.kind == kind]
    fitting = meant(found, step)
    if len(fitting) == 1:
        return fitting[0]
    choices = ", ".join(item.path for item in fitting or found)
    if not found:
        raise OperationRefused(f"no step of run {run_id} {what}: the run is {run.state.status}")
    if not fitting:
        raise OperationRefused(f"step {step!r} of run {run_id} is not one that {what}", f"these are: {choices}")
    raise OperationRefused(f"several steps of run {run_id} are meant", f"name one: {choices}")


def check_edits(approval: Pending, fields: JSON) -> None:
    """Hold what a person edited against what the approval lets them edit.

    Raises InvalidInput, OperationRefused.
    """
    if fields is None:
        return
    stored_value(fields, "what was edited")
    schema = approval.approval.get("fields")
    if schema is not None:
        from recipe_engine.inputs import fitted

        fitted("fields", schema, fields)
