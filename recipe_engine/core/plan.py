"""The plan: a checked recipe lowered to flat tables that the core walks.

The one rule: a plan is plain data. `to_json` and `from_json` are inverse, `digest` names its content, and a run keeps
to the plan it began with. Expressions stay source text here; they are compiled where they are evaluated and cached.

Steps and blocks refer to each other by index: `plan.steps[i]` is a step, `plan.blocks[b]` the indexes of the steps of
a block, in order. `plan.root` is the block a run begins with. A recipe called by a `recipe` step is a plan of its own
in `plan.recipes`, so that what a run will do is pinned whole.

Conditions (`when`, `if_`, `until`, `items`) are bare expressions without braces. Everything typed `JSON` may hold
templates in its strings; a string that is exactly one `{{ expression }}` keeps the expression's type.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from recipe_engine.core.codec import decoder, encode
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON, JSONObject

Effect = Literal["read", "keyed", "once"]

# The type of steps that no author wrote: what the engine puts between those of a model and its tools.
BETWEEN = "between"

_SECRET = re.compile(r"\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is tried again. `wait` and `max_wait` are seconds; `on` lists failure codes, empty for
    every retryable failure."""

    attempts: int = 1
    wait: float = 1.0
    backoff: Literal["none", "linear", "exponential"] = "exponential"
    max_wait: float = 300.0
    on: tuple[str, ...] = ()

    def admits(self, failure: Failure) -> bool:
        """Whether a failure is of the kind that is tried again."""
        return failure.code in self.on if self.on else failure.retryable


@dataclass(frozen=True, slots=True)
class Perform:
    """Carry out an action outside. `params` is rendered when the step starts and recorded with its intent.

    `retry` of the step is already merged with the action's default. `timeout` bounds one attempt (seconds).
    """

    action: str
    params: JSON
    effect: Effect
    kind: Literal["perform"] = "perform"


@dataclass(frozen=True, slots=True)
class Set:
    """Evaluate `values`; the step's output is the result."""

    values: JSON
    kind: Literal["set"] = "set"


@dataclass(frozen=True, slots=True)
class Transform:
    """Shape a list. Fields mirror the language: bare expressions, but `values`, which is templates."""

    items: str
    as_: str = "item"
    where: str | None = None
    group_by: str | None = None
    values: JSON = None
    has_values: bool = False
    unique_by: str | None = None
    sort: tuple[str, ...] = ()
    limit: JSON = None
    kind: Literal["transform"] = "transform"


@dataclass(frozen=True, slots=True)
class Case:
    """One arm of a branch: a bare condition and the block it runs."""

    when: str
    block: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Run the block of the first case that holds, else `otherwise`."""

    cases: tuple[Case, ...]
    otherwise: int | None = None
    kind: Literal["branch"] = "branch"


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for exactly one of: `duration` (template giving a duration), `until` (bare expression giving a moment),
    `event` (a name, with `match`: field -> template), `approval` (templates). With an event or an approval, `until` is
    when it times out; a moment that is past times out at once. `on_timeout` is a block or None: then a timeout fails the
    step with code `timeout`."""

    duration: JSON = None
    until: str | None = None
    if_past: Literal["skip", "continue", "fail"] = "continue"
    event: JSON = None
    match: JSON = None
    approval: JSON = None
    on_timeout: int | None = None
    kind: Literal["wait"] = "wait"


