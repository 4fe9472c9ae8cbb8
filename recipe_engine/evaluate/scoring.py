"""A recipe, or a refusal, held against what its need expects.

The one rule: everything that was missed is told, each with where, what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Perform, Plan, Step, Wait
from recipe_engine.engine import Engine
from recipe_engine.evaluate.adapting import adapted, steps_of
from recipe_engine.evaluate.arriving import NotTaken, fires_at, has_trigger, triggers_of
from recipe_engine.evaluate.meanings import Meanings
from recipe_engine.evaluate.model import EffectWanted, Need, Scenario, ScenarioExpect, Words
from recipe_engine.evaluate.verdict import Result, ScenarioResult, Verdict
from recipe_engine.generate import Generated, Refusal
from recipe_engine.plugin import Catalog, Effect
from recipe_engine.testing.files import run_one
from recipe_engine.testing.judging import judge
from recipe_engine.testing.matching import Miss, fits, misses, shown
from recipe_engine.testing.model import Expect
from recipe_engine.testing.report import CaseReport
from recipe_engine.testing.running import Outcome

_NOT_RUN = ("pending", "skipped")


async def score(need: Need, made: Generated, engine: Engine) -> Verdict:
    """What a need came to: `made` is what generating ended with."""
    found: list[Miss] = []
    scenarios: list[ScenarioResult] = []
    result: Result
    plan = None if made.proof is None else made.proof.plan
    if need.expect.cannot is not None:
        found = list(_of_refusal(need, made.refusal, made))
        result = "failed" if found else "passed"
    elif made.refusal is not None:
        result = "refused"
    elif not made.passed or plan is None:
        result = "draft"
    else:
        found = list(_of_recipe(need, plan))
        meanings = Meanings(need.also)
        scenarios = [await play(scenario, plan, meanings, engine.catalog) for scenario in need.scenarios]
        result = "passed" if not found and all(scenario.passed for scenario in scenarios) else "failed"
    return Verdict(
        need=need.id,
        language=need.language,
        level=need.level,
        result=result,
        misses=tuple(found),
        scenarios=tuple(scenarios),
        why=_why(result, made),
        rounds=made.rounds,
        cost=made.cost,
        tokens=made.tokens,
        made=made.to_json(),
    )


def _why(result: Result, made: Generated) -> str:
    if result == "refused" and made.refusal is not None:
        return f"refused as {made.refusal.reason}: {made.refusal.why}"
    return (made.wrong or made.stopped or "no recipe") if result == "draft" else ""


# --- the recipe as it is written --------------------------------------------------------------------------------------


def _of_refusal(need: Need, refusal: Refusal | None, made: Generated) -> Iterator[Miss]:
    reasons = need.expect.cannot or []
    if refusal is None:
        yield Miss("cannot", f"a refusal ({' or '.join(reasons)})", f"a recipe ({made.status})")
        return
    if refusal.reason not in reasons:
        yield Miss("cannot", " or ".join(reasons), refusal.reason)
    if not refusal.why:
        yield Miss("cannot", "a reason in words", "none")
    if need.expect.nearest is not None:
        yield from misses(need.expect.nearest, refusal.nearest, "nearest")


def _of_recipe(need: Need, plan: Plan) -> Iterator[Miss]:
    expect, used = need.expect, words_of(steps_of(plan))
    yield from _words("uses", expect.uses, expect.uses_not, used)
    for index, wanted in enumerate(expect.triggers):
        if not has_trigger(plan, wanted):
            yield Miss(f"triggers[{index}]", shown(wanted), shown(triggers_of(plan)))
    crons = shown([trigger.get("cron") for trigger in triggers_of(plan) if trigger.get("type") == "schedule"])
    for moment in expect.fires:
        if not fires_at(plan, moment):
            yield Miss("fires", f"a start at {moment}", f"schedules {crons}")
    for moment in expect.fires_not:
        if fires_at(plan, moment):
            yield Miss("fires_not", f"no start at {moment}", f"schedules {crons}")


def words_of(steps: Iterable[Step]) -> set[str]:
    """What steps are, in the words of `uses`: their types, with what a wait waits for."""
    found: set[str] = set()
    for step in steps:
        found.add(step.type)
        do = step.do
        if isinstance(do, Perform):
            found.add(do.action)
        elif isinstance(do, Wait):
            kinds = {"event": do.event, "approval": do.approval, "until": do.until, "duration": do.duration}
            found |= {f"wait.{kind}" for kind, value in kinds.items() if value is not None}
    return found


def _words(name: str, wanted: Sequence[Words], unwanted: Sequence[str], used: set[str]) -> Iterator[Miss]:
    for words in wanted:
        options = [words] if isinstance(words, str) else words
        if not any(fnmatchcase(word, option) for option in options for word in used):
            yield Miss(name, " or ".join(options), ", ".join(sorted(used)) or "nothing")
    for word in unwanted:
        there = sorted(found for found in used if fnmatchcase(found, word))
        if there:
            yield Miss(f"{name}_not", f"no {word}", ", ".join(there))


# --- scenarios --------------------------------------------------------------------------------------------------------


async def play(scenario: Scenario, plan: Plan, meanings: Meanings, catalog: Catalog) -> ScenarioResult:
    """What a scenario of a recipe comes to."""
    try:
        ready = adapted(scenario, plan, meanings)
    except NotTaken as error:
        return _not_run(scenario, [error.miss])
    if ready.case is None:
        missed = [Miss("arrives", "a run", "no trigger's condition holds")] if scenario.expect.starts is True else []
        return _not_run(scenario, missed, ready.left_out)
    if scenario.expect.starts is False:
        missed = [Miss("arrives", "nothing is started", "a trigger starts a run")]
        return _not_run(scenario, missed, ready.left_out)
    report, outcome = await run_one(plan, ready.case, catalog)
    missed = _judged(scenario.expect, ready.case.expect, outcome, meanings)
    return ScenarioResult(replace(report, misses=tuple(missed)), ready.left_out)


def _not_run(scenario: Scenario, found: Sequence[Miss], left_out: tuple[str, ...] = ()) -> ScenarioResult:
    return ScenarioResult(CaseReport(scenario.name, 0, tuple(found), (), (), 0.0, 0.0), left_out)


def _judged(expect: ScenarioExpect, base: Expect, outcome: Outcome, meanings: Meanings) -> list[Miss]:
    """Everything in which an outcome missed the scenario; what tests also look at is looked at by their code."""
    found = _status_of(outcome)
    options = expect.status if isinstance(expect.status, list) else [expect.status]
    update: JSONObject = {"log": expect.log, "status": found if found in options else options[0]}
    if expect.duration is not None:
        update["duration"] = expect.duration
    if "output" in expect.model_fields_set:
        update["output"] = expect.output
        if outcome.view is not None:
            outcome.view = replace(outcome.view, output=_renamed(expect.output, outcome.view.output, meanings))
    wanted = base.model_copy(update=update)
    ran = [it.step for it in outcome.state.steps.values() if it.status not in _NOT_RUN] if outcome.state else []
    return [
        *judge(wanted, outcome),
        *_effects(expect, outcome.effects),
        *_words("takes", expect.takes, expect.takes_not, words_of(ran)),
    ]


def _status_of(outcome: Outcome) -> str:
    return "" if outcome.view is None else outcome.view.status


def _renamed(expected: JSON, found: JSON, meanings: Meanings) -> JSON:
    """An output with its fields under the names that are expected, where they mean the same."""
    if not isinstance(expected, dict) or not isinstance(found, dict):
        return found
    twins = {name: meanings.among(name, found) for name in expected if name not in found}
    return found | {name: found[own] for name, own in twins.items() if own is not None}


# --- effects ----------------------------------------------------------------------------------------------------------


def _effects(expect: ScenarioExpect, found: Sequence[Effect]) -> Iterator[Miss]:
    all_: list[JSONObject] = [{"connector": it.connector, "action": it.action, "data": it.data} for it in found]
    pairs = _in_order(expect.effects, all_) if expect.in_order else _paired(expect.effects, all_)
    for index, wanted in enumerate(expect.effects):
        if index not in pairs:
            rest = [item for place, item in enumerate(all_) if place not in pairs.values()]
            yield from _nearest(wanted, rest, f"effects[{index}]")
    for index, unwanted in enumerate(expect.no_effects):
        there = next((item for item in all_ if _fits(unwanted, item)), None)
        if there is not None:
            yield Miss(f"no_effects[{index}]", "no such effect", _named(there))
    if expect.no_other_effects and len(pairs) == len(expect.effects) < len(all_):
        others = "; ".join(_named(item) for place, item in enumerate(all_) if place not in pairs.values())
        yield Miss("no_other_effects", f"{len(expect.effects)} in all", f"{len(all_)}, also {others}")


def _fits(wanted: EffectWanted, item: JSONObject) -> bool:
    if wanted.any_of is not None:
        return any(_fits(option, item) for option in wanted.any_of)
    return fits(_told(wanted), item)


def _told(wanted: EffectWanted) -> JSONObject:
    given: dict[str, Any] = wanted.model_dump(exclude_unset=True, exclude={"any_of"})
    return given


def _paired(wanted: Sequence[EffectWanted], items: Sequence[JSONObject]) -> dict[int, int]:
    """An effect of its own for each that is wanted, for as many as possible: which goes with which."""
    owner: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for position, item in enumerate(items):
            if position not in tried and _fits(wanted[index], item):
                tried.add(position)
                if position not in owner or place(owner[position], tried):
                    owner[position] = index
                    return True
        return False

    for index in range(len(wanted)):
        place(index, set())
    return {index: position for position, index in owner.items()}


def _in_order(wanted: Sequence[EffectWanted], items: Sequence[JSONObject]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    position = 0
    for index, each in enumerate(wanted):
        place = next((at for at in range(position, len(items)) if _fits(each, items[at])), None)
        if place is not None:
            pairs[index] = place
            position = place + 1
    return pairs


def _nearest(wanted: EffectWanted, items: Sequence[JSONObject], path: str) -> Iterator[Miss]:
    """How the nearest effect differs from what is wanted."""
    told = [_told(option) for option in wanted.any_of or [wanted]]
    described = " or ".join(shown(option) for option in told)
    options = [(option, item) for option in told for item in items if item["connector"] == option.get("connector")]
    if not options:
        yield Miss(path, described, "; ".join(_named(item) for item in items) or "no further effect")
        return
    found = min((misses(option, item, path) for option, item in options), key=len)
    yield from found or [Miss(path, described, "it happens, but before what is expected before it")]


def _named(item: JSONObject) -> str:
    return f"{item['connector']}: {item['action']} {shown(item['data'])}"
