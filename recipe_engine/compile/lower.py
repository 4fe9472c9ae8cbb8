"""Lowers a checked recipe to the plan that the core runs.

The one rule: everything that can be decided before the run is decided here: defaults, seconds, effects, retries, the
schema of a last answer, the parts of a prompt. The core finds nothing left to interpret.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recipe_engine.compile.actions import answer_schema, effect_of
from recipe_engine.compile.batch import Batch
from recipe_engine.compile.context import Analysis
from recipe_engine.compile.exchange import ExchangePlan
from recipe_engine.compile.names import bare
from recipe_engine.compile.tools import offers
from recipe_engine.core import plan as core
from recipe_engine.core.json import JSON
from recipe_engine.model import (
    ActionStep,
    Block,
    BranchStep,
    ForEachStep,
    GroupStep,
    ParallelStep,
    Path,
    RecipeStep,
    RepeatStep,
    RetryPolicy,
    SetStep,
    Step,
    StopStep,
    TransformStep,
    WaitStep,
)


def lower_analysis(analysis: Analysis) -> core.Plan:
    """The plan of a recipe that was checked without errors, with the plans of all recipes that it calls."""
    called: dict[str, core.Plan] = {}
    _collect(analysis, called)
    return _Lowering(analysis).plan(called)


def _collect(analysis: Analysis, called: dict[str, core.Plan]) -> None:
    """The plans of the called recipes: they all stand in the plan of the run, whoever calls them."""
    for slug, callee in analysis.callees.items():
        if slug not in called:
            lowering = _Lowering(callee.analysis)
            called[slug] = lowering.plan({})
            called.update(lowering.inner)
            _collect(callee.analysis, called)


class _Lowering:
    """The lowering of one recipe."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.steps: list[core.Step] = []
        self.blocks: list[tuple[int, ...]] = []
        # What steps of this recipe became that are more than one step.
        self.inner: dict[str, core.Plan] = {}

    def plan(self, recipes: dict[str, core.Plan]) -> core.Plan:
        recipe, data = self.analysis.recipe, self.analysis.document.data
        root = self.block(recipe.steps, ("steps",))
        on_error = None if recipe.on_error is None else self.block(recipe.on_error, ("on_error",))
        about = {
            name: data[name]
            for name in ("description", "category", "triggers", "goal", "roi_metrics")
            if data.get(name)
        }
        return core.Plan(
            slug=recipe.slug,
            name=recipe.name,
            steps=tuple(self.steps),
            blocks=tuple(self.blocks),
            root=root,
            input_schema=recipe.input_schema,
            output_schema=recipe.output_schema,
            config_schema=None if recipe.config is None else {"type": "object", **recipe.config},
            output=recipe.output,
            has_output=recipe.has_output,
            on_error=on_error,
            limits=self.limits(),
            recipes={**recipes, **self.inner},
            about=about,
        )

    def limits(self) -> core.Limits:
        limits = self.analysis.recipe.limits
        if limits is None:
            return core.Limits()
        concurrency: JSON = None
        if limits.concurrency is not None:
            concurrency = {"max": limits.concurrency.max, "when_full": limits.concurrency.when_full}
            if limits.concurrency.key is not None:
                concurrency["key"] = bare(limits.concurrency.key)
        return core.Limits(
            cost=None if limits.cost is None else limits.cost.amount,
            tokens=limits.tokens,
            duration=limits.duration,
            concurrency=concurrency,
        )

    # --- blocks and steps ---------------------------------------------------------------------------------------------

    def block(self, block: Block, path: Path) -> int:
        """Lower a block; its number. Numbers are given in the order in which blocks begin."""
        number = len(self.blocks)
        self.blocks.append(())
        self.blocks[number] = tuple([self.step(step, (*path, index)) for index, step in enumerate(block)])
        return number

    def step(self, step: Step, path: Path) -> int:
        number = len(self.steps)
        self.steps.append(_PLACE)
        do = self.do(step, path)
        on_error = self.block(step.on_error, (*path, "on_error")) if isinstance(step.on_error, tuple) else step.on_error
        retry, timeout = _retry(step.retry, core.Retry()) if step.retry is not None else None, step.timeout
        if isinstance(do, core.Perform) and isinstance(step, ActionStep):
            action = self.analysis.catalog.actions[step.type]
            retry = _retry(step.retry, action.retry_for(do.effect))
            timeout = action.timeout if timeout is None else timeout
        lowered = core.Step(
            id=step.id,
            name=step.name or step.id,
            type=step.type,
            do=do,
            if_=None if step.if_ is None else bare(step.if_),
            retry=retry,
            timeout=timeout,
            on_error=on_error,
            line=self.analysis.document.span(path).line,
        )
        if isinstance(step, ActionStep) and (step.params.get("tools") or step.params.get("conversation") is not None):
            lowered = self.exchange(step, path, lowered)
        elif isinstance(step, ForEachStep) and step.batch:
            lowered = Batch(lowered, self.steps, self.blocks).around()
        self.steps[number] = lowered
        return number

    def exchange(self, step: ActionStep, path: Path, model: core.Step) -> core.Step:
        """An llm_call with tools or a conversation: what it becomes is called. Its retries are those of each call of the
        model; its time limit is that of all of it."""
        remembered = step.params.get("conversation") is not None
        tools = list(offers(self.analysis, step, path))
        rounds = step.params.get("tool_rounds", _TOOL_ROUNDS)
        plan = ExchangePlan(self.analysis.recipe.slug, model, tools, rounds, remembered=remembered)
        self.inner[plan.slug] = plan.plan()
        call = plan.call(step.params.get("conversation"))
        return replace(model, do=call, retry=None, timeout=step.timeout)

    def optional(self, block: Block | None, path: Path) -> int | None:
        return None if block is None else self.block(block, path)

    def do(self, step: Step, path: Path) -> core.Do:
        """What the core does for a step."""
        match step:
            case ActionStep():
                return self.perform(step, path)
            case SetStep():
                return core.Set(step.values)
            case TransformStep():
                return _transform(step)
            case BranchStep():
                cases = [
                    core.Case(bare(case.when), self.block(case.steps, (*path, "cases", index, "steps")))
                    for index, case in enumerate(step.cases)
                ]
                return core.Branch(tuple(cases), self.optional(step.otherwise, (*path, "else")))
            case WaitStep():
                return self.wait(step, path)
            case ForEachStep():
                return self.for_each(step, path)
            case RepeatStep():
                return core.Repeat(
                    until=bare(step.until),
                    body=self.block(step.steps, (*path, "steps")),
                    every=step.every,
                    max_rounds=step.max_rounds,
                    on_timeout=self.optional(step.on_timeout, (*path, "on_timeout")),
                )
            case ParallelStep():
                lanes = [
                    core.Lane(name, self.block(block, (*path, "branches", name)))
                    for name, block in step.branches.items()
                ]
                return core.Parallel(tuple(lanes))
            case GroupStep():
                body = self.block(step.steps, (*path, "steps"))
                return core.Group(body, self.optional(step.always, (*path, "always")))
            case RecipeStep():
                return core.Call(step.recipe, step.with_)
            case StopStep():
                return core.Stop(step.status, step.message, step.output, "output" in step.model_fields_set)
            case _:
                raise ValueError(f"step {step.id!r} of type {step.type!r} has errors and cannot be lowered")

    def perform(self, step: ActionStep, path: Path) -> core.Perform:
        action = self.analysis.catalog.actions[step.type]
        params: dict[str, Any] = dict(step.params)
        if step.type == "llm_call":
            schema = answer_schema(self.analysis, step, path)
            if schema is not None:
                params["output_schema"] = schema
            params |= self.analysis.prompts.get(path, {})
            for name in ("tools", "tool_rounds", "conversation"):
                params.pop(name, None)
        return core.Perform(step.type, params, effect_of(action, step))

    def wait(self, step: WaitStep, path: Path) -> core.Wait:
        approval = None
        if step.approval is not None:
            approval = step.approval.model_dump(exclude_none=True)
        return core.Wait(
            duration=step.duration,
            until=None if step.until is None else bare(step.until),
            if_past=step.if_past or "continue",
            event=step.event,
            match=step.match,
            approval=approval,
            on_timeout=self.optional(step.on_timeout, (*path, "on_timeout")),
        )

    def for_each(self, step: ForEachStep, path: Path) -> core.ForEach:
        return core.ForEach(
            items=bare(step.items),
            as_=step.as_,
            body=self.block(step.steps, (*path, "steps")),
            concurrency=step.concurrency,
            pace_count=None if step.pace is None else step.pace.count,
            pace_seconds=None if step.pace is None else step.pace.seconds,
            on_item_error=step.on_item_error,
        )


_TOOL_ROUNDS = 8
# Keeps the number of a step while the blocks inside it are lowered.
_PLACE = core.Step("", "", "", core.Set(None))


def _transform(step: TransformStep) -> core.Transform:
    return core.Transform(
        items=bare(step.items),
        as_=step.as_,
        where=None if step.where is None else bare(step.where),
        group_by=None if step.group_by is None else bare(step.group_by),
        values=step.values,
        has_values="values" in step.model_fields_set,
        unique_by=None if step.unique_by is None else bare(step.unique_by),
        sort=step.sort,
        limit=step.limit,
    )


def _retry(policy: RetryPolicy | None, default: core.Retry) -> core.Retry:
    """What the author wrote, completed by the action's own policy."""
    if policy is None:
        return default
    wait = default.wait if policy.wait is None else policy.wait
    return core.Retry(
        attempts=default.attempts if policy.attempts is None else policy.attempts,
        wait=wait,
        backoff=default.backoff if policy.backoff is None else policy.backoff,
        # A pause that the author wrote is not cut short by a bound that nobody wrote.
        max_wait=max(default.max_wait, wait) if policy.max_wait is None else policy.max_wait,
        on=default.on if policy.on is None else policy.on,
    )
