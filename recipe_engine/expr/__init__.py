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
