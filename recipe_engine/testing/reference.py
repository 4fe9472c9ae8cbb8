"""The reference page of test files and their JSON Schema for editors, made from the models.

The one rule: neither says anything that the reader of test files does not do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from recipe_engine.builtin.http_sandbox import ScriptedExchange
from recipe_engine.builtin.llm.scripted import ScriptedAnswer
from recipe_engine.core.json import JSONObject
from recipe_engine.testing.matching import MATCHER_DOCS
from recipe_engine.testing.model import (
    ApprovalAt,
    Case,
    EffectExpected,
    EventAt,
    Expect,
    Setup,
    StepExpected,
    VendorFault,
)

_INTRO = """\
# Test files

Generated from the code; do not edit. How to write one: [Test a recipe](../how-to/test-a-recipe.md).

`quote.test.yml` tests the recipe `quote.yml` beside it. A file has

| field | what it is |
|---|---|
| `cases` | A list of cases. |
| `defaults` | What all cases begin with: the fields of a case without `name`. Objects are merged field by field, lists and values of \
the case take the place of those here, and so does a matcher. |
| `recipe` | Another recipe than the one of the same name, relative to the file. |

`schemas/test.schema.json` describes all of it for editors.
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("A case", "", Case),
    (
        "`model`: what the model answers",
        "The first entry that fits answers. A request that nothing fits fails the case, whatever the recipe does about it.",
        ScriptedAnswer,
    ),
    (
        "`http`: what answers http steps",
        "The first entry that fits answers, one without a query fits any query. A request that nothing fits fails the case.",
        ScriptedExchange,
    ),
    (
        "`faults`: what goes wrong",
        "Without `status`, `delay` and `drop`, the request gets the vendor's 500.",
        VendorFault,
    ),
    ("`events`", "", EventAt),
    ("`approvals`", "", ApprovalAt),
    (
        "`expect`",
        "Everything is looked at when nothing happens any more: the run has ended, or waits for what the case does not bring.",
        Expect,
    ),
    ("`expect.steps`", "A text stands for the status: `{classify: succeeded}`.", StepExpected),
    ("`expect.effects`, `effects_exactly`, `no_effects`", "", EffectExpected),
)
_DOCS = {
    (ScriptedAnswer, "step"): "The step that asks, by id or path; any without it.",
    (ScriptedAnswer, "match"): "A part of the prompt, in any letter case.",
    (ScriptedAnswer, "model"): "The model that is asked, by its id: for fallbacks.",
    (ScriptedAnswer, "transcript"): "What is heard in a recording; `match` is then a part of the recording's name.",
    (ScriptedAnswer, "answer"): "The answer: an object, or a text.",
    (
        ScriptedAnswer,
        "calls",
    ): "What the model asks of its tools before it answers: `[{tool: stock, input: {ref: A1}}]`.",
    (
        ScriptedAnswer,
        "error",
    ): "The model fails with this code instead: overloaded, rate_limit, timeout, refused, truncated.",
    (ScriptedAnswer, "retry_after"): "Seconds that the model asks to wait, with `error`.",
    (
        ScriptedAnswer,
        "times",
    ): "How often the entry answers; without it for ever, or once when a later entry is for the same "
    "`step` and `match`.",
    (ScriptedAnswer, "usage"): "What the answer costs: `{input_tokens: 10, output_tokens: 5}`.",
    (ScriptedExchange, "url"): "The address; `*` stands for anything.",
    (ScriptedExchange, "method"): "The method, GET without it; `*` for any.",
    (ScriptedExchange, "status"): "The status of the answer.",
    (ScriptedExchange, "json"): "Its body, as JSON.",
    (ScriptedExchange, "text"): "Its body, as text.",
    (ScriptedExchange, "headers"): "Its headers.",
    (
        ScriptedExchange,
        "times",
    ): "How often the entry answers; without it for ever, or once when a later entry is for the same request.",
}
_COMPARED = """\
## How values are compared

Objects are compared by the fields that are expected; further ones may be there. Lists have as many items as are expected. Texts,
numbers, true, false and null are equal or not. What should be looser or stricter is an object with one or more of these words
and nothing else:

| matcher | what fits |
|---|---|
"""


def markdown() -> str:
    """The page."""
    parts = [_INTRO]
    for title, text, model in _SECTIONS:
        rows = [f"| `{name}` | {_description(model, name, field)} |" for name, field in _fields(model)]
        head = f"## {title}\n\n" + (f"{text}\n\n" if text else "")
        parts.append(head + "| field | what it is |\n|---|---|\n" + "\n".join(rows) + "\n")
    matchers = [f"| `{{{word}: {example}}}` | {words} |" for word, example, words in MATCHER_DOCS]
    parts.append(_COMPARED + "\n".join(matchers) + "\n")
    return "\n".join(parts)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    found = [(field.alias or name, field) for name, field in model.model_fields.items()]
    yield from sorted(found, key=lambda item: item[0] != "name")


def _description(model: type[BaseModel], name: str, field: Any) -> str:
    text = field.description or _DOCS[model, name]
    return (f"{text} Required." if field.is_required() else text).replace("|", "\\|")


def schema() -> JSONObject:
    """The JSON Schema of test files."""
    _, found = models_json_schema([(Case, "validation"), (Setup, "validation")])
    definitions: JSONObject = found["$defs"]
    for definition in definitions.values():
        definition.pop("title", None)
        for part in definition.get("properties", {}).values():
            part.pop("title", None)
            part.pop("default", None)
    steps = definitions["Expect"]["properties"]["steps"]
    steps["additionalProperties"] = {"anyOf": [{"type": "string"}, steps["additionalProperties"]]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tests of a recipe",
        "type": "object",
        "additionalProperties": False,
        "required": ["cases"],
        "properties": {
            "recipe": {"type": "string", "description": "The recipe that is tested, relative to this file."},
            "defaults": {"$ref": "#/$defs/Setup", "description": "What all cases begin with."},
            "cases": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Case"}},
        },
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
