"""Inference of what authors write: bare expressions, texts with templates, whole values.

The one rule: never raises. A text that cannot be read is a problem of kind `syntax` in the answer.
"""

from __future__ import annotations

from recipe_engine.expr.calls import Functions
from recipe_engine.expr.errors import SyntaxProblem
from recipe_engine.expr.inference import Inference, Problem, TypeScope, ValueInference
from recipe_engine.expr.inferrer import Inferrer
from recipe_engine.expr.library import functions as builtin_functions
from recipe_engine.expr.statements import TemplateInferrer
from recipe_engine.expr.templates import is_template, only_output, parsed_expression, parsed_template
from recipe_engine.expr.types import AnyT, ArrayT, ObjectT, Type, leaving, union
from recipe_engine.expr.types.schema import of_value
from recipe_engine.expr.values import JSON

Path = tuple[str | int, ...]


def infer_expression(text: str, scope: TypeScope, functions: Functions | None = None) -> Inference:
    """What is known of the value of a bare expression (braces around the whole are accepted).

    That the value itself may be missing is told by `skippable` alone; it is no problem here, as the caller may take it.
    """
    try:
        node = parsed_expression(text)
    except SyntaxProblem as problem:
        return _unreadable(problem)
    inferrer = Inferrer(scope, builtin_functions() if functions is None else functions)
    try:
        known = inferrer.known(node)
    except RecursionError:
        return _too_deep(text)
    return Inference(known.type, known.missing is not None, inferrer.problems, inferrer.names)


def infer_template(text: str, scope: TypeScope, functions: Functions | None = None) -> Inference:
    """What is known of what a text gives, as it has left the expression. A text that is exactly one `{{ expression }}`
    gives the expression's value, any other gives text. A value that may be missing is a problem: it fails here."""
    if not is_template(text):
        return Inference(of_value(text))
    try:
        body = parsed_template(text)
    except SyntaxProblem as problem:
        return _unreadable(problem)
    inferrer = TemplateInferrer(scope, builtin_functions() if functions is None else functions)
    only = only_output(body)
    try:
        known = inferrer.printed(only) if only is not None else inferrer.printed_text(body)
    except RecursionError:
        return _too_deep(text)
    return Inference(leaving(known.type), known.missing is not None, inferrer.problems, inferrer.names)


def infer_value(value: JSON, scope: TypeScope, functions: Functions | None = None) -> ValueInference:
    """What is known of a JSON value once every template in its texts is rendered (see `compile_value`)."""
    parts: dict[Path, Inference] = {}
    type_ = _infer(value, scope, functions, (), parts)
    return ValueInference(type_, parts)


def _infer(
    value: JSON, scope: TypeScope, functions: Functions | None, path: Path, parts: dict[Path, Inference]
) -> Type:
    if isinstance(value, str) and is_template(value):
        parts[path] = infer_template(value, scope, functions)
        return parts[path].type
    if isinstance(value, dict):
        fields = {name: _infer(item, scope, functions, (*path, name), parts) for name, item in value.items()}
        return ObjectT(fields, frozenset(fields))
    if isinstance(value, list):
        items = [_infer(item, scope, functions, (*path, index), parts) for index, item in enumerate(value)]
        return ArrayT(union(*items))
    return of_value(value)


def _too_deep(text: str) -> Inference:
    return _unreadable(SyntaxProblem("the expression is nested too deeply", 0, len(text)))


def _unreadable(problem: SyntaxProblem) -> Inference:
    return Inference(
        AnyT(), problems=[Problem("syntax", problem.message, problem.offset, problem.length, problem.hint)]
    )
