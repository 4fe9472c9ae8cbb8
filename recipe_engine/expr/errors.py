"""What can go wrong with an expression.

    SyntaxProblem     the text is not an expression: found before anything runs
    EvaluationError   the expression met values it cannot work with (a ValueError)
    Undefined         no error: what stands for a value that is not there, and says why

The one rule: nothing else leaves this package, whatever the text and whatever the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EvaluationCode = Literal["undefined", "type", "limit", "argument"]


class SyntaxProblem(Exception):
    """The text cannot be read. `offset` and `length` are characters of the text that was given."""

    def __init__(self, message: str, offset: int = 0, length: int = 1, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.hint = hint


class EvaluationError(ValueError):
    """An expression failed on the values it met.

    `code` is `undefined` (a value that is not there was used), `type` (a value of the wrong kind), `limit` (too many
    steps, too large a result) or `argument` (a value that a function cannot work with).
    """

    def __init__(self, code: EvaluationCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Undefined:
    """What is not there: a skipped step, a field that an object lacks. `reason` is a clause that says why.

    Its fields and items are undefined for the same reason, so that `a.b.c | default('x')` works.
    """

    reason: str

    def __bool__(self) -> bool:
        raise EvaluationError("undefined", self.reason)


# What lookups of a scope give for a name without a value: UNDEFINED("its step was skipped").
UNDEFINED = Undefined


def undefined(value: Undefined) -> EvaluationError:
    """The error for using a value that is not there."""
    return EvaluationError(
        "undefined", f"{value.reason}; test it with `is defined` or give a value with `| default(...)`"
    )
