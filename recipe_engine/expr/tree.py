"""The tree of an expression or a template: what is evaluated and what is typed.

The one rule: a node knows its place, `start` and `end` in characters of the text that it was read from. Nodes are named
tuples, which are made faster than frozen dataclasses, the classes as well as the nodes; tell them apart by their class.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias


class Constant(NamedTuple):
    """A constant: text, number, true, false or null."""

    value: str | float | bool | None
    start: int
    end: int


class Name(NamedTuple):
    """A name read from the template's variables or from the scope."""

    name: str
    start: int
    end: int


class Attribute(NamedTuple):
    """`target.name`. `at` is where the name itself stands."""

    target: Expression
    name: str
    at: int
    start: int
    end: int


class Item(NamedTuple):
    """`target[key]`."""

    target: Expression
    key: Expression
    start: int
    end: int


class Slice(NamedTuple):
    """`target[first:last:step]`."""

    target: Expression
    first: Expression | None
    last: Expression | None
    step: Expression | None
    start: int
    end: int


class ListOf(NamedTuple):
    """`[a, b]`, and `(a, b)`, which is the same."""

    items: tuple[Expression, ...]
    start: int
    end: int


class ObjectOf(NamedTuple):
    """`{key: value}`."""

    pairs: tuple[tuple[Expression, Expression], ...]
    start: int
    end: int


class Unary(NamedTuple):
    """`not a`, `-a`, `+a`."""

    operator: Literal["not", "-", "+"]
    operand: Expression
    start: int
    end: int


Arithmetic = Literal["+", "-", "*", "/", "//", "%", "**"]


class Binary(NamedTuple):
    """Arithmetic on two values."""

    operator: Arithmetic
    left: Expression
    right: Expression
    start: int
    end: int


Comparison = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


class Compare(NamedTuple):
    """`first < a <= b`: every pair of neighbours must hold."""

    first: Expression
    rest: tuple[tuple[Comparison, Expression], ...]
    start: int
    end: int


class Logic(NamedTuple):
    """`a and b and c`, `a or b or c`: the last value looked at."""

    operator: Literal["and", "or"]
    operands: tuple[Expression, ...]
    start: int
    end: int


class Concat(NamedTuple):
    """`a ~ b`: the texts of the values, joined."""

    parts: tuple[Expression, ...]
    start: int
    end: int


class Conditional(NamedTuple):
    """`then if test else otherwise`; without else, null."""

    test: Expression
    then: Expression
    otherwise: Expression | None
    start: int
    end: int


class Call(NamedTuple):
    """A function of the closed table: `name(a)`, `a | name`, `a is name`; the piped or tested value comes first in
    `arguments`. `at` is where the name stands."""

    name: str
    form: Literal["function", "filter", "test"]
    arguments: tuple[Expression, ...]
    named: tuple[tuple[str, Expression], ...]
    at: int
    start: int
    end: int


Expression: TypeAlias = (
    Constant
    | Name
    | Attribute
    | Item
    | Slice
    | ListOf
    | ObjectOf
    | Unary
    | Binary
    | Compare
    | Logic
    | Concat
    | Conditional
    | Call
)


class Text(NamedTuple):
    """Text outside the braces, kept as it is."""

    text: str


class Output(NamedTuple):
    """`{{ expression }}`."""

    value: Expression


class If(NamedTuple):
    """`{% if %}` with its `elif` arms in order; `otherwise` is empty without `else`."""

    arms: tuple[tuple[Expression, Body], ...]
    otherwise: Body


class For(NamedTuple):
    """`{% for targets in items if test %}`; `otherwise` is shown when there was no item."""

    targets: tuple[str, ...]
    items: Expression
    test: Expression | None
    body: Body
    otherwise: Body


class Set(NamedTuple):
    """`{% set name = value %}`."""

    name: str
    value: Expression


class SetText(NamedTuple):
    """`{% set name %}...{% endset %}`: the variable is the text of the body."""

    name: str
    body: Body


Statement: TypeAlias = Text | Output | If | For | Set | SetText
Body: TypeAlias = tuple[Statement, ...]


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside an expression."""
    match node:
        case Constant() | Name():
            return ()
        case Attribute():
            return (node.target,)
        case Item():
            return (node.target, node.key)
        case Slice():
            return tuple(part for part in (node.target, node.first, node.last, node.step) if part is not None)
        case ListOf():
            return node.items
        case ObjectOf():
            return tuple(part for pair in node.pairs for part in pair)
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Compare():
            return (node.first, *(operand for _, operand in node.rest))
        case Logic():
            return node.operands
        case Concat():
            return node.parts
        case Conditional():
            return (node.test, node.then) if node.otherwise is None else (node.test, node.then, node.otherwise)
        case Call():
            return (*node.arguments, *(value for _, value in node.named))
