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
from recipe_engine.expr import is_template
from recipe_engine.model import ActionStep, Path, Problems, shown
from recipe_engine.plugin import Action

_NOT_NAME = re.compile(r"[^A-Za-z0-9_]")
# Stands for whatever a model may give.
_ANYTHING = "{{ anything }}"
_ORDER: dict[Effect, int] = {"read": 0, "keyed": 1, "once": 2}
# Of a description, what a model is told.
_TOLD = 600
# What of a tool the model is told, or decides what it is: nothing of a run can stand there.
_WRITTEN = ("name", "description", "inputs")
# Parameters of http by which a request would go elsewhere, or in somebody else's name.
_AIMS = ("url", "paginate", "headers", "auth")
# Actions that ask models.
_MODELS = ("llm_call", "llm.send_batch")
_CONFIRMS = (None, "approval")
# Keys of a schema that are for editors, and those whose value maps names of the author's to schemas.
_UNTOLD = frozenset(("title", "examples", "default"))
_NAMES = frozenset(("properties", "patternProperties", "$defs"))


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
    # Whether `confirm` says something that it cannot: that is reported, and nothing else follows from it.
    unsure: bool = False

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
        taken = {name: plain(properties[name]) for name in self.inputs if name in properties}
        told: JSONObject = {"type": "object", "properties": taken, "additionalProperties": False}
        required = [name for name in schema.get("required", ()) if name in taken]
        if required:
            told["required"] = required
        if "$defs" in schema and "$ref" in str(taken):
            told["$defs"] = plain(schema["$defs"])
        return told


def check_tools(expressions: Expressions, step: ActionStep, path: Path, params: JSONObject) -> JSONObject:
    """Check the tools and the conversation of a step; its parameters without what was checked here."""
    problems, here = expressions.analysis.problems, (*path, *step.params_path)
    left = {name: value for name, value in params.items() if not _refused(problems, name, value, (*here, name))}
    written = left.get("tools")
    if not written and "tool_rounds" in left:
        message = "`tool_rounds` says how often tools may be called, and the step has none"
        problems.add("R620", message, (*here, "tool_rounds"), "add `tools`, or leave it out", key=True)
    if not isinstance(written, list):
        return left
    analysis, seen = expressions.analysis, dict[str, str]()
    for index, item in enumerate(written):
        name = item if isinstance(item, str) else item.get("action") if isinstance(item, dict) else None
        if isinstance(name, str) and name not in analysis.catalog.actions:
            close = suggest(name, analysis.catalog.actions)
            hint = f"did you mean `{close}`?" if close else "`recipe actions` lists them"
            at = (*here, "tools", index) if isinstance(item, str) else (*here, "tools", index, "action")
            problems.add("R401", f"unknown action `{name}`", at, hint)
        if isinstance(item, dict):
            _check_words(problems, item, (*here, "tools", index))
    for offer in offers(analysis, step, path):
        _check(expressions, offer, seen)
    return {**left, "tools": [_without_given(item) for item in written]}


def _refused(problems: Problems, name: str, value: JSON, path: Path) -> bool:
    """Whether a field is nothing that a step can begin with; it is reported with what to write."""
    if name == "tools" and not isinstance(value, list):
        one = value if isinstance(value, str) and not is_template(value) else "{action: ...}"
        hint = f"write a list, also of one: `tools: [{one}]`"
        problems.add("R405", f"`tools` of llm_call: found {shown(value)}, expected a list", path, hint)
    elif name == "tool_rounds" and isinstance(value, str) and is_template(value):
        message = f"`tool_rounds` of llm_call: found {shown(value)}, expected a whole number"
        problems.add("R405", message, path, "write the number out: it is known before anything runs")
    elif name == "conversation" and (isinstance(value, bool) or value == ""):
        message = f"`conversation` of llm_call: found {shown(value)}, expected what the exchange is kept under"
        problems.add("R405", message, path, 'say whose it is: `conversation: "{{ email }}"`')
    else:
        return False
    return True


