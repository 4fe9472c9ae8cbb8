"""What the checker needs to know of an action, worked out once per action and kept.

The one rule: facts depend on the action alone, never on a recipe.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.expr.types import AnyT, ArrayT, ObjectT, Type, UnionT, from_schema, union
from recipe_engine.plugin import Action


class ActionFacts:
    """The schemas of an action as types, and the validator of its parameters."""

    def __init__(self, action: Action) -> None:
        self.action = action

    @cached_property
    def params(self) -> Type:
        """The type of the parameters."""
        return from_schema(self.action.params_schema)

    @cached_property
    def result(self) -> Type:
        """The type of the result, when it does not depend on the parameters."""
        return documented(from_schema(self.action.result_schema))

    @cached_property
    def validator(self) -> jsonschema_rs.Draft202012Validator:
        """Validates literal parameters."""
        return validator(_strict(self.action.params_schema))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        properties = self.action.params_schema.get("properties")
        return tuple(properties) if isinstance(properties, dict) else ()

    @cached_property
    def closed(self) -> bool:
        """Whether other names are refused."""
        return isinstance(self.params, ObjectT) and not self.params.open


class _Same:
    """An action as a key: the very object, since an action holds schemas and cannot be hashed."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action = action

    def __hash__(self) -> int:
        return id(self.action)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.action is self.action


@lru_cache(maxsize=8192)
def _facts(key: _Same) -> ActionFacts:
    return ActionFacts(key.action)


def _strict(schema: JSON) -> JSON:
    """The schema with objects that take no other fields than they list: one that is not read would be a mistake."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # Parts of an `allOf` complete each other, and what is in these words is no schema.
    kept = ("allOf", "const", "default", "enum", "examples", "if", "then", "else", "not")
    found = {name: item if name in kept else _strict(item) for name, item in schema.items()}
    listed = isinstance(schema.get("properties"), dict) and "allOf" not in schema and "$ref" not in schema
    if listed and schema.get("type") == "object" and "additionalProperties" not in schema:
        found["additionalProperties"] = False
    return found


def facts_of(action: Action) -> ActionFacts:
    """The facts about `action`."""
    return _facts(_Same(action))


def result_type(action: Action, params: JSONObject) -> Type:
    """The type of what `action` returns for these authored parameters (templates not yet rendered)."""
    if action.result_schema_of is None:
        return facts_of(action).result
    return documented(from_schema(action.result_schema_of(params)))


def documented(type_: Type) -> Type:
    """The type with the fields that are documented and no others, although the vendor may send more."""
    match type_:
        case ObjectT():
            properties = {name: documented(item) for name, item in type_.properties.items()}
            more = type_.open and not (properties and isinstance(type_.rest, AnyT))
            return ObjectT(properties, type_.required, more, type_.rest)
        case ArrayT():
            return ArrayT(documented(type_.item))
        case UnionT():
            return union(*(documented(member) for member in type_.members))
        case _:
            return type_


def validator(schema: JSON) -> jsonschema_rs.Draft202012Validator:
    """A validator that loads nothing from elsewhere.

    Raises ValueError for a schema that is not valid, or that refers to another document.
    """
    return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse)


def _refuse(uri: str) -> Any:
    raise ValueError(f"a schema may not load {uri}: only references inside the recipe are followed")
