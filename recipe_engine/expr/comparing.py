"""Comparisons to types: always true or false, and reported when only one of the two is possible.

The one rule: what is reported can never be so, whatever the values; what merely looks strange is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recipe_engine.diagnostics import suggest
from recipe_engine.expr import tree
from recipe_engine.expr.algebra import may_be_equal, ordered
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    NullT,
    ObjectT,
    StringT,
    Type,
    describe,
    members,
    without_null,
)
from recipe_engine.expr.types.schema import of_value
from recipe_engine.expr.walks import label_of

if TYPE_CHECKING:
    from recipe_engine.expr.inferrer import Inferrer


def infer_comparison(inferrer: Inferrer, node: tree.Compare) -> Type:
    """Comparisons; those that can only be false are reported."""
    left_node, left = node.first, inferrer.used(node.first)
    for symbol, right_node in node.rest:
        right = inferrer.used(right_node)
        match symbol:
            case "==" | "!=":
                _equality(inferrer, left, right, left_node, right_node)
            case "in" | "not in":
                _membership(inferrer, left, right, left_node, right_node)
            case _:
                inferrer.refuse_null(left, left_node, "a value to compare")
                inferrer.refuse_null(right, right_node, "a value to compare")
                if not ordered(left, right):
                    message = f"`{symbol}` cannot compare {describe(left)} with {describe(right)}"
                    inferrer.tell("wrong_type", message, node.start, node.end)
        left_node, left = right_node, right
    return BoolT()


def _equality(
    inferrer: Inferrer, left: Type, right: Type, left_node: tree.Expression, right_node: tree.Expression
) -> None:
    """Report values that are never the same."""
    if may_be_equal(left, right):
        return
    constant, other, value = right_node, left_node, left
    if isinstance(left_node, tree.Constant):
        constant, other, value = left_node, right_node, right
    _impossible(inferrer, constant, other, value)


def _impossible(inferrer: Inferrer, constant: tree.Expression, other: tree.Expression, value: Type) -> None:
    """Report a comparison with what a value never is."""
    subject = label_of(other)
    if isinstance(constant, tree.Constant) and isinstance(constant.value, str):
        words = [word for member in members(value) if isinstance(member, StringT) for word in member.enum or ()]
        near = suggest(constant.value, words)
        message = f"{subject} is never '{constant.value}': it is {describe(value)}"
        hint = f"did you mean '{near}'?" if near else None
    else:
        message, hint = f"{subject} is never equal to this: it is {describe(value)}", None
    inferrer.tell("impossible_comparison", message, constant.start, constant.end, hint)


def _membership(
    inferrer: Inferrer, left: Type, right: Type, left_node: tree.Expression, right_node: tree.Expression
) -> None:
    """Report what can never be in what it is looked for in, item by item for a list that is written out."""
    if isinstance(right_node, tree.ListOf):
        for item in right_node.items:
            type_ = of_value(item.value) if isinstance(item, tree.Constant) else AnyT()
            if not may_be_equal(left, type_):
                _impossible(inferrer, item, left_node, left)
        return
    inferrer.refuse_null(right, right_node, "a list, a text or an object")
    kinds = members(without_null(right))
    if all(isinstance(kind, ArrayT) and not may_be_equal(left, kind.item) for kind in kinds):
        message = f"{label_of(left_node)} is {describe(left)}, and {label_of(right_node)} is {describe(right)}"
        inferrer.tell("impossible_comparison", f"this is never so: {message}", left_node.start, right_node.end)
    elif not any(isinstance(kind, (ArrayT, StringT, ObjectT, AnyT)) for kind in kinds) and not isinstance(right, NullT):
        message = f"`in` looks in a list, a text or an object, and {label_of(right_node)} is {describe(right)}"
        inferrer.tell("wrong_type", message, right_node.start, right_node.end)
    elif all(isinstance(kind, (StringT, ObjectT)) for kind in kinds):
        inferrer.check(left, StringT(), left_node, "what is looked for in it")
