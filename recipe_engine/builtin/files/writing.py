"""Rows, data and texts into files. Everything here blocks and runs in a thread.

The one rule: a file that a person opens in a spreadsheet does nothing but show: text that would be taken for a formula
is disarmed, unless the author turns that off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import orjson

from recipe_engine.builtin.files.formats import Format
from recipe_engine.plugin import JSON, JSONObject, Terminal

_LONGEST_CELL = 32_767
_FORMULA = re.compile(r"[=+\-@\t\r]")
# A signed number or a telephone number computes nothing.
_HARMLESS = re.compile(r"[+-]?[\d\s.,()/\u00a0\u202f]+\Z")


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file is written; see the parameters of file.write."""

    format: Format
    encoding: str
    delimiter: str
    decimal: str
    sheet: str
    safe: bool
    columns: Mapping[str, str] | None


def write(target: IO[bytes], how: Writing, *, rows: Sequence[JSON], data: JSON, text: str | None) -> None:
    """Write the content that belongs to the format: rows, data or text.

    Raises Terminal `encoding` or `value_too_large`.
    """
    match how.format:
        case "csv":
            _write_csv(target, how, rows)
        case "xlsx":
            _write_sheet(target, how, rows)
        case "jsonl":
            for row in rows:
                target.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        case "json":
            target.write(orjson.dumps(rows if data is None else data, option=orjson.OPT_INDENT_2))
        case "text":
            target.write(_encoded(text or "", how.encoding))


def headings(rows: Sequence[JSONObject], how: Writing) -> Mapping[str, str]:
    """Field to heading, in order: as the author says, else every field where it first appears."""
    return how.columns if how.columns is not None else {key: key for row in rows for key in row}


def _write_csv(target: IO[bytes], how: Writing, rows: Sequence[JSONObject]) -> None:
    named = headings(rows, how)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=how.delimiter)
    writer.writerow([_safe_text(heading, how) for heading in named.values()])
    # The mark of utf-8-sig belongs at the beginning of the file alone.
    target.write(_encoded(_taken(buffer), how.encoding))
    encoding = "utf-8" if how.encoding == "utf-8-sig" else how.encoding
    for row in rows:
        writer.writerow([_csv_cell(row.get(field), how) for field in named])
        target.write(_encoded(_taken(buffer), encoding))


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise Terminal(
            f"{encoding} has no character {text[error.start]!r}", code="encoding", detail="use utf-8 or utf-8-sig"
        ) from error


def _csv_cell(value: JSON, how: Writing) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).replace(".", how.decimal)
    return _safe_text(value, how) if isinstance(value, str) else _composed(value)


def _safe_text(text: str, how: Writing) -> str:
    return f"'{text}" if how.safe and _FORMULA.match(text) and not _HARMLESS.match(text) else text


def _composed(value: JSON) -> str:
    """A number as it is, a list or an object as JSON."""
    return orjson.dumps(value).decode()


def _write_sheet(target: IO[bytes], how: Writing, rows: Sequence[JSONObject]) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(how.sheet)

    def cell(value: JSON) -> Any:
        if not isinstance(value, (str, dict, list)):
            return value
        text = ILLEGAL_CHARACTERS_RE.sub("", value if isinstance(value, str) else _composed(value))
        if len(text) > _LONGEST_CELL:
            raise Terminal(
                f"a cell has {len(text):,} characters; Excel takes {_LONGEST_CELL:,}", code="value_too_large"
            )
        made = WriteOnlyCell(sheet, text)
        if how.safe or not isinstance(value, str):
            made.data_type = "s"
        return made

    named = headings(rows, how)
    sheet.append([cell(heading) for heading in named.values()])
    for row in rows:
        sheet.append([cell(row.get(field)) for field in named])
    book.save(target)
