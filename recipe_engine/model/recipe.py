"""The document as a whole: a recipe, its limits, its goal and what it saves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema

from recipe_engine.model.steps import Block, Part
from recipe_engine.model.triggers import Trigger
from recipe_engine.model.values import Duration, Expression, MoneyValue, Percent, Slug

Line = Annotated[str, StringConstraints(min_length=1)]


class Concurrency(Part):
    """How many runs at the same time."""

    key: Expression | None = Field(None, description="Runs are counted apart for each value of this expression.")
    max: Annotated[int, Field(ge=1)] = Field(1, description="How many runs at the same time.")
    when_full: Literal["queue", "refuse"] = Field("queue", description="What becomes of a run that is one too many.")


class RunLimits(Part):
    """What a run may spend. A run that would go beyond a limit fails before it does."""

    cost: MoneyValue | None = Field(None, description="Money for language models, in US dollars: 0.50 USD.")
    tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="Tokens of language models.")
    duration: Duration | None = Field(None, description="Time from start to end, waits included.")
    concurrency: Concurrency | None = Field(None, description="How many runs at the same time.")


class Goal(Part):
    """What the recipe is for: an event that a share of its runs should lead to."""

    event: Line = Field(description="The event that means success: lead.converted.")
    within: Duration | None = Field(None, description="How long after the run's start it counts.")
    target: Percent | None = Field(None, description="The share of runs that should reach it: 65%.")


class RoiMetrics(Part):
    """What a run saves. Further metrics of your own may stand beside the two known ones."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, defer_build=True)

    minutes_saved_per_run: Annotated[float, Field(ge=0)] | None = Field(
        None, description="Minutes of a person's work that a run replaces."
    )
    hourly_rate: MoneyValue | None = Field(None, description="What an hour of that work costs: 35 EUR.")


class Recipe(Part):
    """A recipe as its author wrote it."""

    slug: Slug = Field(description="The recipe's name in commands and addresses.")
    name: Line = Field(description="The recipe's name for people.")
    description: Line = Field(description="What the recipe does, in a sentence or two.")
    category: Line = Field(description="What the recipe is filed under: support, artisan, design.")
    input_schema: dict[str, Any] | None = Field(None, description="JSON Schema of the input.")
    output_schema: dict[str, Any] | None = Field(None, description="JSON Schema of the output.")
    config: dict[str, Any] | None = Field(None, description="JSON Schema of what a deployment sets, read as config.x.")
    triggers: Annotated[
        tuple[Trigger, ...], PlainValidator(lambda value: value), WithJsonSchema({"x-ref": "triggers"})
    ] = Field((), description="What starts a run.")
    limits: RunLimits | None = Field(None, description="What a run may spend.")
    goal: Goal | None = Field(None, description="What the recipe is for.")
    roi_metrics: RoiMetrics | None = Field(None, description="What a run saves.")
    steps: Block = Field(description="What the recipe does, in order.")
    output: Any = Field(None, description="The run's output; the last step's output without it.")
    on_error: Block | None = Field(None, description="Steps that run when the run fails; `error` is in scope.")

    @property
    def has_output(self) -> bool:
        """Whether the recipe says what its output is."""
        return "output" in self.model_fields_set
