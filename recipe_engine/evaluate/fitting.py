"""What a scenario's model says, put into the shape that a step asks for.

The one rule: what the scenario says decides; a field that it is silent about gets a neutral value (no, nothing, sure),
never one that could take another way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recipe_engine.builtin.llm.scripted import ScriptedAnswer
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Perform, Plan
from recipe_engine.evaluate.meanings import Meanings
from recipe_engine.evaluate.model import ModelSays
from recipe_engine.inputs import at

_TEXT = "Texte de l'assistant."
_SURE = 0.95
_DEPTH = 12
_ASSERTIONS = ("is", "est", "has", "a")


def script_for(plan: Plan, says: Sequence[ModelSays], meanings: Meanings) -> list[ScriptedAnswer]:
    """The script of a test case: for every step that asks a model, what it is told.

    Entries with the same `match` are one pool of knowledge; entries with `error` or `times` stand for themselves.
    """
    heard = [entry for entry in says if entry.transcript is not None]
    script = [ScriptedAnswer(match=it.match, transcript=it.transcript, times=it.times) for it in heard]
    says = [entry for entry in says if entry.transcript is None]
    for step, schema in _asking(plan):
        for entry, pool in _pools(says):
            common: dict[str, Any] = {"step": step, "match": entry.match, "times": entry.times}
            said = {"error": entry.error} if entry.error else {"answer": _answer(pool, schema, meanings)}
            script.append(ScriptedAnswer(**common, **said))
    return script


def _asking(plan: Plan) -> Iterator[tuple[str, JSON]]:
    """The steps that ask a model, each with the schema of its answer, None for text. A step with tools or a conversation is
    a plan of its own, named after it, whose questions are asked in its name."""
    for each in (plan, *plan.recipes.values()):
        _, inside, owner = each.slug.partition("~")
        for step in each.steps:
            if isinstance(step.do, Perform) and step.do.action == "llm_call":
                params = step.do.params if isinstance(step.do.params, dict) else {}
                yield owner if inside else step.id, params.get("output_schema")


def _pools(says: Sequence[ModelSays]) -> Iterator[tuple[ModelSays, list[JSON]]]:
    """Entries with what is known when they answer: those that share a `match` together, those with one first."""
    told: set[str | None] = set()
    for entry in sorted(says, key=lambda item: item.match is None):
        if entry.error or entry.times:
            yield entry, [entry.answer]
        elif entry.match not in told:
            told.add(entry.match)
            plain = [item for item in says if item.match == entry.match and not (item.error or item.times)]
            yield entry, [item.answer for item in plain]


def _answer(pool: list[JSON], schema: JSON, meanings: Meanings) -> JSON:
    """The answer of a step: in the shape of its schema, or a text."""
    knowledge = _Knowledge(pool, meanings)
    if isinstance(schema, dict):
        return knowledge.fill(schema, schema, _DEPTH)
    if knowledge.text is not None:
        return knowledge.text
    words = [value for value in knowledge.fields.values() if isinstance(value, str)]
    return words[0] if words else json.dumps(knowledge.fields, ensure_ascii=False)


class _Knowledge:
    """What the model knows: values by name, and a text."""

    def __init__(self, pool: list[JSON], meanings: Meanings) -> None:
        self.meanings = meanings
        self.text = next((item for item in pool if isinstance(item, str)), None)
        self.fields: JSONObject = {}
        for item in pool:
            self.fields |= item if isinstance(item, dict) else {}

    def fill(self, schema: JSON, root: JSON, depth: int) -> JSON:
        """An object of the schema, field by field."""
        part = at(schema, root)
        properties = part.get("properties")
        if not isinstance(properties, dict) or depth == 0:
            return self.neutral("", part, root, depth)
        return {name: self.field(name, at(inner, root), root, depth - 1) for name, inner in properties.items()}

    def field(self, name: str, schema: JSONObject, root: JSON, depth: int) -> JSON:
        known = self.meanings.among(name, self.fields)
        if known is not None:
            fitted = self.shaped(self.fields[known], schema, root, depth)
            if fitted is not None or self.fields[known] is None:
                return fitted
        return self.neutral(name, schema, root, depth)

    def shaped(self, value: JSON, schema: JSONObject, root: JSON, depth: int) -> JSON:
        """A value in the shape of a schema; None when it does not go in."""
        options, kinds = schema.get("enum"), _kinds(schema)
        if isinstance(options, list):
            words = [option for option in options if isinstance(option, str)]
            return value if value in options else self.meanings.among(str(value), words)
        if isinstance(value, Mapping) and "object" in kinds:
            return _Knowledge([dict(value)], self.meanings).fill(schema, root, depth)
        if "array" in kinds:
            items = at(schema.get("items"), root)
            each = value if isinstance(value, list) else [value]
            return [self.shaped(item, items, root, depth) for item in each]
        return value if not kinds or _kind(value) & kinds else str(value) if "string" in kinds else None

    def neutral(self, name: str, schema: JSONObject, root: JSON, depth: int) -> JSON:
        """A value where the scenario does not name one: a word that it does say, else what changes nothing."""
        options, kinds = schema.get("enum"), _kinds(schema)
        if isinstance(options, list):
            return self.said_among(options)
        if "boolean" in kinds:
            return self.is_said(name)
        if kinds & {"number", "integer"}:
            return _number(schema, kinds)
        if "array" in kinds:
            return []
        if "object" in kinds or "properties" in schema:
            return self.fill(schema, root, depth) if schema.get("properties") else {}
        return self.text if self.text is not None else _TEXT

    def said_among(self, options: list[JSON]) -> JSON:
        """The option that the scenario says under any name, else the first."""
        words = [option for option in options if isinstance(option, str)]
        for value in self.fields.values():
            found = self.meanings.among(value, words) if isinstance(value, str) else None
            if found is not None:
                return found
        return options[0] if options else None

    def is_said(self, name: str) -> bool:
        """Whether a yes-or-no field asks for something that the scenario says: `is_negative` when it says `negative`."""
        parts = name.split("_")
        asked = "_".join(parts[1:]) if parts[0] in _ASSERTIONS and len(parts) > 1 else name
        return any(isinstance(value, str) and self.meanings.same(value, asked) for value in self.fields.values())


def _kinds(schema: JSONObject) -> set[str]:
    kinds = schema.get("type")
    return {kinds} if isinstance(kinds, str) else set(kinds) if isinstance(kinds, list) else set()


def _kind(value: JSON) -> set[str]:
    match value:
        case None:
            return {"null"}
        case bool():
            return {"boolean"}
        case int():
            return {"integer", "number"}
        case float():
            return {"number"}
        case str():
            return {"string"}
        case list():
            return {"array"}
        case _:
            return {"object"}


def _number(schema: JSONObject, kinds: set[str]) -> float | int:
    """A number as a sure model would say: near the upper end where there is one of 1 or 100, else the lower one."""
    low, high = schema.get("minimum", 0), schema.get("maximum", 1 if "number" in kinds else None)
    if high in (1, 100):
        return round(_SURE * high, 2) if "number" in kinds else int(high)
    return low if isinstance(low, int | float) else 0
