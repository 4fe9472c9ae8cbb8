"""What the runs of a recipe have shown: their journals, counted step by step.

The one rule: only what is recorded is counted, and only of steps that are today what they were then. What a run did with a
step that has been changed since says nothing about the one that is there now.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from recipe_engine.compile.written import INSIDE, as_written
from recipe_engine.core import events as ev
from recipe_engine.core.events import Entry, Usage
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Branch, Call, ForEach, Group, Parallel, Perform, Plan, Repeat, Step, Wait
from recipe_engine.runtime.protocol import RunView

_INDEX = re.compile(r"\[\d+\]")
_SURENESS = re.compile(r"(?:^|_)(?:confidence|confiance|certainty|certitude|sureness|fiabilite)(?:_|$)")
_EXAMPLES = 3
# The events that are counted with their step.
OfStep = (
    ev.StepStarted | ev.ActionSucceeded | ev.ActionFailed | ev.StepFailed | ev.RetryScheduled | ev.StepInDoubt
    | ev.StepResolved | ev.WaitStarted | ev.TimerFired | ev.EventReceived | ev.ApprovalGiven | ev.BranchTaken
    | ev.StepSkipped | ev.StepSucceeded | ev.LoopStarted | ev.BodyStarted
)  # fmt: skip


@dataclass(slots=True)
class Trouble:
    """Failures of one kind: how often, in how many runs, and some of these."""

    code: str
    title: str
    times: int = 0
    runs: list[str] = field(default_factory=list)

    def add(self, run: str) -> None:
        """Count one in."""
        self.times += 1
        if run not in self.runs:
            self.runs.append(run)

    @property
    def examples(self) -> list[str]:
        """Some runs, the newest first as they were read."""
        return self.runs[:_EXAMPLES]


@dataclass(slots=True)
class StepSeen:
    """What was seen of one step. `where` is its path without the indexes of loops. `times` counts how often it began,
    `runs` in which; `seconds` are those of attempts. `waits` counts how waits ended, `cases` which arms were taken.
    `sure` holds, by field, how sure a model said it was."""

    where: str
    step: Step
    runs: dict[str, None] = field(default_factory=dict)
    times: int = 0
    skipped: int = 0
    attempts: int = 0
    failed: dict[str, Trouble] = field(default_factory=dict)
    retried: dict[str, Trouble] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    answers: int = 0
    stood_in: dict[str, int] = field(default_factory=dict)
    sent_back: dict[str, int] = field(default_factory=dict)
    cost: float = 0.0
    tokens: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    edited: Counter[str] = field(default_factory=Counter)
    cases: Counter[int | None] = field(default_factory=Counter)
    doubts: dict[str, None] = field(default_factory=dict)
    resolved: Counter[str] = field(default_factory=Counter)
    sure: dict[str, list[float | str]] = field(default_factory=lambda: defaultdict(list))

    def begin(self, run: str) -> None:
        """The step began."""
        self.times += 1
        self.runs[run] = None


@dataclass(slots=True)
class Evidence:
    """The runs of a recipe, counted. `older` are runs of an earlier version of it; `changed` are steps of theirs that are
    no longer what they were."""

    plan: Plan
    runs: int = 0
    older: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cost: float = 0.0
    limits: dict[str, Trouble] = field(default_factory=dict)
    cancelled: list[tuple[str, str, str]] = field(default_factory=list)
    steps: dict[str, StepSeen] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def add(self, view: RunView, plan: Plan, journal: Iterable[Entry]) -> None:
        """Count a run in: `plan` is the one that it keeps to."""
        self.runs += 1
        self.older += plan.digest != self.plan.digest
        self.by_status[view.status] += 1
        if view.ended:
            self.ended.append(view.run_id)
        _Reading(self, view.run_id, plan).read(journal)

    def known_steps(self) -> Iterator[tuple[str, Step]]:
        """Every step of the recipe as it is today, with where it stands."""
        yield from _walk(as_written(self.plan))


class _Reading:
    """One journal on its way into the evidence."""

    def __init__(self, evidence: Evidence, run: str, plan: Plan) -> None:
        self.evidence = evidence
        self.run = run
        self.plan = plan
        self.began: dict[str, float] = {}
        self.asked: dict[str, JSON] = {}
        self.first = self.last = 0.0
        self.now, self.then = as_written(evidence.plan), as_written(plan)
        self.found: dict[str, StepSeen | None] = {}

    def read(self, journal: Iterable[Entry]) -> None:
        for entry in journal:
            self.first = self.first or entry.at
            self.last = entry.at
            for event in entry.events:
                self.take(event, entry.at)
        if self.run in self.evidence.ended:
            self.evidence.seconds.append(self.last - self.first)

    def take(self, event: ev.Event, at: float) -> None:
        match event:
            case ev.RunCancelled(by, reason):
                self.evidence.cancelled.append((self.run, by, reason))
            case ev.RunFailed(failure) if failure.step is None:
                _trouble(self.evidence.limits, failure).add(self.run)
            case ev.ActionSucceeded(usage=Usage() as usage) | ev.ActionFailed(usage=Usage() as usage):
                # Money counts, whatever has become of the step since.
                self.evidence.cost += usage.cost
            case _:
                pass
        if isinstance(event, OfStep):
            seen = self.seen(event.path)
            if seen is not None:
                self.of_step(seen, event, at)

    def of_step(self, seen: StepSeen, event: ev.Event, at: float) -> None:
        match event:
            case ev.StepStarted(path, attempt=attempt):
                if attempt == 1 and not self.inside(path):
                    seen.begin(self.run)
                seen.attempts += 1
                self.began[path] = at
            case ev.ActionSucceeded(path, output=output, usage=usage):
                self.ended(seen, path, at, usage)
                said = output.get("answer") if self.inside(path) and isinstance(output, dict) else output
                # One that calls tools first has not answered yet.
                if said is not None or not self.inside(path):
                    seen.answers += 1
                    _note_sureness(seen, said)
            case ev.ActionFailed(path, usage=usage):
                self.ended(seen, path, at, usage)
            case ev.RetryScheduled(failure=failure):
                _trouble(seen.retried, failure).add(self.run)
            case ev.StepFailed(path, failure) if failure.step in (None, path):
                _trouble(seen.failed, failure).add(self.run)
            case ev.StepInDoubt():
                seen.doubts[self.run] = None
            case ev.StepResolved(outcome=outcome):
                seen.resolved[outcome] += 1
            case ev.WaitStarted(path, approval=approval):
                seen.begin(self.run)
                self.asked[path] = approval
            case ev.TimerFired(path) if path in self.asked:
                seen.waits["timeout"] += 1
            case ev.EventReceived():
                seen.waits["event"] += 1
            case ev.ApprovalGiven(path, approved=approved, fields=fields):
                seen.waits["approved" if approved else "refused"] += 1
                seen.edited.update(_edited(fields, self.asked.get(path)))
            case ev.BranchTaken(case=case):
                seen.begin(self.run)
                seen.cases[case] += 1
            case ev.StepSkipped():
                seen.skipped += 1
            case ev.StepSucceeded() | ev.LoopStarted() | ev.BodyStarted():
                seen.begin(self.run)
            case _:
                pass

    def ended(self, seen: StepSeen, path: str, at: float, usage: Usage | None) -> None:
        if path in self.began:
            seen.seconds.append(at - self.began.pop(path))
        if usage is not None:
            seen.cost += usage.cost
            seen.tokens += usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens
            if usage.fallbacks:
                seen.stood_in[self.run] = seen.stood_in.get(self.run, 0) + usage.fallbacks
            if usage.repairs:
                seen.sent_back[self.run] = seen.sent_back.get(self.run, 0) + usage.repairs

    def inside(self, path: str) -> bool:
        """Whether a path is of a call of the model in a step with tools or a conversation, whose it counts as."""
        where = _INDEX.sub("", path)
        return owner_of(self.plan, where) != where

    def seen(self, path: str) -> StepSeen | None:
        """Where to count what happened at a path; None for a step that is not there any more, or not as it was."""
        place = _INDEX.sub("", path)
        if place not in self.found:
            where = owner_of(self.plan, place)
            now, then = step_at(self.now, where), step_at(self.then, where)
            same = now is not None and then is not None and _same(now, then)
            if now is not None and not same:
                self.evidence.changed.add(where)
            self.found[place] = (
                self.evidence.steps.setdefault(where, StepSeen(where, now)) if same and now is not None else None
            )
        return self.found[place]


def owner_of(plan: Plan, where: str) -> str:
    """The path of the author's step that a path without indexes counts as: a call of the model inside a step with tools or
    a conversation is one of that step."""
    inside, before = plan, list[str]()
    names = where.split("/")
    for number, name in enumerate(names):
        before.append(name)
        found = next((step for step in inside.steps if step.id == name), None)
        if found is not None and isinstance(found.do, Call):
            if INSIDE in found.do.recipe and names[number + 1 :] in (["model"], ["round", "model"]):
                return "/".join(before)
            inside = plan.recipes.get(found.do.recipe, inside)
    return where


def step_at(plan: Plan, where: str) -> Step | None:
    """The step at a path without indexes, in the recipes that it leads through."""
    inside, found = plan, None
    for name in where.split("/"):
        found = next((step for step in inside.steps if step.id == name), None)
        if found is None:
            return None
        if isinstance(found.do, Call):
            inside = plan.recipes.get(found.do.recipe, inside)
    return found


def recipe_of(plan: Plan, where: str) -> str | None:
    """The recipe that the step at a path belongs to, when that is another one, called on the way."""
    inside, other = plan, None
    for name in where.split("/")[:-1]:
        step = next((step for step in inside.steps if step.id == name), None)
        if step is not None and isinstance(step.do, Call):
            inside = plan.recipes.get(step.do.recipe, inside)
            # What a step with tools or a conversation became is named after it, and belongs to its own recipe.
            other = other if INSIDE in step.do.recipe else step.do.recipe
    return other


def _walk(plan: Plan) -> Iterator[tuple[str, Step]]:
    """Steps with their paths: bodies of loops stand behind the loop's path, all others beside the step they belong to."""
    yield from _block(plan, plan.root, "")
    if plan.on_error is not None:
        yield from _block(plan, plan.on_error, "")


