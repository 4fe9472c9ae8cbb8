"""The tools of an llm_call: which actions its model may call, and what of their parameters it may give.

The one rule: a model is talked to by strangers. What it calls must not change anything unless a person approves, whatever
parameters it invents; and it never chooses where a request goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recipe_engine.compile.context import Analysis
from recipe_engine.compile.expressions import Expressions
from recipe_engine.compile.facts import facts_of
from recipe_engine.compile.params import Expected, check_values
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Effect
from recipe_engine.diagnostics import suggest
from recipe_engine.model import ActionStep, Path
from recipe_engine.plugin import Action

_NOT_NAME = re.compile(r"[^A-Za-z0-9_]")
# Stands for whatever a model may give.
_ANYTHING = "{{ anything }}"
_ORDER: dict[Effect, int] = {"read": 0, "keyed": 1, "once": 2}
# Of a description, what a model is told.
_TOLD = 600


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool as it is written: `tool` names it in the recipe, `name` is what the model calls it."""

    tool: str
    name: str
    action: Action
    given: JSONObject
    inputs: tuple[str, ...]
    description: str
    confirm: bool
    to: str | None
    place: Path

    @property
    def effect(self) -> Effect:
        """The worst that a call may do, whatever the model gives."""
        if self.action.effect_of is None:
            return self.action.effect
        chosen = [self.given, *({**self.given, name: _ANYTHING} for name in self.inputs)]
        return max((self.action.effect_of(params) for params in chosen), key=_ORDER.__getitem__)

    @property
    def input_schema(self) -> JSONObject:
        """The JSON Schema of what the model gives."""
        schema = self.action.params_schema
        properties = schema.get("properties", {})
        taken = {name: _plain(properties[name]) for name in self.inputs if name in properties}
        told: JSONObject = {"type": "object", "properties": taken, "additionalProperties": False}
        required = [name for name in schema.get("required", ()) if name in taken]
        if required:
            told["required"] = required
        if "$defs" in schema and "$ref" in str(taken):
            told["$defs"] = _plain(schema["$defs"])
        return told


def check_tools(expressions: Expressions, step: ActionStep, path: Path, params: JSONObject) -> JSONObject:
    """Check the tools of a step; its parameters without what was checked here."""
    written = step.params.get("tools")
    if not isinstance(written, list):
        return params
    analysis, seen = expressions.analysis, dict[str, str]()
    here = (*path, *step.params_path, "tools")
    for index, item in enumerate(written):
        name = item if isinstance(item, str) else item.get("action") if isinstance(item, dict) else None
        if isinstance(name, str) and name not in analysis.catalog.actions:
            close = suggest(name, analysis.catalog.actions)
            hint = f"did you mean `{close}`?" if close else "`recipe actions` lists them"
            at = (*here, index) if isinstance(item, str) else (*here, index, "action")
            analysis.problems.add("R401", f"unknown action `{name}`", at, hint)
    for offer in offers(analysis, step, path):
        _check(expressions, offer, seen)
    return {**params, "tools": [_without_given(item) for item in written]}


def offers(analysis: Analysis, step: ActionStep, path: Path) -> Iterator[ToolOffer]:
    """The tools of a step whose action is known."""
    here = (*path, *step.params_path, "tools")
    written = step.params.get("tools")
    for index, item in enumerate(written if isinstance(written, list) else ()):
        use: dict[str, Any] = {"action": item} if isinstance(item, str) else item if isinstance(item, dict) else {}
        action = analysis.catalog.actions.get(str(use.get("action")))
        if action is None:
            continue
        given = use["with"] if isinstance(use.get("with"), dict) else {}
        known = [name for name in facts_of(action).names if name not in given]
        inputs = use["inputs"] if isinstance(use.get("inputs"), list) else known
        tool = str(use.get("name") or action.name)
        description = use.get("description") or f"{action.summary} {action.description}".strip()
        yield ToolOffer(
            tool,
            _NOT_NAME.sub("_", tool)[:64],
            action,
            given,
            tuple(str(name) for name in inputs),
            _plain(" ".join(str(description).split())[:_TOLD]),
            use.get("confirm") == "approval",
            use.get("to") if isinstance(use.get("to"), str) else None,
            (*here, index),
        )


def _check(expressions: Expressions, offer: ToolOffer, seen: dict[str, str]) -> None:
    problems, action, facts = expressions.analysis.problems, offer.action, facts_of(offer.action)
    if offer.name in seen:
        problems.add("R620", f"two tools are called `{offer.tool}`", offer.place, "give one of them a `name`")
    seen[offer.name] = offer.tool
    if action.name == "llm_call":
        problems.add("R620", "a model cannot be a tool", offer.place, "ask it in a step of its own")
        return
    for name in offer.inputs:
        if name not in facts.names:
            close = suggest(name, facts.names)
            hint = f"did you mean `{close}`?" if close else f"it has {', '.join(facts.names)}"
            problems.add("R404", f"{action.name} has no parameter `{name}`", (*offer.place, "inputs"), hint)
    if action.name == "http" and "url" in offer.inputs:
        message = "a model that chooses the address could send what it reads to anybody"
        problems.add(
            "R620", message, offer.place, "give `url` under `with`, and the parameters it may choose as `inputs`"
        )
    elif offer.effect != "read" and not offer.confirm:
        if action.effect_of is not None and action.effect_of(offer.given) == "read":
            hint = "list as `inputs` what the model gives, for instance `inputs: [query]`"
            problems.add(
                "R620", f"by what it gives, the model could change something with {action.name}", offer.place, hint
            )
        else:
            message = f"{action.name} changes something, and the model would do it by itself"
            problems.add("R620", message, offer.place, "add `confirm: approval`, or call it in a step of its own")
    expected = Expected(
        action.name,
        "parameter",
        facts.params,
        facts.validator,
        secret_paths=action.secret_params,
        complete=False,
    )
    if offer.given:
        check_values(expressions, offer.given, (*offer.place, "with"), expected, offer.place)
    missing = [name for name in action.params_schema.get("required", ()) if name not in (*offer.given, *offer.inputs)]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        message = f"{action.name} needs {listed}, which neither `with` nor the model gives"
        problems.add("R403", message, offer.place, "give it under `with`, or list it as one of `inputs`")


def _without_given(item: JSON) -> JSON:
    """A tool without the parameters that are held against its action."""
    return {key: value for key, value in item.items() if key != "with"} if isinstance(item, dict) else item


def _plain(schema: Any) -> Any:
    """A schema as a model is told it: no templates in it, and no words that only editors read."""
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key not in ("title", "examples", "default")}
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    return schema.replace("{{", "{ {").replace("{%", "{ %") if isinstance(schema, str) else schema
