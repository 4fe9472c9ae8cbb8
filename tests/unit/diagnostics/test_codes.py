import re

import pytest

from recipe_engine.diagnostics import Diagnostic, Span, docs, report
from recipe_engine.diagnostics.codes import CODES, RANGES, Code, merge, r1xx, r2xx, r3xx, r4xx, r5xx, r6xx, r7xx

TABLES = {"R1": r1xx, "R2": r2xx, "R3": r3xx, "R4": r4xx, "R5": r5xx, "R6": r6xx, "R7": r7xx}
SPAN = Span(1, 1, 1, 2)


def code(name):
    return Code(name, "title", "error", "Explanation.", "bad: 1\n", "good: 1\n")


@pytest.mark.parametrize("prefix", RANGES)
def test_a_table_holds_codes_of_its_range_in_order(prefix):
    names = [page.code for page in TABLES[prefix].CODES]
    assert all(re.fullmatch(prefix + r"\d\d", name) for name in names)
    assert names == sorted(names)


def test_all_tables_are_merged():
    assert list(CODES) == sorted(page.code for table in TABLES.values() for page in table.CODES)


def test_a_code_defined_twice_is_refused():
    with pytest.raises(ValueError, match="R101"):
        merge([code("R101")], [code("R101")])


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        CODES["R999"] = code("R999")


@pytest.mark.parametrize("page", CODES.values(), ids=lambda page: page.code)
def test_a_page_says_something(page):
    assert page.title
    assert not page.title.endswith(".")
    assert page.explanation.strip().endswith((".", "`", ")", ":"))


def test_report_fills_in_the_severity():
    assert report("R122", "m", "f", SPAN) == Diagnostic("R122", "warning", "m", "f", SPAN, None)
    assert report("R122", "m", "f", SPAN, "h", "error") == Diagnostic("R122", "error", "m", "f", SPAN, "h")


def test_report_takes_what_has_a_file():
    class Document:
        file = "recipe.yml"

    assert report("R108", "m", Document(), SPAN).file == "recipe.yml"


def test_report_refuses_an_unknown_code():
    with pytest.raises(KeyError):
        report("R000", "m", "f", SPAN)


def test_explain_prints_the_page():
    assert docs.explain("r112") == (
        "R112: a template without quotes\n\n"
        "An error: the recipe cannot run until it is solved.\n\n"
        f"{CODES['R112'].explanation}\n\n"
        "Instead of:\n\n    to: {{ email }}\n\n"
        'Write:\n\n    to: "{{ email }}"\n'
    )


def test_explain_knows_when_there_is_no_page():
    assert docs.explain("R999") is None
    assert docs.explain("nonsense") is None


def test_explain_leaves_out_what_no_text_can_show():
    assert "Instead of" not in docs.explain("R101")


def test_the_document_has_every_code_under_its_range():
    text = docs.markdown()
    for page in CODES.values():
        assert f"### {page.code}: {page.title}" in text
        assert f"[{page.code}](#{page.code.lower()})" in text
        assert f'<a id="{page.code.lower()}"></a>' in text
    assert text.index("## R1xx") < text.index("### R101")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_an_example_with_backticks_is_fenced_longer():
    page = Code("R900", "t", "advice", "E.", "a: ```x```\n", "")
    assert "````yaml\na: ```x```\n````" in docs.help_markdown(page)
