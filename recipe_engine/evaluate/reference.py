"""The page and the JSON Schema of files of needs, made from the models.

The one rule: nothing about the format is written twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from recipe_engine.core.json import JSONObject
from recipe_engine.evaluate.model import Arrival, EffectWanted, ModelSays, Need, NeedExpect, Scenario, ScenarioExpect

_INTRO = """\
# Files of needs

Generated from the code; do not edit. What they are for: [Evaluate generation](../how-to/evaluate-generation.md).

A file for `recipe eval` has a list `needs`. `schemas/needs.schema.json` describes all of it for editors. `http`, `faults`, `events`,
`approvals`, and how values are compared: [Test files](test-files.md).
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("A need", "", Need),
    ("`expect` of a need", "", NeedExpect),
    ("A scenario", "", Scenario),
    (
        "`model`: what the model of the recipe says",
        (
            "Entries with the same `match` are one pool of knowledge. Each step that asks a model gets it in the shape of its own "
            "schema: fields by their names (or `also`), words of a list by what they mean, `is_negative` as yes when `negative` is said. What "
            "the scenario is silent about is no, nothing, or sure."
        ),
        ModelSays,
    ),
    (
        "`arrives`: what starts the run",
        "It goes through the recipe's own trigger: its `if` and its `input` are part of what is judged.",
        Arrival,
    ),
    ("`expect` of a scenario", "", ScenarioExpect),
    ("`effects`, `no_effects`", "", EffectWanted),
)


def markdown() -> str:
    """The page."""
    parts = [_INTRO]
    for title, text, model in _SECTIONS:
        rows = [f"| `{name}` | {_description(name, field)} |" for name, field in _fields(model)]
        head = f"## {title}\n\n" + (f"{text}\n\n" if text else "")
        parts.append(head + "| field | what it is |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    yield from ((field.alias or name, field) for name, field in model.model_fields.items())


def _description(name: str, field: Any) -> str:
    assert field.description, name
    text = str(field.description)
    return (f"{text} Required." if field.is_required() else text).replace("|", "\\|")


def schema() -> JSONObject:
    """The JSON Schema of files of needs."""
    _, found = models_json_schema([(Need, "validation")])
    definitions: JSONObject = found["$defs"]
    for definition in definitions.values():
        definition.pop("title", None)
        for part in definition.get("properties", {}).values():
            part.pop("title", None)
            part.pop("default", None)
    definitions["Scenario"].setdefault("required", []).append("expect")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Needs for recipe eval",
        "type": "object",
        "additionalProperties": False,
        "required": ["needs"],
        "properties": {"needs": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Need"}}},
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
