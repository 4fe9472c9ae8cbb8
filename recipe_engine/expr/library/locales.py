"""Languages and countries, by way of Babel.

The one rule: Babel is imported when something is written for people, not before. Its narrow and unbreakable spaces
become ordinary ones: text messages cost twice with them, and nobody sees why a comparison fails.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError

_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,2}\Z")
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})


@lru_cache(maxsize=64)
def locale_named(name: str) -> Any:
    """The locale of a name such as fr_FR, en or fr-CA. Raises EvaluationError."""
    from babel import Locale, UnknownLocaleError

    if not _LOCALE.match(name):
        raise EvaluationError("argument", f"{name[:20]!r} is not a locale: write for example fr_FR or en_GB")
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise EvaluationError("argument", f"{name!r} is not a locale: write for example fr_FR or en_GB") from error


def ordinary_spaces(text: str) -> str:
    """The text with every kind of space made an ordinary one."""
    return text.translate(_SPACES)


def decimal_pattern(decimals: int | None) -> str | None:
    """Babel's pattern for that many decimals, None for the locale's own."""
    if decimals is None:
        return None
    return "#,##0" + ("." + "0" * decimals if decimals > 0 else "")
