"""The JSON Schema of recipes, for editors: completion and help for every field, connectors' parameters included.

The one rule: it is made from the models and the catalog, so it never says anything else than the checker. It accepts a
template wherever a recipe may have one; what only the checker can know (names, types) it leaves to the checker.

`python -m recipe_engine.editor_schema` writes `schemas/recipe.schema.json`.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from recipe_engine.model import CONTROL_STEPS, TRIGGERS, BranchCase, Recipe, Step
from recipe_engine.plugin import Action, Catalog

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{"}
_FROM_FILE: Schema = {
    "type": "object",
    "properties": {"from_file": {"type": "string", "description": "A text file beside the recipe."}},
    "required": ["from_file"],
    "additionalProperties": False,
}
_FREE_WHEN_RENDERED = ("pattern", "format", "minLength", "maxLength", "contentMediaType", "contentEncoding")
_REFERENCE = "#/$defs/"


def recipe_schema(catalog: Catalog) -> Schema:
    """The schema of a recipe that may use every action of `catalog`."""
    defs: dict[str, Schema] = {}
    recipe = _model(Recipe, defs)
    defs["steps"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    defs["cases"] = {"type": "array", "minItems": 1, "items": _model(BranchCase, defs)}
    defs["branches"] = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
        "additionalProperties": {"$ref": "#/$defs/steps"},
    }
    defs["step"] = _step(catalog, defs)
    defs["triggers"] = {"type": "array", "items": _trigger(defs)}
    return {
        "$schema": _DIALECT,
        "title": "Recipe",
        **recipe,
        "$defs": {name: defs[name] for name in sorted(defs)},
    }


# --- models -----------------------------------------------------------------------------------------------------------


def _model(model: type[BaseModel], defs: dict[str, Schema], *, without: frozenset[str] = frozenset()) -> Schema:
    """The schema of a model, the models that it uses put into `defs`; without some of its fields."""
    schema = model.model_json_schema(ref_template=_REFERENCE + "{model}")
    for name, inner in schema.pop("$defs", {}).items():
        defs[name] = _plain(inner)
    plain: Schema = _plain(schema)
    plain["properties"] = {name: item for name, item in plain["properties"].items() if name not in without}
    plain["required"] = [name for name in plain.get("required", ()) if name not in without]
    plain["description"] = inspect.cleandoc(model.__doc__ or "")
    return plain


def _plain(schema: Any) -> Any:
    """A schema as an editor likes it: no titles, references in full, no null for a field that is left out."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: {field: _plain(inner) for field, inner in item.items()} if name == "properties" else _plain(item)
        for name, item in schema.items()
        if not (name == "title" and isinstance(item, str)) and not (name == "default" and item is None)
    }
    if "x-ref" in found:
        found["$ref"] = _REFERENCE + str(found.pop("x-ref"))
    options = found.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        left = [option for option in options if option != {"type": "null"}]
        if len(left) == 1:
            del found["anyOf"]
            found = {**left[0], **found}
        else:
            found["anyOf"] = left
    return found


# --- steps and triggers -----------------------------------------------------------------------------------------------


def _step(catalog: Catalog, defs: dict[str, Schema]) -> Schema:
    """A step: the common fields, and by its type the others."""
    common = _model(Step, defs)
    own = frozenset(common["properties"])
    types = [_named(name, inspect.cleandoc(model.__doc__ or "")) for name, model in CONTROL_STEPS.items()]
    rules = []
    for name, model in CONTROL_STEPS.items():
        defs[f"step.{name}"] = _fields(_model(model, defs, without=own))
        rules.append(_rule(name, f"step.{name}"))
    for name in sorted(catalog.actions):
        action = catalog.actions[name]
        types.append(_named(name, _help(action)))
        defs[f"step.{name}"] = _action(action, defs)
        rules.append(_rule(name, f"step.{name}"))
    properties = {**common["properties"], "type": {"description": "What the step does.", "anyOf": types}}
    return {
        "type": "object",
        "properties": properties,
        "required": common["required"],
        "allOf": rules,
        "unevaluatedProperties": False,
    }


def _trigger(defs: dict[str, Schema]) -> Schema:
    types = [_named(name, inspect.cleandoc(model.__doc__ or "")) for name, model in TRIGGERS.items()]
    rules = []
    for name, model in TRIGGERS.items():
        defs[f"trigger.{name}"] = _fields(_model(model, defs, without=frozenset({"type"})))
        rules.append(_rule(name, f"trigger.{name}"))
    return {
        "type": "object",
        "properties": {"type": {"description": "What starts the run.", "anyOf": types}},
        "required": ["type"],
        "allOf": rules,
        "unevaluatedProperties": False,
    }


def _named(name: str, description: str) -> Schema:
    return {"const": name, "description": description}


def _rule(name: str, definition: str) -> Schema:
    """For a step of the type `name`, the fields of a definition."""
    condition = {"properties": {"type": {"const": name}}, "required": ["type"]}
    return {"if": condition, "then": {"$ref": _REFERENCE + definition}}


