"""A scenario as a case of one recipe: what it gives, under the names that the recipe has.

The one rule: only names are adapted, never values. What the recipe has no name for is left out, and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan, Step, Wait
from recipe_engine.evaluate.arriving import input_of
from recipe_engine.evaluate.fitting import script_for
from recipe_engine.evaluate.meanings import Meanings
from recipe_engine.evaluate.model import Scenario
from recipe_engine.testing.model import Case, EventAt, Expect

_AS_THEY_ARE = ("settings", "vendors", "kept", "http", "faults", "approvals")


@dataclass(frozen=True, slots=True)
class Adapted:
    """A case to run, None when nothing is started; `left_out` are the fields that the recipe does not have."""

    case: Case | None
    left_out: tuple[str, ...] = ()


def adapted(scenario: Scenario, plan: Plan, meanings: Meanings) -> Adapted:
    """The case of a scenario.

    Raises NotTaken when no trigger of the recipe takes what arrives.
    """
    config, missing = _renamed(scenario.config, plan.config_schema, meanings, "config")
    if scenario.arrives is not None:
        given = input_of(plan, scenario.arrives, _with_defaults(config, plan.config_schema), scenario.start)
        if given is None:
            return Adapted(None, tuple(missing))
    else:
        given, unknown = _renamed(scenario.input, plan.input_schema, meanings, "input")
        missing += unknown
    refused = scenario.expect.invalid_input
    expected: JSONObject = {"vendors": scenario.expect.vendors}
    if refused is not None:
        expected["invalid_input"] = _named(refused, plan.input_schema, meanings)
    case = Case.model_validate(
        {
            "name": scenario.name,
            "start": datetime.fromtimestamp(scenario.start, UTC).isoformat(),
            "input": given,
            "config": config,
            "model": script_for(plan, scenario.model, meanings),
            "events": [_event(event, plan, meanings) for event in scenario.events],
            "expect": Expect.model_validate(expected),
            **{name: getattr(scenario, name) for name in _AS_THEY_ARE},
        }
    )
    return Adapted(case, tuple(missing))


def _properties(schema: JSON) -> JSONObject:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def _named(names: Iterable[str], schema: JSON, meanings: Meanings) -> list[str]:
    return [meanings.among(name, _properties(schema)) or name for name in names]


def _renamed(values: JSONObject, schema: JSON, meanings: Meanings, what: str) -> tuple[JSONObject, list[str]]:
    """Values under the names that the schema has, and those that it has no name for."""
    known = _properties(schema)
    if not known:
        return (values, []) if what == "input" else ({}, [f"{what}.{name}" for name in values])
    given: JSONObject = {}
    missing: list[str] = []
    for name, value in values.items():
        own = meanings.among(name, known)
        if own is None:
            missing.append(f"{what}.{name}")
        else:
            given[own] = value
    return given, missing


def _with_defaults(config: JSONObject, schema: JSON) -> JSONObject:
    defaults = {
        name: part["default"]
        for name, part in _properties(schema).items()
        if isinstance(part, dict) and "default" in part
    }
    return {**defaults, **config}


def _event(event: EventAt, plan: Plan, meanings: Meanings) -> EventAt:
    """An event under the name that the recipe waits for, its data under the names that it matches by."""
    for wait in _event_waits(plan):
        if isinstance(wait.event, str) and meanings.same(wait.event, event.event):
            data = event.data
            if isinstance(data, dict) and isinstance(wait.match, dict):
                twins = {name: meanings.among(name, data) for name in wait.match if name not in data}
                data = data | {name: data[own] for name, own in twins.items() if own is not None}
            return event.model_copy(update={"event": wait.event, "data": data})
    return event


def _event_waits(plan: Plan) -> Iterator[Wait]:
    yield from (step.do for step in steps_of(plan) if isinstance(step.do, Wait) and step.do.event is not None)


def steps_of(plan: Plan) -> Iterator[Step]:
    """Every step of a plan and of the recipes that it calls."""
    yield from plan.steps
    for called in plan.recipes.values():
        yield from called.steps
