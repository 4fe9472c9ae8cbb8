"""Functions that draw at random.

The one rule: what is drawn follows from the scope's seed, and the draws of one scope follow each other. So a run that is
played again draws the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.library.function import Function, Given, function, item_type
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.types import Type

if TYPE_CHECKING:
    from random import Random

TITLE: Final = "Randomness"

_LARGEST: Final = 10**18
_LONGEST_CODE: Final = 200
# Letters and digits that are not taken for each other when read aloud or by hand.
_CODE_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _dice(frame: Frame) -> Random:
    from random import Random

    return Random(frame.scope.draw())  # noqa: S311  # for choices, not for secrets


def _random_int(frame: Frame, low: int, high: int) -> int:
    if high < low or max(abs(low), abs(high)) > _LARGEST:
        raise EvaluationError("argument", f"random_int: nothing lies between {low} and {high}")
    return _dice(frame).randint(low, high)


def _choice(frame: Frame, items: list[Any]) -> Any:
    if not items:
        raise EvaluationError("argument", "choice: the list is empty")
    return items[_dice(frame).randrange(len(items))]


def _choice_type(given: Given) -> Type:
    return item_type(given.types["items"])


def _shuffle(frame: Frame, items: list[Any]) -> list[Any]:
    shuffled = list(items)
    _dice(frame).shuffle(shuffled)
    return shuffled


def _code(frame: Frame, length: int, letters: str) -> str:
    if not 1 <= length <= _LONGEST_CODE or not letters:
        raise EvaluationError(
            "argument", f"random_code: `length` is between 1 and {_LONGEST_CODE}, `letters` not empty"
        )
    dice = _dice(frame)
    return "".join(letters[dice.randrange(len(letters))] for _ in range(length))


def _uuid(frame: Frame) -> str:
    from uuid import UUID

    return str(UUID(bytes=frame.scope.draw()[:16], version=4))


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "random() -> number",
        "A number from 0 to below 1.",
        ("random() < 1", True),
        lambda frame: _dice(frame).random(),
        kind="function",
        contextual=True,
    ),
    function(
        "random_int(low: int, high: int) -> int",
        "A whole number, both bounds included.",
        ("random_int(7, 7)", 7),
        _random_int,
        kind="function",
        contextual=True,
    ),
    function(
        "choice(items: list[T]) -> T",
        "One of the items.",
        ("['a'] | choice", "a"),
        _choice,
        contextual=True,
        returns=_choice_type,
    ),
    function(
        "shuffle(items: list[T]) -> list[T]",
        "The items in another order.",
        ("[1, 1] | shuffle", [1, 1]),
        _shuffle,
        contextual=True,
    ),
    function(
        "uuid() -> text",
        "A UUID (version 4).",
        ("uuid() | length", 36),
        _uuid,
        kind="function",
        contextual=True,
    ),
    function(
        f"random_code(length: int = 6, letters: text = '{_CODE_LETTERS}') -> text",
        "A code for people to type; not a secret.",
        ("random_code(8) | length", 8),
        _code,
        kind="function",
        contextual=True,
    ),
)
