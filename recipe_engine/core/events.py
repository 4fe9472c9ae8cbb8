"""The facts of a run. A journal is a list of entries; an entry is a moment and the events that became true at it.

The one rule: events are past tense and carry everything that replay needs; replay evaluates no expression.

Two families. What comes from outside (the runtime hands it to `advance`): RunStarted, ActionSucceeded, ActionFailed,
TimerFired, EventReceived, ApprovalGiven, StepResolved, RunPaused, RunResumed, RunCancelled, and RunFailed when the
runtime cannot keep what a run has become. What the core decided (`advance` returns them to be committed together with
what caused them): all others.

`seq` is the number of the one pending thing an event answers. A number that is no longer pending (a late timer, a
doubled result) makes the event a no-op that is not even recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recipe_engine.core.codec import encode_row, row_decoder
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt consumed: tokens by class, and money in US dollars. `fallbacks` counts answers that a stand-in gave:
    another model than the step's own, or a prepared answer. `repairs` counts answers that did not fit and were sent back."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost: float = 0.0
    fallbacks: int = 0
    repairs: int = 0


# --- from outside ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began. `seed` feeds `random` and seals secrets; `origin` is the run whose idempotency keys this run
    continues (itself, unless it retries another); `reused` maps step paths to outputs taken over from that run."""

    run: str
    plan: str
    input: JSON
    config: JSON = None
    seed: str = ""
    origin: str | None = None
    reused: JSON = None
    event: JSON = None


@dataclass(frozen=True, slots=True)
class ActionSucceeded:
    """An action answered."""

    path: str
    seq: int
    output: JSON = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """An attempt failed. When `failure.happened` is "maybe" and the effect is once, the step becomes in doubt."""

    path: str
    seq: int
    failure: Failure
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time of a pending timer or wait came."""

    path: str
    seq: int


@dataclass(frozen=True, slots=True)
class EventReceived:
    """An event that a wait asked for arrived. `event_id` makes a delivery unique."""

    path: str
    seq: int
    event: str
    event_id: str
    data: JSON = None


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    """A person answered. `fields` holds what they edited."""

    path: str
    seq: int
    approved: bool
    by: str
    fields: JSON = None


@dataclass(frozen=True, slots=True)
class StepResolved:
    """A person settled a step in doubt: it happened (`done`, with an output), or it is to be tried again."""

    path: str
    seq: int
    outcome: Literal["done", "retry"]
    by: str
    output: JSON = None


@dataclass(frozen=True, slots=True)
class RunPaused:
    """Nothing new starts until RunResumed; what is under way ends and is recorded."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunResumed:
    by: str


@dataclass(frozen=True, slots=True)
class RunCancelled:
    by: str
    reason: str = ""


# --- decided by the core --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """The step's `if` did not hold, or its moment was past."""

    path: str
    reason: str = "if"


@dataclass(frozen=True, slots=True)
class StepReused:
    """The step's output was taken over from the run that this one retries."""

    path: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The intent of an action, committed before its effect: rendered parameters, the idempotency key's attempt."""

    path: str
    seq: int
    params: JSON = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class StepSucceeded:
    """A step evaluated by the core (set, transform) has its output."""

    path: str
    output: JSON = None


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed for good, before its `on_error` is asked."""

    path: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """A failed attempt will be repeated at `at` (seconds since 1970)."""

    path: str
    seq: int
    at: float
    failure: Failure


@dataclass(frozen=True, slots=True)
class StepInDoubt:
    """The effect may have happened and nobody can tell: a person decides."""

    path: str
    seq: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class BranchTaken:
    """`case` is the index of the case that held, -1 for else, None when nothing ran."""

    path: str
    case: int | None = None


@dataclass(frozen=True, slots=True)
class WaitStarted:
    """A wait began; the first of timer, event, approval or cancel ends it. `wake_at` is seconds since 1970."""

    path: str
    seq: int
    wake_at: float | None = None
    event: str | None = None
    match: JSON = None
    approval: JSON = None


@dataclass(frozen=True, slots=True)
class LoopStarted:
    """A for_each evaluated its items."""

    path: str
    items: JSON


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """An item of a for_each, or a round of a repeat, began."""

    path: str
    index: int


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """A round of a repeat ended and `until` was asked."""

    path: str
    done: bool


@dataclass(frozen=True, slots=True)
class BodyStarted:
    """A group, a parallel step or a called recipe began its steps; `input` is the called recipe's."""

    path: str
    input: JSON = None


@dataclass(frozen=True, slots=True)
class TimerSet:
    """A timer of the engine's own began: a step's or a run's time limit, a loop's pace, a repeat's interval."""

    path: str
    seq: int
    at: float
    purpose: Literal["timeout", "pace", "every", "duration"]


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A called recipe answered with its rendered output."""

    path: str
    output: JSON = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stop step ended the run, or the called recipe that it stands in; `failure` when it ended it as failed."""

    path: str
    output: JSON = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class RunSucceeded:
    output: JSON = None


@dataclass(frozen=True, slots=True)
class RunFailed:
    failure: Failure


Event = (
    RunStarted | ActionSucceeded | ActionFailed | TimerFired | EventReceived | ApprovalGiven | StepResolved
    | RunPaused | RunResumed | RunCancelled
    | StepSkipped | StepReused | StepStarted | StepSucceeded | StepFailed | RetryScheduled | StepInDoubt | BranchTaken
    | WaitStarted | LoopStarted | ItemStarted | RoundEnded | BodyStarted | TimerSet | CallEnded | Stopped
    | RunSucceeded | RunFailed
)  # fmt: skip

# The words under which events stand in a journal: short, for there are millions of them, and never given another meaning.
_WORDS: dict[str, type] = {
    "run": RunStarted,
    "done": ActionSucceeded,
    "fault": ActionFailed,
    "timer": TimerFired,
    "event": EventReceived,
    "answer": ApprovalGiven,
    "resolve": StepResolved,
    "pause": RunPaused,
    "resume": RunResumed,
    "cancel": RunCancelled,
    "skip": StepSkipped,
    "reuse": StepReused,
    "start": StepStarted,
    "value": StepSucceeded,
    "fail": StepFailed,
    "retry": RetryScheduled,
    "doubt": StepInDoubt,
    "branch": BranchTaken,
    "wait": WaitStarted,
    "loop": LoopStarted,
    "item": ItemStarted,
    "round": RoundEnded,
    "body": BodyStarted,
    "alarm": TimerSet,
    "call": CallEnded,
    "stop": Stopped,
    "succeeded": RunSucceeded,
    "failed": RunFailed,
}
_WORD_OF = {cls: word for word, cls in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is committed at once: a moment (seconds since 1970) and its events."""

    at: float
    events: tuple[Event, ...]

    def to_json(self) -> JSON:
        """`[at, [word, field, field, ...], ...]`, small enough to keep by the million."""
        return [self.at, *([_WORD_OF[type(event)], *encode_row(event)] for event in self.events)]

    @classmethod
    def from_json(cls, data: JSON) -> Entry:
        """The entry that `to_json` wrote; a KeyError means a journal of a newer version."""
        return cls(data[0], tuple(row_decoder(_WORDS[row[0]])(row[1:]) for row in data[1:]))
