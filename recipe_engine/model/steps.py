"""The steps that authors write: one model per control step, one for every action.

The one rule: a model says what may stand in a step and what it means; whether it makes sense in its place is for the
checks. Nested blocks arrive here already read (see `model.parse`), so validating a step never recurses.

The descriptions of the fields are what editors and the language reference show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from recipe_engine.model.values import (
    Codes,
    Duration,
    DurationTemplate,
    Expression,
    Identifier,
    Limit,
    PaceValue,
    Slug,
    SortKeys,
    Template,
    refused,
)

Path = tuple[str | int, ...]


class Part(BaseModel):
    """The base of everything in a recipe: unknown fields are refused, values are taken as YAML gave them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


def _block(value: Any) -> Any:
    if isinstance(value, tuple):
        return value
    raise refused("R303", value, "a list of steps")


def _on_error(value: Any) -> Any:
    if isinstance(value, tuple) or value in ("fail", "continue"):
        return value
    raise refused("R303", value, "`fail`, `continue` or a list of steps")


if TYPE_CHECKING:
    Block = tuple["Step", ...]
    MaybeEmptyBlock = tuple["Step", ...]
else:
    # Blocks are read before their step: pydantic need not know of the recursion.
    Block = Annotated[Any, PlainValidator(_block), WithJsonSchema({"x-ref": "steps"})]
    MaybeEmptyBlock = Annotated[
        Any, PlainValidator(_block), WithJsonSchema({"anyOf": [{"x-ref": "steps"}, {"type": "array", "maxItems": 0}]})
    ]
OnError = Annotated[
    Any,
    PlainValidator(_on_error),
    WithJsonSchema({"anyOf": [{"enum": ["fail", "continue"]}, {"x-ref": "steps"}]}),
]


class RetryPolicy(Part):
    """When a failed attempt is tried again."""

    attempts: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Attempts in all, the first included."
    )
    wait: Duration | None = Field(None, description="The pause before the second attempt.")
    backoff: Literal["none", "linear", "exponential"] | None = Field(
        None, description="How the pause grows from attempt to attempt."
    )
    max_wait: Duration | None = Field(None, description="The longest pause.")
    on: Codes | None = Field(None, description="Try again only after these failure codes; all retryable ones without.")


class Step(Part):
    """What every step may say."""

    id: Identifier = Field(description="The step's name: later steps read its output under it.")
    type: str = Field(description="What the step does.")
    name: str | None = Field(None, description="What people see in lists and reports.")
    description: str | None = Field(None, description="Why the step is there.")
    if_: Expression | None = Field(None, alias="if", description="The step is skipped unless this holds.")
    retry: RetryPolicy | None = Field(None, description="When a failed attempt is tried again.")
    timeout: Duration | None = Field(
        None, description="The longest time for an attempt of an action, or for the whole of any other step."
    )
    on_error: OnError = Field(
        "fail", description="When the step has failed for good: fail the run, continue, or run these steps first."
    )

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        """The blocks inside the step with their path below it, in the order in which they may run."""
        yield from ()

    def handlers(self) -> Iterator[tuple[Path, Block]]:
        """The block that handles the step's failure, if it has one."""
        if isinstance(self.on_error, tuple):
            yield ("on_error",), self.on_error


class ActionStep(Step):
    """An effect carried out by an action of the catalog."""

    params: dict[str, Any] = Field(default_factory=dict, description="What the action is given.")
    at_step: bool = False

    @property
    def params_path(self) -> Path:
        """Where the parameters stand below the step."""
        return () if self.at_step else ("with",)


class BrokenStep(Step):
    """A step with errors of shape: it keeps its name and its inner blocks, so that the rest is checked all the same."""

    inner: tuple[tuple[Path, Any], ...] = ()

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        yield from self.inner


class SetStep(Step):
    """Gives names to values. Its output is the object of the values."""

    values: dict[str, Any] = Field(description="Names and their values, which may be templates.", min_length=1)


class TransformStep(Step):
    """Shapes a list: where, group_by, values, unique_by, sort and limit are applied in this order.

    Its output is the new list. After `group_by`, an item is `{key, items}`, and `values` sees `key` and `items`.
    """

    items: Expression = Field(description="An expression that gives the list.")
    as_: Identifier = Field("item", alias="as", description="The name of an item in the expressions below.")
    where: Expression | None = Field(None, description="Keep the items for which this holds.")
    group_by: Expression | None = Field(None, description="Put the items with the same value together.")
    values: Any = Field(None, description="What each item becomes: a template, or an object or list of templates.")
    unique_by: Expression | None = Field(None, description="Keep the first of the items with the same value.")
    sort: SortKeys = Field((), description="Sort by these fields; `-` before a field sorts downward.")
    limit: Limit | None = Field(None, description="Keep at most so many items.")


class BranchCase(Part):
    """One arm of a branch."""

    when: Expression = Field(description="The arm runs when this holds and no case before it did.")
    steps: Block = Field(description="What the arm does.")


