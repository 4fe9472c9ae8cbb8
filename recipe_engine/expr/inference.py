"""What inference is given and what it answers: bindings of names, problems found, the type of the whole.

The one rule: a problem carries the place in the very text that was given (offset and length in characters), so that
the checker can point at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from recipe_engine.expr.types import Type

ProblemKind = Literal[
    "syntax",
    "unknown_name",
    "unknown_field",
    "may_be_skipped",
    "not_yet_run",
    "wrong_type",
    "unknown_function",
    "wrong_arguments",
    "unknown_filter",
    "impossible_comparison",
    "secret_misused",
]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stands for.

    `skippable` says why the value may be missing (`the step ticket only runs if ...`), None when it never is.
    `unavailable` says why the name exists but cannot be used here (`the step runs later`).
    """

    type: Type
    skippable: str | None = None
    unavailable: str | None = None


TypeScope: TypeAlias = Mapping[str, Binding]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in an expression. `offset` and `length` are characters of the text that was given."""

    kind: ProblemKind
    message: str
    offset: int
    length: int
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Inference:
    """The outcome of inferring a text.

    `type` is the type of the value (`AnyT` where problems hide it). `skippable` says that the value may be missing
    although nothing in the text uses it in a way that fails. `names` are the names read from the scope.
    """

    type: Type
    skippable: bool = False
    problems: list[Problem] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def moved(self, away: int) -> Inference:
        """The same, for a text that begins that many characters before the one that was read."""
        problems = [replace(problem, offset=problem.offset + away) for problem in self.problems]
        return Inference(self.type, self.skippable, problems, self.names)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value: its type, and why it may be missing (None when it is there for certain)."""

    type: Type
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class ValueInference:
    """The outcome of inferring a JSON value: its type, and the inference of each text with templates by its path in
    the value (the empty path when the value is that text)."""

    type: Type
    parts: dict[tuple[str | int, ...], Inference] = field(default_factory=dict)
