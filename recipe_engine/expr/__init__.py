"""Expressions: what stands between {{ and }}, and in conditions.

types/         what a value can be, known before it runs
inference.py   what is given to inference and what it answers
durations.py   `2h30m` to seconds and back
moments.py     ISO 8601 to seconds since 1970 and back
"""

from recipe_engine.expr.durations import format_duration, parse_duration
from recipe_engine.expr.errors import EvaluationError, SyntaxProblem
from recipe_engine.expr.errors import Undefined as UNDEFINED
from recipe_engine.expr.inference import Binding, Inference, Problem, ProblemKind, TypeScope
from recipe_engine.expr.scope import Scope
from recipe_engine.expr.templates import compile_expression, compile_value, is_template
from recipe_engine.expr.values import to_json, to_moment, truthy

__all__ = [
    "UNDEFINED",
    "Binding",
    "EvaluationError",
    "Inference",
    "Problem",
    "ProblemKind",
    "Scope",
    "SyntaxProblem",
    "TypeScope",
    "compile_expression",
    "compile_value",
    "format_duration",
    "is_template",
    "parse_duration",
    "to_json",
    "to_moment",
    "truthy",
]
