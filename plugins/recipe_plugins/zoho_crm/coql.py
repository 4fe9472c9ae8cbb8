"""Queries in COQL and criteria of searches, from checked names and escaped values.

The one rule: a value never becomes part of the query's own words, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recipe_engine.plugin import Terminal
from recipe_plugins.zoho_crm.models import PATH, Condition

_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|(?<![\w:]):([A-Za-z_]\w*)")
_LIMIT = re.compile(r"(?i)\b(limit|offset)\s+\d")
_SPECIAL = re.compile(r"([(),\\])")


def quoted(value: Any) -> str:
    """A value as COQL writes it: texts in single quotes, those inside doubled."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"({', '.join(map(quoted, value))})"
    return "'" + str(value).replace("'", "''") + "'"


def filled(query: str, values: Mapping[str, Any]) -> str:
    """The query with `:name` replaced, everywhere but inside quotes.

    Raises Terminal `validation` for a name without a value, and for a LIMIT: paging is the action's.
    """
    bare = _PLACEHOLDER.sub(lambda found: "" if found[1] is None else found[0], query)
    if _LIMIT.search(bare):
        raise Terminal(
            "the query has a LIMIT of its own", code="validation", detail="leave it out and say `limit` beside it"
        )
    missing = sorted({found[1] for found in _PLACEHOLDER.finditer(query) if found[1] and found[1] not in values})
    if missing:
        raise Terminal(f"values has no {', '.join(missing)}, which the query names", code="validation")
    return _PLACEHOLDER.sub(lambda found: found[0] if found[1] is None else quoted(values[found[1]]), query).strip()


def select(fields: Iterable[str], module: str, where: str, order: str) -> str:
    """A query over checked field names, in an order that is the same on every page.

    Raises Terminal `validation` for a name that is none.
    """
    return f"select {', '.join(checked(fields))} from {module} where {where} order by {order}, id asc"  # noqa: S608  # no SQL, and its values are quoted


def checked(fields: Iterable[str]) -> list[str]:
    """The names, each once. Raises Terminal `validation` for one that is no API name."""
    names = list(dict.fromkeys(fields))
    wrong = [name for name in names if not re.match(PATH, name)]
    if wrong:
        raise Terminal(f"not the API name of a field: {', '.join(wrong)[:200]}", code="validation")
    return names


def both(*conditions: str | None) -> str:
    """Conditions that must all hold, in the pairs of brackets that COQL wants."""
    found = [each for each in conditions if each]
    whole = found[0]
    for each in found[1:]:
        whole = f"({whole} and {each})"
    return whole


def criteria(conditions: Sequence[Condition]) -> str:
    """Conditions as the search interface takes them."""
    parts = [f"({each.field}:{each.operator}:{_searched(each)})" for each in conditions]
    return parts[0] if len(parts) == 1 else f"({'and'.join(parts)})"


def _searched(condition: Condition) -> str:
    values = condition.values or [condition.value]
    return ",".join(_SPECIAL.sub(r"\\\1", _text(value)) for value in values)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
