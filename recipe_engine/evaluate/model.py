"""What stands in a file of needs: the models of `evals/*.yml`.

The one rule: a scenario is a case of a test file without the names of steps, which are the author's choice. The
descriptions are what editors and the reference page show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from recipe_engine.builtin.http_sandbox import ScriptedExchange
from recipe_engine.core.json import JSONObject
from recipe_engine.core.state import RunStatus
from recipe_engine.expr.moments import parse_iso
from recipe_engine.testing.model import START, ApprovalAt, DurationBound, EventAt, Part, Start, VendorFault

Language = Literal["en", "fr"]
Level = Literal["simple", "medium", "hard"]
Reason = Literal["no_connector", "contradictory", "harmful", "other"]
# A word of `uses`, or words of which one is enough.
Words = str | list[str]


class ModelSays(Part):
    """What the language model of the recipe knows: its answer is put into the shape that each step asks for."""

    match: str | None = Field(None, description="A part of the prompt, in any letter case.")
    answer: Any = Field(
        None,
        description="Values by their meaning (`{sentiment: negative}`), each taken by the step whose schema has such a field or "
        "such a word; or a text, for steps that ask for a text.",
    )
    error: str | None = Field(
        None, description="The model fails with this code instead: overloaded, rate_limit, timeout, refused, truncated."
    )
    transcript: str | None = Field(
        None, description="What is heard in a recording; `match` is then a part of the recording's name."
    )
    times: Annotated[int, Field(ge=1)] | None = Field(None, description="How often it answers so.")


class Arrival(Part):
    """What starts the run, through a trigger of the recipe: exactly one of body, event, form, item, scheduled_at."""

    body: Any = Field(None, description="A webhook is called with this body.")
    headers: dict[str, str] = Field(default_factory=dict, description="The headers of the webhook's call.")
    query: dict[str, str] = Field(default_factory=dict, description="The query of the webhook's call.")
    event: Any = Field(None, description="An event with this data is received.")
    form: Any = Field(None, description="The form is sent with these values.")
    item: Any = Field(None, description="A poll finds this item.")
    scheduled_at: str | None = Field(None, description="The schedule's moment has come.")


class EffectWanted(Part):
    """A change at a vendor, by what is done there."""

    connector: str | None = Field(None, description="The connector.")
    action: Any = Field(None, description="What was done: `create ticket`.")
    data: Any = Field(None, description="With what.")
    any_of: list[EffectWanted] | None = Field(None, description="Several ways to do it; one of them is enough.")


class ScenarioExpect(Part):
    """What must be so when nothing happens any more, whatever the steps are called."""

    status: RunStatus | list[RunStatus] = Field("succeeded", description="The run's status, or those that are as good.")
    starts: bool | Literal["either"] = Field(
        True,
        description="With `arrives`: whether that starts a run at all; `either` when a run that does nothing is as good as none.",
    )
    invalid_input: list[str] | None = Field(None, description="The run is refused for these fields of its input.")
    output: Any = Field(None, description="The run's output.")
    effects: list[EffectWanted] = Field(
        default_factory=list, description="Changes at the vendors, each of another effect; others may be there."
    )
    in_order: bool = Field(False, description="The effects happen in this order.")
    no_effects: list[EffectWanted] = Field(default_factory=list, description="Changes that must not happen.")
    no_other_effects: bool = Field(False, description="Nothing changes but what `effects` lists.")
    takes: list[Words] = Field(
        default_factory=list, description="Actions and kinds of steps that run, in the words of `uses`."
    )
    takes_not: list[str] = Field(default_factory=list, description="Actions and kinds of steps that must not run.")
    vendors: dict[str, Any] = Field(default_factory=dict, description="What is at the vendors in the end.")
    log: list[Any] = Field(default_factory=list, description="Lines that steps logged: texts that a line contains.")
    duration: DurationBound | None = Field(None, description='From start to end in virtual time: 15m, ">= 15m".')


class Scenario(Part):
    """A hidden case: what the recipe is given, what happens, what must come of it."""

    name: str = Field(min_length=1, description="What the scenario shows, in a sentence.")
    start: Start = Field(parse_iso(START).timestamp(), description=f"When the run begins ({START} without it).")
    input: JSONObject = Field(
        default_factory=dict, description="The run's input; fields that the recipe does not have are left out."
    )
    arrives: Arrival | None = Field(None, description="What starts the run, instead of `input`.")
    config: JSONObject = Field(
        default_factory=dict, description="The deployment's config; fields that the recipe does not have are left out."
    )
    settings: dict[str, str | None] = Field(
        default_factory=dict, description="The settings, by the names of environment variables; null makes one unset."
    )
    model: list[ModelSays] = Field(default_factory=list, description="What the language model answers.")
    vendors: dict[str, JSONObject] = Field(default_factory=dict, description="What is at the vendors in the beginning.")
    kept: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="What earlier runs kept with store.put: values by key, by table."
    )
    http: list[ScriptedExchange] = Field(default_factory=list, description="What answers the requests of http steps.")
    faults: list[VendorFault] = Field(default_factory=list, description="What goes wrong at the vendors.")
    events: list[EventAt] = Field(default_factory=list, description="Events that arrive.")
    approvals: list[ApprovalAt] = Field(default_factory=list, description="What people answer.")
    expect: ScenarioExpect = Field(
        ScenarioExpect.model_validate({}), description="What must be so in the end; every scenario has one."
    )


class NeedExpect(Part):
    """What must be so of the recipe itself, or of the refusal."""

    cannot: list[Reason] | None = Field(
        None,
        description="The need cannot be met: the reasons that may be given (no_connector, contradictory, harmful, other).",
    )
    nearest: Any = Field(None, description="With `cannot`: what the nearest possibility must say.")
    uses: list[Words] = Field(
        default_factory=list,
        description="Actions (`notify`, `zoho_crm.*`) and kinds of steps (branch, for_each, wait.event, wait.approval) that the "
        "recipe has; of a list one is enough.",
    )
    uses_not: list[str] = Field(default_factory=list, description="Actions and kinds of steps that it must not have.")
    triggers: list[Any] = Field(
        default_factory=list, description="Triggers that it has, each with at least these fields."
    )
    fires: list[str] = Field(default_factory=list, description="Moments at which a schedule of the recipe starts it.")
    fires_not: list[str] = Field(default_factory=list, description="Moments at which none does.")


class Need(Part):
    """A need in plain words and what is expected of its recipe."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)] = Field(
        description="Its name: small letters, digits, hyphens."
    )
    language: Language = Field(description="The language of the need: en or fr.")
    level: Level = Field("medium", description="How hard it is: simple, medium, hard.")
    need: str = Field(min_length=1, description="The need, as it is told to the model.")
    domain: str = Field("", description="What it is about, as `recipe new --domain` says it.")
    examples: dict[str, str] = Field(
        default_factory=dict, description="Files that show the data: texts by their names, as with `--example`."
    )
    also: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Other names that count as the same, for inputs, config, outputs, events and the model's words: "
        "`{email: [mail, courriel]}`.",
    )
    expect: NeedExpect = Field(
        NeedExpect.model_validate({}), description="What must be so of the recipe, or of the refusal."
    )
    scenarios: list[Scenario] = Field(default_factory=list, description="Cases that the model never sees.")


@dataclass(frozen=True, slots=True)
class NeedsFile:
    """A file that was read: its needs, with the line of each."""

    needs: tuple[Need, ...]
    lines: tuple[int, ...]
