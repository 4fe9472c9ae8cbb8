"""Compiling what authors write: bare expressions, and values whose texts hold templates.

The one rule: a text is parsed and compiled once, however often it runs; what a template printed is never read again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from recipe_engine.expr import tree
from recipe_engine.expr.calls import Functions
from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.evaluator import Compiler, Evaluate, there
from recipe_engine.expr.library import functions as builtin_functions
from recipe_engine.expr.limits import MAX_TEXT
from recipe_engine.expr.rendering import Run, TemplateCompiler
from recipe_engine.expr.scope import Frame, Scope
from recipe_engine.expr.values import JSON, to_json
from recipe_engine.expr.walks import path_of, variables_of

# How many texts are kept: trees, which serve the checker and the compiler one after the other, and what was compiled.
_KEPT_TREES: Final = 512
_KEPT: Final = 2048


def is_template(text: str) -> bool:
    """Whether a text has anything to evaluate in it."""
    return "{{" in text or "{%" in text


@lru_cache(maxsize=_KEPT_TREES)
def parsed_expression(text: str) -> tree.Expression:
    """The tree of a bare expression, kept. Raises SyntaxProblem."""
    from recipe_engine.expr.parser import parse_expression

    return parse_expression(text)


@lru_cache(maxsize=_KEPT_TREES)
def parsed_template(text: str) -> tree.Body:
    """The tree of a text with templates in it, kept. Raises SyntaxProblem."""
    from recipe_engine.expr.parser import parse_template

    return parse_template(text)


def only_output(body: tree.Body) -> tree.Expression | None:
    """The expression of a template that is exactly one `{{ expression }}`, white space around it aside."""
    outputs = [part for part in body if not (isinstance(part, tree.Text) and not part.text.strip())]
    if len(outputs) == 1 and isinstance(outputs[0], tree.Output):
        return outputs[0].value
    return None


class _Table:
    """A table of functions as the key of a cache: the same object is the same key."""

    __slots__ = ("functions",)

    def __init__(self, functions: Functions) -> None:
        self.functions = functions

    def __hash__(self) -> int:
        return id(self.functions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and other.functions is self.functions


def compile_expression(text: str, functions: Functions | None = None) -> Callable[[Scope], object]:
    """What evaluates a bare expression (braces around the whole are accepted) in a scope.

    The value may be undefined, which `truthy` and `to_json` refuse. `functions` replaces the built-in table.
    Raises SyntaxProblem; the evaluation raises EvaluationError.
    """
    return _expression(text, None if functions is None else _Table(functions))


@lru_cache(maxsize=_KEPT)
def _expression(text: str, table: _Table | None) -> Callable[[Scope], object]:
    evaluate = Compiler(_functions(table)).expression(parsed_expression(text))

    def run(scope: Scope) -> object:
        try:
            return evaluate(Frame(scope))
        except _UNEXPECTED as error:
            raise _told(error) from error

    return run


def compile_value(value: JSON, functions: Functions | None = None) -> Callable[[Scope], JSON]:
    """What renders every template in the texts of a JSON value, in a scope.

    A text that is exactly one `{{ expression }}` gives the expression's value, any other template gives text. Names of
    fields are never templates. A value without templates is given back as it is. Raises SyntaxProblem; the rendering
    raises EvaluationError.
    """
    render = _rendering(value, None if functions is None else _Table(functions))
    if render is None:
        return lambda _scope: value

    def run(scope: Scope) -> JSON:
        try:
            return render(Frame(scope))
        except _UNEXPECTED as error:
            raise _told(error) from error

    return run


def _rendering(value: JSON, table: _Table | None) -> Evaluate | None:
    """The closure that renders a value, None when there is nothing to render in it."""
    if isinstance(value, str):
        return _template(value, table) if is_template(value) else None
    if isinstance(value, dict):
        fields = [(name, item, _rendering(item, table)) for name, item in value.items()]
        if all(render is None for _, _, render in fields):
            return None
        return lambda frame: {name: item if render is None else render(frame) for name, item, render in fields}
    if isinstance(value, list):
        items = [(item, _rendering(item, table)) for item in value]
        if all(render is None for _, render in items):
            return None
        return lambda frame: [item if render is None else render(frame) for item, render in items]
    return None


@lru_cache(maxsize=_KEPT)
def _template(text: str, table: _Table | None) -> Evaluate:
    body = parsed_template(text)
    compiler = TemplateCompiler(_functions(table), variables_of(body))
    only = only_output(body)
    if only is None:
        return _text(compiler.body(body))
    evaluate = compiler.expression(only)
    path = path_of(only)
    if path is not None and path != ("now",):
        # What the scope holds is JSON already; it may be large, and is handed on as it is.
        return lambda frame: there(evaluate(frame))
    return lambda frame: to_json(evaluate(frame))


def _text(run: Run) -> Evaluate:
    def render(frame: Frame) -> str:
        # Each text has its own room and its own variables; the steps are shared by the whole value.
        frame.room = MAX_TEXT
        frame.variables = {}
        parts: list[str] = []
        run(frame, parts)
        return "".join(parts)

    return render


def _functions(table: _Table | None) -> Functions:
    return builtin_functions() if table is None else table.functions


# What values of absurd depth or size make Python raise before a limit of ours is met.
_UNEXPECTED: Final = (RecursionError, MemoryError, OverflowError)


def _told(error: BaseException) -> EvaluationError:
    what = "is nested too deeply" if isinstance(error, RecursionError) else "is too large"
    return EvaluationError("limit", f"a value {what}")
