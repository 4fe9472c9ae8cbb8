"""Checks the JSON Schemas that a recipe carries: of its input, output and config, of answers and approvals.

The one rule: a schema loads nothing from elsewhere, so that a check and a run never depend on the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from recipe_engine.compile.context import Analysis
from recipe_engine.compile.facts import validator
from recipe_engine.core.json import JSON
from recipe_engine.diagnostics import suggest
from recipe_engine.model import ActionStep, Path, Problems, Step, WaitStep, shown

# The keywords of JSON Schema 2020-12, by what they hold.
_ONE = ("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then")
_ONE_MORE = ("unevaluatedItems", "unevaluatedProperties")
_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_PLAIN = (
    "$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "$vocabulary", "const",
    "contentEncoding", "contentMediaType", "default", "dependentRequired", "deprecated", "description", "enum",
    "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "maxContains", "maxItems", "maxLength",
    "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    "nullable", "pattern", "readOnly", "required", "title", "type", "uniqueItems", "writeOnly",
)  # fmt: skip
_KEYWORDS = frozenset((*_ONE, *_ONE_MORE, *_LIST, *_NAMED, *_PLAIN))
_DEEPEST = 60


def check_schemas(analysis: Analysis) -> None:
    """Check every schema of the recipe. Those that cannot be used are taken out, so that no later check meets them."""
    recipe, problems = analysis.recipe, analysis.problems
    bad: dict[str, None] = {}
    for name in ("input_schema", "config", "output_schema"):
        schema = getattr(recipe, name)
        if schema is None:
            continue
        if not check_schema(problems, schema, (name,)):
            bad[name] = None
        elif name != "output_schema":
            _must_be_object(problems, schema, (name,))
    if bad:
        analysis.any_name = analysis.any_name or "input_schema" in bad
        analysis.recipe = recipe.model_copy(update=bad)
    for step, path in analysis.steps:
        for schema, below in _schemas_of(step):
            if not check_schema(problems, schema, (*path, *below)):
                analysis.bad_schemas.add(path)


def _schemas_of(step: Step) -> Iterator[tuple[dict[str, Any], Path]]:
    """The schemas in a step with their paths below it."""
    if isinstance(step, ActionStep):
        for name, value in step.params.items():
            # By convention a parameter that holds a schema says so: output_schema, response_schema.
            if name.endswith("_schema") and isinstance(value, dict):
                yield value, (*step.params_path, name)
    elif isinstance(step, WaitStep) and step.approval is not None and step.approval.fields is not None:
        yield step.approval.fields, ("approval", "fields")


def check_schema(problems: Problems, schema: dict[str, Any], path: Path) -> bool:
    """Report what is wrong with a schema; whether it can be used."""
    misspelt: list[tuple[str, Path]] = []
    to_build = not _meta_schema().is_valid(schema)
    for inner, here in _walk(schema, path, 0):
        if inner.get("format") == "file" and inner.get("type") == "string":
            problems.add(
                "R314", "a file is an object, and no text", (*here, "type"), "write {type: object, format: file}"
            )
            return False
        for word, value in inner.items():
            if word in ("$ref", "$dynamicRef") and isinstance(value, str) and not value.startswith("#"):
                message = f"the schema refers to {shown(value)}, expected a reference inside the recipe such as #/$defs/address"
                problems.add("R315", message, (*here, word), "copy the schema into `$defs`")
                return False
            # Only building the validator tells whether a reference leads somewhere and a pattern can be read.
            to_build = to_build or word in ("$ref", "pattern", "patternProperties")
            if word not in _KEYWORDS and not word.startswith("x-"):
                misspelt.append((word, (*here, word)))
    if to_build and not _builds(problems, schema, path):
        return False
    for word, here in misspelt:
        close = suggest(word, _KEYWORDS)
        if close:
            problems.add("R319", f"`{word}` is no keyword of JSON Schema", here, f"did you mean `{close}`?", key=True)
    return True


@cache
def _meta_schema() -> jsonschema_rs.Draft202012Validator:
    """Validates schemas themselves."""
    return jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})


def _builds(problems: Problems, schema: dict[str, Any], path: Path) -> bool:
    """Whether a validator can be made of a schema; why not is reported where it is wrong."""
    try:
        validator(schema)
    except jsonschema_rs.ValidationError as error:
        problems.add("R314", _wrong(error), (*path, *error.instance_path))
        return False
    return True


def _wrong(error: jsonschema_rs.ValidationError) -> str:
    path = list(error.instance_path)
    reason = error.message.splitlines()[0]
    if path and path[-1] == "type":
        reason = "found " + shown(error.instance) + ", expected array, boolean, integer, null, number, object or string"
        return f"not a valid JSON Schema: `type`: {reason}"
    return f"not a valid JSON Schema: {reason}"


def _must_be_object(problems: Problems, schema: dict[str, Any], path: Path) -> None:
    if schema.get("type", "object") != "object":
        found = shown(schema["type"])
        problems.add("R314", f"`{path[0]}` must describe an object: found type {found}", (*path, "type"))


def _walk(schema: JSON, path: Path, depth: int) -> Iterator[tuple[dict[str, Any], Path]]:
    """A schema and all schemas inside it."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    yield schema, path
    for word, value in schema.items():
        if word in _NAMED and isinstance(value, dict):
            for name, inner in value.items():
                yield from _walk(inner, (*path, word, name), depth + 1)
        elif word in _LIST and isinstance(value, list):
            for index, inner in enumerate(value):
                yield from _walk(inner, (*path, word, index), depth + 1)
        elif isinstance(value, dict) and (word in _ONE or word in _ONE_MORE):
            yield from _walk(value, (*path, word), depth + 1)


def opened(schema: JSON) -> JSON:
    """The schema with objects that may have more fields than they list, as JSON Schema has it for what is given back."""
    if not isinstance(schema, dict):
        return schema
    inner: dict[str, Any] = {}
    for word, value in schema.items():
        if word in _NAMED and isinstance(value, dict):
            inner[word] = {name: opened(item) for name, item in value.items()}
        elif word in _LIST and isinstance(value, list):
            inner[word] = [opened(item) for item in value]
        else:
            inner[word] = opened(value) if word in _ONE else value
    if "properties" in inner and "additionalProperties" not in inner:
        inner["additionalProperties"] = True
    return inner


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an input that refuses what it does not list, so that a misspelt name is found."""
    return {"additionalProperties": False, **schema} if "properties" in schema else schema
