"""Where values, keys and parts of strings stand, to the character."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.diagnostics import Span
from recipe_engine.source import builder, load
from recipe_engine.source.alignment import align

PARSERS = [yaml.CSafeLoader, yaml.SafeLoader] if hasattr(yaml, "CSafeLoader") else [yaml.SafeLoader]

TEXT = """\
slug: devis
"clé": 'é😀' # comment
steps:
  - id: a
    with: {to: [x, "y y"], n: 12}
  - - deep
empty:
both: {a: ,
  b: 2}
text: |
  one
  two

after: &x
  k: v
again: *x
plain: on two
  lines
"""


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def document(request, monkeypatch):
    monkeypatch.setattr(builder, "PARSER", request.param)
    found, problems = load(TEXT, "recipe.yml")
    assert problems == []
    return found


def stretch(text, span):
    """The text that a span covers."""
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: span.line - 1])) + span.column - 1
    end = sum(map(len, lines[: span.end_line - 1])) + span.end_column - 1
    return text[start:end]


@pytest.mark.parametrize(
    ("path", "line", "covered"),
    [
        (("slug",), 1, "devis"),
        (("clé",), 2, "'é😀'"),
        (("steps",), 4, TEXT[TEXT.index("- id") : TEXT.index("\nempty")]),
        (("steps", 0), 4, 'id: a\n    with: {to: [x, "y y"], n: 12}'),
        (("steps", 0, "id"), 4, "a"),
        (("steps", 0, "with"), 5, '{to: [x, "y y"], n: 12}'),
        (("steps", 0, "with", "to"), 5, '[x, "y y"]'),
        (("steps", 0, "with", "to", 1), 5, '"y y"'),
        (("steps", 0, "with", "n"), 5, "12"),
        (("steps", 1, 0), 6, "deep"),
        (("empty",), 7, ""),
        (("both", "a"), 8, ""),
        (("both",), 8, "{a: ,\n  b: 2}"),
        (("text",), 10, "|\n  one\n  two"),
        (("after",), 15, "k: v"),
        (("again",), 16, "*x"),
        (("again", "k"), 15, "v"),
        (("plain",), 17, "on two\n  lines"),
    ],
)
def test_values(document, path, line, covered):
    span = document.span(path)
    assert (span.line, stretch(TEXT, span)) == (line, covered)


@pytest.mark.parametrize(
    ("path", "span"),
    [
        (("slug",), Span(1, 1, 1, 5)),
        (("clé",), Span(2, 1, 2, 6)),
        (("steps", 0, "id"), Span(4, 5, 4, 7)),
        (("steps", 0, "with", "n"), Span(5, 28, 5, 29)),
        (("again", "k"), Span(15, 3, 15, 4)),
        (("steps", 1), Span(6, 5, 6, 11)),  # an item has no key: its value
    ],
)
def test_keys(document, path, span):
    assert document.span(path, key=True) == span


@pytest.mark.parametrize(
    ("path", "ancestor"),
    [
        (("steps", 0, "missing", "more"), ("steps", 0)),
        (("steps", 9), ("steps",)),
        (("steps", -1), ("steps",)),
        (("steps", "id"), ("steps",)),
        (("slug", 0), ("slug",)),
        ((0,), ()),
    ],
)
def test_a_path_that_leads_nowhere_gives_what_it_last_led_to(document, path, ancestor):
    assert document.span(path) == document.span(ancestor)


def test_columns_count_characters_after_wide_and_combined_ones():
    document, _ = load("{é😀: 1, e\u0301: 2, k: v}\n", "recipe.yml")
    assert document.span(("k",)) == Span(1, 19, 1, 20)


def test_lines_count_as_editors_count_them():
    document, _ = load("a: 1\r\nb: 2\rc: 3\nd: 4\n", "recipe.yml")
    assert [document.span((key,)).line for key in "abcd"] == [1, 2, 3, 4]


WITHIN = {
    "plain": ("k: hello world\n", "world", Span(1, 10, 1, 15)),
    "plain over lines": ("k: hello\n  big\n\n  world\n", "big", Span(2, 3, 2, 6)),
    "plain after a blank line": ("k: hello\n  big\n\n  world\n", "world", Span(4, 3, 4, 8)),
    "plain across lines": ("k: hello\n  big\n", "hello big", Span(1, 4, 2, 6)),
    "double quotes": ('k: "hello world"\n', "world", Span(1, 11, 1, 16)),
    "after an escape": ('k: "a\\u00e9\\tb world"\n', "world", Span(1, 16, 1, 21)),
    "an escape itself": ('k: "a\\u00e9b"\n', "é", Span(1, 6, 1, 12)),
    "escaped quotes": ('k: "a \\"b\\" world"\n', "world", Span(1, 13, 1, 18)),
    "double quotes over lines": ('k: "hello\n  big\n\n\n  world"\n', "world", Span(5, 3, 5, 8)),
    "an escaped line end": ('k: "hello \\\n  \\ big\\\n  world"\n', "world", Span(3, 3, 3, 8)),
    "an escaped blank before a line end": ('k: "hello\\ \n  world"\n', "world", Span(2, 3, 2, 8)),
    "an escaped newline after a break": ('k: "a\n\n  \\nworld"\n', "world", Span(3, 5, 3, 10)),
    "single quotes": ("k: 'hello world'\n", "world", Span(1, 11, 1, 16)),
    "doubled quotes": ("k: 'l''été world'\n", "world", Span(1, 12, 1, 17)),
    "a doubled quote itself": ("k: 'l''été'\n", "'", Span(1, 6, 1, 8)),
    "single quotes over lines": ("k: 'hello\n\n  world'\n", "world", Span(3, 3, 3, 8)),
    "literal": ("k: |\n  hello\n  big world\n", "world", Span(3, 7, 3, 12)),
    "literal with deeper lines": ("k: |\n  hello\n    big world\n", "world", Span(3, 9, 3, 14)),
    "literal after blank lines": ("k: |\n\n\n  hello\n\n  world\n", "world", Span(6, 3, 6, 8)),
    "literal with an indicator": ("k: |2-\n    hello\n  world\n\n", "world", Span(3, 3, 3, 8)),
    "literal kept": ("k: |+\n  hello\n\n", "hello\n\n", Span(2, 3, 3, 1)),
    "folded": ("k: >\n  hello\n  big\n  world\n", "world", Span(4, 3, 4, 8)),
    "folded with a blank line": ("k: >\n  hello\n\n  big\n  world\n", "world", Span(5, 3, 5, 8)),
    "folded with deeper lines": ("k: >\n  a\n    deep\n  b\n  world\n", "world", Span(5, 3, 5, 8)),
    "folded and stripped": ("k: >-\n  hello\n  world\n", "world", Span(3, 3, 3, 8)),
    "after other characters": ("k: |\n  é😀 world\n", "world", Span(2, 6, 2, 11)),
    "a no-break space": ("k: |\n  a\u00a0world\u00a0\n", "world\u00a0", Span(2, 5, 2, 11)),
    "windows line ends": ("k: |\r\n  hello\r\n  world\r\n", "world", Span(3, 3, 3, 8)),
}


@pytest.mark.parametrize("name", WITHIN)
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__name__)
def test_parts_of_strings(name, parser, monkeypatch):
    monkeypatch.setattr(builder, "PARSER", parser)
    text, part, expected = WITHIN[name]
    document, problems = load(text, "recipe.yml")
    assert problems == []
    value = document.data["k"]
    assert document.span_within(("k",), value.index(part), len(part)) == expected


def test_a_part_of_no_length_is_a_point():
    document, _ = load('k: "a\\tb"\n', "recipe.yml")
    assert document.span_within(("k",), 2, 0) == Span(1, 8, 1, 8)
    assert document.span_within(("k",), 3, 0) == Span(1, 9, 1, 9)


def test_a_part_beyond_the_string_ends_with_it():
    document, _ = load("k: abc\n", "recipe.yml")
    assert document.span_within(("k",), 1, 99) == Span(1, 5, 1, 7)
    assert document.span_within(("k",), 99, 3) == Span(1, 7, 1, 7)


def test_what_is_no_string_is_covered_whole():
    document, _ = load("k: 1234\na: &x text\nb: *x\n", "recipe.yml")
    assert document.span_within(("k",), 1, 1) == Span(1, 4, 1, 8)
    assert document.span_within(("b",), 1, 1) == Span(3, 4, 3, 6)
    assert document.span_within(("missing",), 0, 1) == document.span(())


VALUES = st.text(st.sampled_from(list("ab é\n\n  \t'\"\\:#-{}[],&*!|>%@`~😀\u00a0x\r")), max_size=60)


@given(VALUES, st.sampled_from(['"', "'", "|", ">", None]), st.integers(20, 80), st.booleans())
def test_every_character_of_a_string_has_its_place(value, style, width, unicode):
    """Strings written by another YAML library, in every style, align exactly."""
    text = yaml.safe_dump({"k": [{"a": value}]}, default_style=style, width=width, allow_unicode=unicode)
    document, problems = load(text, "recipe.yml")
    assert problems == []
    assert document.data == {"k": [{"a": value}]}
    place = document.root.fields["k"][2].items[0].fields["a"][2]
    units = align(text, place.start, place.end, place.style, value)
    assert units is not None
    assert units == sorted(units)
    for character, (start, end) in zip(value, units, strict=True):
        assert end > start
        if not character.isspace() and text[start] != "\\":
            assert text[start] == character
