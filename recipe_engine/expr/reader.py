"""Jinja's nodes to our tree.

The one rule: only this module knows Jinja's nodes. What Jinja's grammar has and the language has not (method calls,
`*args`, attributes that are set) is refused here, with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from jinja2 import nodes

from recipe_engine.expr import tree
from recipe_engine.expr.errors import SyntaxProblem

_ARITHMETIC: Final[dict[type[nodes.Node], tree.Arithmetic]] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Pow: "**",
}
_COMPARISONS: Final[dict[str, tree.Comparison]] = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "lteq": "<=",
    "gt": ">",
    "gteq": ">=",
    "in": "in",
    "notin": "not in",
}
_UNARY: Final[dict[type[nodes.Node], Literal["not", "-", "+"]]] = {nodes.Not: "not", nodes.Neg: "-", nodes.Pos: "+"}
_SPACE = re.compile(r"\s*")
_TESTED_NAME = re.compile(r"is\s+(?:not\s+)?")
_DEEPEST = 100
# Inference goes through a loop's body until its types are stable, so its work multiplies with each loop inside another.
_MOST_LOOPS = 6


class Reader:
    """Reads the nodes of one text. `ends` gives the end of the token (or bracket) that begins at an offset."""

    def __init__(self, text: str, ends: dict[int, int]) -> None:
        self.text = text
        self.ends = ends
        self.depth = 0
        self.loops = 0

    def body(self, found: Sequence[nodes.Node]) -> tree.Body:
        """The statements of a template, or of a part of it."""
        self.deeper()
        statements: list[tree.Statement] = []
        for node in found:
            if isinstance(node, nodes.Output):
                statements += [
                    tree.Text(part.data) if isinstance(part, nodes.TemplateData) else tree.Output(self.expression(part))
                    for part in node.nodes
                ]
            else:
                statements.append(self.statement(node))
        self.depth -= 1
        return tuple(statements)

    def statement(self, node: nodes.Node) -> tree.Statement:
        """One statement."""
        match node:
            case nodes.If():
                arms = [(self.expression(arm.test), self.body(arm.body)) for arm in (node, *node.elif_)]
                return tree.If(tuple(arms), self.body(node.else_))
            case nodes.For():
                return self.loop(node)
            case nodes.Assign():
                return tree.Set(self.variable(node.target), self.expression(node.node))
            case nodes.AssignBlock(filter=None):
                return tree.SetText(self.variable(node.target), self.body(node.body))
            case _:
                raise self.refused(
                    node, "{% set %} with a filter is not part of the language", "filter the variable instead"
                )

    def loop(self, node: nodes.For) -> tree.For:
        """A for loop."""
        if node.recursive:
            raise self.refused(node, "recursive loops are not part of the language")
        targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        names = tuple(self.variable(target) for target in targets)
        if not names:
            raise self.refused(node, "the loop has no variable", "write {% for item in items %}")
        self.loops += 1
        if self.loops > _MOST_LOOPS:
            raise self.refused(
                node, f"more than {_MOST_LOOPS} loops stand in each other", "compute the rows in a step before"
            )
        test = None if node.test is None else self.expression(node.test)
        loop = tree.For(names, self.expression(node.iter), test, self.body(node.body), self.body(node.else_))
        self.loops -= 1
        return loop

    def variable(self, node: nodes.Node) -> str:
        """The name of a variable that is set."""
        if isinstance(node, nodes.Name):
            return node.name
        raise self.refused(node, "only a plain name can be set here", "one name for each {% set %}")

    def expression(self, node: nodes.Node) -> tree.Expression:
        """One expression with what is in it."""
        self.deeper()
        read = _READERS.get(type(node))
        if read is None:
            raise self.refused(node, "this is not part of the language")
        result = read(self, node)
        self.depth -= 1
        return result

    def name(self, node: nodes.Name) -> tree.Expression:
        """A name, or `null`, which Jinja knows as none only."""
        start = node.lineno
        end = start + len(node.name)
        return tree.Constant(None, start, end) if node.name == "null" else tree.Name(node.name, start, end)

    def constant(self, node: nodes.Const) -> tree.Expression:
        """A text, a number, true, false, none."""
        return tree.Constant(node.value, node.lineno, self.end(node))

    def attribute(self, node: nodes.Getattr) -> tree.Expression:
        """`a.name`."""
        target = self.expression(node.node)
        at = _skip_space(self.text, node.lineno + 1)
        return tree.Attribute(target, node.attr, at, target.start, at + len(node.attr))

    def arithmetic(self, node: nodes.BinExpr) -> tree.Expression:
        """`a + b` and its like."""
        left, right = self.expression(node.left), self.expression(node.right)
        return tree.Binary(_ARITHMETIC[type(node)], left, right, left.start, right.end)

    def logic(self, node: nodes.And | nodes.Or) -> tree.Expression:
        """`a and b and c`, `a or b or c`."""
        operands = tuple(self.expression(operand) for operand in _chain(node))
        word: Literal["and", "or"] = "and" if isinstance(node, nodes.And) else "or"
        return tree.Logic(word, operands, operands[0].start, operands[-1].end)

    def unary(self, node: nodes.UnaryExpr) -> tree.Expression:
        """`not a`, `-a`, `+a`."""
        operand = self.expression(node.node)
        return tree.Unary(_UNARY[type(node)], operand, min(node.lineno, operand.start), operand.end)

    def compare(self, node: nodes.Compare) -> tree.Expression:
        """`a < b <= c`."""
        first = self.expression(node.expr)
        rest = tuple((_COMPARISONS[part.op], self.expression(part.expr)) for part in node.ops)
        return tree.Compare(first, rest, first.start, rest[-1][1].end)

    def concat(self, node: nodes.Concat) -> tree.Expression:
        """`a ~ b`."""
        parts = tuple(self.expression(part) for part in node.nodes)
        return tree.Concat(parts, parts[0].start, parts[-1].end)

    def conditional(self, node: nodes.CondExpr) -> tree.Expression:
        """`a if test else b`."""
        then, test = self.expression(node.expr1), self.expression(node.test)
        otherwise = None if node.expr2 is None else self.expression(node.expr2)
        return tree.Conditional(test, then, otherwise, then.start, (otherwise or test).end)

    def list_of(self, node: nodes.List | nodes.Tuple) -> tree.Expression:
        """`[a, b]` and `(a, b)`."""
        items = tuple(self.expression(item) for item in node.items)
        bracketed = isinstance(node, nodes.List) or not items
        return tree.ListOf(items, node.lineno, self.end(node) if bracketed else items[-1].end)

    def object_of(self, node: nodes.Dict) -> tree.Expression:
        """`{key: value}`."""
        pairs = tuple((self.expression(pair.key), self.expression(pair.value)) for pair in node.items)
        return tree.ObjectOf(pairs, node.lineno, self.end(node))

    def item(self, node: nodes.Getitem) -> tree.Expression:
        """`a[key]`, `a[1:3]`, `a.0`."""
        target = self.expression(node.node)
        end = self.end(node)
        if isinstance(node.arg, nodes.Slice):
            first, last, step = (
                None if part is None else self.expression(part)
                for part in (node.arg.start, node.arg.stop, node.arg.step)
            )
            return tree.Slice(target, first, last, step, target.start, end)
        if isinstance(node.arg, nodes.Tuple):
            raise self.refused(node, "one key stands between brackets")
        key = self.expression(node.arg)
        return tree.Item(target, key, target.start, max(end, key.end))

    def piped(self, node: nodes.Filter) -> tree.Call:
        """`a | name(...)`."""
        if node.node is None:
            raise self.refused(node, "a filter needs a value")
        value = self.expression(node.node)
        arguments, named = self.arguments(node)
        end = self.call_end(node.lineno + len(node.name))
        return tree.Call(node.name, "filter", (value, *arguments), named, node.lineno, value.start, end)

    def tested(self, node: nodes.Test) -> tree.Call:
        """`a is name`."""
        value = self.expression(node.node)
        arguments, named = self.arguments(node)
        written = _TESTED_NAME.match(self.text, node.lineno)
        at = written.end() if written else node.lineno
        end = self.call_end(at + len(node.name))
        return tree.Call(node.name, "test", (value, *arguments), named, at, value.start, end)

    def call(self, node: nodes.Call) -> tree.Call:
        """`name(...)`: nothing else can be called."""
        target = node.node
        if isinstance(target, nodes.Getattr):
            at = _skip_space(self.text, target.lineno + 1)
            hint = f"values have no methods: write `value | {target.attr}` when there is a filter of that name"
            raise SyntaxProblem(f"`.{target.attr}(...)` is a method call", at, len(target.attr), hint)
        if not isinstance(target, nodes.Name):
            raise self.refused(node, "only functions of the language can be called")
        arguments, named = self.arguments(node)
        return tree.Call(target.name, "function", arguments, named, target.lineno, target.lineno, self.end(node))

    def arguments(
        self, node: nodes.Call | nodes.Filter | nodes.Test
    ) -> tuple[tuple[tree.Expression, ...], tuple[tuple[str, tree.Expression], ...]]:
        """The arguments written between the parentheses."""
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise self.refused(node, "arguments are written one by one, without * or **")
        positional = tuple(self.expression(argument) for argument in node.args or ())
        # Jinja types the keywords of a filter as pairs; its parser gives Keyword nodes.
        keywords: Sequence[object] = node.kwargs or ()
        named = tuple((word.key, self.expression(word.value)) for word in keywords if isinstance(word, nodes.Keyword))
        return positional, named

    def call_end(self, name_end: int) -> int:
        """Where a filter ends whose name ends there: after its parentheses, when it has any."""
        opening = _skip_space(self.text, name_end)
        return self.ends.get(opening, name_end) if self.text.startswith("(", opening) else name_end

    def deeper(self) -> None:
        """Count one level of nesting."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise SyntaxProblem("the expression is nested too deeply", 0, len(self.text))

    def end(self, node: nodes.Node) -> int:
        """Where the token, or the bracket, ends that begins where the node begins."""
        return self.ends.get(node.lineno, node.lineno + 1)

    def refused(self, node: nodes.Node, message: str, hint: str | None = None) -> SyntaxProblem:
        """The problem of a node that the language has no place for."""
        offset = min(node.lineno, max(len(self.text) - 1, 0))
        return SyntaxProblem(message, offset, max(self.end(node) - offset, 1), hint)


