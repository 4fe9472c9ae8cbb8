"""What an expression's value can be, known before it runs.

shapes.py       the types, their union, and how they are told to people
schema.py       from JSON Schema and back
assignable.py   whether a value of one type fits where another is expected
"""

from recipe_engine.expr.types.assignable import assignable, may_be_duration, may_be_moment
from recipe_engine.expr.types.schema import from_schema, to_schema
from recipe_engine.expr.types.shapes import (
    FILE_FIELDS,
    AnyT,
    ArrayT,
    BoolT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    UnionT,
    describe,
    holds_secret,
    leaving,
    listing,
    members,
    nullable,
    union,
    values_of,
    without_null,
)

__all__ = [
    "FILE_FIELDS",
    "AnyT",
    "ArrayT",
    "BoolT",
    "DurationT",
    "FileT",
    "IntT",
    "MomentT",
    "NullT",
    "NumberT",
    "ObjectT",
    "SecretT",
    "StringT",
    "Type",
    "UnionT",
    "assignable",
    "describe",
    "from_schema",
    "holds_secret",
    "leaving",
    "listing",
    "may_be_duration",
    "may_be_moment",
    "members",
    "nullable",
    "to_schema",
    "union",
    "values_of",
    "without_null",
]