def _block(plan: Plan, block: int, prefix: str) -> Iterator[tuple[str, Step]]:
    for number in plan.blocks[block]:
        step = plan.steps[number]
        where = prefix + step.id
        yield where, step
        match step.do:
            case Branch(cases, otherwise):
                for inner in (*(case.block for case in cases), *([] if otherwise is None else [otherwise])):
                    yield from _block(plan, inner, prefix)
            case ForEach(body=body) | Repeat(body=body):
                yield from _block(plan, body, f"{where}/")
            case Parallel(lanes):
                for lane in lanes:
                    yield from _block(plan, lane.block, prefix)
            case Group(body):
                yield from _block(plan, body, prefix)
            case _:
                pass


def _same(now: Step, then: Step) -> bool:
    """Whether a step does what it did, wherever it stands and whatever stands around it."""
    if now is then:
        return True
    return _told(now) == _told(then)


def _told(step: Step) -> object:
    handled = step.on_error if isinstance(step.on_error, str) else "steps"
    match step.do:
        case Branch(cases):
            what: object = [case.when for case in cases]
        case Wait() as do:
            what = replace(do, on_timeout=None)
        case ForEach() | Repeat() | Group() | Parallel():
            what = type(step.do)
        case do:
            what = do
    return step.type, step.if_, step.retry, step.timeout, handled, what


def _trouble(kinds: dict[str, Trouble], failure: Failure) -> Trouble:
    return kinds.setdefault(failure.code, Trouble(failure.code, failure.title))


def _edited(fields: JSON, approval: JSON) -> list[str]:
    """The fields that a person gave another value than the one that was proposed."""
    schema = approval.get("fields") if isinstance(approval, dict) else None
    proposed: JSONObject = schema.get("properties", {}) if isinstance(schema, dict) else {}
    if not isinstance(fields, dict):
        return []
    return [
        name
        for name, value in fields.items()
        if not (isinstance(proposed.get(name), dict) and proposed[name].get("default", ...) == value)
    ]


def _note_sureness(seen: StepSeen, output: JSON) -> None:
    """How sure a model said it was, in fields of an answer that are named so."""
    if not isinstance(seen.step.do, Perform) or seen.step.do.action != "llm_call" or not isinstance(output, dict):
        return
    for name, value in output.items():
        if _SURENESS.search(name.lower()) and isinstance(value, int | float | str) and not isinstance(value, bool):
            seen.sure[name].append(value)
