"""What the tests of expressions share: a scope made of values, and short ways in."""

from __future__ import annotations

from typing import Any

from recipe_engine.expr import UNDEFINED, Scope, compile_expression, compile_value, to_json
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    UnionT,
)
from recipe_engine.expr.values import Duration, Moment

# 2026-11-20T14:30:00+01:00, a Friday.
NOW = 1_795_181_400.0


def scope_of(values: dict[str, Any] | None = None, *, now: float = NOW, seed: str = "seed") -> Scope:
    """A scope with these values; every other name is undefined."""
    names = values or {}
    return Scope(lambda name: names.get(name, UNDEFINED(f"`{name}` was skipped")), now, seed)


def raw(text: str, /, **values: Any) -> Any:
    """The value of an expression as it is inside."""
    return compile_expression(text)(scope_of(values))


def value(text: str, /, **values: Any) -> Any:
    """The value of an expression as JSON."""
    return to_json(raw(text, **values))


def render(template: Any, /, **values: Any) -> Any:
    """A JSON value with its templates rendered."""
    return compile_value(template)(scope_of(values))


def conforms(found: Any, type_: Type) -> bool:
    """Whether a value, as it is inside an expression, is of a type."""
    match type_:
        case AnyT():
            return True
        case NullT():
            return found is None
        case BoolT():
            return isinstance(found, bool)
        case IntT():
            return isinstance(found, int) and not isinstance(found, bool)
        case NumberT():
            return isinstance(found, (int, float)) and not isinstance(found, bool)
        case StringT():
            return isinstance(found, str) and (type_.enum is None or found in type_.enum)
        case MomentT():
            return isinstance(found, Moment)
        case DurationT():
            return isinstance(found, Duration)
        case ArrayT():
            return isinstance(found, list) and all(conforms(item, type_.item) for item in found)
        case ObjectT():
            return isinstance(found, dict) and all(_field_conforms(name, item, type_) for name, item in found.items())
        case FileT():
            return isinstance(found, dict) and set(found) == {"digest", "name", "media_type", "size"}
        case UnionT():
            return any(conforms(found, member) for member in type_.members)
        case SecretT():
            return isinstance(found, str)


def _field_conforms(name: str, item: Any, type_: ObjectT) -> bool:
    if name in type_.properties:
        return conforms(item, type_.properties[name])
    return type_.open and conforms(item, type_.rest)
