"""Values that fit a schema of a document: what sandboxes answer with and what the examples of actions show.

The one rule: an example of the document comes first, when the document itself would accept it; what is made up is plain.
"""

from __future__ import annotations

import json
import re
from copy import copy
from typing import Any

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.operations import Operation
from recipe_engine.openapi.texts import matching
from recipe_engine.plugin.sample import sample_from_schema

_WORDS = (
    "1", "a", "A", "abc", "ABC", "12345678", "a1", "A1", "00", "0000", "fr", "FR", "fr_FR", "fr-FR", "EUR", "#336699",
    "2026-01-15", "2026-01", "2026", "09:00", "09:00:00", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00.000Z", "+33639980101",
    "exemple@example.org", "https://example.org/exemple", "example.org", "1.0", "1.0.0", "v1", "sha256:" + "0" * 64, "0" * 32,
    "0" * 40, "0" * 64, "a" * 22, "00000000-0000-4000-8000-000000000001", "[]", "{}", "/", "/a", "a/b", "a:b", "a_1", "A_1", "-1",
)  # fmt: skip
_REPAIRS = 60
_LONGEST = 10_000
_PLAIN: dict[str, JSON] = {
    "string": "sample", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}, "null": None
}  # fmt: skip


def sample_of(schema: JSON, name: str = "sample", *, least: bool = False) -> JSON:
    """A value for the schema, valid wherever one can be found. `least` leaves out what is not required."""
    validator = _validator(schema)
    values = (
        [sample_from_schema(_only_required(schema), name)]
        if least
        else [sample_from_schema(schema, name), sample_from_schema(_without_examples(schema), name)]
    )
    values.append(sample_from_schema(_only_required(_without_examples(schema)), name))
    for value in values:
        if validator.is_valid(value):
            return value
    for value in reversed(values):
        repaired = _repaired(value, validator)
        if validator.is_valid(repaired):
            return repaired
    return sample_of(schema, name) if least else values[-1]


def example_of(name: str, operation: Operation, schema: JSONObject) -> str:
    """A step that calls the operation, with what it cannot do without."""
    return example_step(name, operation.name, schema)


def example_step(name: str, id_: str, schema: JSONObject) -> str:
    """A step of the action `name` with what its parameters cannot do without."""
    given = sample_of(schema, least=True)
    if not isinstance(given, dict) or not given:
        return f"- {{id: {id_[:30].rstrip('_')}, type: {name}}}"
    lines = [f"- id: {id_[:30].rstrip('_')}", f"  type: {name}", "  with:"]
    lines += [f"    {_key(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in given.items()]
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][\w.-]*", key) else json.dumps(key, ensure_ascii=False)


def _validator(schema: JSON) -> Any:
    return jsonschema_rs.validator_for(schema if isinstance(schema, dict) else {}, validate_formats=True)


def _repaired(value: JSON, validator: Any) -> JSON:
    """The value after its faults were mended one by one, as far as they can be."""
    value = json.loads(json.dumps(value))
    for _ in range(_REPAIRS):
        error = next(iter(validator.iter_errors(value)), None)
        if error is None or not _mend(value, error):
            break
    return value


def _mend(value: Any, error: Any) -> bool:
    """Mend one fault in place; False when nothing can be done."""
    path, details = list(error.instance_path), error.kind.as_dict()
    target = _at(value, path)
    match error.kind.name:
        case "additionalProperties" | "unevaluatedProperties":
            for name in details["unexpected"]:
                target.pop(name, None)
            return True
        case "required":
            target[details["property"]] = f"sample {details['property']}"
            return True
        case "oneOf" if isinstance(target, dict) and target and sum(not each for each in details["context"]) > 1:
            target.popitem()
            return True
        case "anyOf" | "oneOf":
            branches = [branch for branch in details.get("context", ()) if branch]
            if any(_mend(value, branch[0]) for branch in sorted(branches, key=_distance)[:1]):
                return True
    if not path:
        return False
    parent, last = _at(value, path[:-1]), path[-1]
    found, instead = _instead(parent[last], error.kind.name, details)
    if found:
        parent[last] = instead
        return True
    if isinstance(parent, dict):
        del parent[last]
        return True
    return False


def _instead(value: JSON, kind: str, details: dict[str, Any]) -> tuple[bool, JSON]:
    """Whether something can stand in the place of a value that is not fitting, and what."""
    if kind in ("pattern", "format"):
        words = (
            word for word in _candidates(str(details.get("pattern", ""))) if word != value and _fits(details, word)
        )
        word = next(words, None)
        return word is not None, word
    if kind == "enum" and details["options"]:
        return True, details["options"][0]
    if kind == "const":
        return True, details["expected_value"]
    if kind == "type":
        return True, copy(next(_PLAIN[name] for name in details["types"]))
    if kind == "minLength" and isinstance(value, str):
        return True, value + (value[-1:] or "a") * (min(details["limit"], _LONGEST) - len(value))
    if kind == "maxLength" and isinstance(value, str):
        return True, value[: details["limit"]]
    if kind in ("minimum", "maximum"):
        return True, details["limit"]
    return False, None


def _distance(branch: list[Any]) -> tuple[int, int]:
    """How far a value is from an alternative: one of another kind is farther than one with more faults."""
    return sum(error.kind.name in ("type", "enum", "const", "required") for error in branch), len(branch)


def _candidates(pattern: str) -> list[str]:
    made = matching(pattern) if pattern else None
    return [made, *_WORDS] if made is not None else list(_WORDS)


def _fits(details: dict[str, Any], word: str) -> bool:
    schema = {"pattern": details["pattern"]} if "pattern" in details else {"format": details.get("format", "")}
    return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(word)


def _at(value: Any, path: list[Any]) -> Any:
    for part in path:
        value = value[part]
    return value


def _without_examples(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_examples(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _properties(item, _without_examples) if key in ("properties", "$defs") else _without_examples(item)
        for key, item in schema.items()
        if key != "examples"
    }


def _only_required(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_only_required(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: _properties(item, _only_required) if key in ("properties", "$defs") else _only_required(item)
        for key, item in schema.items()
        if key not in ("enum", "const", "default") and not (key == "examples" and "properties" in schema)
    }
    found |= {key: schema[key] for key in ("enum", "const", "default") if key in schema}
    if isinstance(found.get("properties"), dict):
        required = found.get("required", ())
        found["properties"] = {name: item for name, item in found["properties"].items() if name in required}
    return found


def _properties(value: Any, change: Any) -> Any:
    return {name: change(item) for name, item in value.items()} if isinstance(value, dict) else value
