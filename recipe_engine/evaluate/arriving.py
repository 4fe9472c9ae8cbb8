"""What starts a recipe: an arrival goes through its own trigger, and its schedules are asked for moments.

The one rule: the trigger is the recipe's. What it makes of an arrival is the run's input, and a condition of it that
does not hold starts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.evaluate.model import Arrival
from recipe_engine.expr import UNDEFINED, EvaluationError, Scope, compile_expression, compile_value, to_json, truthy
from recipe_engine.expr.moments import parse_iso
from recipe_engine.testing.matching import Miss, fits

# What can arrive, and the type of the trigger that takes it.
KINDS: Mapping[str, str] = MappingProxyType(
    {"body": "webhook", "event": "event", "form": "form", "item": "poll", "scheduled_at": "schedule"}
)


class NotTaken(Exception):
    """No trigger of the recipe takes what arrives."""

    def __init__(self, miss: Miss) -> None:
        super().__init__(miss.found)
        self.miss = miss


def triggers_of(plan: Plan) -> list[JSONObject]:
    """The triggers of a recipe as they are written."""
    found = (plan.about or {}).get("triggers")
    return [trigger for trigger in found or () if isinstance(trigger, dict)]


def has_trigger(plan: Plan, wanted: JSON) -> bool:
    """Whether a recipe has a trigger with at least these fields."""
    return any(fits(wanted, trigger) for trigger in triggers_of(plan))


def input_of(plan: Plan, arrival: Arrival, config: JSON, now: float) -> JSONObject | None:
    """The input that the recipe's trigger makes of an arrival; None when its condition does not hold.

    Raises NotTaken when no trigger takes it.
    """
    kind = next(name for name in KINDS if name in arrival.model_fields_set)
    scope = {
        name: getattr(arrival, name) for name in ("body", "headers", "query", "event", "form", "item", "scheduled_at")
    }
    own = [trigger for trigger in triggers_of(plan) if trigger.get("type") == KINDS[kind]]
    if not own:
        has = ", ".join(str(trigger.get("type")) for trigger in triggers_of(plan)) or "none"
        raise NotTaken(Miss("arrives", f"a trigger of type {KINDS[kind]}", f"the recipe's triggers: {has}"))
    for trigger in own:
        made = _through(trigger, {**scope, "config": config or {}}, scope[kind], now)
        if made is not None:
            return made
    return None


def _through(trigger: JSONObject, names: Mapping[str, Any], arrived: JSON, now: float) -> JSONObject | None:
    scope = Scope(lambda name: names[name] if name in names else UNDEFINED(f"`{name}` is not in scope"), now, "eval")
    try:
        if trigger.get("if") is not None and not truthy(compile_expression(str(trigger["if"]))(scope)):
            return None
        made = to_json(compile_value(trigger["input"])(scope)) if trigger.get("input") is not None else arrived
    except EvaluationError as error:
        raise NotTaken(Miss("arrives", "a trigger that can read what arrives", str(error))) from error
    if isinstance(made, dict):
        return made
    if trigger["type"] == "schedule" and trigger.get("input") is None:
        return {}
    raise NotTaken(Miss("arrives", "an object as the run's input", str(made)))


def fires_at(plan: Plan, moment: str) -> bool:
    """Whether a schedule of the recipe starts it at a moment."""
    from cronsim import CronSim

    at = parse_iso(moment)
    for trigger in triggers_of(plan):
        if trigger.get("type") != "schedule":
            continue
        local = at.astimezone(ZoneInfo(str(trigger.get("timezone", "UTC"))))
        before: datetime = local - timedelta(minutes=1)
        if next(CronSim(str(trigger["cron"]), before)) == local:
            return True
    return False
