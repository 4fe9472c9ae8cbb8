"""A plan as figures: what is drawn, without where.

The one rule: both kinds of picture are made from figures, so that they cannot disagree about a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

from recipe_engine.compile.written import as_written, tools_of
from recipe_engine.core.json import JSON
from recipe_engine.core.plan import (
    Branch,
    Call,
    ForEach,
    Group,
    Parallel,
    Perform,
    Plan,
    Repeat,
    Set,
    Step,
    Stop,
    Transform,
    Wait,
)

Kind = Literal["action", "model", "data", "wait", "branch", "loop", "parallel", "group", "recipe", "stop", "failure"]


@dataclass(frozen=True, slots=True)
class Lane:
    """Figures one after the other, under a label that says when or as what they run."""

    label: str
    figures: tuple[Figure, ...]

    @property
    def ends(self) -> bool:
        """Whether nothing comes after the lane, because it ends the run."""
        return bool(self.figures) and self.figures[-1].ends


@dataclass(frozen=True, slots=True)
class Figure:
    """A step. `inside` are lanes that a frame holds (a loop's body, a parallel's lanes), `always` one below them;
    `arms` are ways on from a decision; `aside` are ways that are taken when something goes wrong or takes too long."""

    id: str
    title: str
    type: str
    kind: Kind
    detail: str = ""
    condition: str = ""
    inside: tuple[Lane, ...] = ()
    always: Lane | None = None
    arms: tuple[Lane, ...] = ()
    aside: tuple[Lane, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether no way leads on from here, not even from what is aside."""
        return self.stops_here and all(lane.ends for lane in self.aside)

    @property
    def stops_here(self) -> bool:
        """Whether the step itself leads nowhere: it stops the run, or all that it may do does."""
        if self.arms:
            return all(arm.ends for arm in self.arms)
        if self.condition:
            return False
        return self.kind == "stop" or (self.kind in {"parallel", "group"} and all(lane.ends for lane in self.inside))

    @property
    def subtitle(self) -> str:
        """What a figure is, on one line."""
        return (
            (self.detail or self.type) if self.inside else " · ".join(part for part in (self.type, self.detail) if part)
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole plan: its title, its steps, and its handler of failures."""

    title: str
    main: Lane
    on_error: Lane | None


def picture_of(plan: Plan) -> Picture:
    """The figures of a plan."""
    plan = as_written(plan)
    on_error = None if plan.on_error is None else Lane("when the run fails", _block(plan, plan.on_error))
    return Picture(plan.name or plan.slug, Lane("", _block(plan, plan.root)), on_error)


def _block(plan: Plan, block: int) -> tuple[Figure, ...]:
    return tuple(_figure(plan, plan.steps[index]) for index in plan.blocks[block])


def _figure(plan: Plan, step: Step) -> Figure:
    inside: tuple[Lane, ...] = ()
    arms: tuple[Lane, ...] = ()
    always: Lane | None = None
    aside: list[Lane] = []
    detail = ""
    match step.do:
        case Perform() | Set():
            kind: Kind = (
                "model" if step.type.startswith("llm") else "action" if isinstance(step.do, Perform) else "data"
            )
            detail = _asks(step)
        case Transform(items=items):
            kind, detail = "data", f"of {items}"
        case Branch(cases=cases, otherwise=otherwise):
            kind = "branch"
            arms = tuple(Lane(case.when, _block(plan, case.block)) for case in cases)
            arms += (Lane("else", () if otherwise is None else _block(plan, otherwise)),)
            if step.if_ is not None and all(arm.ends for arm in arms):
                arms += (Lane("skipped", ()),)
        case Wait(on_timeout=on_timeout):
            kind, detail = "wait", _waits_for(step.do)
            aside += _timeout(plan, on_timeout)
        case ForEach(body=body):
            kind, detail = "loop", _each(step.do)
            inside = (Lane("", _block(plan, body)),)
        case Repeat(body=body, until=until, on_timeout=on_timeout):
            kind, detail = "loop", f"repeat until {until}"
            inside = (Lane("", _block(plan, body)),)
            aside += _timeout(plan, on_timeout)
        case Parallel(lanes=lanes):
            kind = "parallel"
            inside = tuple(Lane(lane.name, _block(plan, lane.block)) for lane in lanes)
        case Group(body=body, always=after):
            kind = "group"
            inside = (Lane("", _block(plan, body)),)
            always = None if after is None else Lane("always", _block(plan, after))
        case Call(recipe=recipe):
            kind, detail = "recipe", recipe
        case Stop(status=status):
            kind, detail = "stop", f"the run ends, {status}"
        case _:
            assert_never(step.do)
    if isinstance(step.on_error, int):
        aside.append(Lane("on error", _block(plan, step.on_error)))
    elif step.on_error == "continue":
        detail = f"{detail}, goes on after an error" if detail else "goes on after an error"
    return Figure(
        id=step.id,
        title=step.name or step.id,
        type=step.type,
        kind=kind,
        detail=detail,
        condition=step.if_ or "",
        inside=inside,
        always=always,
        arms=arms,
        aside=tuple(aside),
    )


def _timeout(plan: Plan, block: int | None) -> list[Lane]:
    return [] if block is None else [Lane("on timeout", _block(plan, block))]


def _waits_for(wait: Wait) -> str:
    if wait.event is not None:
        return f"for the event {_text(wait.event)}" + (f", until {wait.until}" if wait.until is not None else "")
    if wait.approval is not None:
        return "for an approval" + (f", until {wait.until}" if wait.until is not None else "")
    if wait.until is not None:
        return f"until {wait.until}"
    return f"for {_text(wait.duration)}"


def _asks(step: Step) -> str:
    """What a model has besides its question."""
    params = step.do.params if isinstance(step.do, Perform) and step.do.action == "llm_call" else None
    if not isinstance(params, dict):
        return ""
    tools = [f"{tool.name} when approved" if tool.confirm else tool.name for tool in tools_of(step)]
    said = [f"may call {', '.join(tools)}"] if tools else []
    said += ["remembers"] if params.get("conversation") is not None else []
    said += ["in batches"] if params.get("batched") else []
    return ", ".join(said)


def _each(loop: ForEach) -> str:
    at_once = f", {loop.concurrency} at once" if loop.concurrency > 1 else ""
    return f"for each {loop.as_} of {loop.items}{at_once}"


def _text(value: JSON) -> str:
    """A template as it is read: one whole expression without its braces."""
    text = str(value).strip()
    if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1:
        return text[2:-2].strip()
    return text
