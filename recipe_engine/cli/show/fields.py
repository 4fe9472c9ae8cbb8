"""The fields of a JSON Schema as rows that a person reads: name, type, what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.inputs import at

_DEEPEST = 3
_MOST = 200


class Field(NamedTuple):
    """One field: its dotted name, whether it must be there, its type in words, its description."""

    name: str
    required: bool
    type: str
    description: str


def fields(schema: JSON) -> list[Field]:
    """The fields of an object schema, those of inner objects after it with dots, as deep as a person would read on."""
    for deepest in range(_DEEPEST, -1, -1):
        rows = list(islice(_fields(at(schema, schema), schema, "", deepest), _MOST + 1))
        if len(rows) <= _MOST or deepest == 0:
            break
    cut = (
        [] if len(rows) <= _MOST else [Field("...", required=False, type="", description="and more: --json shows all")]
    )
    return [*rows[:_MOST], *cut]


def _fields(schema: JSONObject, root: JSON, prefix: str, deeper: int) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        field = at(part, root)
        described = part.get("description") or field.get("description") or ""
        default = f" (default {field['default']})" if field.get("default") not in (None, "", [], {}) else ""
        yield Field(f"{prefix}{name}", name in required, type_in_words(part, root), f"{described}{default}".strip())
        inner, mark = _inner(field, root)
        if inner and deeper:
            yield from _fields(inner, root, f"{prefix}{name}{mark}.", deeper - 1)


def _inner(field: JSONObject, root: JSON) -> tuple[JSONObject, str]:
    """The schema whose properties stand below a field, and what its name gets before the dot."""
    if field.get("format") == "file":
        return {}, ""
    if field.get("properties"):
        return field, ""
    items = at(field.get("items"), root)
    if items.get("properties") and items.get("format") != "file":
        return items, "[]"
    for branch in field.get("anyOf", ()):
        resolved = at(branch, root)
        if resolved.get("properties") and resolved.get("format") != "file":
            return resolved, ""
    return {}, ""


def type_in_words(schema: JSON, root: JSON) -> str:
    """`text`, `whole number`, `list of text`, `"a" or "b"`, `file`."""
    field = at(schema, root)
    if field.get("format") == "file":
        return "file"
    if "enum" in field:
        return " or ".join(str(option) for option in field["enum"])
    if "const" in field:
        return str(field["const"])
    branches = [*field.get("anyOf", ()), *field.get("oneOf", ())]
    if branches:
        words = [type_in_words(branch, root) for branch in branches]
        return " or ".join(dict.fromkeys(word for word in words if word != "nothing")) or "anything"
    named = field.get("type")
    types = [named] if isinstance(named, str) else named or []
    return " or ".join(_word(name, field, root) for name in types if name != "null") or (
        "nothing" if types else "anything"
    )


def _word(name: str, field: JSONObject, root: JSON) -> str:
    if name == "array":
        items = field.get("items")
        return f"list of {type_in_words(items, root)}" if items else "list"
    word = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(name, name)
    form = field.get("format")
    return f"{word} ({form})" if form and name == "string" else word
