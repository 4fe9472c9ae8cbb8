"""Trees of expressions to closures: what runs.

The one rule: a closure reads its frame and nothing else. Work that can be done once is done while compiling: functions
are found, arguments bound, constants checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from recipe_engine.expr import tree
from recipe_engine.expr.access import field_of, item_of, slice_of
from recipe_engine.expr.calls import Bound, Functions, bind_arguments, find
from recipe_engine.expr.errors import EvaluationError, Undefined, undefined
from recipe_engine.expr.library.function import Function
from recipe_engine.expr.limits import TEXT_SHIFT, check_items, check_text
from recipe_engine.expr.operators import ARITHMETIC, COMPARISONS, negative, positive
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.values import Moment, equal, kind, to_text, truthy
from recipe_engine.expr.walks import label_of

Evaluate: TypeAlias = Callable[[Frame], Any]

# Stands for a variable that has not been set.
MISSING: Final = object()
_SIZED: Final = frozenset({str, list, dict})


class Compiler:
    """Compiles the expressions of one text. `variables` are the names that its statements set."""

    def __init__(self, functions: Functions, variables: frozenset[str] = frozenset()) -> None:
        self.functions = functions
        self.variables = variables

    def expression(self, node: tree.Expression) -> Evaluate:
        """The closure of an expression."""
        match node:
            case tree.Constant():
                value = node.value
                return lambda _frame: value
            case tree.Name():
                return self.name(node)
            case tree.Attribute():
                return self.attribute(node)
            case tree.Compare():
                return self.compare(node)
            case tree.Call():
                return self.call(node)
            case tree.Logic():
                return self.logic(node)
            case tree.Binary():
                return self.binary(node)
            case tree.Unary():
                return self.unary(node)
            case tree.Item():
                target, key, label = self.expression(node.target), self.expression(node.key), label_of(node.target)
                return lambda frame: item_of(target(frame), key(frame), label)
            case tree.Slice():
                return self.slice(node)
            case tree.Conditional():
                return self.conditional(node)
            case tree.Concat():
                return self.concat(node)
            case tree.ListOf():
                return self.list_of(node)
            case tree.ObjectOf():
                return self.object_of(node)

    def name(self, node: tree.Name) -> Evaluate:
        """A name: a variable of the template when it has been set, else the scope's."""
        name = node.name
        if name in self.variables:

            def variable(frame: Frame) -> object:
                found = frame.variables.get(name, MISSING)
                return frame.lookup(name) if found is MISSING else found

            return variable
        if name == "now":
            return lambda frame: Moment(frame.scope.now)
        return lambda frame: frame.lookup(name)

    def attribute(self, node: tree.Attribute) -> Evaluate:
        """`a.b`."""
        target, name, label = self.expression(node.target), node.name, label_of(node.target)

        def attribute(frame: Frame) -> object:
            value = target(frame)
            if value.__class__ is dict and name in value:
                return value[name]
            return field_of(value, name, label)

        return attribute

    def slice(self, node: tree.Slice) -> Evaluate:
        """`a[1:3]`."""
        target, label = self.expression(node.target), label_of(node.target)
        first, last, step = (
            self.expression(part) if part is not None else _null for part in (node.first, node.last, node.step)
        )

        def run(frame: Frame) -> object:
            value = target(frame)
            weigh_sized(frame, value)
            return slice_of(value, first(frame), last(frame), step(frame), label)

        return run

    def unary(self, node: tree.Unary) -> Evaluate:
        """`not a`, `-a`, `+a`."""
        operand = self.expression(node.operand)
        if node.operator == "not":
            return lambda frame: not truthy(operand(frame))
        if node.operator == "-":
            return lambda frame: negative(operand(frame))
        return lambda frame: positive(operand(frame))

    def binary(self, node: tree.Binary) -> Evaluate:
        """Arithmetic."""
        left, right, operate = self.expression(node.left), self.expression(node.right), ARITHMETIC[node.operator]

        def run(frame: Frame) -> object:
            a, b = left(frame), right(frame)
            if a.__class__ in _SIZED:
                weigh_sized(frame, a)
                weigh_sized(frame, b)
            return operate(a, b)

        return run

    def compare(self, node: tree.Compare) -> Evaluate:
        """`a < b`, and chains of them."""
        if len(node.rest) > 1:
            return self.chain(node)
        symbol, other = node.rest[0]
        left, right, holds = self.expression(node.first), self.expression(other), COMPARISONS[symbol]
        if isinstance(other, tree.Constant):
            constant = other.value
            if symbol == "==" and isinstance(constant, str):
                return lambda frame: (
                    (value == constant) if (value := left(frame)).__class__ is str else equal(value, constant)
                )
            return lambda frame: holds(left(frame), constant)

        def run(frame: Frame) -> bool:
            a, b = left(frame), right(frame)
            if b.__class__ in _SIZED:
                weigh_compared(frame, a, b)
            return holds(a, b)

        return run

    def chain(self, node: tree.Compare) -> Evaluate:
        """`a < b < c`: each value is looked at once, from left to right."""
        first = self.expression(node.first)
        rest = [(COMPARISONS[symbol], self.expression(other)) for symbol, other in node.rest]

        def run(frame: Frame) -> bool:
            a = first(frame)
            for holds, other in rest:
                b = other(frame)
                weigh_compared(frame, a, b)
                if not holds(a, b):
                    return False
                a = b
            return True

        return run

    def logic(self, node: tree.Logic) -> Evaluate:
        """`and`, `or`: the value that decides."""
        operands = [self.expression(operand) for operand in node.operands]
        *firsts, last = operands
        stops = node.operator == "or"

        def run(frame: Frame) -> object:
            for operand in firsts:
                value = operand(frame)
                if (value if value.__class__ is bool else truthy(value)) is stops:
                    return value
            value = last(frame)
            truthy(value)
            return value

        return run

    def conditional(self, node: tree.Conditional) -> Evaluate:
        """`a if test else b`."""
        test, then = self.expression(node.test), self.expression(node.then)
        otherwise = _null if node.otherwise is None else self.expression(node.otherwise)
        return lambda frame: then(frame) if truthy(test(frame)) else otherwise(frame)

    def concat(self, node: tree.Concat) -> Evaluate:
        """`a ~ b`."""
        parts = [self.expression(part) for part in node.parts]

        def run(frame: Frame) -> str:
            texts = [printed(frame, part(frame)) for part in parts]
            size = sum(map(len, texts))
            check_text(size)
            frame.spend(size >> TEXT_SHIFT)
            return "".join(texts)

        return run

    def list_of(self, node: tree.ListOf) -> Evaluate:
        """`[a, b]`."""
        items = [self.expression(item) for item in node.items]
        return lambda frame: [there(item(frame)) for item in items]

    def object_of(self, node: tree.ObjectOf) -> Evaluate:
        """`{'key': value}`."""
        pairs = [(self.expression(key), self.expression(value)) for key, value in node.pairs]
        return lambda frame: {field_name(key(frame)): there(value(frame)) for key, value in pairs}

    def call(self, node: tree.Call) -> Evaluate:
        """A function, with what each of its parameters is given."""
        function = find(self.functions, node)
        getters: list[Evaluate] = []
        for bound in bind_arguments(function, node):
            getters += self.argument(function, bound)
        name, evaluate, contextual = function.name, function.evaluate, function.contextual
        if len(getters) == 1 and not contextual:
            only = getters[0]
            return lambda frame: invoke(frame, name, evaluate, [only(frame)])
        if contextual:
            return lambda frame: invoke(frame, name, evaluate, [frame, *[get(frame) for get in getters]])
        return lambda frame: invoke(frame, name, evaluate, [get(frame) for get in getters])

    def argument(self, function: Function, bound: Bound) -> list[Evaluate]:
        """What gets the argument of a parameter; several for a parameter that takes many."""
        parameter, given = bound
        if given is None:
            default = parameter.default
            return [lambda _frame: default]
        accept = function.acceptors[parameter.name]
        return [self.accepted(accept, one) for one in given]

    def accepted(self, accept: Callable[[object], object], given: tree.Expression) -> Evaluate:
        """What gets an argument and checks it; a constant is checked once."""
        if isinstance(given, tree.Constant):
            try:
                constant = accept(given.value)
            except EvaluationError:
                return lambda _frame: accept(given.value)
            return lambda _frame: constant
        value = self.expression(given)
        return lambda frame: accept(value(frame))


