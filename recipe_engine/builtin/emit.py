"""The step type `emit`: an event for runs that wait for it.

The one rule: an event carries the step's key as its id unless it has one of its own, so that a repeat after a crash
wakes nobody twice.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from recipe_engine.plugin import Connector, Context, Params, Result, hookimpl

emit = Connector(name="emit", title="Events")


class EmitStep(Params):
    """The fields of an `emit` step."""

    event: str = Field(min_length=1, description="The event's name, as `wait` steps and triggers have it.")
    data: Any = Field(None, description="What it carries; `match` of a wait looks at its fields.")
    key: str | None = Field(
        None, description="Makes the event unique over all runs: a second one of the same name and key is dropped."
    )


class Emitted(Result):
    """The event."""

    event: str
    event_id: str


@emit.action(
    effect="keyed",
    name="emit",
    fields_at_step=True,
    example='{id: told, type: emit, event: lead.converted, data: {email: "{{ email }}"}}',
)
async def send(ctx: Context, params: EmitStep) -> Emitted:
    """Send an event to the runs that wait for it."""
    event_id = f"{params.event}:{params.key}" if params.key else ctx.key
    await ctx.emit(params.event, params.data, event_id)
    return Emitted(event=params.event, event_id=event_id)


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of the `emit` step."""
    return [emit]
