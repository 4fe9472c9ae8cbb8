"""What authors of tests write: the models of `<slug>.test.yml`.

The one rule: a model says what may stand in a file and what it means; whether the recipe has such a step is for the
reader. The descriptions are what editors and the reference page show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from recipe_engine.builtin.http_sandbox import ScriptedExchange
from recipe_engine.builtin.llm.scripted import ScriptedAnswer
from recipe_engine.core.json import JSONObject
from recipe_engine.core.state import RunStatus
from recipe_engine.expr import parse_duration
from recipe_engine.expr.moments import looks_like_moment, parse_iso
from recipe_engine.model.values import DURATION_PATTERN, refused

# When a run begins unless its case says otherwise: a Monday morning in winter time.
START = "2026-03-02T09:00:00+01:00"
_BOUND = re.compile(r"\s*(>=|<=|>|<|)\s*(\S+)\s*\Z")


class Part(BaseModel):
    """The base of everything in a test file: unknown fields are refused, values are taken as YAML gave them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class At:
    """A moment of a case: seconds after the run's start, or since 1970."""

    seconds: float
    absolute: bool = False

    def moment(self, start: float) -> float:
        """Seconds since 1970."""
        return self.seconds if self.absolute else start + self.seconds


@dataclass(frozen=True, slots=True)
class Bound:
    """What a duration is compared with: `sign` is one of =, >=, <=, >, <."""

    sign: str
    seconds: float

    def holds(self, seconds: float) -> bool:
        """Whether a duration is as expected, to the millisecond."""
        difference = round(seconds - self.seconds, 3)
        match self.sign:
            case ">=":
                return difference >= 0
            case "<=":
                return difference <= 0
            case ">":
                return difference > 0
            case "<":
                return difference < 0
            case _:
                return difference == 0


def _seconds(text: str) -> float | None:
    try:
        return parse_duration(text) if re.match(DURATION_PATTERN, text) else None
    except ValueError:
        return None


def _at(value: Any) -> At:
    if isinstance(value, str):
        seconds = _seconds(value)
        if seconds is not None:
            return At(seconds)
        if looks_like_moment(value):
            return At(_moment(value), absolute=True)
    raise refused(
        "R704", value, "a duration after the start such as 23h, or a moment such as 2026-03-02T10:00:00+01:00"
    )


def _moment(value: Any) -> float:
    try:
        return parse_iso(value).timestamp()
    except (ValueError, TypeError, AttributeError):
        raise refused("R704", value, "a moment such as 2026-03-02T10:00:00+01:00") from None


def _pause(value: Any) -> float:
    seconds = _seconds(value) if isinstance(value, str) else None
    if seconds is None:
        raise refused("R704", value, "a duration such as 30s, 15m or 2h30m")
    return seconds


def _bound(value: Any) -> Bound:
    found = _BOUND.match(value) if isinstance(value, str) else None
    seconds = _seconds(found[2]) if found else None
    if found is None or seconds is None:
        raise refused("R704", value, 'a duration such as 15m, or a bound such as ">= 15m"')
    return Bound(found[1] or "=", seconds)


_TEXT = {"type": "string"}
Moment = Annotated[At, PlainValidator(_at), WithJsonSchema(_TEXT)]
Start = Annotated[float, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Pause = Annotated[float, PlainValidator(_pause), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})]
DurationBound = Annotated[Bound, PlainValidator(_bound), WithJsonSchema(_TEXT)]


