"""Checks the steps that are actions: their parameters, secrets, settings, and what a repeated attempt would do.

The one rule: what an action takes and gives is read from its schemas; no action is known here by name but `llm_call`,
whose answer has the shape that the recipe asks for.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.compile.context import Analysis
from recipe_engine.compile.expressions import Expressions
from recipe_engine.compile.facts import facts_of, result_type
from recipe_engine.compile.llm_checks import check_llm_call, refused_by_models
from recipe_engine.compile.params import Expected, check_values
from recipe_engine.compile.tools import check_tools
from recipe_engine.core.plan import Effect
from recipe_engine.diagnostics import suggest
from recipe_engine.expr.types import AnyT, StringT, Type, from_schema
from recipe_engine.model import ActionStep, Path
from recipe_engine.plugin import Action

# After these nobody knows whether the action took place.
_UNSURE = frozenset({"timeout", "interrupted"})
# The codes that the engine gives to failures that may pass.
_PASSING = ("timeout", "rate_limit", "connection", "unavailable", "interrupted", "http_500", "http_502", "http_504")


def check_action(expressions: Expressions, step: ActionStep, path: Path) -> Type:
    """Check the parameters of an action; the type of its output."""
    analysis = expressions.analysis
    action = analysis.catalog.actions[step.type]
    facts = facts_of(action)
    asks_model = step.type == "llm_call"
    given = refused_by_models(analysis, step, path) if asks_model else step.params
    given = check_tools(expressions, step, path, given) if asks_model else given
    misplaced = f"the parameters of {step.type} are written on the step itself" if "with" in given else None
    expected = Expected(
        step.type,
        "field" if step.at_step else "parameter",
        facts.params,
        facts.validator,
        secret_paths=action.secret_params,
        unknown_hint=misplaced if step.at_step else None,
        model=action.params_type,
        complete=path not in analysis.incomplete,
    )
    check_values(expressions, given, (*path, *step.params_path), expected, (*path, "type"))
    _settings(analysis, action, step.params, path)
    _retry_codes(analysis, step, path)
    _repeats(analysis, step, action, path)
    if asks_model:
        check_llm_call(expressions, step, path, answer_schema(analysis, step, path))
    return output_type(analysis, step, action, path)


def output_type(analysis: Analysis, step: ActionStep, action: Action, path: Path) -> Type:
    """The type of what an action step returns."""
    if path in analysis.bad_schemas:
        return AnyT()
    if step.type != "llm_call":
        return result_type(action, step.params)
    schema = answer_schema(analysis, step, path)
    return StringT() if schema is None else from_schema(schema)


def answer_schema(analysis: Analysis, step: ActionStep, path: Path) -> dict[str, Any] | None:
    """The schema of an llm_call's answer: its own, or the recipe's where its answer is the recipe's output."""
    own = step.params.get("output_schema")
    if isinstance(own, dict):
        return own
    return analysis.recipe.output_schema if path in analysis.answers else None


def effect_of(action: Action, step: ActionStep) -> Effect:
    """What repeating the action would do, as far as the authored parameters tell."""
    return action.effect if action.effect_of is None else action.effect_of(step.params)


def _settings(analysis: Analysis, action: Action, params: dict[str, Any], path: Path) -> None:
    """Settings that the connector needs and the deployment does not have."""
    settings = analysis.settings
    if settings is None:
        return
    missing = [each for each in action.connector.settings if each.missing(settings, action.name, params)]
    if missing:
        listed = ", ".join(setting.name for setting in missing)
        without = next((setting for setting in missing if setting.login), None)
        does_without = f"; `recipe connectors login {without.login}` does without {without.name}" if without else ""
        analysis.problems.add(
            "R410",
            f"{action.name} needs {listed}, which {'are' if len(missing) > 1 else 'is'} not set",
            (*path, "type"),
            f"set {listed} in the environment or in .env, or run with --sandbox{does_without}",
        )


def _retry_codes(analysis: Analysis, step: ActionStep, path: Path) -> None:
    """Failure codes that look like one of those that pass, misspelt. Vendors have codes of their own besides."""
    for index, code in enumerate((step.retry.on if step.retry is not None else None) or ()):
        close = None if code in _PASSING else suggest(code, _PASSING)
        if close:
            message = f"no failure that passes has the code `{code}`"
            analysis.problems.add("R413", message, (*path, "retry", "on", index), f"did you mean `{close}`?")


def _repeats(analysis: Analysis, step: ActionStep, action: Action, path: Path) -> None:
    """A repeat asked for after a failure that may have been a success."""
    if step.retry is None or step.retry.on is None or effect_of(action, step) != "once":
        return
    for index, code in enumerate(step.retry.on):
        if code in _UNSURE:
            analysis.problems.add(
                "R411",
                f"after `{code}` nobody can tell whether {action.name} happened; it is not repeated by itself, "
                "the step waits for a person",
                (*path, "retry", "on", index),
                "write `idempotent: true` if the server honours an Idempotency-Key"
                if action.name == "http"
                else f"leave `{code}` out",
            )
