"""Tables and texts out of files. Everything here blocks and runs in a thread.

The one rule: memory is bounded by what is asked for, not by the file. Rows beyond it are an answer (`more`) when the
author set a limit, and a failure that says what to do when nobody did.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import orjson

from recipe_engine.builtin.files.cells import converted, plain
from recipe_engine.builtin.files.formats import ColumnType, Decimal, Format
from recipe_engine.plugin import JSON, JSONObject, Terminal

DEFAULT_ROWS = 10_000
# A step's result is kept in the journal: this leaves room below the engine's limit of 1 MB.
LARGEST_CONTENT = 900_000
_SAMPLE = 64_000
_MOST_SHEET_ROWS = 1_048_576
_LARGEST_WORKBOOK = 500_000_000
_MOST_PROBLEMS = 10
_DELIMITERS = ";,\t|"
_WORKBOOK_ERRORS = (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, OSError, SyntaxError)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read; see the parameters of file.read."""

    name: str
    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True
    sheet: str | None = None
    columns: Mapping[str, ColumnType | None] | None = None
    decimal: Decimal | None = None
    skip: int = 0
    limit: int | None = None


def read(source: IO[bytes], how: Reading) -> JSONObject:
    """The content: rows, columns, count and more of a table, `data` of JSON, `text` of text.

    Raises Terminal `invalid_file`, `encoding`, `too_many_rows`, `value_too_large` or `missing_column`.
    """
    if how.format == "json":
        return _whole(how, data=_parsed(_bounded(source, how), how, 1))
    if how.format == "text":
        text = _bounded(source, how).decode(_encoding(source, how))
        return _whole(how, text=text.removeprefix("\ufeff"))
    if how.format == "jsonl":
        return _records(_json_lines(source, how), how)
    # Closed before the file is: a generator left open would look at it once more.
    with contextlib.closing(_csv_cells(source, how) if how.format == "csv" else _sheet_cells(source, how)) as lines:
        return _table(lines, how)


def _whole(how: Reading, **content: JSON) -> JSONObject:
    return {"format": how.format, "rows": [], "columns": [], "count": 0, "more": False, **content}


def _bounded(source: IO[bytes], how: Reading) -> bytes:
    content = source.read(LARGEST_CONTENT + 1)
    if len(content) > LARGEST_CONTENT:
        raise Terminal(
            f"{how.name} is larger than {LARGEST_CONTENT:,} bytes, too much for a step's result",
            code="value_too_large",
            detail="hand the file itself on (a model, an upload), or use a format of rows (csv, xlsx, jsonl)",
        )
    source.seek(0)
    return content


def _parsed(line: bytes, how: Reading, number: int) -> JSON:
    try:
        return orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        where = f" (line {number})" if how.format == "jsonl" else ""
        raise Terminal(f"{how.name} is not JSON{where}", code="invalid_file", detail=str(error)) from error


def _json_lines(source: IO[bytes], how: Reading) -> Iterator[JSONObject]:
    for number, line in enumerate(source, 1):
        if line.strip():
            value = _parsed(line, how, number)
            yield value if isinstance(value, dict) else {"value": value}


def _encoding(source: IO[bytes], how: Reading) -> str:
    """The encoding said, else the one its mark says, else UTF-8 where it decodes, else Windows' Western one."""
    if how.encoding:
        return how.encoding
    start = source.read(4)
    source.seek(0)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := source.read(1_048_576):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        source.seek(0)
    return "utf-8"


def _csv_cells(source: IO[bytes], how: Reading) -> Generator[Sequence[JSON]]:
    encoding = _encoding(source, how)
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    try:
        sample = text.read(_SAMPLE)
        text.seek(0)
        # Excel's own way to name the delimiter: a first line sep=;
        named = sample[4:5] if sample.startswith("sep=") else ""
        if named:
            text.readline()
        yield from csv.reader(text, delimiter=how.delimiter or named or _sniffed(sample))
    except UnicodeDecodeError as error:
        raise Terminal(
            f"{how.name} is not {encoding}", code="encoding", detail=f"{error}; name its encoding (cp1252, latin-1)"
        ) from error
    except csv.Error as error:
        raise Terminal(f"{how.name} is not CSV: {error}", code="invalid_file") from error
    finally:
        text.detach()


