"""file.read: tables and texts as people's programs really write them."""

from __future__ import annotations

import io
from datetime import date, datetime

import jsonschema_rs
import openpyxl
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe_engine.builtin.files import register_connectors
from recipe_engine.builtin.files.cells import converted
from recipe_engine.plugin import Catalog, Terminal
from tests.support.action_context import ActionContext

from .actions import perform, saved

CATALOG = Catalog.of(register_connectors())


@pytest.fixture
def ctx() -> ActionContext:
    return ActionContext("orders")


async def read(context, data, name="orders.csv", media_type="", **params):
    file = await saved(context, data.encode() if isinstance(data, str) else data, name, media_type)
    result = await perform(CATALOG, context, "file.read", file=file.model_dump(), **params)
    schema = CATALOG.actions["file.read"].result_schema_of(params)
    jsonschema_rs.validate(schema, {key: value for key, value in result.items() if key in schema["properties"]})
    return result


def workbook(rows, title="Feuille1", **more):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name, lines in more.items():
        sheet = book.create_sheet(name)
        for row in lines:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


async def test_rows_are_named_by_the_first_line(ctx):
    assert await read(ctx, "email,total\na@x.fr,12\nb@x.fr,\n") == {
        "format": "csv",
        "rows": [{"email": "a@x.fr", "total": "12"}, {"email": "b@x.fr", "total": ""}],
        "columns": ["email", "total"],
        "count": 2,
        "more": False,
        "data": None,
        "text": None,
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_delimiter_is_found(ctx, delimiter):
    lines = [["nom", "prix, en euros", "note"], ["a", "1,5", "x;y"], ["b", "2,5", ""]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    assert (await read(ctx, text))["rows"][1] == {"nom": "b", "prix, en euros": "2,5", "note": ""}


async def test_delimiter_that_excel_names_is_taken(ctx):
    assert (await read(ctx, "sep=;\na;b\n1,2;3,4\n"))["rows"] == [{"a": "1,2", "b": "3,4"}]


async def test_single_column_needs_no_delimiter(ctx):
    assert (await read(ctx, "email\na@x.fr\nb@x.fr\n"))["rows"][1] == {"email": "b@x.fr"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
async def test_encoding_is_found(ctx, encoding):
    assert (await read(ctx, "prénom;prix\nZoé;12 €\n".encode(encoding)))["rows"] == [{"prénom": "Zoé", "prix": "12 €"}]


async def test_encoding_that_is_said_is_kept_to(ctx):
    assert (await read(ctx, "a\n\xa4\n".encode("latin-1"), encoding="iso-8859-15"))["rows"] == [{"a": "€"}]
    with pytest.raises(Terminal) as caught:
        await read(ctx, "a\né\n".encode("latin-1"), encoding="utf-8")
    assert caught.value.failure.code == "encoding"


async def test_quoted_line_breaks_stay_in_their_cell(ctx):
    assert (await read(ctx, 'a,b\n"x\ny",2\n'))["rows"] == [{"a": "x\ny", "b": "2"}]


async def test_ragged_and_empty_lines(ctx):
    rows = (await read(ctx, "a,b\n1\n,,\n\n1,2,3,\n"))["rows"]
    assert rows == [{"a": "1", "b": None}, {"a": "1", "b": "2", "column_3": "3"}]


async def test_headings_that_repeat_or_lack_are_told_apart(ctx):
    assert (await read(ctx, "a,,a,\n1,2,3,\n"))["columns"] == ["a", "column_2", "a_2"]


async def test_without_header_columns_are_numbered(ctx):
    assert (await read(ctx, "1,2\n3,4\n", header=False))["rows"][0] == {"column_1": "1", "column_2": "2"}


async def test_named_columns_are_typed_and_the_others_left_out(ctx):
    text = "client;montant;payé;le;note\nZoé;1 234,56 €;oui;31/12/2026;x\nAli;-3;non;2026-01-02;\n;;;;y\n"
    columns = {"client": "text", "montant": "number?", "payé": "boolean?", "le": "date?"}
    assert (await read(ctx, text, columns=columns))["rows"] == [
        {"client": "Zoé", "montant": 1234.56, "payé": True, "le": "2026-12-31"},
        {"client": "Ali", "montant": -3, "payé": False, "le": "2026-01-02"},
        {"client": "", "montant": None, "payé": None, "le": None},
    ]
    assert (await read(ctx, text, columns=["note"]))["rows"][0] == {"note": "x"}


async def test_cells_that_do_not_fit_are_listed(ctx):
    with pytest.raises(Terminal) as caught:
        await read(ctx, "n,m\n1,\nbeaucoup,\n2.5,\n,x\n", columns={"n": "integer", "m": "text?"})
    assert caught.value.failure.code == "invalid_cell"
    assert caught.value.failure.detail == (
        "row 2, column n: 'beaucoup' is no integer\nrow 3, column n: '2.5' is no integer\n"
        "row 4, column n: an empty cell is no integer (write integer? to allow it)"
    )


async def test_missing_column_names_what_there_is(ctx):
    with pytest.raises(Terminal, match="no column 'mail'; it has 'email'"):
        await read(ctx, "email\nx\n", columns=["mail"])


async def test_limit_and_skip_read_in_parts(ctx):
    text = "n\n" + "\n".join(map(str, range(5)))
    part = await read(ctx, text, skip=1, limit=2)
    assert ([row["n"] for row in part["rows"]], part["more"]) == (["1", "2"], True)
    assert (await read(ctx, text, skip=3, limit=2))["more"] is False


async def test_unlimited_reading_is_bounded(ctx):
    text = "n\n" + "1\n" * 10_001
    with pytest.raises(Terminal) as caught:
        await read(ctx, text)
    assert caught.value.failure.code == "too_many_rows"
    assert (await read(ctx, text, limit=10_001))["count"] == 10_001


async def test_result_is_bounded_in_bytes(ctx):
    with pytest.raises(Terminal, match=r"first \d+ rows"):
        await read(ctx, "n\n" + ("x" * 1000 + "\n") * 1000)
    with pytest.raises(Terminal) as caught:
        await read(ctx, "x" * 900_001, "note.txt")
    assert caught.value.failure.code == "value_too_large"


async def test_sheet_keeps_its_types(ctx):
    data = workbook(
        [
            ["nom", "prix", "payé", "le", "à", "vide"],
            ["Zoé", 12.5, True, date(2026, 1, 31), datetime(2026, 1, 31, 14, 30), None],
            ["Ali", 3.0, False, None, None, None],
            [None] * 6,
        ],
    )
    assert (await read(ctx, data, "commandes.xlsx"))["rows"] == [
        {"nom": "Zoé", "prix": 12.5, "payé": True, "le": "2026-01-31", "à": "2026-01-31T14:30:00", "vide": None},
        {"nom": "Ali", "prix": 3, "payé": False, "le": None, "à": None, "vide": None},
    ]


async def test_sheet_is_chosen_by_name(ctx):
    data = workbook([["a"], [1]], Clients=[["b"], [2]])
    assert (await read(ctx, data, "x.xlsx", sheet="Clients"))["rows"] == [{"b": 2}]
    with pytest.raises(Terminal, match="'Feuille1', 'Clients'"):
        await read(ctx, data, "x.xlsx", sheet="Client")


@pytest.mark.parametrize("data", [b"", b"nom;prix\n", b"PK\x03\x04garbage", workbook([["a"]])[:-40]])
async def test_file_that_is_no_workbook(ctx, data):
    with pytest.raises(Terminal) as caught:
        await read(ctx, data, "x.xlsx")
    assert caught.value.failure.code == "invalid_file"


async def test_json_and_text(ctx):
    assert (await read(ctx, '{"a": [1]}', "x.json"))["data"] == {"a": [1]}
    assert (await read(ctx, "\ufeffBonjour\n", "x.txt"))["text"] == "Bonjour\n"
    assert (await read(ctx, "café".encode("cp1252"), "x.txt"))["text"] == "café"


async def test_lines_of_json_are_rows(ctx):
    result = await read(ctx, '{"a": 1}\n\n{"b": 2}\n3\n', "x.jsonl")
    assert result["rows"] == [{"a": 1}, {"b": 2}, {"value": 3}]
    assert result["columns"] == ["a", "b", "value"]
    with pytest.raises(Terminal, match="line 2"):
        await read(ctx, "{}\n{", "x.jsonl")


async def test_media_type_says_more_than_the_name(ctx):
    assert (await read(ctx, "a,b\n1,2\n", "download", "text/csv; charset=utf-8"))["format"] == "csv"
    assert (await read(ctx, "a,b\n", "data.csv", format="text"))["text"] == "a,b\n"


@pytest.mark.parametrize("params", [{"encoding": "klingon"}, {"delimiter": ";;"}, {"limit": 0}, {"format": "xls"}])
async def test_parameters_that_are_wrong(ctx, params):
    with pytest.raises(pydantic.ValidationError):
        await read(ctx, "a\n", **params)


def test_columns_type_the_result_for_the_checker():
    schema = CATALOG.actions["file.read"].result_schema_of(
        {"format": "csv", "columns": {"total": "number", "le": "date?"}}
    )
    cells = {"total": {"type": "number"}, "le": {"type": ["string", "null"]}}
    assert schema["properties"]["rows"]["items"]["properties"] == cells
    assert "data" not in schema["properties"]


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("12", None, 12),
        ("1 234,56", None, 1234.56),
        ("1.234,56 €", None, 1234.56),
        ("1,234.56", None, 1234.56),
        ("12,5", None, 12.5),
        ("1,234,567", None, 1234567),
        ("1.234.567", None, 1234567),
        ("1\u202f234,00", None, 1234),
        ("1,234", ".", 1234),
        ("1.234", ",", 1234),
        ("-0,5 %", None, -0.5),
    ],
)
def test_numbers_as_people_write_them(text, decimal, number):
    assert converted(text, "number", decimal) == number


@pytest.mark.parametrize("text", ["", " ", "abc", "1,2,3.4,5.6", "nan", "inf", "--1"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError):
        converted(text, "number", None)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_french_numbers_survive(number):
    assert converted(f"{number:,.6f}".replace(",", " ").replace(".", ","), "number", ",") == pytest.approx(
        round(number, 6)
    )
