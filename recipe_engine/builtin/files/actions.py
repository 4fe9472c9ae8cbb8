"""The actions `file.read` and `file.write`: between files of the blob store and rows, data and text.

The one rule: a file streams from the blob store to a temporary one and back, and threads do the reading and writing,
so that a large table stops no other run.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from typing import IO, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from recipe_engine.builtin.files.formats import MEDIA_TYPES, ColumnType, Decimal, Format, format_of
from recipe_engine.plugin import JSON, Connector, Context, FileValue, JSONObject, Params, Result, Terminal

files = Connector(name="file", title="Files")

_IN_MEMORY = 2_000_000
_CHUNK = 1_048_576
_MOST_ROWS = 100_000
_JSON_TYPES = {
    "text": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "date": "string",
    "datetime": "string",
}
# Fields of the content that a format leaves empty.
_NEVER_IN = {
    "json": ("text",),
    "text": ("data",),
    "csv": ("data", "text"),
    "xlsx": ("data", "text"),
    "jsonl": ("data", "text"),
}


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name if name.lower() != "utf-8-sig" else "utf-8-sig"
    except LookupError as error:
        raise ValueError(f"{name!r} is no encoding; use utf-8, utf-8-sig, latin-1 or cp1252") from error


Encoding = Annotated[str, AfterValidator(_known_encoding)]


class ReadFile(Params):
    """What to read, and how."""

    file: FileValue
    format: Literal["auto"] | Format = "auto"
    encoding: Encoding | None = Field(default=None, description="found by itself for UTF-8 and Windows' Western files")
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, description="csv: found by itself")
    header: bool = Field(default=True, description="whether the first row names the columns")
    sheet: str | None = Field(default=None, description="xlsx: the sheet's name; the first one without it")
    columns: dict[str, ColumnType] | list[str] | None = Field(
        default=None,
        description="only these columns; as an object, the type of each (text, number, date...), with ? when it may be empty",
    )
    decimal: Decimal | None = Field(default=None, description="the decimal sign of numbers in text; found by itself")
    skip: int = Field(default=0, ge=0, description="how many rows to leave out at the beginning")
    limit: int | None = Field(default=None, ge=1, le=_MOST_ROWS, description="how many rows at most")


class Content(Result):
    """What was in the file: rows of a table, or data (json), or text."""

    format: Format
    rows: list[JSONObject] = Field(description="one object per row of csv, xlsx and jsonl")
    columns: list[str]
    count: int
    more: bool = Field(description="whether there are rows beyond `limit`")
    data: Any = None
    text: str | None = None


def _cell_schema(column_type: JSON) -> JSONObject:
    known = _JSON_TYPES.get(str(column_type).removesuffix("?"))
    if known is None:
        return {}
    return {"type": [known, "null"] if str(column_type).endswith("?") else known}


def _content_schema(authored: JSONObject) -> JSONObject:
    """The result by the format and columns that the author wrote."""
    schema = Content.model_json_schema(mode="serialization")
    properties = schema["properties"]
    columns = authored.get("columns")
    if isinstance(columns, (dict, list)):
        cells = {name: _cell_schema(columns[name] if isinstance(columns, dict) else None) for name in columns}
        properties["rows"]["items"] = {
            "type": "object",
            "properties": cells,
            "required": list(cells),
            "additionalProperties": False,
        }
    wanted = str(authored.get("format"))
    properties["text"] = {"type": "string"} if wanted == "text" else {}
    for name in _NEVER_IN.get(wanted, ()):
        del properties[name]
    schema["required"] = ["format", "rows", "columns", "count", "more"]
    return schema


@files.action(
    effect="read",
    name="read",
    result_schema_of=_content_schema,
    example="""\
- id: orders
  type: file.read
  with: {file: "{{ upload }}", columns: {email: text, total: number, paid: boolean}}
