"""Expressions: what stands between {{ and }}, in conditions, and wherever a recipe computes.

The text of an expression goes two ways. To know what it gives, and what is wrong with it, before anything runs:

    lexer, parser, reader     text to tree, with Jinja's grammar
    inferrer, statements      tree to types; `infer` is the way in
    given, comparing          the types of calls and of comparisons
    facts, algebra, fields    what conditions tell, what operators give, what values hold
    types/                    the types themselves

To have its value when it runs:

    evaluator, rendering      tree to closures; `templates` is the way in
    operators, access         what operators do, what values hold
    ordering                  the order of sorted lists
    scope, limits             what an evaluation reads and what it may spend
    values                    moments and durations beside JSON, and how values leave

Both ask `calls` what a call means, and `library/` what there is to call. `shaping` shapes lists; `reference` writes
the page on all of it.

The one rule: pure. No clock, no input, no output; nothing of Python can be reached from an expression.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recipe_engine.expr.durations import format_duration, parse_duration
    from recipe_engine.expr.errors import UNDEFINED, EvaluationError, SyntaxProblem, Undefined
    from recipe_engine.expr.infer import infer_expression, infer_template, infer_value
    from recipe_engine.expr.inference import Binding, Inference, Problem, ProblemKind, TypeScope, ValueInference
    from recipe_engine.expr.library import function_table, functions
    from recipe_engine.expr.library.function import Function, Given, Parameter, function
    from recipe_engine.expr.scope import Scope
    from recipe_engine.expr.shaping import infer_transform, transform
    from recipe_engine.expr.templates import compile_expression, compile_value, is_template
    from recipe_engine.expr.values import Duration, Moment, to_json, to_moment, truthy

__all__ = [
    "UNDEFINED",
    "Binding",
    "Duration",
    "EvaluationError",
    "Function",
    "Given",
    "Inference",
    "Moment",
    "Parameter",
    "Problem",
    "ProblemKind",
    "Scope",
    "SyntaxProblem",
    "TypeScope",
    "Undefined",
    "ValueInference",
    "compile_expression",
    "compile_value",
    "format_duration",
    "function",
    "function_table",
    "functions",
    "infer_expression",
    "infer_template",
    "infer_transform",
    "infer_value",
    "is_template",
    "parse_duration",
    "to_json",
    "to_moment",
    "transform",
    "truthy",
]

# Where each name is: imported when it is first used, since running needs no inference and checking no evaluation.
_MODULES = {
    "format_duration": "durations",
    "parse_duration": "durations",
    "UNDEFINED": "errors",
    "EvaluationError": "errors",
    "SyntaxProblem": "errors",
    "Undefined": "errors",
    "infer_expression": "infer",
    "infer_template": "infer",
    "infer_value": "infer",
    "Binding": "inference",
    "Inference": "inference",
    "Problem": "inference",
    "ProblemKind": "inference",
    "TypeScope": "inference",
    "ValueInference": "inference",
    "function_table": "library",
    "functions": "library",
    "Function": "library.function",
    "Given": "library.function",
    "Parameter": "library.function",
    "function": "library.function",
    "Scope": "scope",
    "infer_transform": "shaping",
    "transform": "shaping",
    "compile_expression": "templates",
    "compile_value": "templates",
    "is_template": "templates",
    "Duration": "values",
    "Moment": "values",
    "to_json": "values",
    "to_moment": "values",
    "truthy": "values",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
