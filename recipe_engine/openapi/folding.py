"""`allOf` as one schema: what its parts say together.

The one rule: nothing that a part asks for is lost; what does not go into one schema stays beside it in an `allOf`.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.document import Document, listing

_TOLD_ONCE = frozenset({"description", "title", "example", "examples", "default"})
_AT_LEAST = frozenset({"minimum", "minLength", "minItems", "minProperties"})
_AT_MOST = frozenset({"maximum", "maxLength", "maxItems", "maxProperties"})
_BESIDE_EACH_OTHER = frozenset({
    "anyOf", "oneOf", "not", "if", "then", "else", "pattern", "format", "multipleOf", "items", "const",
    "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "contains",
})  # fmt: skip


def folded(document: Document, raw: JSONObject, within: tuple[str, ...] = ()) -> tuple[JSONObject, tuple[str, ...]]:
    """The schema with its allOf in it, and the references that were followed for that. A part that leads back into
    itself asks for nothing more."""
    if not listing(raw.get("allOf")):
        return raw, ()
    followed: tuple[str, ...] = ()
    whole: JSONObject = {key: value for key, value in raw.items() if key != "allOf"}
    left: list[JSON] = []
    for part in raw["allOf"]:
        reached = part
        while isinstance(reached, dict) and isinstance(reached.get("$ref"), str):
            reference = reached["$ref"]
            reached = {} if reference in (*within, *followed) else document.target(reference)
            followed += (reference,)
        if isinstance(reached, dict):
            inner, more = folded(document, reached, within + followed)
            followed += more
            # What tells the kinds of the part apart does not tell those of the whole apart: it is one of them.
            whole = _united(whole, {key: value for key, value in inner.items() if key != "discriminator"}, left)
    if left:
        whole["allOf"] = left
    return whole, followed


def _united(one: JSONObject, other: JSONObject, left: list[JSON]) -> JSONObject:
    """Both schemas in one; what does not go into one goes to `left`."""
    whole = dict(one)
    for key, value in other.items():
        if key not in whole or key in _TOLD_ONCE:
            whole.setdefault(key, value)
        elif whole[key] != value:
            _unite(whole, key, value, other, left)
    return whole


def _unite(whole: JSONObject, key: str, value: Any, other: JSONObject, left: list[JSON]) -> None:
    """Put the value of a keyword that both have into `whole`."""
    mine = whole[key]
    if key == "properties" and isinstance(mine, dict) and isinstance(value, dict):
        whole[key] = {**mine, **{name: _both(mine.get(name), item) for name, item in value.items()}}
    elif key == "required" and isinstance(mine, list) and isinstance(value, list):
        whole[key] = [*mine, *(name for name in value if name not in mine)]
    elif key == "enum" and isinstance(mine, list) and isinstance(value, list):
        whole[key] = [each for each in value if each in mine] or value
    elif key == "additionalProperties":
        whole[key] = mine if isinstance(mine, dict) else value if isinstance(value, dict) else True
    elif key == "allOf" and isinstance(value, list):
        left += value
    elif key == "if":
        left.append({word: other[word] for word in ("if", "then", "else") if word in other})
    elif key in _BESIDE_EACH_OTHER and key not in ("then", "else"):
        left.append({key: value})
    elif key in ("readOnly", "writeOnly", "deprecated", "nullable"):
        whole[key] = bool(mine) and bool(value)
    elif key == "type":
        whole[key] = value
    elif (key in _AT_LEAST or key in _AT_MOST) and _is_number(mine) and _is_number(value):
        whole[key] = max(mine, value) if key in _AT_LEAST else min(mine, value)


def _both(mine: Any, item: Any) -> Any:
    """A property that two parts describe; said flatly and once, so that circles of parts come back to themselves."""
    if mine is None or mine == item:
        return item
    parts: list[Any] = []
    for each in (*_parts_of(mine), *_parts_of(item)):
        if each not in parts:
            parts.append(each)
    return {"allOf": parts}


def _parts_of(schema: Any) -> list[Any]:
    return (
        schema["allOf"]
        if isinstance(schema, dict) and list(schema) == ["allOf"] and listing(schema["allOf"])
        else [schema]
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