""",
)
async def read_file(ctx: Context, params: ReadFile) -> Content:
    """Read a csv, xlsx, jsonl, json or text file.

    Tables become `rows`, one object per row, named by the first row; json becomes `data` and text `text`, without rows.
    Cells of csv stay text unless `columns` names types; numbers may be written 1 234,56. More than 10,000 rows need a
    `limit`.
    """
    import tempfile

    from recipe_engine.builtin.files.reading import Reading, read

    columns = params.columns
    how = Reading(
        name=params.file.name,
        format=format_of(params.file.name, params.file.media_type) if params.format == "auto" else params.format,
        encoding=params.encoding,
        delimiter=params.delimiter or ("\t" if params.file.name.lower().endswith(".tsv") else None),
        header=params.header,
        sheet=params.sheet,
        columns=dict.fromkeys(columns) if isinstance(columns, list) else columns,
        decimal=params.decimal,
        skip=params.skip,
        limit=params.limit,
    )
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        async for chunk in ctx.blobs.open(params.file, _CHUNK):
            copy.write(chunk)
        copy.seek(0)
        return Content.model_validate(await asyncio.to_thread(read, copy, how))


class WriteFile(Params):
    """What to write: `rows` (csv, xlsx, jsonl, json), `data` (json) or `text` (text)."""

    name: str = Field(min_length=1, max_length=200, description="the file's name; its ending says the format")
    format: Literal["auto"] | Format = "auto"
    rows: list[Any] | None = Field(default=None, description="objects, one per row")
    data: Any = Field(default=None, description="json: any value")
    text: str | None = None
    columns: dict[str, str] | list[str] | None = Field(
        default=None, description="only these fields, in this order; as an object, with the heading of each"
    )
    encoding: Encoding | None = Field(default=None, description="csv: utf-8-sig, which Excel understands; text: utf-8")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="csv: ; for Excel in French")
    decimal: Decimal = Field(default=".", description="csv: the decimal sign; a comma for Excel in French")
    sheet: str = Field(default="Sheet1", min_length=1, max_length=31, pattern=r"^[^\[\]:*?/\\]+$")
    safe: bool = Field(default=True, description="disarm text that a spreadsheet would take for a formula")

    @model_validator(mode="after")
    def _has_its_content(self) -> Self:
        wanted = self.chosen_format
        given = [name for name in ("rows", "data", "text") if getattr(self, name) is not None]
        takes = {"text": ["text"], "json": ["data", "rows"]}.get(wanted, ["rows"])
        if len(given) != 1 or given[0] not in takes:
            raise ValueError(f"{wanted} is written from {' or '.join(takes)}; given: {', '.join(given) or 'nothing'}")
        if wanted in ("csv", "xlsx") and not all(isinstance(row, dict) for row in self.rows or ()):
            raise ValueError("every row must be an object")
        return self

    @property
    def chosen_format(self) -> Format:
        return format_of(self.name) if self.format == "auto" else self.format


class Written(Result):
    """The file, to be attached, uploaded or saved."""

    file: FileValue
    rows: int = Field(description="how many rows it has; 0 for json data and text")


# A read: it makes a value and touches nothing that anybody else sees, so a dry run does it too.
@files.action(
    effect="read",
    name="write",
    example="""\
- id: export
  type: file.write
  with: {name: commandes.csv, rows: "{{ orders.rows }}", columns: {email: Client, total: Montant}, delimiter: ";", decimal: ","}
""",
)
async def write_file(ctx: Context, params: WriteFile) -> Written:
    """Write rows, data or text into a csv, xlsx, jsonl, json or text file."""
    import tempfile

    from recipe_engine.builtin.files.writing import Writing, write

    wanted = params.chosen_format
    columns = params.columns
    how = Writing(
        format=wanted,
        encoding=params.encoding or ("utf-8-sig" if wanted == "csv" else "utf-8"),
        delimiter=params.delimiter,
        decimal=params.decimal,
        sheet=params.sheet,
        safe=params.safe,
        columns={name: name for name in columns} if isinstance(columns, list) else columns,
    )
    if how.delimiter == how.decimal and wanted == "csv":
        raise Terminal("delimiter and decimal are the same sign", code="validation", detail="use ; between cells")
    rows = params.rows or []
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as made:
        await asyncio.to_thread(write, made, how, rows=rows, data=params.data, text=params.text)
        made.seek(0)
        file = await ctx.blobs.save(_chunks(made), params.name, MEDIA_TYPES[wanted])
    return Written(file=file, rows=len(rows))


async def _chunks(source: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk
