"""file.write: what it writes, file.read and a spreadsheet read back."""

from __future__ import annotations

import csv
import io

import openpyxl
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe_engine.builtin.files import register_connectors
from recipe_engine.plugin import Catalog, Terminal
from tests.support.action_context import ActionContext

from .actions import perform

CATALOG = Catalog.of(register_connectors())
ROWS = [{"email": "a@x.fr", "total": 12.5, "payé": True}, {"email": "b@x.fr", "total": None, "notes": ["x", 1]}]


@pytest.fixture
def ctx() -> ActionContext:
    return ActionContext("export")


async def write(context, **params):
    result = await perform(CATALOG, context, "file.write", **params)
    return context.blobs.data[result["file"]["digest"]], result


async def back(context, result, **params):
    return (await perform(CATALOG, context, "file.read", file=result["file"], **params))["rows"]


async def test_csv_opens_in_a_spreadsheet(ctx):
    data, result = await write(ctx, name="commandes.csv", rows=ROWS)
    assert data.decode("utf-8-sig").splitlines() == [
        "email,total,payé,notes",
        "a@x.fr,12.5,true,",
        'b@x.fr,,,"[""x"",1]"',
    ]
    assert data.startswith(b"\xef\xbb\xbf")
    assert result["file"]["media_type"] == "text/csv"
    assert result["rows"] == 2


async def test_csv_for_excel_in_french(ctx):
    columns = {"total": "Montant", "email": "Client"}
    data, _ = await write(ctx, name="x.csv", rows=ROWS, columns=columns, delimiter=";", decimal=",", encoding="cp1252")
    assert data.decode("cp1252").splitlines() == ["Montant;Client", "12,5;a@x.fr", ";b@x.fr"]


async def test_sheet_keeps_types(ctx):
    data, result = await write(ctx, name="x.xlsx", rows=ROWS, columns=["email", "total", "payé"], sheet="Commandes")
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Commandes"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["email", "total", "payé"],
        ["a@x.fr", 12.5, True],
        ["b@x.fr", None, None],
    ]
    assert await back(ctx, result) == [
        {"email": "a@x.fr", "total": 12.5, "payé": True},
        {"email": "b@x.fr", "total": None, "payé": None},
    ]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1"])
async def test_formulas_are_disarmed(ctx, text):
    data, _ = await write(ctx, name="x.csv", rows=[{"note": text}])
    (_, (cell,)) = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert cell == f"'{text}"
    data, _ = await write(ctx, name="x.csv", rows=[{"note": text}], safe=False)
    (_, (cell,)) = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert cell == text
    data, _ = await write(ctx, name="x.xlsx", rows=[{"note": text}])
    assert openpyxl.load_workbook(io.BytesIO(data)).active["A2"].data_type == "s"


@pytest.mark.parametrize("text", ["+33 6 12 34 56 78", "-12,50", "+1", "(0)4 72 00 00 00"])
async def test_numbers_and_telephones_stay(ctx, text):
    data, _ = await write(ctx, name="x.csv", rows=[{"tel": text}])
    (_, (cell,)) = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert cell == text


async def test_formula_can_be_asked_for(ctx):
    data, _ = await write(ctx, name="x.xlsx", rows=[{"n": "=1+1"}], safe=False)
    assert openpyxl.load_workbook(io.BytesIO(data)).active["A2"].data_type == "f"


async def test_json_lines_and_text(ctx):
    assert (await write(ctx, name="x.json", data={"é": 1}))[0] == '{\n  "é": 1\n}'.encode()
    assert (await write(ctx, name="x.json", rows=[{"a": 1}]))[0].startswith(b"[")
    assert (await write(ctx, name="x.jsonl", rows=[{"a": 1}, 2]))[0] == b'{"a":1}\n2\n'
    assert (await write(ctx, name="x.txt", text="Bonjour Zoé"))[0] == "Bonjour Zoé".encode()


async def test_empty_table_has_its_headings(ctx):
    data, result = await write(ctx, name="x.csv", rows=[], columns=["a", "b"])
    assert data.decode("utf-8-sig") == "a,b\r\n"
    assert await back(ctx, result) == []


async def test_character_that_the_encoding_lacks_is_named(ctx):
    with pytest.raises(Terminal, match="'→'"):
        await write(ctx, name="x.csv", rows=[{"a": "→"}], encoding="cp1252")


async def test_what_a_sheet_cannot_hold(ctx):
    with pytest.raises(Terminal) as caught:
        await write(ctx, name="x.xlsx", rows=[{"a": "x" * 32_768}])
    assert caught.value.failure.code == "value_too_large"
    data, _ = await write(ctx, name="x.xlsx", rows=[{"a": "x\x00y\x0bz"}])
    assert openpyxl.load_workbook(io.BytesIO(data)).active["A2"].value == "xyz"


@pytest.mark.parametrize(
    "params",
    [
        {"name": "x.csv"},
        {"name": "x.csv", "text": "a"},
        {"name": "x.csv", "rows": [1]},
        {"name": "x.txt", "rows": []},
        {"name": "x.json", "rows": [], "data": 1},
        {"name": "x.xlsx", "rows": [], "sheet": "a/b"},
        {"name": "x.csv", "rows": [], "encoding": "none"},
    ],
)
async def test_parameters_that_are_wrong(ctx, params):
    with pytest.raises(pydantic.ValidationError):
        await write(ctx, **params)


async def test_delimiter_must_not_be_the_decimal_sign(ctx):
    with pytest.raises(Terminal, match="same sign"):
        await write(ctx, name="x.csv", rows=[], decimal=",")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=st.lists(st.fixed_dictionaries({"id": st.just("k"), "a": CELLS, "b": CELLS}), min_size=1, max_size=5))
async def test_texts_survive_the_way_there_and_back(ctx, rows):
    _, result = await write(ctx, name="x.csv", rows=rows, safe=False)
    assert await back(ctx, result, delimiter=",") == rows
