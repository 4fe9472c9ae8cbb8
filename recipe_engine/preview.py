"""What a step would send: its message as people would see it, without sending anything.

The one rule: it is the message of a real run where one gets that far: the recipe is run against the sandboxes with a clock that
jumps. Only what such a run does not reach is rendered with examples of what the steps before it answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recipe_engine import expr
from recipe_engine.compile.written import as_written
from recipe_engine.core import events as ev
from recipe_engine.core.advance import replay
from recipe_engine.core.apply import moment
from recipe_engine.core.plan import Perform
from recipe_engine.errors import RecipeError
from recipe_engine.plugin.sample import sample_from_schema

if TYPE_CHECKING:
    from recipe_engine.core.events import Entry
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.core.plan import Plan, Step
    from recipe_engine.engine import Engine
    from recipe_engine.plugin import Catalog

# The fields in which the actions that send have what people read, the plainest first.
_TEXTS = ("message", "body", "text")
# A run of weeks takes milliseconds; one that takes this long (in real seconds) waits for what never comes.
_PATIENCE = 20.0
_EXAMPLES: Mapping[str, str] = {
    "name": "Camille Exemple",
    "firstname": "Camille",
    "phone": "+33639980012",
    "mobile": "+33639980012",
    "email": "camille@example.org",
    "city": "Lyon",
    "company": "Atelier Exemple",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """A message. `channels` are how it goes, `to` is whom to as the step has it; `reached` says that a run of the recipe sends
    it with this input; `invented` names the inputs that were made up."""

    channels: tuple[str, ...]
    to: JSON
    subject: str
    text: str
    html: str | None
    reached: bool
    invented: tuple[str, ...] = ()


@dataclass(slots=True)
class Given:
    """What a preview is made with. `steps` are outputs of steps, in the place of what they would answer."""

    input: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)


async def preview(engine: Engine, plan: Plan, step_id: str, given: Given) -> Preview:
    """The message of a step. `engine` is one of sandboxes in memory, with a virtual clock.

    Raises RecipeError when there is no such step, it sends nothing, or its message cannot be rendered.
    """
    step = _step(plan, step_id)
    input_, invented = _completed(plan.input_schema, given.input)
    config, _ = _completed(plan.config_schema, given.config)
    entries, trouble = await _run(engine, plan, input_, config)
    params = None if given.steps else _sent(entries, step_id)
    reached = params is not None
    if params is None:
        params = _rendered(engine.catalog, step, _Names(plan, entries, input_, config, given.steps), trouble)
    return _message(step, params, reached=reached, invented=invented)


def sending_steps(plan: Plan) -> list[str]:
    """The ids of the steps that have a message."""
    return [step.id for step in plan.steps if _sends(step)]


def _sends(step: Step) -> bool:
    params = step.do.params if isinstance(step.do, Perform) else None
    if not isinstance(params, dict):
        return False
    return (step.type == "notify" or "to" in params) and any(name in params for name in (*_TEXTS, "html"))


def _step(plan: Plan, step_id: str) -> Step:
    step = next((each for each in plan.steps if each.id == step_id), None)
    sending = sending_steps(plan)
    listed = f"{plan.slug} has messages in {', '.join(sending)}" if sending else f"{plan.slug} sends no message"
    if step is None:
        raise RecipeError(f"there is no step {step_id!r}", listed)
    if not _sends(step):
        raise RecipeError(f"the step {step_id} sends no message", listed)
    return step


def _completed(schema: JSON, given: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is given, with examples for what is required and missing; the names of these."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    required = schema.get("required", ()) if isinstance(schema, dict) else ()
    made = {
        name: _EXAMPLES.get(name) or sample_from_schema(properties.get(name, {}), name)
        for name in required
        if name not in given
    }
    return {**made, **given}, tuple(made)


async def _run(engine: Engine, plan: Plan, input_: dict[str, Any], config: dict[str, Any]) -> tuple[list[Entry], str]:
    """What a run of the recipe comes to, until nothing is left to wait for; and what went wrong with it."""
    run = await engine.start(plan, input_, config=config)
    try:
        async with asyncio.timeout(_PATIENCE):
            await engine.runtime.until_idle()
    except TimeoutError:
        return await engine.runtime.journal(run), "the recipe goes on and on"
    error = (await engine.runtime.get(run)).error
    return await engine.runtime.journal(run), f"the run fails: {error['title']}" if isinstance(error, dict) else ""


def _sent(entries: list[Entry], step_id: str) -> JSONObject | None:
    """The parameters with which the step first began; None when it did not."""
    for event in _events(entries):
        if (
            isinstance(event, ev.StepStarted)
            and event.path.rpartition("/")[2] == step_id
            and isinstance(event.params, dict)
        ):
            return event.params
    return None


def _events(entries: list[Entry]) -> Iterator[ev.Event]:
    for entry in entries:
        yield from entry.events


class _Names:
    """What stands for the names in a message: what the run left, what was given, examples of what actions answer."""

    def __init__(
        self, plan: Plan, entries: list[Entry], input_: dict[str, Any], config: dict[str, Any], given: dict[str, Any]
    ) -> None:
        state = replay(plan, entries)
        started = next((event for event in _events(entries) if isinstance(event, ev.RunStarted)), None)
        self.now = state.now
        self.known: dict[str, Any] = {**input_, "config": config}
        if started is not None:
            self.known |= {**started.input, "config": started.config or {}}
        self.known["run"] = {
            "id": "preview",
            "started_at": moment(entries[0].at) if entries else None,
            "recipe": plan.slug,
        }
        for step in state.steps.values():
            # A wait that ended by its time limit has nothing to say.
            if step.status == "succeeded" and step.output is not None and step.frame.plan is plan:
                self.known[step.step.id] = step.output
        self.known |= given
        self.steps = {step.id: step for step in as_written(plan).steps}

    def lookup(self, name: str, catalog: Catalog) -> Any:
        """The value of a name."""
        if name in self.known:
            return self.known[name]
        step = self.steps.get(name)
        action = catalog.actions.get(step.do.action) if step is not None and isinstance(step.do, Perform) else None
        if action is not None:
            return sample_from_schema(action.result_schema)
        return expr.UNDEFINED(f"`{name}` has no value in a preview; give it: -s {name}.field=value")


def _rendered(catalog: Catalog, step: Step, names: _Names, trouble: str) -> JSONObject:
    assert isinstance(step.do, Perform)
    scope = expr.Scope(lambda name: names.lookup(name, catalog), names.now, "preview")
    try:
        params = expr.compile_value(step.do.params)(scope)
    except expr.EvaluationError as error:
        raise RecipeError(f"the message of {step.id} cannot be shown: {error}", trouble or None) from error
    assert isinstance(params, dict)
    return params


def _message(step: Step, params: JSONObject, *, reached: bool, invented: tuple[str, ...]) -> Preview:
    html = params.get("html")
    return Preview(
        channels=tuple(params.get("channels") or (_channel(step.type),)),
        to=params.get("to"),
        subject=str(params.get("subject") or ""),
        text=next((str(params[name]) for name in _TEXTS if params.get(name)), ""),
        html=html if isinstance(html, str) and html.strip() else None,
        reached=reached,
        invented=invented,
    )


def _channel(type_: str) -> str:
    """The channel that a vendor's own action sends over: send_sms, send_whatsapp; else e-mail."""
    return next((name for name in ("sms", "whatsapp") if name in type_), "email")
