"""What the engine raises to those who use it as a library, and what the command turns into a message and an exit code.

RecipeError            a message for people, and a hint that says what to do
|- RecipeNotFound      no file and no bundled recipe of that name
|- InvalidRecipe       the recipe has errors: `diagnostics`
`- InvalidInput        the input or config misses its schema: `problems`, all of them
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe_engine.diagnostics.diagnostic import Diagnostic


class RecipeError(Exception):
    """Something that the person can put right. `hint` says how, None when the message says it all."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RecipeNotFound(RecipeError):
    """There is neither such a file nor a bundled recipe of that slug."""


class InvalidRecipe(RecipeError):
    """A recipe with errors. `diagnostics` holds all that was found, `sources` the texts by file name, for renderers."""

    def __init__(self, name: str, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> None:
        errors = [problem for problem in diagnostics if problem.severity == "error"]
        first = errors[0] if errors else diagnostics[0]
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        super().__init__(f"{name} is not valid: {first.message} ({first.code}, line {first.span.line}){more}")
        self.diagnostics = tuple(diagnostics)
        self.sources = dict(sources)


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One way in which a value misses its schema: where (`email`, `lines[2].price`, empty for the whole), what was
    found there, and what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path or 'the whole'}: found {self.found}, expected {self.expected}"


class InvalidInput(RecipeError):
    """A value that misses its schema. `what` is `input` or `config`; `problems` holds every miss at once."""

    def __init__(self, what: str, problems: Sequence[InputProblem]) -> None:
        listed = "; ".join(str(problem) for problem in problems)
        super().__init__(f"the {what} does not fit: {listed}")
        self.what = what
        self.problems = tuple(problems)
