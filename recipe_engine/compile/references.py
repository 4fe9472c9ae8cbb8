"""Walks the steps in the order in which they run, with the names in scope, and checks every expression on the way.

The one rule: the scope here follows the core's. Branches, lanes and groups share the names around them; items, rounds,
handlers and called recipes have their own. A step's output is bound when the step is passed, under the conditions
(guards) under which it has one; see `compile.names`.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from recipe_engine.compile import media
from recipe_engine.compile.actions import check_action
from recipe_engine.compile.context import Analysis, ids_in
from recipe_engine.compile.coverage import check_coverage
from recipe_engine.compile.expressions import SECRETS_TYPE, Expressions
from recipe_engine.compile.facts import validator
from recipe_engine.compile.names import conjuncts, told
from recipe_engine.compile.outputs import FAILURE, RUN, Out, Tail, approval_output, item_type, loop_output
from recipe_engine.compile.params import Expected, check_values
from recipe_engine.compile.schemas import closed, opened
from recipe_engine.core.json import JSON
from recipe_engine.expr import infer_transform
from recipe_engine.expr.facts import NOTHING, Facts
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    DurationT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    assignable,
    from_schema,
    members,
    union,
)
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
    SetStep,
    Step,
    StopStep,
    TransformStep,
    WaitStep,
)

_STARTED = "run:done"
_LIST = ArrayT(AnyT())
_MOMENT = union(MomentT(), StringT(None, "date-time"))
_DURATION = union(DurationT(), StringT())


def check_references(analysis: Analysis) -> None:
    """Check all expressions of the recipe, and find the type of its output."""
    Walker(analysis).recipe()


class Walker:
    """The walk over one recipe."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.names = analysis.names
        self.expressions = Expressions(analysis)

    # --- the recipe ---------------------------------------------------------------------------------------------------

    def recipe(self) -> None:
        analysis, recipe = self.analysis, self.analysis.recipe
        self.bind_surroundings()
        for step, _ in analysis.steps:
            self.names.announce(step.id, f"step `{step.id}` has not run yet at this point")
        self.names.guard(_STARTED, "the run may have failed before it")
        with self.names.under([_STARTED]):
            tail = self.block(recipe.steps, ("steps",))
            given = self.output(tail)
            schema = recipe.output_schema
            analysis.output = given if schema is None else from_schema(schema)
        if recipe.on_error is not None:
            with self.names.variables({"error": FAILURE}):
                self.block(recipe.on_error, ("on_error",))
        self.concurrency()

    def bind_surroundings(self) -> None:
        """Bind what is in scope before the first step: inputs, config, run, event, secrets."""
        recipe = self.analysis.recipe
        inputs = from_schema(recipe.input_schema) if recipe.input_schema is not None else None
        if isinstance(inputs, ObjectT):
            self.analysis.any_name = self.analysis.any_name or inputs.open
            given = recipe.input_schema.get("properties", {}) if recipe.input_schema is not None else {}
            for name, type_ in inputs.properties.items():
                self.bind_input(name, type_, given.get(name), required=name in inputs.required)
        config: Type = ObjectT({}, frozenset())
        if recipe.config is not None:
            config = settled(from_schema({"type": "object", **recipe.config}), recipe.config)
        elif self.analysis.document.data.get("config") is not None:
            config = AnyT()
        self.names.bind("config", config)
        self.names.bind("run", RUN)
        self.names.bind("event", AnyT())
        self.names.bind("secrets", SECRETS_TYPE)
        self.names.announce("error", "`error` is there only in the steps of an `on_error`")

    def bind_input(self, name: str, type_: Type, schema: JSON, *, required: bool) -> None:
        if required or (isinstance(schema, dict) and "default" in schema):
            self.names.bind(name, type_)
        else:
            guard = self.names.guard(f"input:{name}", "the input is optional and has no default")
            self.names.bind(name, type_, [guard])

    def output(self, tail: Tail) -> Type:
        """Check the recipe's output against its schema; its type."""
        recipe = self.analysis.recipe
        schema = recipe.output_schema
        target = from_schema(opened(schema)) if schema is not None else AnyT()
        if recipe.has_output:
            if schema is None:
                return self.expressions.value(recipe.output, ("output",))
            held = validator(schema)
            expected = Expected("the recipe's output", "field", target, held, ("R211", "R211", "R211", "R211"))
            return check_values(self.expressions, recipe.output, ("output",), expected, ("output",))
        reason = assignable(tail.type, target) if not tail.ends and recipe.steps else None
        if reason is not None:
            self.misfit(tail.type, target, reason)
        return tail.type

    def misfit(self, found: Type, target: Type, reason: str) -> None:
        """The last step's output, which is the recipe's, does not fit or may not fit the schema."""
        path: Path = ("steps", len(self.analysis.recipe.steps) - 1)
        last = self.analysis.recipe.steps[-1]
        sometimes = any(assignable(member, target) is None for member in members(found))
        self.analysis.problems.add(
            "R211",
            f"the last step's output is the recipe's, and does not fit its output_schema: {reason}",
            path,
            "write an `output:` that names the fields",
            span=self.analysis.problems.anchor(path, {"id": last.id}),
            severity="warning" if sometimes else None,
        )

    def concurrency(self) -> None:
        limits = self.analysis.recipe.limits
        if limits is not None and limits.concurrency is not None and limits.concurrency.key is not None:
            for step, _ in self.analysis.steps:
                self.names.hide([step.id], "no step has run when a run asks to start")
            self.expressions.expression(limits.concurrency.key, ("limits", "concurrency", "key"))

    # --- blocks -------------------------------------------------------------------------------------------------------

    def block(self, block: Block, path: Path) -> Tail:
        tail = Tail()
        with ExitStack() as rest:
            for index, step in enumerate(block):
                here = (*path, index)
                if tail.ends:
                    self.unreachable(block[index - 1], step, here)
                    tail.ends = False
                out = self.step(step, here, rest)
                certain = step.if_ is None and out.doubt is None and step.on_error != "continue"
                if not out.ends:
                    tail.add(out.type, certain=certain)
                tail.ends = out.ends and step.if_ is None
        return tail

    def unreachable(self, before: Step, step: Step, path: Path) -> None:
        problems = self.analysis.problems
        span = problems.anchor(path, {"id": step.id} if step.id else {})
        message = f"step `{step.id}` is never reached: the run always ends at `{before.id}`"
        problems.add("R501", message, path, f"remove it, or give `{before.id}` an `if`", span=span)

    def step(self, step: Step, path: Path, rest: ExitStack) -> Out:
        """Check a step and bind its output. `rest` holds what is certain for the remainder of the block."""
        names, guards, facts = self.names, [], NOTHING
        if step.if_ is not None:
            self.expressions.condition(step.if_, (*path, "if"))
            guards, facts = self.parts(step.if_), told(step.if_)
        with names.under(guards, facts):
            inside = [self.names.guard(f"done:{step.id}", f"`{step.id}` may have failed before it")]
            shared = isinstance(step, BranchStep | GroupStep | ParallelStep) and step.on_error != "fail"
            # What is certain after the step is so only when it certainly ran to its end.
            certain = step.if_ is None and step.on_error == "fail"
            with names.under(inside if shared else ()), ExitStack() as nowhere:
                out = self.inner(step, path, rest if certain else nowhere)
            if step.on_error == "continue" and out.ends:
                out = replace(out, ends=False)
            out = self.handler(step, path, out)
        own = list(guards)
        if step.on_error == "continue":
            own.append(names.guard(f"ok:{step.id}", f"`{step.id}` may fail, and the run goes on without its output"))
        if out.doubt is not None:
            own.append(names.guard(f"out:{step.id}", out.doubt))
        names.bind(step.id, out.type, own, more=out.more)
        if out.ends and step.if_ is not None:
            rest.enter_context(names.under(facts=told(step.if_, holds=False)))
        return out

    def parts(self, condition: str) -> list[str]:
        """The parts of a condition as guards."""
        return [self.names.guard(part, f"it runs only if `{part}`") for part in conjuncts(condition)]

    def handler(self, step: Step, path: Path, out: Out) -> Out:
        """Check the steps that handle the step's failure; what the step leaves behind with them."""
        if not isinstance(step.on_error, tuple) or not step.on_error:
            return out
        with self.names.variables({"error": FAILURE}):
            tail = self.block(step.on_error, (*path, "on_error"))
        instead = f"`{step.id}` then has the output of the last step there"
        self.names.hide(ids_in(step.on_error), f"it runs only when `{step.id}` has failed; {instead}")
        if tail.ends:
            return out
        return Out(tail.type if out.ends else union(out.type, tail.type), out.doubt, more=out.more)

    def inner(self, step: Step, path: Path, rest: ExitStack) -> Out:
        """Check what is particular to the type of step."""
        match step:
            case ActionStep():
                return self.action(step, path)
            case SetStep():
                return Out(self.expressions.value(step.values, (*path, "values")))
            case TransformStep():
                return self.transform(step, path)
            case BranchStep():
                return self.branch(step, path, rest)
            case WaitStep():
                return self.wait(step, path)
            case ForEachStep():
                return self.for_each(step, path)
            case RepeatStep():
                return self.repeat(step, path)
            case ParallelStep():
                return self.parallel(step, path)
            case GroupStep():
                return self.group(step, path, rest)
            case RecipeStep():
                return self.called(step, path)
            case StopStep():
                return self.stop(step, path)
            case _:
                for below, block in step.blocks():
                    with self.names.variables({"error": AnyT()}):
                        self.block(block, (*path, *below))
                return Out(AnyT())

    # --- steps --------------------------------------------------------------------------------------------------------

    def action(self, step: ActionStep, path: Path) -> Out:
        type_ = check_action(self.expressions, step, path)
        if step.type == "llm_call":
            media.cut_prompt(self.expressions, step, path)
        return Out(type_, more=step.type != "llm_call")

    def transform(self, step: TransformStep, path: Path) -> Out:
        items = self.expressions.expect(step.items, (*path, "items"), _LIST, "a list")
        limit = self.expressions.value(step.limit, (*path, "limit"))
        reason = assignable(limit, union(NumberT(), NullT()))
        if reason is not None:
            self.analysis.problems.add("R206", f"`limit` must be a whole number: {reason}", (*path, "limit"))
        inferred = infer_transform(
            item_type(items.type),
            self.names,
            self.analysis.functions,
            as_=step.as_,
            where=step.where,
            group_by=step.group_by,
            values=step.values,
            has_values="values" in step.model_fields_set,
            unique_by=step.unique_by,
            sort=step.sort,
        )
        for below, inference in inferred.parts.items():
            self.expressions.tell(inference, (*path, *below))
        return Out(inferred.type, more=self.names.may_have_more(items.names))

    def branch(self, step: BranchStep, path: Path, rest: ExitStack) -> Out:
        arms: list[tuple[Tail, list[str], Facts]] = []
        before = NOTHING
        for index, case in enumerate(step.cases):
            here = (*path, "cases", index)
            guards, facts = [], before
            if case.when:
                with self.names.under(facts=before):
                    self.expressions.condition(case.when, (*here, "when"))
                guards, facts = self.parts(case.when), before.both(told(case.when))
                before = before.both(told(case.when, holds=False))
            if index:
                guards.append(self.arm(step, f"case {index + 1}"))
            with self.names.under(guards, facts):
                arms.append((self.block(case.steps, (*here, "steps")), guards, facts))
        if step.otherwise is not None:
            guards = [self.arm(step, "else")]
            with self.names.under(guards, before):
                arms.append((self.block(step.otherwise, (*path, "else")), guards, before))
        check_coverage(self.expressions, step, path)
        going_on = [arm for arm in arms if not arm[0].ends]
        complete = step.otherwise is not None
        if complete and len(going_on) == 1:
            # The other ways end the run: after the branch, this one was taken.
            rest.enter_context(self.names.under(*going_on[0][1:]))
        elif not complete and not going_on:
            # Every case ends the run: after the branch, none of them held.
            rest.enter_context(self.names.under(facts=before))
        doubt = None if complete else f"no case of `{step.id}` may hold"
        ends = complete and bool(arms) and not going_on
        return Out(union(*(tail.type for tail, *_ in going_on)) if going_on else NullT(), doubt, ends)

    def arm(self, step: Step, which: str) -> str:
        return self.names.guard(
            f"arm:{step.id}:{which}", f"it stands in `{which}` of `{step.id}`, which may not be taken"
        )

    def wait(self, step: WaitStep, path: Path) -> Out:
        output: Type = NullT()
        expressions = self.expressions
        if step.duration is not None:
            found = expressions.text(step.duration, (*path, "duration"))
            self.must_fit(found, _DURATION, (*path, "duration"), "a duration")
        if step.until is not None:
            expressions.expect(step.until, (*path, "until"), _MOMENT, "a moment")
        if step.event is not None:
            expressions.text(step.event, (*path, "event"))
            output = AnyT()
        if step.match is not None:
            expressions.value(step.match, (*path, "match"))
        if step.approval is not None:
            expressions.text(step.approval.ask, (*path, "approval", "ask"))
            if step.approval.to is not None:
                expressions.text(step.approval.to, (*path, "approval", "to"))
            fields = step.approval.fields
            unknown = fields is None or path in self.analysis.bad_schemas
            output = approval_output(ObjectT({}, frozenset(), open=True) if unknown else from_schema(fields))
        doubt = "its moment may be past" if step.if_past == "skip" else None
        return Out(self.after_timeout(step.id, step.on_timeout, path, output), doubt)

    def must_fit(self, found: Type, target: Type, path: Path, what: str) -> None:
        reason = assignable(found, target)
        if reason is not None:
            self.analysis.problems.add("R206", f"`{path[-1]}` must be {what}: {reason}", path)

    def after_timeout(self, id_: str, block: Block | None, path: Path, output: Type) -> Type:
        """Check an `on_timeout`; the output of the step with it."""
        if block is None:
            return output
        guard = self.names.guard(f"timeout:{id_}", f"it runs only when `{id_}` has timed out")
        with self.names.under([guard]):
            tail = self.block(block, (*path, "on_timeout"))
        return output if tail.ends else union(output, tail.type)

    def for_each(self, step: ForEachStep, path: Path) -> Out:
        items = self.expressions.expect(step.items, (*path, "items"), _LIST, "a list")
        item = item_type(items.type)
        with self.names.variables({step.as_: item}, more=self.names.may_have_more(items.names)):
            tail = self.block(step.steps, (*path, "steps"))
        reason = f"it runs once for each item of `{step.id}`; the outputs are in `{step.id}.results`"
        self.names.hide(ids_in(step.steps), reason)
        return Out(loop_output(item, tail.type))

    def repeat(self, step: RepeatStep, path: Path) -> Out:
        tail = self.block(step.steps, (*path, "steps"))
        self.expressions.condition(step.until, (*path, "until"))
        reason = f"it runs in each round of `{step.id}`; the last round's output is `{step.id}`"
        self.names.hide(ids_in(step.steps), reason)
        return Out(self.after_timeout(step.id, step.on_timeout, path, tail.type))

    def parallel(self, step: ParallelStep, path: Path) -> Out:
        outputs: dict[str, Type] = {}
        hidden: dict[str, Any] = {}
        ends = False
        for lane, block in step.branches.items():
            tail = self.block(block, (*path, "branches", lane))
            outputs[lane] = tail.type
            # It is over when every lane is: not at all, when one of them ends the run.
            ends = ends or tail.ends
            reason = f"it runs at the same time, in `{lane}` of `{step.id}`"
            hidden |= self.names.hide(ids_in(block), reason)
        self.names.show(hidden)
        return Out(ObjectT(outputs, frozenset(outputs)), ends=ends)

    def group(self, step: GroupStep, path: Path, rest: ExitStack) -> Out:
        guard = self.names.guard(f"body:{step.id}", f"`{step.id}` may have failed before it")
        guards = [guard] if step.always is not None else []
        with self.names.under(guards):
            tail = self.block(step.steps, (*path, "steps"))
        if step.always is not None:
            self.block(step.always, (*path, "always"))
        rest.enter_context(self.names.under(guards))
        return Out(tail.type, ends=tail.ends)

    def called(self, step: RecipeStep, path: Path) -> Out:
        found = self.analysis.call(step.recipe)
        problems = self.analysis.problems
        if isinstance(found, str):
            self.expressions.value(step.with_, (*path, "with"))
            return Out(AnyT())
        schema = found.analysis.recipe.input_schema
        if schema is None:
            self.expressions.value(step.with_, (*path, "with"))
            if found.has_errors:
                return Out(found.output)
            for name in step.with_:
                problems.add("R508", f"recipe `{step.recipe}` takes no input", (*path, "with", name), key=True)
            return Out(found.output)
        held = validator(closed(schema))
        codes = ("R508", "R508", "R508", "R508")
        expected = Expected(f"recipe `{step.recipe}`", "input", from_schema(schema), held, codes)
        check_values(self.expressions, step.with_, (*path, "with"), expected, (*path, "recipe"))
        return Out(found.output)

    def stop(self, step: StopStep, path: Path) -> Out:
        if step.message is not None:
            self.expressions.text(step.message, (*path, "message"))
        if "output" in step.model_fields_set:
            self.expressions.value(step.output, (*path, "output"))
        return Out(NullT(), ends=True)


def settled(type_: Type, schema: dict[str, Any]) -> Type:
    """The type of config: what has a default is always there."""
    if not isinstance(type_, ObjectT):
        return type_
    properties = schema.get("properties")
    defaults = {
        name
        for name, item in (properties.items() if isinstance(properties, dict) else ())
        if isinstance(item, dict) and "default" in item
    }
    return ObjectT(type_.properties, type_.required | defaults, type_.open, type_.rest)
