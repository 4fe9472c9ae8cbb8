"""Journal entries told as happenings: one for each thing that a person watching a run wants a line about.

The one rule: what is told follows from the journal alone, so that a run watched from another process, or long after,
reads the same.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Literal

from recipe_engine.cli.show.words import duration, in_a_line, moment
from recipe_engine.core import events as ev
from recipe_engine.core.events import Entry, Event
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSONObject
from recipe_engine.core.plan import BETWEEN, Branch, Call, Plan, Step, Wait

What = Literal[
    "started", "running", "done", "skipped", "reused", "failed", "retry", "waiting", "in_doubt", "branch", "loop", "note",
    "succeeded", "cancelled", "paused",
]  # fmt: skip
_INDEX = re.compile(r"\[\d+\]$")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened at `at` (seconds since 1970) to the step at `path`, or to the run when `path` is empty.

    `name` is the step's name for people, `seconds` how long it took, `text` what more there is to say.
    """

    at: float
    what: What
    path: str
    name: str = ""
    type: str = ""
    seconds: float | None = None
    text: str = ""

    def to_json(self) -> JSONObject:
        """The happening as a JSON line says it; what is empty is left out."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}


class Narrator:
    """Tells one run. It remembers when steps began, so that their end can say how long they took."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._begun: dict[str, float] = {}

    def tell(self, entry: Entry) -> list[Happening]:
        """What an entry of the journal tells, in order."""
        told = (self._of(event, entry.at) for event in entry.events if not self._between(event))
        return [happening for happening in told if happening is not None]

    def _between(self, event: Event) -> bool:
        """Whether an event is of a step that the engine put between those of a model and its tools."""
        path = getattr(event, "path", "")
        found = self.step(path) if path else None
        return found is not None and found.type == BETWEEN

    def step(self, path: str) -> Step | None:
        """The step of the plan that a path names (`each[3]/refund/send`); None when the plan has none."""
        plan, found = self._plan, None
        for part in path.split("/"):
            if found is not None and isinstance(found.do, Call):
                plan = self._plan.recipes[found.do.recipe]
            name = _INDEX.sub("", part)
            found = next((step for step in plan.steps if step.id == name), None)
            if found is None:
                return None
        return found

    def _of(self, event: Event, at: float) -> Happening | None:
        match event:
            case ev.StepStarted():
                self._begun.setdefault(event.path, at)
                return self._say(at, "running", event.path)
            case ev.ActionSucceeded() | ev.StepSucceeded():
                return self._say(at, "done", event.path, text=_spent(getattr(event, "usage", None)))
            case ev.StepSkipped():
                return self._say(at, "skipped", event.path, text="" if event.reason == "if" else "its moment was past")
            case ev.StepReused():
                return self._say(at, "reused", event.path, text="taken over from the run before")
            case ev.StepFailed():
                return self._say(at, "failed", event.path, text=_failure(event.failure))
            case ev.RetryScheduled():
                text = f"{_failure(event.failure)}; again in {duration(max(0.0, event.at - at))}"
                return self._say(at, "retry", event.path, text=text)
            case ev.StepInDoubt():
                return self._say(at, "in_doubt", event.path, text=_failure(event.failure))
            case ev.BranchTaken() | ev.LoopStarted() | ev.CallEnded():
                return self._compound(event, at)
            case ev.WaitStarted() | ev.TimerFired() | ev.EventReceived() | ev.ApprovalGiven() | ev.StepResolved():
                return self._waited(event, at)
            case ev.Stopped():
                return self._say(at, "done", event.path, text="stopped here")
            case (
                ev.RunStarted()
                | ev.RunPaused()
                | ev.RunResumed()
                | ev.RunCancelled()
                | ev.RunSucceeded()
                | ev.RunFailed()
            ):
                return _run(event, at)
            case _:
                return None

    def _compound(self, event: ev.BranchTaken | ev.LoopStarted | ev.CallEnded, at: float) -> Happening:
        if isinstance(event, ev.LoopStarted):
            return self._say(at, "loop", event.path, text=f"{len(event.items)} items")
        if isinstance(event, ev.CallEnded):
            return self._say(at, "done", event.path)
        step = self.step(event.path)
        if event.case is None:
            text = "no case held"
        elif event.case < 0:
            text = "else"
        else:
            text = step.do.cases[event.case].when if step and isinstance(step.do, Branch) else f"case {event.case + 1}"
        return self._say(at, "branch", event.path, text=in_a_line(text, 60))

    def _waited(
        self, event: ev.WaitStarted | ev.TimerFired | ev.EventReceived | ev.ApprovalGiven | ev.StepResolved, at: float
    ) -> Happening | None:
        match event:
            case ev.WaitStarted():
                self._begun[event.path] = at
                return self._say(at, "waiting", event.path, text=_wait(event, at))
            case ev.TimerFired():
                step = self.step(event.path)
                is_wait = step is not None and isinstance(step.do, Wait)
                return self._say(at, "done", event.path, text="its time came") if is_wait else None
            case ev.EventReceived():
                return self._say(at, "done", event.path, text=f"event {event.event}")
            case ev.ApprovalGiven():
                answer = "approved" if event.approved else "refused"
                return self._say(at, "done", event.path, text=f"{answer} by {event.by}")
            case ev.StepResolved():
                answer = "it happened" if event.outcome == "done" else "to be tried again"
                return self._say(at, "note", event.path, text=f"{event.by} says: {answer}")

    def _say(self, at: float, what: What, path: str, *, text: str = "") -> Happening:
        step = self.step(path) if path else None
        begun = self._begun.get(path)
        ended = what in ("done", "failed", "in_doubt")
        seconds = at - begun if ended and begun is not None else None
        if ended:
            self._begun.pop(path, None)
        name, type_ = (step.name, step.type) if step else ("", "")
        return Happening(at, what, path, name, type_, seconds, text)


def _run(event: Event, at: float) -> Happening:
    match event:
        case ev.RunStarted():
            return Happening(at, "started", "", text=event.run)
        case ev.RunPaused():
            return Happening(at, "paused", "", text=_by(event.by, event.reason))
        case ev.RunResumed():
            return Happening(at, "note", "", text=f"resumed {_by(event.by)}")
        case ev.RunCancelled():
            return Happening(at, "cancelled", "", text=_by(event.by, event.reason))
        case ev.RunFailed():
            return Happening(at, "failed", "", text=_failure(event.failure))
        case _:
            return Happening(at, "succeeded", "")


def _by(by: str, reason: str = "") -> str:
    return f"by {by}: {reason}" if reason else f"by {by}"


def _failure(failure: Failure) -> str:
    return f"{failure.title} [{failure.code}]"


def _wait(event: ev.WaitStarted, at: float) -> str:
    until = f" until {moment(event.wake_at, at)}" if event.wake_at is not None else ""
    if event.approval is not None:
        return f"for a person: {in_a_line(event.approval.get('ask', ''), 80)}{until}"
    return f"for the event {event.event}{until}" if event.event is not None else until.strip()


def _spent(usage: ev.Usage | None) -> str:
    if usage is None:
        return ""
    tokens = usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    told = f"{tokens} tokens" + (f", {usage.cost:.4f} USD" if usage.cost else "")
    return f"{told}, by a stand-in" if usage.fallbacks else told
