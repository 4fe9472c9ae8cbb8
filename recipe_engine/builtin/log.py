"""The step type `log`: a line that the run shows."""

from __future__ import annotations

from typing import Any, Literal

import orjson
from pydantic import Field

from recipe_engine.plugin import Connector, Context, Params, Result, hookimpl

log = Connector(name="log", title="Log")


class LogStep(Params):
    """The fields of a `log` step."""

    message: Any = Field(description="What to say. What is not a text is shown as JSON.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much it matters.")
    data: Any = Field(None, description="Values to show with it.")


class Logged(Result):
    """The line."""

    message: str


@log.action(
    effect="read",
    name="log",
    fields_at_step=True,
    example='{id: note, type: log, message: "{{ orders | length }} orders"}',
)
async def write(ctx: Context, params: LogStep) -> Logged:
    """Write a line to the run's log."""
    message = params.message if isinstance(params.message, str) else orjson.dumps(params.message).decode()
    fields = {"data": params.data} if params.data is not None else {}
    ctx.log(message, level=params.level, **fields)
    return Logged(message=message)


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of the `log` step."""
    return [log]
