"""What a condition tells about the values in it, where it holds and where it does not.

The one rule: a fact is about a path (`ticket.id`), and is forgotten when its first name is set anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from recipe_engine.expr import tree
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    IntT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    members,
    union,
    without_null,
)
from recipe_engine.expr.walks import path_of

Path: TypeAlias = tuple[str, ...]

# What `x is string` and its like leave of a type.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (StringT,),
    "number": (IntT, NumberT),
    "whole": (IntT, NumberT),
    "boolean": (BoolT,),
    "list": (ArrayT,),
    "object": (ObjectT,),
    "none": (NullT,),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """`defined`: names that certainly have a value. `not_null`: paths that are not null. `kinds`: paths that are of
    one of some types."""

    defined: frozenset[str] = frozenset()
    not_null: frozenset[Path] = frozenset()
    kinds: Mapping[Path, tuple[type, ...]] = field(default_factory=dict)

    def both(self, other: Facts) -> Facts:
        """These facts and the others."""
        return Facts(self.defined | other.defined, self.not_null | other.not_null, {**self.kinds, **other.kinds})

    def without(self, name: str) -> Facts:
        """These facts but those about a name."""
        return Facts(
            self.defined - {name},
            frozenset(path for path in self.not_null if path[0] != name),
            {path: kinds for path, kinds in self.kinds.items() if path[0] != name},
        )

    def narrow(self, path: Path | None, type_: Type) -> Type:
        """The type of what is at a path, as far as these facts tell."""
        if path is None:
            return type_
        if path in self.not_null:
            type_ = without_null(type_)
        kinds = self.kinds.get(path)
        if kinds is not None:
            left = [member for member in members(type_) if isinstance(member, (*kinds, AnyT))]
            return union(*left) if left else type_
        return type_


NOTHING: Final = Facts()


def facts_of(node: tree.Expression, holds: bool) -> Facts:
    """What is certain where a condition holds, or where it does not."""
    match node:
        case tree.Unary(operator="not"):
            return facts_of(node.operand, not holds)
        case tree.Logic():
            if (node.operator == "and") is not holds:
                return NOTHING
            known = NOTHING
            for operand in node.operands:
                known = known.both(facts_of(operand, holds))
            return known
        case tree.Call(form="test"):
            return _tested(node, holds)
        case tree.Compare(rest=((("==" | "!=") as symbol, other),)):
            return _compared(node.first, other, holds is (symbol == "=="))
        case _:
            path = path_of(node)
            return Facts(not_null=frozenset([path])) if path is not None and holds else NOTHING


def _tested(node: tree.Call, holds: bool) -> Facts:
    path = path_of(node.arguments[0]) if node.arguments else None
    if path is None:
        return NOTHING
    match node.name:
        case "defined" | "undefined":
            return Facts(defined=frozenset([path[0]])) if holds is (node.name == "defined") else NOTHING
        case "none":
            return Facts(kinds={path: _KINDS["none"]}) if holds else Facts(not_null=frozenset([path]))
        case "empty":
            return NOTHING if holds else Facts(not_null=frozenset([path]))
        case "email":
            return Facts(kinds={path: _KINDS["string"]}) if holds else NOTHING
        case name if name in _KINDS and holds:
            return Facts(kinds={path: _KINDS[name]})
        case _:
            return NOTHING


def _compared(first: tree.Expression, second: tree.Expression, equal: bool) -> Facts:
    """What `first == second` tells when they are equal, or not."""
    for one, other in ((first, second), (second, first)):
        path = path_of(one)
        if path is None or not isinstance(other, tree.Constant):
            continue
        if other.value is None:
            return Facts(kinds={path: _KINDS["none"]}) if equal else Facts(not_null=frozenset([path]))
        if equal:
            return Facts(not_null=frozenset([path]))
    return NOTHING