def _fields(schema: Schema) -> Schema:
    """The fields of a schema, open to those that others add."""
    return {name: item for name, item in schema.items() if name not in ("additionalProperties", "type", "description")}


# --- actions ----------------------------------------------------------------------------------------------------------


def _action(action: Action, defs: dict[str, Schema]) -> Schema:
    """The fields that an action adds to a step."""
    params = _templated(_own_names(action.params_schema, action.name))
    for name, inner in params.pop("$defs", {}).items():
        defs[f"{action.name}.{name}"] = inner
    if action.fields_at_step:
        fields = {name: item for name, item in params.items() if name in ("properties", "required", "allOf", "anyOf")}
        return {"properties": {}, **fields}
    params.pop("title", None)
    params["description"] = _help(action)
    needed = ["with"] if params.get("required") else []
    return {"properties": {"with": params}, "required": needed}


def _help(action: Action) -> str:
    """What an editor shows of an action."""
    return "\n\n".join(part for part in (action.summary, action.description, _example(action)) if part)


def _example(action: Action) -> str:
    return f"```yaml\n{action.example.strip()}\n```" if action.example.strip() else ""


def _own_names(schema: Any, prefix: str) -> Any:
    """The schema with its references made unique by `prefix`."""
    if isinstance(schema, list):
        return [_own_names(item, prefix) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _own_names(item, prefix) for name, item in schema.items()}
    reference = found.get("$ref")
    if isinstance(reference, str) and reference.startswith(_REFERENCE):
        found["$ref"] = f"{_REFERENCE}{prefix}.{reference.removeprefix(_REFERENCE)}"
    return found


def _templated(schema: Any) -> Any:
    """The schema of parameters, in which any value below the top may be a template."""
    if not isinstance(schema, dict):
        return schema
    found = {name: item for name, item in schema.items() if name != "title" or not isinstance(item, str)}
    for word in ("properties", "$defs", "patternProperties"):
        if isinstance(found.get(word), dict):
            inner = found[word]
            found[word] = {
                name: _templated(item) if word == "$defs" else _or_template(item) for name, item in inner.items()
            }
    for word in ("items", "additionalProperties"):
        if isinstance(found.get(word), dict):
            found[word] = _or_template(found[word])
    for word in ("anyOf", "oneOf", "allOf"):
        if isinstance(found.get(word), list):
            found[word] = [_templated(item) for item in found[word]]
    if "oneOf" in found and "anyOf" not in found:
        # A template in the place of what tells alternatives apart could be of any of them.
        found["anyOf"] = found.pop("oneOf")
    return found


def _or_template(schema: Any) -> Any:
    """A schema, or a template that gives such a value."""
    if not isinstance(schema, dict):
        return schema
    inner = _templated(schema)
    told = {name: inner.pop(name) for name in ("description", "default", "examples", "deprecated") if name in inner}
    if told.get("default", ...) is None:
        del told["default"]
    if not inner or "const" in inner:
        return {**told, **inner}
    if inner.get("type") == "string" and "enum" not in inner:
        free = {name: item for name, item in inner.items() if name not in _FREE_WHEN_RENDERED}
        return {**told, "anyOf": [free, _FROM_FILE]}
    options = inner.pop("anyOf", None)
    files = [_FROM_FILE] if _takes_text(inner) or any(_takes_text(option) for option in options or ()) else []
    given = options if options is not None and not inner else [{**inner, **_any_of(options)}]
    return {**told, "anyOf": [*given, _TEMPLATE, *files]}


def _takes_text(schema: Schema) -> bool:
    """Whether a schema admits any text."""
    type_ = schema.get("type")
    return "enum" not in schema and (type_ == "string" or (isinstance(type_, list) and "string" in type_))


def _any_of(options: Any) -> Schema:
    return {} if options is None else {"anyOf": options}


# --- writing ----------------------------------------------------------------------------------------------------------


def text(catalog: Catalog) -> str:
    """The schema as the file's text."""
    return json.dumps(recipe_schema(catalog), indent=1, ensure_ascii=False) + "\n"


def shipped_catalog() -> Catalog:
    """The catalog of the engine's own actions and connectors, whatever else is installed."""
    from recipe_engine.builtin import BUILTINS
    from recipe_engine.plugin.loading import load_catalog

    loaded = load_catalog(known=BUILTINS)
    own = [connector for connector in loaded.catalog.connectors.values() if _is_own(connector.actions.values())]
    return Catalog.of(own)


def _is_own(actions: Iterable[Action]) -> bool:
    modules = [action.function.__module__ for action in actions]
    return all(module.startswith(("recipe_engine.", "recipe_plugins.")) for module in modules)


def main() -> None:
    """Write the schema; with `--check`, only say whether it is up to date."""
    from recipe_engine.resources import schemas_dir

    path: Path = schemas_dir() / "recipe.schema.json"
    wanted = text(shipped_catalog())
    if "--check" in sys.argv[1:]:
        if not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            sys.exit(f"{path.name} is out of date: run python -m recipe_engine.editor_schema")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
