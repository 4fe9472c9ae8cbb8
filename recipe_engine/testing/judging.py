"""Holds what a case came to against what it expects.

The one rule: every miss is told, each with where, what was expected and what was found, in the words of the test file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from recipe_engine.compile.written import INSIDE
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.state import State, StepState
from recipe_engine.core.view import error_view
from recipe_engine.expr import format_duration
from recipe_engine.plugin import Effect
from recipe_engine.testing.matching import Miss, fits, misses, shown
from recipe_engine.testing.model import EffectExpected, Expect, StepExpected
from recipe_engine.testing.running import Outcome

_INDEX = re.compile(r"\[\d+\]")


def judge(expect: Expect, outcome: Outcome) -> list[Miss]:
    """Every way in which a case missed what it expects; none when it passed."""
    found = list(outcome.troubles)
    if expect.invalid_input is not None:
        found += _refusal(expect.invalid_input, outcome)
    elif outcome.view is not None and outcome.state is not None:
        found += _run(expect, outcome)
        found += _steps(expect, outcome.state)
    if outcome.view is None and outcome.refused is None:
        return found
    found += _effects(expect, outcome.effects)
    found += misses(expect.vendors, outcome.vendors, "vendors")
    found += _model_requests(expect.model_requests, outcome.model_requests)
    found += _log(expect.log, [line.message for line in outcome.logged])
    return found


# --- the run ----------------------------------------------------------------------------------------------------------


def _refusal(expected: list[str], outcome: Outcome) -> Iterator[Miss]:
    if outcome.refused is None:
        if not outcome.troubles:
            yield Miss("invalid_input", f"the input is refused for {', '.join(expected)}", "the run began")
    elif sorted(expected) != sorted(outcome.refused):
        yield Miss("invalid_input", ", ".join(sorted(expected)), ", ".join(sorted(outcome.refused)))


def _run(expect: Expect, outcome: Outcome) -> Iterator[Miss]:
    assert outcome.view is not None
    assert outcome.state is not None
    view, given = outcome.view, expect.model_fields_set
    if view.status != expect.status:
        yield Miss("status", expect.status, _status_in_words(outcome.state, view.status, view.error))
    if "output" in given:
        yield from misses(expect.output, view.output, "output")
    if "error" in given:
        yield from misses(expect.error, view.error, "error")
    if "usage" in given:
        yield from misses(expect.usage, view.usage, "usage")
    if expect.duration is not None and not expect.duration.holds(outcome.virtual_seconds):
        wanted = f"{expect.duration.sign} {format_duration(expect.duration.seconds)}".removeprefix("= ")
        yield Miss("duration", wanted, format_duration(outcome.virtual_seconds))


def _status_in_words(state: State, status: str, error: Any) -> str:
    """The status, and why it is that one."""
    if error is not None:
        where = f" in {error['step']}" if error.get("step") else ""
        return f"{status}{where}: {error['title']} [{error['code']}]" + (
            f": {error['detail']}" if error["detail"] else ""
        )
    waits = [_wait_in_words(pending) for pending in state.pending.values() if status in ("waiting", "in_doubt")]
    return f"{status}: {'; '.join(waits)}" if waits else status


def _wait_in_words(pending: Any) -> str:
    if pending.kind == "doubt":
        return f"{pending.path} may or may not have happened"
    if pending.approval is not None:
        return f"{pending.path} waits for an approval"
    if pending.event is not None:
        return f"{pending.path} waits for the event {pending.event}"
    return f"{pending.path} waits for its time"


# --- steps ------------------------------------------------------------------------------------------------------------


def _steps(expect: Expect, state: State) -> Iterator[Miss]:
    for name, wanted in expect.steps.items():
        yield from _step(f"steps.{name}", wanted, instances(state, name))
    for name in expect.not_steps:
        ran = [step for step in instances(state, name) if step.status != "skipped"]
        if ran:
            yield Miss(f"not_steps.{name}", "a step that does not run", ran[0].status)


def instances(state: State, name: str) -> list[StepState]:
    """The times that a step was reached: `name` is its path, its path without indexes, or its id. An id is that of an
    author's step before it is that of a call inside a step with tools or a conversation."""
    begun = [step for step in state.steps.values() if step.status != "pending"]
    found = [step for step in begun if name in (step.path, _INDEX.sub("", step.path))]
    named = [step for step in begun if step.step.id == name and step not in found]
    own = [step for step in named if INSIDE not in step.frame.plan.slug]
    return found + own or named


