"""What a run has become: the fold of its events. Only `core.apply` changes it.

Theory of operation. A *frame* is a block of steps being worked through: the recipe's own steps, the arm of a branch,
a lane, one item of a loop, a handler. A frame works on one step at a time, `current`; a compound step owns the frames
that it opened. `ready` names the steps (the run itself is "") about which `core.decide` has to decide something, and
`wants` of each says what. What was asked of the outside is `pending`, each under a number of its own; whatever answers
with a number that is no longer pending is stale.

Names: every frame sees `names`, chained outward. Frames of branches, lanes and groups share the names of the frame
they stand in, since step ids are unique in a recipe; items, rounds, handlers and called recipes have their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from recipe_engine.core.events import Usage
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan, Step

Role = Literal[
    "root",
    "arm",
    "lane",
    "item",
    "round",
    "body",
    "always",
    "call",
    "handler",
    "call_handler",
    "timeout",
    "run_handler",
]
Wants = Literal["begin", "again", "items", "until", "round", "output", "settle"]
StepStatus = Literal[
    "pending", "running", "waiting", "retrying", "in_doubt", "succeeded", "failed", "skipped", "cancelled"
]
RunStatus = Literal["running", "waiting", "paused", "in_doubt", "succeeded", "failed", "cancelled"]
PendingKind = Literal["action", "wait", "approval", "timer", "doubt"]
ENDED: frozenset[str] = frozenset({"succeeded", "failed", "skipped", "cancelled"})


class Absent:
    """What a name stands for whose step gave no value; `reason` says why, for messages."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(slots=True, eq=False)
class Names:
    """Names in scope and the scope around them."""

    own: dict[str, Any]
    outer: Names | None = None

    def lookup(self, name: str, missing: Any) -> Any:
        """The value under `name` in the innermost scope that has it, else `missing`."""
        scope: Names | None = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.outer
        return missing


@dataclass(slots=True, eq=False)
class Frame:
    """A block being worked through. `owner` is the compound step that opened it, None for the run's own frames.

    `prefix` begins the paths of its steps. `epoch` tells attempts of retried compound steps apart in idempotency keys.
    `last` is the output of the last step that was executed.
    """

    role: Role
    owner: StepState | None
    plan: Plan
    block: tuple[int, ...]
    names: Names
    prefix: str
    epoch: str = ""
    key: int | str = 0
    position: int = 0
    current: StepState | None = None
    last: JSON = None


@dataclass(slots=True, eq=False)
class StepState:
    """One step instance. `put_offs` counts the attempts that were only put off. `failing` is a failure about which nothing is decided yet; `error` the one that stayed."""

    path: str
    step: Step
    frame: Frame
    status: StepStatus = "pending"
    wants: Wants | None = None
    attempts: int = 0
    put_offs: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    output: JSON = None
    error: Failure | None = None
    failing: Failure | None = None
    usage: Usage | None = None
    seq: int = 0
    params: JSON = None
    pending: set[int] = field(default_factory=set)
    frames: dict[int | str, Frame] = field(default_factory=dict)
    loop: Loop | None = None
    usage_before: Usage | None = None


@dataclass(slots=True, eq=False)
class Loop:
    """Where a for_each or a repeat stands. `starts` holds the times of the last starts, for `pace`."""

    items: list[JSON]
    results: dict[int, JSON] = field(default_factory=dict)
    errors: list[JSONObject] = field(default_factory=list)
    next: int = 0
    paced: bool = False
    starts: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pending:
    """Something asked of the outside and not yet answered. `wake_at` is seconds since 1970."""

    path: str
    seq: int
    kind: PendingKind
    purpose: str = ""
    wake_at: float | None = None
    event: str | None = None
    match: JSON = None
    approval: JSON = None


@dataclass(slots=True, eq=False)
class State:
    """A run. `now` is the moment of the last entry; `seen` holds the events that its waits have consumed; `functions` is
    what expressions may call beyond the language's own, given by whoever drives the run."""

    plan: Plan
    run: str = ""
    origin: str = ""
    seed: str = ""
    now: float = 0.0
    seq: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    input: JSON = None
    config: JSON = None
    reused: JSONObject = field(default_factory=dict)
    steps: dict[str, StepState] = field(default_factory=dict)
    root: Frame | None = None
    handler: Frame | None = None
    ready: dict[str, None] = field(default_factory=dict)
    wants: Wants | None = None
    pending: dict[int, Pending] = field(default_factory=dict)
    withdrawn: list[Pending] = field(default_factory=list)
    in_flight: int = 0
    doubts: int = 0
    paused: bool = False
    paused_by: str | None = None
    ended: Literal["succeeded", "failed", "cancelled"] | None = None
    output: JSON = None
    failure: Failure | None = None
    usage: Usage = field(default_factory=Usage)
    seen: set[str] = field(default_factory=set)
    functions: Mapping[str, Any] | None = None

    @property
    def status(self) -> RunStatus:
        """The public status: what an operator would say of the run."""
        if self.ended is not None:
            return self.ended
        if self.paused:
            return "paused"
        if self.ready or self.in_flight or self.started_at is None:
            return "running"
        return "in_doubt" if self.doubts else "waiting"

    @property
    def next_wake(self) -> float | None:
        """When the first pending timer is due (seconds since 1970), None without one."""
        return min((item.wake_at for item in self.pending.values() if item.wake_at is not None), default=None)


def release(state: State) -> None:
    """Part what refers to each other in a state that nobody will use again, so that its memory is free at once: a
    process that parks runs by the thousand would otherwise spend its time looking for cycles."""
    for step in state.steps.values():
        step.frame.current = None
        step.frames = {}
    state.steps = {}
    state.root = state.handler = None


def add_usage(one: Usage, other: Usage) -> Usage:
    """The sum of two usages."""
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cache_read_tokens + other.cache_read_tokens,
        one.cache_write_tokens + other.cache_write_tokens,
        one.cost + other.cost,
        one.fallbacks + other.fallbacks,
        one.repairs + other.repairs,
    )


def total_tokens(usage: Usage) -> int:
    """All tokens, whatever their class."""
    return usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens
