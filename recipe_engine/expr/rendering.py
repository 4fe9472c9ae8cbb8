"""Trees of templates to closures: what makes a text.

The one rule: every character is counted before it is kept, and every round of a loop before it is run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from recipe_engine.expr import tree
from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.evaluator import MISSING, Compiler, printed, there
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.values import kind, truthy
from recipe_engine.expr.walks import LOOP, size_of, size_of_body

# Runs a statement, adding to the parts of the text being made.
Run: TypeAlias = Callable[[Frame, list[str]], None]


class TemplateCompiler(Compiler):
    """Compiles a text with statements in it."""

    def body(self, statements: tree.Body) -> Run:
        """The closure of statements, one after the other."""
        runs = [self.statement(statement) for statement in statements]
        if len(runs) == 1:
            return runs[0]

        def run(frame: Frame, parts: list[str]) -> None:
            for one in runs:
                one(frame, parts)

        return run

    def statement(self, node: tree.Statement) -> Run:
        """The closure of a statement."""
        match node:
            case tree.Text():
                return _write(node.text)
            case tree.Output():
                return self.output(node)
            case tree.If():
                return self.choice(node)
            case tree.For():
                return self.loop(node)
            case tree.Set():
                return self.set(node)
            case tree.SetText():
                return self.set_text(node)

    def output(self, node: tree.Output) -> Run:
        """`{{ a }}`."""
        value = self.expression(node.value)

        def run(frame: Frame, parts: list[str]) -> None:
            text = printed(frame, value(frame))
            frame.write(len(text))
            parts.append(text)

        return run

    def choice(self, node: tree.If) -> Run:
        """`{% if %}`."""
        arms = [(self.expression(test), self.body(body)) for test, body in node.arms]
        otherwise = self.body(node.otherwise)

        def run(frame: Frame, parts: list[str]) -> None:
            for test, body in arms:
                if truthy(test(frame)):
                    body(frame, parts)
                    return
            otherwise(frame, parts)

        return run

    def set(self, node: tree.Set) -> Run:
        """`{% set name = value %}`."""
        name, value = node.name, self.expression(node.value)

        def run(frame: Frame, _parts: list[str]) -> None:
            frame.variables[name] = value(frame)

        return run

    def set_text(self, node: tree.SetText) -> Run:
        """`{% set name %}...{% endset %}`."""
        name, body = node.name, self.body(node.body)

        def run(frame: Frame, _parts: list[str]) -> None:
            inner: list[str] = []
            body(frame, inner)
            frame.variables[name] = "".join(inner)

        return run

    def loop(self, node: tree.For) -> Run:
        """`{% for %}`. The loop's variables have their old values again after it; what the body sets stays."""
        items, body, otherwise = self.expression(node.items), self.body(node.body), self.body(node.otherwise)
        test = None if node.test is None else self.expression(node.test)
        targets = node.targets
        cost = 1 + size_of_body(node.body) + (0 if node.test is None else size_of(node.test))

        def run(frame: Frame, parts: list[str]) -> None:
            variables = frame.variables
            saved = {name: variables.get(name, MISSING) for name in (*targets, LOOP)}
            values = looped(items(frame))
            if test is not None:
                kept = []
                for value in values:
                    frame.spend(cost)
                    unpack(variables, targets, value)
                    if truthy(test(frame)):
                        kept.append(value)
                values = kept
            last = len(values) - 1
            for index, value in enumerate(values):
                frame.spend(cost)
                unpack(variables, targets, value)
                variables[LOOP] = {
                    "index": index + 1,
                    "index0": index,
                    "first": index == 0,
                    "last": index == last,
                    "length": last + 1,
                }
                body(frame, parts)
            for name, value in saved.items():
                if value is MISSING:
                    variables.pop(name, None)
                else:
                    variables[name] = value
            if not values:
                otherwise(frame, parts)

        return run


def _write(text: str) -> Run:
    length = len(text)

    def run(frame: Frame, parts: list[str]) -> None:
        frame.write(length)
        parts.append(text)

    return run


def looped(value: Any) -> list[Any]:
    """What a loop goes over: the items of a list, the names of an object's fields."""
    if value.__class__ is list:
        return value
    if isinstance(value, dict):
        return list(value)
    raise EvaluationError("type", f"a loop goes over a list, and {kind(there(value))} was found")


def unpack(variables: dict[str, object], targets: tuple[str, ...], value: Any) -> None:
    """Give the loop's variables their values: one takes the item; several take the items of a list, or the values of
    an object's fields, in order."""
    if len(targets) == 1:
        variables[targets[0]] = value
        return
    values = list(value.values()) if isinstance(value, dict) else value
    if values.__class__ is not list or len(values) != len(targets):
        raise EvaluationError(
            "type", f"the loop takes {len(targets)} values from each item, and {kind(value)} has others"
        )
    variables.update(zip(targets, values, strict=True))
