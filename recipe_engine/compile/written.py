"""A plan as its author wrote it: what steps became that are more than one step is one step again.

The one rule: it is for readers. Runs keep to the plan as it was lowered; what this gives is never run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from recipe_engine.core import plan as core
from recipe_engine.core.json import JSON, JSONObject

# Stands between a recipe and its step in the name of what a step with tools or a conversation became.
INSIDE = "~"


@dataclass(frozen=True, slots=True)
class Tool:
    """An action that a model may call. `name` is the recipe's; a person (`to`, when one is named) approves with `confirm`."""

    name: str
    action: str
    confirm: bool
    to: JSON


def as_written(plan: core.Plan) -> core.Plan:
    """The plan with the author's own steps only. An llm_call has its `tools`, `tool_rounds` and `conversation` again; one
    whose questions are handed over together has `batched: true`."""
    steps = [_asking(plan, step) for step in plan.steps]
    gone = set[int]()
    for number, step in enumerate(plan.steps):
        if isinstance(step.do, core.Group) and step.type == core.BETWEEN:
            steps[number] = _loop(plan, steps, number, gone)
    gone |= {number for number, step in enumerate(steps) if step.id.startswith("_")}
    left = [number for number in range(len(steps)) if number not in gone]
    place = {number: index for index, number in enumerate(left)}
    return replace(
        plan,
        steps=tuple(steps[number] for number in left),
        blocks=tuple(tuple(place[number] for number in block if number in place) for block in plan.blocks),
        recipes={slug: as_written(called) for slug, called in plan.recipes.items() if INSIDE not in slug},
    )


def tools_of(step: core.Step) -> list[Tool]:
    """The tools of a step of such a plan."""
    params = step.do.params if isinstance(step.do, core.Perform) and step.do.action == "llm_call" else None
    return params["tools"] if isinstance(params, dict) and isinstance(params.get("tools"), list) else []


def _asking(plan: core.Plan, step: core.Step) -> core.Step:
    """The llm_call that a call of an exchange was."""
    if not isinstance(step.do, core.Call) or INSIDE not in step.do.recipe:
        return step
    inside, given = plan.recipes[step.do.recipe], step.do.params
    model = next(each for each in inside.steps if each.id == "model")
    assert isinstance(model.do, core.Perform)
    assert isinstance(model.do.params, dict)
    assert isinstance(given, dict)
    params: JSONObject = {name: value for name, value in model.do.params.items() if name != "exchange"}
    exchange = model.do.params["exchange"]
    if exchange.get("tools"):
        params |= {"tools": list(_tools(inside, exchange["tools"], given)), "tool_rounds": exchange["limit"]}
    if "key" in given:
        params["conversation"] = given["key"]
    return replace(step, do=replace(model.do, params={**params, **given["question"]}), retry=model.retry)


def _tools(inside: core.Plan, offers: list[JSONObject], given: JSONObject) -> Iterator[Tool]:
    branch = next(each.do for each in inside.steps if each.id == "tool")
    assert isinstance(branch, core.Branch)
    # The first case is for calls that are none.
    for offer, case in zip(offers, branch.cases[1:], strict=True):
        steps = list(_below(inside, case.block))
        action = next(step.do.action for step in steps if isinstance(step.do, core.Perform))
        confirm = any(isinstance(step.do, core.Wait) for step in steps)
        yield Tool(offer["tool"], action, confirm, given.get("to", {}).get(offer["name"]))


def _below(plan: core.Plan, block: int) -> Iterator[core.Step]:
    for number in plan.blocks[block]:
        step = plan.steps[number]
        yield step
        match step.do:
            case core.Group(body=body):
                yield from _below(plan, body)
            case core.Branch(cases=cases):
                for case in cases:
                    yield from _below(plan, case.block)
            case _:
                pass


def _loop(plan: core.Plan, steps: list[core.Step], number: int, gone: set[int]) -> core.Step:
    """The for_each that a group around a batch was."""
    group = plan.steps[number]
    assert isinstance(group.do, core.Group)
    asked, *_, last = plan.blocks[group.do.body]
    loop, items = plan.steps[last], plan.steps[asked].do
    assert isinstance(loop.do, core.ForEach)
    assert isinstance(items, core.ForEach)
    gone.add(last)
    first = plan.blocks[loop.do.body][0]
    model: Any = steps[first].do
    steps[first] = replace(steps[first], do=replace(model, params={**model.params, "batched": True}))
    do = replace(loop.do, items=items.items, index_as=None)
    return replace(loop, do=do, if_=group.if_, timeout=group.timeout, on_error=group.on_error)