class BranchStep(Step):
    """Runs the steps of the first case that holds, else those of `else`. Its output is that of the last step it ran."""

    cases: Annotated[
        tuple[BranchCase, ...], PlainValidator(lambda value: value), WithJsonSchema({"x-ref": "cases"})
    ] = Field(description="The arms, asked in order.")
    otherwise: MaybeEmptyBlock | None = Field(
        None, alias="else", description="What to do when no case holds; `[]` says that it is nothing."
    )

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        for index, case in enumerate(self.cases):
            yield ("cases", index, "steps"), case.steps
        if self.otherwise is not None:
            yield ("else",), self.otherwise


class Approval(Part):
    """A question to a person."""

    ask: Template = Field(description="The question.")
    to: Template | None = Field(None, description="Who is asked: an e-mail address.")
    fields: dict[str, Any] | None = Field(None, description="JSON Schema of what the person may edit.")


class WaitStep(Step):
    """Waits for exactly one thing: a duration, a moment, an event or an approval.

    Its output: nothing for a duration or a moment, the event's data, or `{approved, by, fields}`. A wait for an event or
    an approval whose `timeout` passes, or whose `until` comes, runs `on_timeout`; without it the step fails with code
    `timeout`.
    """

    duration: DurationTemplate | None = Field(None, description="How long to wait.")
    until: Expression | None = Field(
        None,
        description="An expression that gives a moment: meeting.start - hours(2). With an event or an approval, "
        "when it times out.",
    )
    if_past: Literal["skip", "continue", "fail"] | None = Field(
        None, description="What to do when the moment is past: continue at once (the default), skip the step, or fail."
    )
    event: Template | None = Field(None, description="The name of the event to wait for.")
    match: dict[str, Any] | None = Field(None, description="Fields of the event's data and the values they must have.")
    approval: Approval | None = Field(None, description="The question to a person.")
    on_timeout: Block | None = Field(None, description="What to do when `timeout` has passed, or `until` has come.")

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        if self.on_timeout is not None:
            yield ("on_timeout",), self.on_timeout


class ForEachStep(Step):
    """Runs its steps once for each item of a list.

    Its output is `{results, errors}`: `results` in the order of the items, `errors` a list of `{index, item, error}`.
    """

    items: Expression = Field(description="An expression that gives the list.")
    as_: Identifier = Field("item", alias="as", description="The name of the item in the steps below.")
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="How many items at the same time.")
    pace: PaceValue | None = Field(None, description="How many items may start in how long: 20/1m.")
    on_item_error: Literal["fail", "collect"] = Field(
        "fail", description="Stop at the first item that fails, or go on and list it in `errors`."
    )
    batch: bool = Field(
        False,
        description="Hand the questions of the llm_call that the steps begin with over together: half the price, an answer "
        "within 24 hours.",
    )
    steps: Block = Field(description="What to do with an item.")

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        yield ("steps",), self.steps


class RepeatStep(Step):
    """Runs its steps again and again until something holds. Its output is that of the last round."""

    until: Expression = Field(description="Asked after each round, with the round's steps in scope.")
    every: Duration = Field(0.0, description="The time from the end of a round to the next.")
    max_rounds: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Fail with code `too_many_rounds` after so many rounds."
    )
    on_timeout: Block | None = Field(None, description="What to do when `timeout` has passed.")
    steps: Block = Field(description="A round.")

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        yield ("steps",), self.steps
        if self.on_timeout is not None:
            yield ("on_timeout",), self.on_timeout


class ParallelStep(Step):
    """Runs several lists of steps at the same time. Its output is an object with the output of each by its name."""

    branches: Annotated[dict[str, Any], PlainValidator(lambda value: value), WithJsonSchema({"x-ref": "branches"})] = (
        Field(description="The lists of steps by name.")
    )

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        for name, block in self.branches.items():
            yield ("branches", name), block


class GroupStep(Step):
    """Runs its steps under one name, one `if` and one `on_error`. Its output is that of the last step it ran."""

    steps: Block = Field(description="The steps.")
    always: Block | None = Field(None, description="Steps that run afterwards, whatever happened.")

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        yield ("steps",), self.steps
        if self.always is not None:
            yield ("always",), self.always


class RecipeStep(Step):
    """Runs another recipe and answers with its output."""

    recipe: Slug = Field(description="The slug of the recipe.")
    with_: dict[str, Any] = Field(default_factory=dict, alias="with", description="The recipe's input.")


class StopStep(Step):
    """Ends the run at once."""

    status: Literal["succeeded", "failed"] = Field("succeeded", description="How the run ends.")
    message: Template | None = Field(None, description="Why; shown with the run.")
    output: Any = Field(None, description="The run's output, instead of the recipe's.")


CONTROL_STEPS: Mapping[str, type[Step]] = MappingProxyType(
    {
        "set": SetStep,
        "transform": TransformStep,
        "branch": BranchStep,
        "wait": WaitStep,
        "for_each": ForEachStep,
        "repeat": RepeatStep,
        "parallel": ParallelStep,
        "group": GroupStep,
        "recipe": RecipeStep,
        "stop": StopStep,
    }
)
COMMON_FIELDS: tuple[str, ...] = tuple(field.alias or name for name, field in Step.model_fields.items())
