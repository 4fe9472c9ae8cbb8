"""Checks that the flow is what it seems: conditions that can change, loops and waits that end, models that cost little.

The one rule: an expression without names is evaluated here, once; everything else is judged by its form.
"""

from __future__ import annotations

from recipe_engine.compile.batch import check_batch
from recipe_engine.compile.context import Analysis
from recipe_engine.compile.names import bare
from recipe_engine.expr import UNDEFINED, EvaluationError, Scope, SyntaxProblem, compile_expression, truthy
from recipe_engine.model import ActionStep, BranchStep, ForEachStep, Path, RepeatStep, Step, WaitStep

_WORDS = {"true": True, "false": False, "none": False, "null": False}


def check_flow(analysis: Analysis) -> None:
    """Check every step, then what the recipe spends."""
    for step, path in analysis.steps:
        if step.if_ is not None:
            _if(analysis, step, path)
        match step:
            case BranchStep():
                _branch(analysis, step, path)
            case RepeatStep():
                _repeat(analysis, step, path)
            case ForEachStep():
                check_batch(analysis, step, path)
            case WaitStep() if step.timeout is None and step.until is None and (step.event or step.approval):
                what = "event" if step.event is not None else "approval"
                analysis.problems.add(
                    "R509",
                    f"`{step.id}` waits for ever when the {what} never comes",
                    (*path, what),
                    "add `timeout` (or `until`, a moment), and `on_timeout` for what to do then",
                    key=True,
                )
    _money(analysis)


def constant(expression: str) -> bool | None:
    """Whether a condition always or never holds; None when it can change."""
    text = bare(expression)
    if text in _WORDS:
        return _WORDS[text]
    if not text[:1].isdigit() and text[:1] not in "'\"" and not text.startswith("not "):
        return None
    missing: list[str] = []

    def lookup(name: str) -> object:
        missing.append(name)
        return UNDEFINED(name)

    if "(" in text:
        return None
    try:
        holds = truthy(compile_expression(text)(Scope(lookup, 0.0, "")))
    except (EvaluationError, SyntaxProblem):
        return None
    return None if missing else holds


def _if(analysis: Analysis, step: Step, path: Path) -> None:
    holds = constant(step.if_ or "")
    if holds is not None:
        message = "always holds: the step is never skipped" if holds else "never holds: the step is always skipped"
        analysis.problems.add(
            "R502", f"the `if` of `{step.id}` {message}", (*path, "if"), "remove it" if holds else None
        )


def _branch(analysis: Analysis, step: BranchStep, path: Path) -> None:
    for index, case in enumerate(step.cases):
        holds = constant(case.when)
        here = (*path, "cases", index, "when")
        if holds is False:
            analysis.problems.add("R502", f"case {index + 1} of `{step.id}` never holds", here, "remove it")
        elif holds and (index + 1 < len(step.cases) or step.otherwise is not None):
            message = f"case {index + 1} of `{step.id}` always holds: what follows it is never reached"
            analysis.problems.add("R502", message, here, "write it as `else`")


def _repeat(analysis: Analysis, step: RepeatStep, path: Path) -> None:
    if step.timeout is None and step.max_rounds is None:
        analysis.problems.add(
            "R504",
            f"nothing bounds `{step.id}` when `until` never holds",
            (*path, "until"),
            "add `timeout` (and `on_timeout`), or `max_rounds`",
            key=True,
        )
    holds = constant(step.until)
    if holds is not None:
        message = "always holds: there is one round" if holds else "never holds"
        analysis.problems.add("R502", f"`until` of `{step.id}` {message}", (*path, "until"))


def _money(analysis: Analysis) -> None:
    limits, problems = analysis.recipe.limits, analysis.problems
    if limits is not None and limits.cost is not None:
        if limits.cost.currency != "USD":
            problems.add(
                "R605",
                f"`limits.cost` is in {limits.cost.currency}, expected USD: language models are billed in it",
                ("limits", "cost"),
                "write the amount in USD",
            )
        return
    for step, path in analysis.steps:
        if isinstance(step, ActionStep) and step.type == "llm_call":
            problems.add(
                "R601",
                "the recipe calls a language model, and nothing limits what a run may cost",
                (*path, "type"),
                "add `limits: {cost: 0.50 USD}` to the recipe",
            )
            return
