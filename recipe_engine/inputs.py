"""What a run is given, held against the recipe's schema before it starts.

The one rule: every miss is found at once, and named by where it is, what was found there and what was expected.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.errors import InputProblem, InvalidInput

_SHOWN = 60
_WORDS = {"string": "text", "object": "an object", "array": "a list", "integer": "a whole number", "number": "a number"}
_DEPTH = 100


def fitted(what: str, schema: JSON, value: JSON) -> JSON:
    """`value` with the schema's defaults filled in.

    `what` is `input` or `config`, for messages. Raises InvalidInput with every miss.
    """
    if not isinstance(schema, dict):
        return value
    complete = _with_defaults(schema, value, schema, _DEPTH)
    problems = misses(schema, complete)
    if problems:
        raise InvalidInput(what, problems)
    return complete


def misses(schema: JSONObject, value: JSON) -> list[InputProblem]:
    """Every way in which `value` misses `schema`, in the order of the value."""
    validator = _validator(json.dumps(schema, sort_keys=True))
    found: list[InputProblem] = []
    for error in validator.iter_errors(value):
        found.extend(_problems(error, schema))
    return sorted(set(found), key=lambda problem: problem.path)


def at(schema: JSON, root: JSON) -> JSONObject:
    """The schema itself, or what its local `$ref` points to; an empty one for anything else."""
    seen = 0
    while isinstance(schema, dict) and isinstance(schema.get("$ref"), str) and seen < _DEPTH:
        seen += 1
        target: Any = root
        for part in schema["$ref"].removeprefix("#").split("/")[1:]:
            target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        schema = target
    return schema if isinstance(schema, dict) else {}


def _refuse_remote(uri: str) -> JSON:
    raise ValueError(f"a schema may not load {uri}: only references inside the recipe are followed")


@lru_cache(maxsize=256)
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema), validate_formats=True, retriever=_refuse_remote)


def _with_defaults(schema: JSON, value: JSON, root: JSON, depth: int) -> JSON:
    schema = at(schema, root)
    if depth == 0:
        return value
    properties = schema.get("properties")
    if isinstance(value, dict) and isinstance(properties, dict):
        filled = dict(value)
        for name, part in properties.items():
            part_schema = at(part, root)
            if name not in filled and "default" in part_schema:
                filled[name] = part_schema["default"]
            if name in filled:
                filled[name] = _with_defaults(part, filled[name], root, depth - 1)
        return filled
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_with_defaults(schema["items"], item, root, depth - 1) for item in value]
    return value


def _problems(error: jsonschema_rs.ValidationError, schema: JSONObject) -> Iterator[InputProblem]:
    path = tuple(error.instance_path)
    details: dict[str, Any] = error.kind.as_dict()
    match error.kind.name:
        case "required":
            name = details["property"]
            yield InputProblem(_dotted((*path, name)), "nothing", _expected_of(_part(schema, (*path, name)), schema))
        case "additionalProperties" | "unevaluatedProperties":
            known = sorted(_part(schema, path).get("properties", {}))
            for name in details["unexpected"]:
                yield InputProblem(_dotted((*path, name)), "a field that is not in the schema", _one_of(name, known))
        case "anyOf" | "oneOf":
            branches = [branch for branch in details["context"] if branch]
            expected = " or ".join(dict.fromkeys(_first_expected(branch, schema) for branch in branches))
            if len(details["context"]) - len(branches) > 1:
                expected = "what fits exactly one of the alternatives"
            yield InputProblem(_dotted(path), _shown(error.instance), expected or error.message)
        case _:
            yield InputProblem(_dotted(path), _shown(error.instance), _expected(error, details))


def _expected(error: jsonschema_rs.ValidationError, details: dict[str, Any]) -> str:
    match error.kind.name:
        case "type":
            return " or ".join(_WORDS.get(name, name) for name in sorted(details["types"], key="null".__eq__))
        case "enum":
            return "one of " + ", ".join(_json(option) for option in details["options"])
        case "const":
            return _json(details["expected_value"])
        case "format":
            return f"text in the form of {details['format']}"
        case "pattern":
            return f"text that matches {details['pattern']}"
        case "minimum":
            return f"at least {details['limit']}"
        case "maximum":
            return f"at most {details['limit']}"
        case "minLength":
            return f"at least {details['limit']} characters"
        case "maxLength":
            return f"at most {details['limit']} characters"
        case "minItems":
            return f"at least {details['limit']} items"
        case "maxItems":
            return f"at most {details['limit']} items"
        case _:
            return error.message.removeprefix(_json(error.instance)).strip()


def _first_expected(branch: Sequence[jsonschema_rs.ValidationError], schema: JSONObject) -> str:
    for error in branch:
        for problem in _problems(error, schema):
            return f"{problem.path}: {problem.expected}" if error.instance_path else problem.expected
    return ""


def _expected_of(schema: JSONObject, root: JSONObject) -> str:
    """What a missing value should be, in words."""
    schema = at(schema, root)
    if "enum" in schema:
        return "one of " + ", ".join(_json(option) for option in schema["enum"])
    types = schema.get("type")
    named = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    words = " or ".join(_WORDS.get(name, name) for name in named) or "a value"
    described = schema.get("description") or schema.get("title")
    form = schema.get("format")
    return words + (f" in the form of {form}" if form else "") + (f" ({described})" if described else "")


def _part(schema: JSON, path: tuple[str | int, ...]) -> JSONObject:
    """The schema at a path of the value, as far as `properties` and `items` lead there."""
    here = at(schema, schema)
    for name in path:
        inner = here.get("items") if isinstance(name, int) else here.get("properties", {}).get(name)
        here = at(inner, schema)
    return here


def _one_of(name: str, known: Sequence[str]) -> str:
    if not known:
        return "no field"
    near = difflib.get_close_matches(name, known, 1)
    return f"{near[0]} (did you mean that?)" if near else "one of " + ", ".join(known)


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _shown(value: JSON) -> str:
    text = _json(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)
