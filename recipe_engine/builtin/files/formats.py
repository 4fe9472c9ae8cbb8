"""The words of the file actions, and which format a file has: by what the author says, else by its media type, else by
its name.

The one rule: an unknown file is text, never guessed at further.
"""

from __future__ import annotations

from typing import Literal

Format = Literal["csv", "xlsx", "json", "jsonl", "text"]
# With a question mark, an empty cell is null; without, it is a mistake (but for text: then it is empty text).
ColumnType = Literal[
    "text", "number", "integer", "boolean", "date", "datetime",
    "text?", "number?", "integer?", "boolean?", "date?", "datetime?",
]  # fmt: skip
# The sign between whole and fraction.
Decimal = Literal[",", "."]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv",
    "xlsx": XLSX,
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "text": "text/plain",
}
_BY_MEDIA_TYPE: dict[str, Format] = {
    **{media_type: name for name, media_type in MEDIA_TYPES.items() if name != "text"},
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
    "text/json": "json",
    "application/jsonl": "jsonl",
    "application/jsonlines": "jsonl",
}
_BY_EXTENSION: dict[str, Format] = {
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
}


def format_of(name: str, media_type: str = "") -> Format:
    """The format of a file by its media type and name."""
    known = _BY_MEDIA_TYPE.get(media_type.partition(";")[0].strip().lower())
    return known or _BY_EXTENSION.get(name.rpartition(".")[2].lower(), "text")
