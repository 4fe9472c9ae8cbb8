"""Which steps and which ways of a recipe its cases took.

The one rule: what counts is read from the journals. A step counts when it began, a way when a run took it: each case of a
branch and its `else` (written or not), both values of an `if`, each `on_error` and `on_timeout` that has steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from recipe_engine.core import events as ev
from recipe_engine.core.advance import new_state
from recipe_engine.core.apply import apply
from recipe_engine.core.events import Entry
from recipe_engine.core.json import JSONObject
from recipe_engine.core.plan import Branch, Plan, Repeat, Step, Wait
from recipe_engine.core.state import StepState


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """Something to be covered: a step, or one way out of a step. `line` is where it stands, `what` names it."""

    line: int
    step: str
    way: str = ""

    @property
    def what(self) -> str:
        """The point in words."""
        return f"step `{self.step}`" + (f": {self.way}" if self.way else "")


@dataclass(slots=True)
class Coverage:
    """The points of a recipe, and those that were covered."""

    points: tuple[Point, ...]
    covered: set[Point] = field(default_factory=set)

    @property
    def missing(self) -> list[Point]:
        """What no case covers, in the order of the recipe."""
        return [point for point in self.points if point not in self.covered]

    @property
    def percent(self) -> float:
        """The share of the points that is covered."""
        return 100.0 if not self.points else 100.0 * len(self.covered) / len(self.points)

    def counts(self) -> tuple[int, int, int, int]:
        """Steps covered and in all, ways covered and in all."""
        steps = [point for point in self.points if not point.way]
        ways = [point for point in self.points if point.way]
        return len(self.covered.intersection(steps)), len(steps), len(self.covered.intersection(ways)), len(ways)

    def to_json(self) -> JSONObject:
        """The coverage as an object; `missing` lists line, step and way."""
        steps, all_steps, ways, all_ways = self.counts()
        missing = [{"line": point.line, "step": point.step, "way": point.way or None} for point in self.missing]
        return {
            "percent": round(self.percent, 1),
            "steps": {"covered": steps, "total": all_steps},
            "branches": {"covered": ways, "total": all_ways},
            "missing": missing,
        }


def points_of(plan: Plan) -> tuple[Point, ...]:
    """Everything of a recipe that can be covered, in its order. Recipes that it calls have tests of their own."""
    return tuple(sorted(point for step in plan.steps for point in (Point(step.line, step.id), *_ways(plan, step))))


def covered_by(plan: Plan, journal: Iterable[Entry]) -> set[Point]:
    """The points that a run covered."""
    state, covered = new_state(plan), set[Point]()
    for entry in journal:
        state.now = entry.at
        for event in entry.events:
            path = getattr(event, "path", "")
            before = state.steps.get(path)
            apply(state, event)
            step = state.steps.get(path, before)
            if step is not None and step.frame.plan is plan:
                covered.update(_covered(plan, step, event))
        state.withdrawn.clear()
    return covered


def _ways(plan: Plan, step: Step) -> Iterator[Point]:
    if step.if_ is not None:
        yield Point(step.line, step.id, "its `if` holds")
        yield Point(step.line, step.id, "its `if` does not hold")
    if isinstance(step.do, Branch):
        for index, case in enumerate(step.do.cases):
            yield Point(_line(plan, case.block, step), step.id, f"case {index + 1}: {case.when}")
        yield Point(_else_line(plan, step, step.do), step.id, "no case holds (else)")
    if isinstance(step.do, Wait | Repeat) and step.do.on_timeout is not None:
        yield Point(_line(plan, step.do.on_timeout, step), step.id, "its time passes (on_timeout)")
    if isinstance(step.on_error, int):
        yield Point(_line(plan, step.on_error, step), step.id, "it fails (on_error)")


def _covered(plan: Plan, step: StepState, event: ev.Event) -> Iterator[Point]:
    """What an event of a step shows."""
    do = step.step.do
    if isinstance(event, ev.StepSkipped):
        if event.reason == "if":
            yield Point(step.step.line, step.step.id, "its `if` does not hold")
            return
    elif step.step.if_ is not None:
        yield Point(step.step.line, step.step.id, "its `if` holds")
    yield Point(step.step.line, step.step.id)
    if isinstance(event, ev.BranchTaken) and isinstance(do, Branch):
        if event.case is None or event.case < 0:
            yield Point(_else_line(plan, step.step, do), step.step.id, "no case holds (else)")
        else:
            case = do.cases[event.case]
            yield Point(_line(plan, case.block, step.step), step.step.id, f"case {event.case + 1}: {case.when}")
    for frame in step.frames.values():
        if frame.role == "timeout" and isinstance(do, Wait | Repeat) and do.on_timeout is not None:
            yield Point(_line(plan, do.on_timeout, step.step), step.step.id, "its time passes (on_timeout)")
        if frame.role == "handler" and isinstance(step.step.on_error, int):
            yield Point(_line(plan, step.step.on_error, step.step), step.step.id, "it fails (on_error)")


def _line(plan: Plan, block: int, step: Step) -> int:
    """Where a block stands: its first step's line."""
    steps = plan.blocks[block]
    return plan.steps[steps[0]].line if steps else step.line


def _else_line(plan: Plan, step: Step, do: Branch) -> int:
    return step.line if do.otherwise is None else _line(plan, do.otherwise, step)
