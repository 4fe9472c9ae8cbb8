"""What the checker lets pass, the core can evaluate: no run of a checked recipe misses a value.

Recipes are made at random, with one step that reads the output of another. When the checker has no objection, the
recipe is run with every kind of input, and no expression may meet a missing value.
"""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from recipe_engine import source
from recipe_engine.compile import compile_recipe
from recipe_engine.core.advance import advance, new_state
from recipe_engine.core.events import RunStarted, StepFailed
from recipe_engine.core.plan import Plan
from tests.unit.compile.support import CATALOG

FLAGS = ("one", "two", "three")
SCHEMA = {
    "type": "object",
    "required": [*FLAGS, "rows", "anything"],
    "properties": {
        **{flag: {"type": "boolean"} for flag in FLAGS},
        "rows": {"type": "array", "items": {"type": "integer"}},
        "anything": {},
    },
}
CONDITIONS = st.sampled_from([*FLAGS, "one and two", "two and not three", "not one", "one or two"])
# Conditions about another step.
ABOUT = st.sampled_from(["{0} is defined", "{0} is not defined", "not ({0} is defined)", "{0} is defined and one"])
ON_ERROR = st.sampled_from(["fail", "fail", "continue", "handler"])

Step = dict[str, Any]


def blocks(depth: int) -> st.SearchStrategy[list[Step]]:
    return st.lists(steps(depth), min_size=1, max_size=3)


def steps(depth: int) -> st.SearchStrategy[Step]:
    leaf = st.one_of(
        st.just({"type": "set", "values": {"v": 1}}),
        st.just({"type": "set", "values": {"v": 1}}),
        # Fails whenever `anything` is no list.
        st.just({"type": "transform", "items": "anything", "values": {"v": 1}}),
        st.builds(lambda status: {"type": "stop", "status": status}, st.sampled_from(["succeeded", "failed"])),
    )
    if depth == 0:
        return common(leaf)
    inner = blocks(depth - 1)
    cases = st.lists(
        st.builds(lambda when, arm: {"when": when, "steps": arm}, CONDITIONS, inner), min_size=1, max_size=2
    )
    compound = st.one_of(
        st.builds(lambda arms, other: {"type": "branch", "cases": arms, **({"else": other} if other else {})},
                  cases, st.one_of(st.none(), inner)),
        st.builds(lambda body, after: {"type": "group", "steps": body, **({"always": after} if after else {})},
                  inner, st.one_of(st.none(), inner)),
        st.builds(lambda a, b: {"type": "parallel", "branches": {"a": a, "b": b}}, inner, inner),
        st.builds(lambda body, how: {"type": "for_each", "items": "rows", "steps": body, "on_item_error": how},
                  inner, st.sampled_from(["fail", "collect"])),
        st.builds(lambda body, until: {"type": "repeat", "max_rounds": 2, "until": until, "steps": body},
                  inner, st.sampled_from(FLAGS)),
    )  # fmt: skip
    return common(st.one_of(leaf, leaf, compound))


@st.composite
def common(draw: st.DrawFn, kind: st.SearchStrategy[Step]) -> Step:
    """A step with what any step may have."""
    step = dict(draw(kind))
    if draw(st.integers(0, 2)) == 0:
        step["if"] = draw(CONDITIONS)
    on_error = draw(ON_ERROR)
    if on_error == "handler":
        step["on_error"] = [{"type": "set", "values": {"v": 2}}]
    elif on_error != "fail":
        step["on_error"] = on_error
    return step


def all_blocks(block: list[Step]) -> Iterator[list[Step]]:
    yield block
    for step in block:
        for name in ("steps", "else", "always", "on_error"):
            if isinstance(step.get(name), list):
                yield from all_blocks(step[name])
        for case in step.get("cases", ()):
            yield from all_blocks(case["steps"])
        for lane in step.get("branches", {}).values():
            yield from all_blocks(lane)


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """A recipe in which one step, somewhere, reads another."""
    root = json.loads(json.dumps(draw(blocks(2))))
    handler = json.loads(json.dumps(draw(st.one_of(st.none(), blocks(0)))))
    places = [*all_blocks(root), *(all_blocks(handler) if handler else ())]
    numbered = [step for block in places for step in block]
    for number, step in enumerate(numbered):
        step["id"] = f"s{number}"
    near = [step["id"] for step in root]
    read = draw(st.sampled_from([*near, *near, *near, *(step["id"] for step in numbered), "error"]))
    probe: Step = {"id": "probe", "type": "set", "values": {"v": f"{{{{ {read} }}}}"}}
    if draw(st.booleans()):
        probe["if"] = draw(st.one_of(CONDITIONS, ABOUT)).format(read)
    if draw(st.integers(0, 3)) == 0:
        other = draw(st.sampled_from([step for step in numbered if "if" not in step] or [probe]))
        other["if"] = draw(ABOUT).format(draw(st.sampled_from(["s0", read])))
    # Mostly near the end, where most steps have run.
    place = draw(st.sampled_from([root, root, root, *places]))
    place.insert(len(place) - draw(st.sampled_from([0, 0, 0, 1, len(place)])) % (len(place) + 1), probe)
    recipe = {"slug": "a", "name": "A", "description": "A", "category": "a", "input_schema": SCHEMA, "steps": root}
    if draw(st.booleans()):
        recipe["output"] = {"v": f"{{{{ {read} }}}}"}
    return recipe | ({"on_error": handler} if handler else {})


def missed(plan: Plan, given_: dict[str, Any]) -> list[str]:
    """What the run's expressions missed."""
    state = new_state(plan)
    entry = advance(state, RunStarted("r", plan.digest, given_, seed="s"), 0.0).entry
    assert entry is not None
    assert state.ended is not None
    failures = [event.failure for event in entry.events if isinstance(event, StepFailed)]
    return [failure.detail for failure in failures if failure.code == "expression_undefined"]


INPUTS = [
    {"one": bool(number & 1), "two": bool(number & 2), "three": bool(number & 4), "rows": [1, 2] if number & 8 else [],
     "anything": [1] if number & 16 else 5}
    for number in range(32)
]  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(recipes())
def test_a_recipe_without_errors_misses_no_value(recipe):
    document, _ = source.load(json.dumps(recipe), "a.yml")
    assert document is not None
    plan, diagnostics = compile_recipe(document, CATALOG)
    assume(plan is not None)
    assert plan is not None
    for given_ in INPUTS:
        assert missed(plan, given_) == [], (json.dumps(recipe), given_, diagnostics)