def _step(path: str, wanted: StepExpected, found: Sequence[StepState]) -> Iterator[Miss]:
    given = wanted.model_fields_set
    ran = sum(step.status != "skipped" for step in found)
    if "times" in given:
        yield from misses(wanted.times, ran, f"{path}.times")
    if not found and given - {"times"}:
        yield Miss(path, "a step that is reached", "it was not reached")
    for step in found:
        here = path if len(found) == 1 else f"{path} ({step.path})"
        if "status" in given:
            reason = f"{step.status}: {step.error.title} [{step.error.code}]" if step.error else step.status
            if not fits(wanted.status, step.status):
                yield Miss(f"{here}.status", str(wanted.status), reason)
        if "attempts" in given:
            yield from misses(wanted.attempts, step.attempts, f"{here}.attempts")
        if "output" in given:
            yield from misses(wanted.output, step.output, f"{here}.output")
        if "error" in given:
            yield from misses(wanted.error, error_view(step.error), f"{here}.error")


# --- effects, requests, lines -----------------------------------------------------------------------------------------


def _model_requests(expected: JSON, found: list[JSONObject]) -> Iterator[Miss]:
    if isinstance(expected, list):
        yield from _in_order("model_requests", expected, found)
    else:
        yield from misses(expected, found, "model_requests")


def _effects(expect: Expect, found: list[Effect]) -> Iterator[Miss]:
    yield from _in_order("effects", [_wanted(item) for item in expect.effects], [_shown(effect) for effect in found])
    for index, unwanted in enumerate(expect.no_effects):
        wanted = _wanted(unwanted)
        there = next((effect for effect in found if fits(wanted, _shown(effect))), None)
        if there is not None:
            yield Miss(f"no_effects[{index}]", "no such effect", f"{there.connector}: {there.action}")
    if expect.effects_exactly is not None:
        all_wanted = [_wanted(item) for item in expect.effects_exactly]
        if len(all_wanted) != len(found):
            listed = ", ".join(f"{effect.connector}: {effect.action}" for effect in found) or "none"
            yield Miss("effects_exactly", f"{len(all_wanted)} in all", f"{len(found)}: {listed}")
        else:
            yield from misses(all_wanted, [_shown(effect) for effect in found], "effects_exactly")


def _wanted(item: EffectExpected) -> JSONObject:
    return item.model_dump(exclude_unset=True)


def _shown(effect: Effect) -> JSONObject:
    return {"connector": effect.connector, "action": effect.action, "data": effect.data}


def _in_order(name: str, expected: list[JSON], found: list[JSONObject]) -> Iterator[Miss]:
    """Each expected item is found behind the one before it; others may stand between."""
    position = 0
    for index, wanted in enumerate(expected):
        rest = found[position:]
        place = next((place for place, item in enumerate(rest) if fits(wanted, item)), None)
        if place is not None:
            position += place + 1
            continue
        path = f"{name}[{index}]"
        nearest = min(rest, key=lambda item: _distance(wanted, item), default=None)
        if nearest is None:
            yield Miss(path, shown(wanted), "no further one")
        else:
            yield from misses(wanted, nearest, path)


def _distance(wanted: JSON, item: JSONObject) -> tuple[int, int]:
    """How far an item is from what is wanted: what names it counts first."""
    missed = misses(wanted, item, "")
    naming = sum(miss.path in ("connector", "action", "step") for miss in missed)
    return naming, len(missed)


def _log(expected: list[JSON], lines: list[str]) -> Iterator[Miss]:
    for index, wanted in enumerate(expected):
        looked_for = {"contains": wanted} if isinstance(wanted, str) else wanted
        if not any(fits(looked_for, line) for line in lines):
            yield Miss(f"log[{index}]", f"a line: {shown(wanted)}", shown(lines) if lines else "no line")
