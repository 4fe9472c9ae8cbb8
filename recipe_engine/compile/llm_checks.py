"""Checks what an llm_call asks of its models: that they exist, that they take what is asked, that the answers which the
author wrote himself fit the step's own schema.

The one rule: what is known of models is read from the table that a call reads (`builtin.llm.routing`), and what a template
decides is not judged. A call adapts what a model does not take; it is told here, where it can still be written better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from recipe_engine.builtin.llm.routing import ModelTable, choose, shipped_table, table_of
from recipe_engine.builtin.llm.words import DEFAULT_PROVIDER, Effort, ProviderName
from recipe_engine.compile.context import Analysis
from recipe_engine.compile.expressions import Expressions
from recipe_engine.compile.facts import validator
from recipe_engine.compile.params import Expected, check_values
from recipe_engine.core.json import JSON
from recipe_engine.diagnostics import suggest
from recipe_engine.expr import is_template
from recipe_engine.expr.types import StringT, Type, from_schema
from recipe_engine.model import ActionStep, Path, shown
from recipe_engine.plugin import Terminal
from recipe_engine.plugin.api import ReadSettings

_REFUSED = {
    "temperature": "leave it out; ask in the prompt for what you want to vary",
    "top_p": "leave it out",
    "top_k": "leave it out",
    "prefill": "give an `output_schema` instead",
    "tool_choice": "give an `output_schema` instead",
    "budget_tokens": "choose `effort`: it steers how long the model thinks",
}
_UNFIT = ("R609", "R609", "R609", "R609")


def refused_by_models(analysis: Analysis, step: ActionStep, path: Path) -> dict[str, Any]:
    """Report what current models refuse; the other parameters."""
    given = dict(step.params)
    for name, instead in _REFUSED.items():
        if name in given:
            del given[name]
            problem = f"`{name}` is refused by current models: the request would fail"
            analysis.problems.add("R602", problem, (*path, *step.params_path, name), instead, key=True)
    if isinstance(given.get("thinking"), dict) or given.get("thinking") in (
        "adaptive",
        "enabled",
        "disabled",
        "between_tools",
    ):
        analysis.problems.add(
            "R602",
            f"models differ in the kinds of thinking that they take, and refuse the others: found {shown(given['thinking'])}",
            (*path, *step.params_path, "thinking"),
            "write `thinking: true` or `thinking: false`; each model is then asked in its own way. `effort` says how long",
        )
        del given["thinking"]
    return given


def check_llm_call(expressions: Expressions, step: ActionStep, path: Path, schema: dict[str, Any] | None) -> None:
    """Check the models of a step, what is asked of them, and its prepared answers against `schema`, that of its answer."""
    analysis = expressions.analysis
    settings, table = _deployment(analysis)
    for model, provider, here in _models(step, (*path, *step.params_path), settings):
        if provider == "anthropic" and model is not None:
            _exists(analysis, model, table, here)
        _takes(analysis, step, model, provider, table, settings, here)
    if path not in analysis.bad_schemas:
        _prepared(expressions, step, (*path, *step.params_path), schema)


def _deployment(analysis: Analysis) -> tuple[ReadSettings, ModelTable]:
    """The settings, as far as they are known, and the table of models in force under them."""
    settings: ReadSettings = {} if analysis.settings is None else analysis.settings
    try:
        return settings, table_of(settings)
    except Terminal:
        # `recipe doctor` and the call itself say what is wrong with the file of RECIPE_MODELS.
        return settings, shipped_table()


def _models(
    step: ActionStep, here: Path, settings: ReadSettings
) -> Iterator[tuple[str | None, ProviderName | None, Path]]:
    """The models that may be asked: the name (None where the step names none), by whom it is reached (None where only the
    run can tell) and where that stands."""
    own = _provider(step.params.get("provider"), settings)
    model = step.params.get("model")
    if model is None or (isinstance(model, str) and not is_template(model)):
        yield model, own, (*here, "model")
    fallback = step.params.get("fallback")
    listed = fallback.get("models") if isinstance(fallback, dict) else None
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        where: Path = (*here, "fallback", "models", index)
        if isinstance(item, dict):
            name, provider, where = item.get("model"), _provider(item.get("provider"), settings), (*where, "model")
        else:
            name, provider = item, own
        if isinstance(name, str) and not is_template(name):
            yield name, provider, where


def _provider(written: JSON, settings: ReadSettings) -> ProviderName | None:
    name = written or settings.get("RECIPE_LLM") or DEFAULT_PROVIDER
    return next((known for known in get_args(ProviderName) if known == name), None)


def _exists(analysis: Analysis, model: str, table: ModelTable, here: Path) -> None:
    retired = table.retired_on(model)
    current = sorted({route.model for route in table.routes.values()})
    if retired is not None:
        when = f"on {retired}" if retired[:1].isdigit() else retired
        analysis.problems.add(
            "R607",
            f"the vendor retired `{model}` {when}: the call would fail",
            here,
            f"leave `model` out and let `complexity` choose, or name one of {', '.join(current)}",
        )
    elif table.facts(model) is None:
        close = suggest(model, table.models)
        instead = f"did you mean `{close}`?" if close else f"`complexity` chooses among {', '.join(current)}."
        analysis.problems.add(
            "R606",
            f"`{model}` is no model that is known of (the table is of {table.read_on}): its price and limits are not known",
            here,
            f"{instead} A newer model is added in the file of RECIPE_MODELS; one of your own server is asked with "
            "`provider: openai_compatible`",
        )


def _takes(
    analysis: Analysis,
    step: ActionStep,
    model: str | None,
    provider: ProviderName | None,
    table: ModelTable,
    settings: ReadSettings,
    here: Path,
) -> None:
    """Report what the call will have to adapt, where it is written in the step."""
    params = {name: value for name, value in step.params.items() if not (isinstance(value, str) and is_template(value))}
    if provider not in ("anthropic", "openai_compatible") or not _readable(params, table):
        return
    if model is None and "complexity" not in params and "complexity" in step.params:
        return
    try:
        choice = choose(
            table,
            settings,
            complexity=params.get("complexity"),
            model=model,
            effort=params.get("effort"),
            max_tokens=params.get("max_tokens"),
            thinking=params.get("thinking"),
            provider=provider,
        )
    except Terminal:
        return
    if choice.facts is None:
        return
    fields = (*here[: here.index("fallback")],) if "fallback" in here else here[:-1]
    for field, said in choice.adapted:
        if field == "model" and model is not None:
            analysis.problems.add("R607", said.partition(";")[0], here, "choose a newer model", severity="warning")
        elif field in params:
            analysis.problems.add("R608", said, (*fields, field), _WAYS_OUT[field])
    if not choice.facts.vision and params.get("vision") is True:
        analysis.problems.add(
            "R608", f"{choice.model} sees no images", (*fields, "vision"), "choose a model that does", severity="error"
        )


_WAYS_OUT = {
    "max_tokens": "lower it, or ask for less at once (a `for_each` over parts)",
    "effort": "choose another effort, or another model",
    "thinking": "leave it out and choose `effort`, or another model",
}


def _readable(params: Mapping[str, Any], table: ModelTable) -> bool:
    """Whether the fields that choose have values of their kinds; those that have not are reported elsewhere."""
    length, thinking = params.get("max_tokens"), params.get("thinking")
    return (
        params.get("complexity") in (None, *table.routes)
        and params.get("effort") in (None, *get_args(Effort))
        and (length is None or (isinstance(length, int) and not isinstance(length, bool) and length > 0))
        and (thinking is None or isinstance(thinking, bool))
    )


def _prepared(expressions: Expressions, step: ActionStep, here: Path, schema: dict[str, Any] | None) -> None:
    """Hold the fallback's answer and the examples' outputs against the schema, as far as they are written out."""
    if schema is not None and _templated(schema):
        return
    kind: Type = StringT() if schema is None else from_schema(schema)
    held = validator({"type": "string"} if schema is None else schema)
    fallback, examples = step.params.get("fallback"), step.params.get("examples")
    if isinstance(fallback, dict) and "answer" in fallback:
        expected = Expected("the fallback's answer", "field", kind, held, _UNFIT)
        where: Path = (*here, "fallback", "answer")
        check_values(expressions, fallback["answer"], where, expected, where)
    for index, example in enumerate(examples if isinstance(examples, list) else ()):
        if isinstance(example, dict) and "output" in example and schema is not None:
            expected = Expected(f"the output of examples[{index}]", "field", kind, held, _UNFIT)
            where = (*here, "examples", index, "output")
            check_values(expressions, example["output"], where, expected, where)


def _templated(value: JSON) -> bool:
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, list):
        return any(_templated(item) for item in value)
    return isinstance(value, dict) and any(_templated(item) for item in value.values())