class VendorFault(Part):
    """A fault at a vendor: an error status, a delay, or a lost connection."""

    vendor: str = Field(description="The connector: hubspot, clickup, email, http.")
    status: Annotated[int, Field(ge=100, le=599)] | None = Field(None, description="The status that is answered.")
    times: Annotated[int, Field(ge=1)] = Field(1, description="How many requests meet the fault.")
    method: str = Field("", description="Only requests with this method.")
    path: str = Field("", description="Only requests whose path begins so.")
    delay: Pause = Field(0.0, description="The answer takes this long, in virtual time.")
    drop: Literal["before", "after"] | None = Field(
        None, description="The connection is lost: before anything arrived, or after it was done."
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of the answer, such as Retry-After.")
    body: Any = Field(None, description="The body of the answer, instead of one in the vendor's own shape.")


class EventAt(Part):
    """An event that arrives."""

    at: Moment = Field(description="When: a duration after the start of the run, or a moment.")
    event: str = Field(min_length=1, description="Its name.")
    data: Any = Field(default_factory=dict, description="What it carries.")
    id: str | None = Field(None, description="Its identity: a second event of the same id is dropped.")


class ApprovalAt(Part):
    """A person's answer to a wait for an approval."""

    at: Moment = Field(description="When: a duration after the start of the run, or a moment.")
    step: str | None = Field(None, description="The wait, when several are open.")
    approved: bool = Field(True, description="Yes or no.")
    by: str = Field("tester", description="Who answers.")
    fields: Any = Field(None, description="What the person edited.")


class StepExpected(Part):
    """What is expected of a step; of a step in a loop, every time that it ran."""

    status: Any = Field(None, description="succeeded, failed, skipped, waiting, in_doubt or cancelled.")
    attempts: Any = Field(None, description="How many attempts it took.")
    times: Any = Field(None, description="How often the step ran: in a loop, for how many items or rounds.")
    output: Any = Field(None, description="Its output.")
    error: Any = Field(None, description="Its error: {code, title, detail}.")


class EffectExpected(Part):
    """A change at a vendor, as its sandbox shows it."""

    connector: str = Field(description="The connector.")
    action: Any = Field(None, description="What was done: `create ticket`.")
    data: Any = Field(None, description="With what.")


class Expect(Part):
    """What must be so when nothing happens any more."""

    status: RunStatus = Field("succeeded", description="The run's status.")
    invalid_input: list[str] | None = Field(
        None, description="The run is refused before it starts: the fields that miss the schema."
    )
    output: Any = Field(None, description="The run's output.")
    error: Any = Field(None, description="The run's error: {code, title, detail, step}.")
    steps: dict[str, StepExpected] = Field(
        default_factory=dict, description="Steps by id (or path, in loops): a status, or an object."
    )
    not_steps: list[str] = Field(default_factory=list, description="Steps that must not have run.")
    effects: list[EffectExpected] = Field(
        default_factory=list, description="Changes at the vendors in this order, others may stand between."
    )
    effects_exactly: list[EffectExpected] | None = Field(None, description="All changes at the vendors, in order.")
    no_effects: list[EffectExpected] = Field(default_factory=list, description="Changes that must not happen.")
    vendors: dict[str, Any] = Field(default_factory=dict, description="What is at the vendors in the end.")
    model_requests: Any = Field(
        default_factory=list,
        description="What the model was asked, in this order, other requests may stand between: {step, system, prompt, "
        "media, model, max_tokens, effort, output_schema}; `system` without the sentence about data. Or a matcher for the "
        "list of all, such as {length: 2}.",
    )
    log: list[Any] = Field(default_factory=list, description="Lines that steps logged: texts that a line contains.")
    duration: DurationBound | None = Field(None, description='From start to end in virtual time: 15m, ">= 15m".')
    usage: Any = Field(None, description="Tokens and money of the run.")


class Setup(Part):
    """What a case begins with, what happens in it, and what is expected. `defaults` of a file has the same fields."""

    description: str | None = Field(None, description="Why the case is there.")
    start: Start = Field(parse_iso(START).timestamp(), description=f"When the run begins ({START} without it).")
    input: JSONObject = Field(default_factory=dict, description="The run's input.")
    config: JSONObject = Field(default_factory=dict, description="The deployment's config.")
    settings: dict[str, str | None] = Field(
        default_factory=dict,
        description="The settings, by the names of environment variables; null makes one unset. The environment of the "
        "machine is never read.",
    )
    model: list[ScriptedAnswer] = Field(default_factory=list, description="What the language model answers.")
    vendors: dict[str, JSONObject] = Field(default_factory=dict, description="What is at the vendors in the beginning.")
    kept: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="What earlier runs kept with store.put: values by key, by table."
    )
    http: list[ScriptedExchange] = Field(default_factory=list, description="What answers the requests of http steps.")
    faults: list[VendorFault] = Field(default_factory=list, description="What goes wrong at the vendors.")
    events: list[EventAt] = Field(default_factory=list, description="Events that arrive.")
    approvals: list[ApprovalAt] = Field(default_factory=list, description="What people answer.")
    crash: bool = Field(False, description="The engine stops and begins again whenever the run waits.")
    expect: Expect = Field(Expect.model_validate({}), description="What must be so in the end.")


class Case(Setup):
    """One case."""

    name: str = Field(min_length=1, description="What the case shows, in a sentence.")


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A test file that was read: the recipe that it names, None for the one of its own name, and its cases with the line
    of each."""

    recipe: str | None
    cases: tuple[Case, ...]
    lines: tuple[int, ...]
