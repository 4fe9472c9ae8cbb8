"""The formats, held against golden files; `python -m tests.unit.diagnostics.goldens` writes them anew."""

import json
import re

import pytest

from recipe_engine.diagnostics import Diagnostic, Span, render
from tests.unit.diagnostics.goldens import FORMATS, GOLDENS, SAMPLE, SOURCES


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name):
    assert FORMATS[name]() == (GOLDENS / name).read_text(encoding="utf-8")


def diagnostic(line=1, column=1, end_line=None, end_column=None, **fields):
    span = Span(line, column, end_line or line, end_column or column + 1)
    return Diagnostic(**{"code": "R108", "severity": "error", "message": "m", "file": "f", "span": span, **fields})


def carets(text, span):
    """The source line and the carets, as text shows them."""
    shown = render.text([diagnostic(span=span)], {"f": text}).splitlines()
    return shown[1].partition("| ")[2], shown[2].partition("| ")[2]


def test_nothing_is_rendered_as_nothing():
    assert render.text([], {}) == ""
    assert render.github([]) == ""
    assert json.loads(render.json_([])) == {"diagnostics": [], "errors": 0, "warnings": 0, "advice": 0}
    assert json.loads(render.sarif([]))["runs"][0]["results"] == []


def test_order_is_by_file_then_position_then_severity():
    found = [
        diagnostic(3, file="b"),
        diagnostic(9, file="a"),
        diagnostic(1, 5, file="b"),
        diagnostic(1, 2, file="b", severity="advice", end_column=3),
        diagnostic(1, 2, file="b", end_column=3),
    ]
    assert [(item.file, item.span.line, item.span.column, item.severity) for item in render.in_order(found)] == [
        ("b", 1, 2, "error"),
        ("b", 1, 2, "advice"),
        ("b", 1, 5, "error"),
        ("b", 3, 1, "error"),
        ("a", 9, 1, "error"),
    ]


def test_carets_stand_below_the_span():
    assert carets("a: hello world\n", Span(1, 10, 1, 15)) == ("a: hello world", "         ^^^^^")


def test_a_point_has_one_caret():
    assert carets("a:\n", Span(1, 3, 1, 3)) == ("a:", "  ^")


def test_a_span_of_several_lines_is_underlined_to_the_end_of_the_first():
    assert carets("a:  \n  b: 1\n", Span(1, 1, 2, 7)) == ("a:", "^^")


def test_a_span_beyond_the_line_is_kept_within():
    assert carets("ab\n", Span(1, 9, 1, 12)) == ("ab", "  ^")


def test_wide_and_combining_characters_keep_carets_below():
    assert carets("日本e\u0301: x\n", Span(1, 6, 1, 7))[1] == " " * 6 + "^"
    assert carets("😀: 日本\n", Span(1, 4, 1, 6))[1] == " " * 4 + "^^^^"


def test_a_tab_is_one_column():
    assert carets("\ta: b\n", Span(1, 2, 1, 3)) == (" a: b", " ^")


def test_windows_line_ends_are_no_part_of_the_line():
    assert carets("a: 1\r\nb: 2\r\n", Span(2, 1, 2, 2)) == ("b: 2", "^")


def test_a_long_line_is_cut_around_the_span():
    line, below = carets(f"k: {'x' * 300}HERE{'y' * 300}\n", Span(1, 304, 1, 308))
    assert len(line) <= 162
    assert line.startswith("…")
    assert line.endswith("…")
    assert line[below.index("^") :].startswith("HERE")
    assert below.count("^") == 4


def test_a_long_span_is_cut_with_its_line():
    line, below = carets(f"k: {'x' * 500}\n", Span(1, 4, 1, 504))
    assert len(below) <= len(line)


def test_control_sequences_of_a_file_never_reach_the_terminal():
    found = [diagnostic(message="bad \x1b[31m `x`", hint="\x1b]0;title\x07", file="\x1bf")]
    for color in (False, True):
        text = render.text(found, {"\x1bf": "a: \x1b[2Jb\n"}, color)
        without_ours = re.sub(r"\x1b\[[0-9;]*m", "", text) if color else text
        assert "\x1b" not in without_ours
        assert "\x07" not in text
    assert "\x1b[31m" not in render.text(found, {}, color=True)


def test_a_file_without_a_source_is_shown_without_its_line():
    assert render.text([diagnostic(hint="h")], {}) == "f:1:1: error R108: m\n    hint: h\n\n1 error\n"


@pytest.mark.parametrize(
    ("kinds", "summary"),
    [
        (["error"], "1 error"),
        (["error", "error", "warning"], "2 errors, 1 warning"),
        (["warning", "warning", "advice"], "2 warnings, 1 piece of advice"),
        (["advice", "advice"], "2 pieces of advice"),
    ],
)
def test_the_last_line_counts(kinds, summary):
    assert render.text([diagnostic(severity=kind) for kind in kinds], {}).splitlines()[-1] == summary


def test_colour_changes_nothing_but_colour():
    plain = render.text(SAMPLE, SOURCES, color=False)
    coloured = render.text(SAMPLE, SOURCES, color=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_json_has_every_field():
    answer = json.loads(render.json_([diagnostic(2, 3, 2, 9, hint="été")]))
    assert answer == {
        "diagnostics": [
            {
                "code": "R108",
                "severity": "error",
                "message": "m",
                "file": "f",
                "line": 2,
                "column": 3,
                "end_line": 2,
                "end_column": 9,
                "hint": "été",
            }
        ],
        "errors": 1,
        "warnings": 0,
        "advice": 0,
    }


def test_github_escapes_what_would_end_a_command():
    line = render.github([diagnostic(message="100% of a: b,\nc\r", file="a,b:c%.yml")])
    assert line.startswith(
        "::error file=a%2Cb%3Ac%25.yml,line=1,endLine=1,col=1,endColumn=1,title=R108%3A duplicate key::"
    )
    assert line.endswith("::100%25 of a: b,%0Ac%0D\n")
    assert line.count("\n") == 1


def test_github_leaves_out_columns_over_several_lines():
    assert "col" not in render.github([diagnostic(1, 5, 3, 2)])


def test_github_calls_advice_a_notice():
    assert render.github([diagnostic(severity="advice")]).startswith("::notice ")
    assert render.github([diagnostic(severity="warning")]).startswith("::warning ")


def test_sarif_rules_are_the_codes_that_were_found():
    [run] = json.loads(render.sarif(SAMPLE))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({item.code for item in SAMPLE})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    for rule in rules:
        assert rule["help"]["text"].startswith(f"{rule['id']}: ")
        assert rule["name"].isidentifier()


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("recipes/été 1.yml", "recipes/%C3%A9t%C3%A9%201.yml"),
        ("/srv/a b.yml", "file:///srv/a%20b.yml"),
        ("a#b?.yml", "a%23b%3F.yml"),
    ],
)
def test_sarif_names_files_by_uri(file, uri):
    [run] = json.loads(render.sarif([diagnostic(file=file)]))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_sarif_of_an_unknown_code_still_names_it():
    [run] = json.loads(render.sarif([diagnostic(code="X1")]))["runs"]
    assert run["tool"]["driver"]["rules"] == [{"id": "X1"}]
