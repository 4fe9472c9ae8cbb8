"""How much one evaluation may do and make.

The one rule: every loop and every result is counted against these, so that no text of an author and no value of a
vendor can keep the engine busy for a second or fill its memory.
"""

from __future__ import annotations

from typing import Final

from recipe_engine.expr.errors import EvaluationError

# Steps of one evaluation: nodes of the bodies of loops, items and blocks of text that functions work on.
MAX_STEPS: Final = 200_000
# Characters of a text that an evaluation makes.
MAX_TEXT: Final = 1_000_000
# Items of a list that an evaluation makes.
MAX_ITEMS: Final = 100_000
# Values inside values, all counted, of a result that leaves.
MAX_NODES: Final = 600_000
# Lists and objects in each other.
MAX_DEPTH: Final = 100
# Bits of a whole number.
MAX_BITS: Final = 1000
# A step stands for this many characters of a text that is worked on: 2 to this power.
TEXT_SHIFT: Final = 8


def check_text(length: int) -> None:
    """Refuse a text of that many characters before it is made."""
    if length > MAX_TEXT:
        raise EvaluationError("limit", f"the text would have more than {MAX_TEXT:,} characters")


def check_items(count: int) -> None:
    """Refuse a list of that many items before it is made."""
    if count > MAX_ITEMS:
        raise EvaluationError("limit", f"the list would have more than {MAX_ITEMS:,} items")