def _check_words(problems: Problems, item: JSONObject, path: Path) -> None:
    confirm = item.get("confirm")
    if confirm not in _CONFIRMS:
        message = f"`confirm` of a tool: found {shown(confirm)}, expected `approval`"
        problems.add("R405", message, (*path, "confirm"), "`confirm: approval`: a person approves each call")
    for name in _WRITTEN:
        value = item.get(name)
        if any(isinstance(text, str) and is_template(text) for text in (value, *_listed(value))):
            message = f"`{name}` of a tool is known before anything runs: it takes no template"
            problems.add("R405", message, (*path, name), "write it out; `with` and `to` take templates")


def _listed(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


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
            plain(" ".join(str(description).split())[:_TOLD]),
            use.get("confirm") == "approval",
            use.get("to") if isinstance(use.get("to"), str) else None,
            (*here, index),
            use.get("confirm") not in _CONFIRMS,
        )


def _check(expressions: Expressions, offer: ToolOffer, seen: dict[str, str]) -> None:
    problems, action, facts = expressions.analysis.problems, offer.action, facts_of(offer.action)
    if offer.name in seen:
        problems.add("R620", f"two tools are called `{offer.tool}`", offer.place, "give one of them a `name`")
    seen[offer.name] = offer.tool
    if action.name in _MODELS:
        problems.add("R620", "a model cannot be a tool", offer.place, "ask it in a step of its own")
        return
    for name in offer.inputs:
        if name not in facts.names:
            close = suggest(name, facts.names)
            hint = f"did you mean `{close}`?" if close else f"it has {', '.join(facts.names)}"
            problems.add("R404", f"{action.name} has no parameter `{name}`", (*offer.place, "inputs"), hint)
        elif name in offer.given:
            message = f"`{name}` is given under `with`: the model cannot give it too"
            problems.add("R620", message, (*offer.place, "inputs"), "leave it out of one of them")
    if offer.to is not None and not offer.confirm:
        problems.add("R620", "`to` says who approves, and nobody does", (*offer.place, "to"), "add `confirm: approval`")
    if told := _misled(offer):
        problems.add("R620", told[0], offer.place, told[1])
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


def _misled(offer: ToolOffer) -> tuple[str, str] | None:
    """What a model could do by mistake or for others with a tool, and what to write instead."""
    action, chosen = offer.action, [name for name in offer.inputs if name not in offer.given]
    if action.name == "http":
        aimed = next((name for name in _AIMS if name in chosen), None)
        if aimed == "url":
            message = "a model that chooses the address could send what it reads to anybody"
            return message, "give `url` under `with`, and the parameters it may choose as `inputs`"
        if aimed is not None and (offer.confirm or "method" not in chosen):
            message = f"a model that chooses `{aimed}` could send what it reads elsewhere, or in somebody else's name"
            return message, "list as `inputs` what the model gives, for instance `inputs: [query]`"
    if action.name.startswith("store.") and "table" in chosen:
        message = "a model that chooses the table could read what was said with others"
        return message, "give `table` under `with`"
    if offer.effect == "read" or offer.confirm or offer.unsure:
        return None
    if action.effect_of is not None and action.effect_of(offer.given) == "read":
        hint = "list as `inputs` what the model gives, for instance `inputs: [query]`"
        return f"by what it gives, the model could change something with {action.name}", hint
    message = f"{action.name} changes something, and the model would do it by itself"
    return message, "add `confirm: approval`, or call it in a step of its own"


def _without_given(item: JSON) -> JSON:
    """A tool without what was checked already: the parameters that are held against its action, a wrong `confirm`."""
    if not isinstance(item, dict):
        return item
    return {key: value for key, value in item.items() if key != "with" and (key != "confirm" or value in _CONFIRMS)}


def plain(schema: Any) -> Any:
    """A schema, or words, as a model is told them: no templates in them, and no words that only editors read."""
    if isinstance(schema, dict):
        return {
            key: {name: plain(inner) for name, inner in value.items()}
            if key in _NAMES and isinstance(value, dict)
            else plain(value)
            for key, value in schema.items()
            if key not in _UNTOLD
        }
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    return schema.replace("{{", "{ {").replace("{%", "{ %") if isinstance(schema, str) else schema
