"""What starts a run. Triggers are checked with the recipe and acted on by a deployment.

The one rule: a trigger turns what arrived into the recipe's input, with `input`, or hands it over as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from recipe_engine.model.steps import Part
from recipe_engine.model.values import Cron, Duration, Expression, ObjectTemplate, TimeZone


class Trigger(Part):
    """What every trigger may say."""

    type: str = Field(description="What starts the run.")
    if_: Expression | None = Field(None, alias="if", description="Start nothing unless this holds.")
    key: Expression | None = Field(None, description="What makes a start unique: the same key starts nothing twice.")
    input: ObjectTemplate | None = Field(None, description="The recipe's input, made from what arrived.")


class Respond(Part):
    """The answer to a webhook."""

    when: Literal["accepted", "done"] = Field("accepted", description="Answer at once, or when the run has ended.")
    json_: Any = Field(None, alias="json", description="The body of the answer; `run` and `output` are in scope.")


class WebhookTrigger(Trigger):
    """A request to an address of the deployment. In scope: `body`, `headers`, `query`."""

    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~/-]*$", max_length=200)] = Field(
        description="The path of the address, such as /quotes."
    )
    verify: str | None = Field(None, description="The connector whose signature the request must carry.")
    respond: Respond | None = Field(None, description="What is answered, and when.")


class ScheduleTrigger(Trigger):
    """A time table. In scope: `scheduled_at`."""

    cron: Cron = Field(description="Minute, hour, day of month, month, day of week.")
    timezone: TimeZone = Field("UTC", description="The time zone of `cron`.")
    catch_up: Literal["none", "one", "all"] = Field("one", description="What to start for times missed while down.")


class FormTrigger(Trigger):
    """A form made from the recipe's input schema. In scope: `form`."""


class EventTrigger(Trigger):
    """An event, sent by `emit`, `recipe send` or a connector. In scope: `event`."""

    event: str = Field(description="The name of the event.", min_length=1, max_length=200)


class PollTrigger(Trigger):
    """An action asked again and again; each new item starts a run, once. In scope: `item`."""

    every: Duration = Field(description="How often the action is asked.")
    action: str = Field(description="An action that reads: zoho_desk.list_tickets.")
    with_: dict[str, Any] = Field(default_factory=dict, alias="with", description="The action's parameters.")
    items: Expression | None = Field(None, description="The list in the action's result; the result itself without it.")
    first: Literal["skip", "all"] = Field("skip", description="What to do with the items of the very first answer.")


TRIGGERS: Mapping[str, type[Trigger]] = MappingProxyType(
    {
        "webhook": WebhookTrigger,
        "schedule": ScheduleTrigger,
        "form": FormTrigger,
        "event": EventTrigger,
        "poll": PollTrigger,
    }
)
