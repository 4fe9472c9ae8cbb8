"""What a cell of a table is worth: text, numbers, dates, as people in different countries write them.

The one rule: nothing is guessed without being asked. Cells of text files stay text unless the author names a type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from recipe_engine.builtin.files.formats import ColumnType, Decimal
from recipe_engine.plugin import JSON

_TRUE = frozenset(("true", "vrai", "oui", "yes", "1", "x", "on"))
_FALSE = frozenset(("false", "faux", "non", "no", "0", "off"))
_NOT_NUMBER = re.compile(r"[\s\u00a0\u202f'’€$£%]|EUR|USD|CHF")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(\d{1,2})[:h](\d{2})(?::(\d{2}))?)?\Z")


def plain(value: object) -> JSON:
    """The JSON of a spreadsheet's cell: dates as ISO 8601 (a day when the time is midnight), empty text as null."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def converted(value: JSON, column_type: ColumnType, decimal: Decimal | None) -> JSON:
    """A cell as the type that the author named. ValueError when it is none of that type, or empty and may not be."""
    kind = column_type.removesuffix("?")
    if value is None or (isinstance(value, str) and not value.strip()):
        if kind == column_type and kind != "text":
            raise ValueError("it is empty")
        return "" if kind == column_type else None
    if kind in ("number", "integer"):
        return _number(value, decimal, whole=kind == "integer")
    readers: Mapping[str, Callable[[JSON], JSON]] = {
        "text": lambda cell: cell if isinstance(cell, str) else str(cell),
        "boolean": _boolean,
        "date": lambda cell: _moment(cell).date().isoformat(),
        "datetime": lambda cell: _moment(cell).isoformat(timespec="seconds"),
    }
    return readers[kind](value)


def _number(value: JSON, decimal: Decimal | None, *, whole: bool) -> JSON:
    number: float = float(_normal(value, decimal)) if isinstance(value, str) else value
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError("it is no number")
    if isinstance(number, float) and number.is_integer() and (whole or isinstance(value, float)):
        number = int(number)
    if whole and not isinstance(number, int):
        raise ValueError("it is not a whole number")
    return number


def _normal(text: str, decimal: Decimal | None) -> str:
    """`1 234,56 €` as `1234.56`. With both signs the last is the decimal one; a comma alone is, several are not."""
    bare = _NOT_NUMBER.sub("", text)
    if decimal is None:
        last = max(",.", key=bare.rfind)
        decimal = "," if last == "," and bare.count(",") == 1 else "."
        if decimal == "." and bare.count(".") > 1:
            return bare.replace(".", "")
    other = "." if decimal == "," else ","
    return bare.replace(other, "").replace(decimal, ".")


def _boolean(value: JSON) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("it is neither true nor false")


def _moment(value: JSON) -> datetime:
    """A date or moment: ISO 8601, or day first (31/12/2026, 31.12.2026 14:30)."""
    text = str(value).strip()
    found = _DAY_FIRST.match(text)
    if found:
        day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # a table's dates have no zone
    return datetime.fromisoformat(text)