def _null(frame: Frame) -> None:
    """The closure of null."""


def invoke(frame: Frame, name: str, evaluate: Callable[..., object], arguments: Sequence[Any]) -> Any:
    """Call a function of the table within the limits; whatever it raises becomes an EvaluationError that names it."""
    for argument in arguments:
        if argument.__class__ in _SIZED:
            weigh_sized(frame, argument)
    try:
        result = evaluate(*arguments)
    except EvaluationError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise EvaluationError("argument", f"{name}: {error}") from error
    if result.__class__ is str:
        check_text(len(result))
    elif result.__class__ is list:
        check_items(len(result))
    return result


def weigh_sized(frame: Frame, value: Any) -> None:
    """Count the steps of working through a text or a list, not into what is inside of it."""
    if value.__class__ is str:
        if len(value) >> TEXT_SHIFT:
            frame.spend(len(value) >> TEXT_SHIFT)
    elif value.__class__ is list or value.__class__ is dict:
        frame.spend(len(value) >> 1)


def weigh_compared(frame: Frame, a: Any, b: Any) -> None:
    """Count the steps of comparing two values, or of looking for one in the other."""
    if b.__class__ is str:
        weigh_sized(frame, b)
    elif b.__class__ is list or b.__class__ is dict:
        if a.__class__ is list or a.__class__ is dict:
            frame.spend_on(a)
            frame.spend_on(b)
        else:
            frame.spend(len(b) >> 1)


def printed(frame: Frame, value: Any) -> str:
    """The text of a value, the steps of making it counted."""
    if value.__class__ is str:
        return value
    if value.__class__ is list or value.__class__ is dict:
        frame.spend_on(value)
    return to_text(value)


def there(value: Any) -> Any:
    """The value, refused when it is undefined: lists and objects hold only what is there."""
    if value.__class__ is Undefined:
        raise undefined(value)
    return value


def field_name(value: Any) -> str:
    """The name of a field of an object being made."""
    if value.__class__ is str:
        return value
    if value.__class__ is int:
        return str(value)
    raise EvaluationError("type", f"the name of a field is text, and {kind(there(value))} was found")
