"""Calls to types: what a function gives for the arguments that it is given.

The one rule: an argument is checked against its parameter here as it is when the call runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from recipe_engine.expr import tree
from recipe_engine.expr.calls import Bound, CallProblem, bind_arguments, find
from recipe_engine.expr.fields import path_type
from recipe_engine.expr.inference import Known, ProblemKind
from recipe_engine.expr.library.function import Function, Parameter
from recipe_engine.expr.types import AnyT, BoolT, Type, holds_secret, union

if TYPE_CHECKING:
    from recipe_engine.expr.inferrer import Inferrer

_NO_CONSTANT: Final = object()


def infer_call(inferrer: Inferrer, node: tree.Call) -> Known:
    """A function: its arguments are checked against its parameters."""
    try:
        function = find(inferrer.functions, node)
        bound = bind_arguments(function, node)
    except CallProblem as problem:
        for argument in (*node.arguments, *(value for _, value in node.named)):
            inferrer.used(argument) if problem.kind == "wrong_arguments" else inferrer.known(argument)
        inferrer.tell(problem.kind, problem.message, problem.offset, problem.offset + problem.length, problem.hint)
        return Known(BoolT() if node.form == "test" else AnyT())
    given = _GivenTypes(inferrer, node, {one.parameter.name: one for one in bound})
    missing: list[str | None] = []
    for one in bound:
        if one.given is None:
            if one.parameter.lenient:
                missing.append(None)
            continue
        found = [_argument(inferrer, function, one.parameter, argument) for argument in one.given]
        if one.parameter.lenient:
            missing += [known.missing for known in found]
        given.add(one, [known.type for known in found])
    returns = function.returns
    type_ = returns(given) if callable(returns) else returns
    lost = next((why for why in missing if why), None) if missing and all(missing) else None
    return Known(type_, None if node.form == "test" else lost)


def _argument(inferrer: Inferrer, function: Function, parameter: Parameter, node: tree.Expression) -> Known:
    """What is known of an argument, checked against its parameter."""
    if not parameter.lenient:
        type_ = inferrer.used(node)
        known = Known(type_)
    else:
        known = inferrer.known(node)
        if holds_secret(known.type):
            inferrer.used(node)
            known = Known(AnyT())
    inferrer.check(known.type, parameter.type, node, f"`{function.name}`")
    return known


class _GivenTypes:
    """What a function that computes its type is told of a call."""

    def __init__(self, inferrer: Inferrer, node: tree.Call, bound: Mapping[str, Bound]) -> None:
        self.inferrer = inferrer
        self.node = node
        self.bound = bound
        self.types: dict[str, Type] = {}
        self.constants: dict[str, Any] = {}
        self.each: dict[str, tuple[Type, ...]] = {}

    def add(self, one: Bound, types: Sequence[Type]) -> None:
        """Note what a parameter is given."""
        given, parameter = one.given or (), one.parameter
        if not given:
            return
        self.types[parameter.name] = union(*types)
        self.each[parameter.name] = tuple(types)
        constants = [_constant(argument) for argument in given]
        if _NO_CONSTANT not in constants:
            self.constants[parameter.name] = tuple(constants) if parameter.many else constants[0]

    def problem(self, kind: ProblemKind, message: str, parameter: str, hint: str | None = None) -> None:
        """Report a problem with the argument of a parameter."""
        start, end = self.place(parameter)
        self.inferrer.tell(kind, message, start, end, hint)

    def field(self, type_: Type, path: str, parameter: str) -> Type:
        """The type at a dotted path; one that cannot be there is reported."""
        start, end = self.place(parameter, path)
        label = "the item" if "items" in self.bound else "the value"
        return path_type(type_, path, label, self.inferrer.telling(start, end))

    def place(self, parameter: str, text: str | None = None) -> tuple[int, int]:
        """Where the argument of a parameter stands: the one that writes `text`, when there are several."""
        given = self.bound[parameter].given or ()
        for argument in given:
            if text is None or (isinstance(argument, tree.Constant) and str(argument.value).removeprefix("-") == text):
                return argument.start, argument.end
        return self.node.at, self.node.at + len(self.node.name)


def _constant(node: tree.Expression) -> Any:
    """The value of an argument that is written out."""
    match node:
        case tree.Constant():
            return node.value
        case tree.Unary(operator="-", operand=tree.Constant(value=int() | float() as value)) if not isinstance(
            value, bool
        ):
            return -value
        case _:
            return _NO_CONSTANT