def _skip_space(text: str, offset: int) -> int:
    found = _SPACE.match(text, offset)
    return found.end() if found else offset


def _chain(node: nodes.And | nodes.Or) -> list[nodes.Expr]:
    """The operands of `a and b and c`, which Jinja nests to the left."""
    operands: list[nodes.Expr] = []
    current: nodes.Expr = node
    while type(current) is type(node):
        assert isinstance(current, (nodes.And, nodes.Or))
        operands.append(current.right)
        current = current.left
    operands.append(current)
    return operands[::-1]


_READERS: Final[Mapping[type[nodes.Node], Callable[[Reader, Any], tree.Expression]]] = {
    nodes.Name: Reader.name,
    nodes.Const: Reader.constant,
    nodes.Getattr: Reader.attribute,
    nodes.Getitem: Reader.item,
    nodes.Filter: Reader.piped,
    nodes.Test: Reader.tested,
    nodes.Call: Reader.call,
    nodes.And: Reader.logic,
    nodes.Or: Reader.logic,
    nodes.Not: Reader.unary,
    nodes.Neg: Reader.unary,
    nodes.Pos: Reader.unary,
    nodes.Compare: Reader.compare,
    nodes.Concat: Reader.concat,
    nodes.CondExpr: Reader.conditional,
    nodes.List: Reader.list_of,
    nodes.Tuple: Reader.list_of,
    nodes.Dict: Reader.object_of,
    **dict.fromkeys(_ARITHMETIC, Reader.arithmetic),
}