@dataclass(frozen=True, slots=True)
class ForEach:
    """Run `body` for each of `items`, at most `concurrency` at once, starting at most `pace_count` per `pace_seconds`.

    `on_item_error`: `fail` stops the loop at the first failing item, `collect` goes on and lists it in `errors`.
    `index_as`: the name under which the 0-based index is in scope."""

    items: str
    as_: str
    body: int
    concurrency: int = 1
    pace_count: int | None = None
    pace_seconds: float | None = None
    on_item_error: Literal["fail", "collect"] = "fail"
    index_as: str | None = None
    kind: Literal["for_each"] = "for_each"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Run `body`, then again every `every` seconds until `until` holds (asked after each round, with the round's
    steps in scope). `max_rounds` bounds it when there is no timeout. `rounds_as` is the name under which a round sees the
    outputs of those before it, as a list."""

    until: str
    body: int
    every: float = 0.0
    max_rounds: int | None = None
    on_timeout: int | None = None
    rounds_as: str | None = None
    kind: Literal["repeat"] = "repeat"


@dataclass(frozen=True, slots=True)
class Lane:
    """One named branch of a parallel step."""

    name: str
    block: int


@dataclass(frozen=True, slots=True)
class Parallel:
    """Run all lanes at the same time; the first failure cancels the others."""

    lanes: tuple[Lane, ...]
    kind: Literal["parallel"] = "parallel"


@dataclass(frozen=True, slots=True)
class Group:
    """Run `body`; `always` runs after it whatever happened."""

    body: int
    always: int | None = None
    kind: Literal["group"] = "group"


@dataclass(frozen=True, slots=True)
class Call:
    """Run the recipe `plan.recipes[recipe]` in a scope of its own; `params` is its input."""

    recipe: str
    params: JSON
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run at once. `status` is succeeded or failed; `output` replaces the recipe's output when given."""

    status: Literal["succeeded", "failed"] = "succeeded"
    message: JSON = None
    output: JSON = None
    has_output: bool = False
    kind: Literal["stop"] = "stop"


Do = Perform | Set | Transform | Branch | Wait | ForEach | Repeat | Parallel | Group | Call | Stop


@dataclass(frozen=True, slots=True)
class Step:
    """One named node. `type` is what the author wrote (`hubspot.create_ticket`), `do` what the core runs.

    `if_` is a bare condition. `timeout` (seconds) bounds an attempt of a Perform, and the whole of any other step.
    `on_error` is fail, continue, or the block of a handler. `line` is where the step stands in its file.
    """

    id: str
    name: str
    type: str
    do: Do
    if_: str | None = None
    retry: Retry | None = None
    timeout: float | None = None
    on_error: Literal["fail", "continue"] | int = "fail"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may spend: cost in US dollars, tokens, duration in seconds. `concurrency` is acted on by the runtime."""

    cost: float | None = None
    tokens: int | None = None
    duration: float | None = None
    concurrency: JSON = None


@dataclass(frozen=True)
class Plan:
    """A recipe, lowered. `output` is a template tree (has_output says whether the recipe has one); `on_error` the block
    of the recipe's handler; `about` carries what later parts act on (triggers, goal, roi_metrics), unread by the core."""

    slug: str
    name: str
    steps: tuple[Step, ...]
    blocks: tuple[tuple[int, ...], ...]
    root: int
    input_schema: JSON = None
    output_schema: JSON = None
    config_schema: JSON = None
    output: JSON = None
    has_output: bool = False
    on_error: int | None = None
    limits: Limits = field(default_factory=Limits)
    recipes: dict[str, Plan] = field(default_factory=dict)
    about: JSON = None
    version: int = 1

    @cached_property
    def digest(self) -> str:
        """The plan's name: the SHA-256 of its canonical JSON, in hex."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def secret_names(self) -> frozenset[str]:
        """The names read as `secrets.NAME` anywhere in the plan."""
        return frozenset(_SECRET.findall(json.dumps(self.to_json(), ensure_ascii=False)))

    @cached_property
    def memo(self) -> dict[int, Any]:
        """What the evaluation of this plan has compiled, by identity of the plan's own values; never serialised."""
        return {}

    def to_json(self) -> JSONObject:
        """Plain JSON that `from_json` reads back; fields that have their default are left out."""
        data: JSONObject = encode(self)
        return data

    @classmethod
    def from_json(cls, data: JSONObject) -> Plan:
        """The plan that `to_json` wrote."""
        plan: Plan = decoder(cls)(data)  # type: ignore[arg-type]  # a class is hashable
        return plan
