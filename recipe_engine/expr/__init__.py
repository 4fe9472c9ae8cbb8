"""Expressions: what stands between {{ and }}, and in conditions.

types/         what a value can be, known before it runs
inference.py   what is given to inference and what it answers
durations.py   `2h30m` to seconds and back
moments.py     ISO 8601 to seconds since 1970 and back
"""

from recipe_engine.expr.durations import format_duration, parse_duration
from recipe_engine.expr.inference import Binding, Inference, Problem, ProblemKind, TypeScope

__all__ = [
    "Binding",
    "Inference",
    "Problem",
    "ProblemKind",
    "TypeScope",
    "format_duration",
    "parse_duration",
]