def _sniffed(sample: str) -> str:
    """The delimiter that cuts the first lines into the most columns, the same number in each."""
    lines = sample.splitlines()[:20]

    def score(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        usual = max(widths, key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=score) if lines else ","


def _sheet_cells(source: IO[bytes], how: Reading) -> Generator[Sequence[JSON]]:
    import openpyxl

    try:
        with zipfile.ZipFile(source) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > _LARGEST_WORKBOOK:
            raise Terminal(f"{how.name} unpacks to {size:,} bytes", code="file_too_large")
        book = openpyxl.load_workbook(source, read_only=True, data_only=True)
        try:
            sheet = _sheet(book, how)
            # The size a file declares for its sheet is often wrong.
            sheet.reset_dimensions()
            for row in itertools.islice(sheet.iter_rows(values_only=True), _MOST_SHEET_ROWS):
                yield [plain(cell) for cell in row]
        finally:
            book.close()
    except _WORKBOOK_ERRORS as error:
        raise Terminal(
            f"{how.name} is not an Excel workbook (.xlsx)",
            code="invalid_file",
            detail=f"{type(error).__name__}: {error}",
        ) from error


def _sheet(book: Any, how: Reading) -> Any:
    if how.sheet is None:
        return book.worksheets[0]
    if how.sheet not in book.sheetnames:
        raise Terminal(
            f"{how.name} has no sheet {how.sheet!r}; it has {', '.join(map(repr, book.sheetnames))}",
            code="missing_sheet",
        )
    return book[how.sheet]


def _table(lines: Iterator[Sequence[JSON]], how: Reading) -> JSONObject:
    """Rows of cells as records: names from the first line that has any cell, or column_1, column_2."""
    filled = (line for line in lines if any(cell not in (None, "") for cell in line))
    names = _names(next(filled, ())) if how.header else []
    return _records((_record(line, names) for line in filled), how, names)


def _names(cells: Sequence[JSON]) -> list[str]:
    names: list[str] = []
    for index, cell in enumerate(cells, 1):
        name = wanted = str(cell).strip() if cell not in (None, "") else f"column_{index}"
        count = 1
        while name in names:
            count += 1
            name = f"{wanted}_{count}"
        names.append(name)
    while names and names[-1] == f"column_{len(names)}" and cells[len(names) - 1] in (None, ""):
        names.pop()
    return names


def _record(line: Sequence[JSON], names: list[str]) -> JSONObject:
    record: JSONObject = dict.fromkeys(names)
    for index, cell in enumerate(line):
        if index < len(names):
            record[names[index]] = cell
        elif cell not in (None, ""):
            record[f"column_{index + 1}"] = cell
    return record


def _records(records: Iterator[JSONObject], how: Reading, names: Sequence[str] = ()) -> JSONObject:
    limit = how.limit if how.limit is not None else DEFAULT_ROWS
    shaped = (_shaped(record, how) for record in itertools.islice(records, how.skip, None))
    rows: list[JSONObject] = []
    problems: list[str] = []
    size = 0
    more = False
    for number, (record, wrong) in enumerate(shaped, how.skip + 1):
        if len(rows) == limit:
            more = True
            break
        problems += [f"row {number}, {problem}" for problem in wrong]
        if len(problems) >= _MOST_PROBLEMS:
            break
        size += len(orjson.dumps(record))
        if size > LARGEST_CONTENT:
            raise Terminal(
                f"the first {len(rows)} rows of {how.name} are all that fits a step's result",
                code="value_too_large",
                detail="read them in parts (skip and limit), or fewer columns (columns)",
            )
        rows.append(record)
    if problems:
        raise Terminal(f"{how.name}: {problems[0]}", code="invalid_cell", detail="\n".join(problems[:_MOST_PROBLEMS]))
    if more and how.limit is None:
        raise Terminal(
            f"{how.name} has more than {DEFAULT_ROWS:,} rows",
            code="too_many_rows",
            detail="set limit (and skip, to read it in parts)",
        )
    columns = list(how.columns or dict.fromkeys([*names, *(key for row in rows for key in row)]))
    return {"format": how.format, "rows": rows, "columns": columns, "count": len(rows), "more": more}


def _shaped(record: JSONObject, how: Reading) -> tuple[JSONObject, list[str]]:
    """The columns that the author named, as the types named, and what is wrong with them."""
    if how.columns is None:
        return record, []
    shaped: JSONObject = {}
    problems = []
    for name, column_type in how.columns.items():
        if name not in record:
            raise Terminal(
                f"{how.name} has no column {name!r}; it has {', '.join(map(repr, record)) or 'none'}",
                code="missing_column",
            )
        try:
            shaped[name] = record[name] if column_type is None else converted(record[name], column_type, how.decimal)
        except ValueError:
            cell = record[name]
            found = "an empty cell" if cell in (None, "") else repr(str(cell)[:100])
            hint = f" (write {column_type}? to allow it)" if cell in (None, "") else ""
            problems.append(f"column {name}: {found} is no {str(column_type).removesuffix('?')}{hint}")
    return shaped, problems
