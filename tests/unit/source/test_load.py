"""What `load` makes of good texts, and that it reads on after what is bad."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.diagnostics.codes import r1xx
from recipe_engine.source import builder, load
from recipe_engine.source.load import LARGEST

PARSERS = [yaml.CSafeLoader, yaml.SafeLoader] if hasattr(yaml, "CSafeLoader") else [yaml.SafeLoader]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def parser(request, monkeypatch):
    """Both parsers: libyaml's, and the one in Python for where PyYAML was built without it."""
    monkeypatch.setattr(builder, "PARSER", request.param)


def data_of(text):
    document, problems = load(text, "recipe.yml")
    assert problems == []
    assert document is not None
    return document.data


def codes_of(text):
    return [problem.code for problem in load(text, "recipe.yml")[1]]


def test_yaml_12_rules(parser):
    text = "on: no\nwhen: 12:30\nday: 2024-01-01\nmode: 0o17\nprice: 0.50 USD\nnothing: ~\nempty:\nyes: 'true'\n"
    assert data_of(text) == {
        "on": "no",
        "when": "12:30",
        "day": "2024-01-01",
        "mode": 15,
        "price": "0.50 USD",
        "nothing": None,
        "empty": None,
        "yes": "true",
    }


def test_nested_lists_and_mappings_in_both_styles(parser):
    text = "steps:\n- id: a\n  with: {to: [x, y], deep: {k: 1}}\n- [1, [2]]\n"
    assert data_of(text) == {"steps": [{"id": "a", "with": {"to": ["x", "y"], "deep": {"k": 1}}}, [1, [2]]]}


def test_an_alias_repeats_a_value_without_sharing_it(parser):
    data = data_of("first: &retry {attempts: 3}\nsecond: *retry\n")
    assert data == {"first": {"attempts": 3}, "second": {"attempts": 3}}
    assert data["first"] is not data["second"]


def test_an_anchor_may_be_set_again(parser):
    assert data_of("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_a_byte_order_mark_is_dropped(parser):
    document, problems = load("\ufeffslug: a\n", "recipe.yml")
    assert problems == []
    assert document.data == {"slug": "a"}
    assert document.span(("slug",), key=True).column == 1


def test_windows_line_ends(parser):
    document, _ = load("slug: a\r\nsteps:\r\n  - id: b\r\n", "recipe.yml")
    assert document.data == {"slug": "a", "steps": [{"id": "b"}]}
    assert document.span(("steps", 0, "id")).line == 3


@pytest.mark.parametrize("page", [page for page in r1xx.CODES if page.bad], ids=lambda page: page.code)
def test_the_bad_example_of_a_code_has_it_and_the_good_one_nothing(parser, page):
    assert page.code in codes_of(page.bad)
    assert codes_of(page.good) == []


def test_every_problem_that_leaves_the_rest_readable_is_reported_at_once():
    text = "to: {{ email }}\nname: Devis: urgent\nname: b\nphone: 0612345678\nid: @x\nn: .inf\n"
    document, problems = load(text, "recipe.yml")
    assert sorted(problem.code for problem in problems) == ["R108", "R112", "R113", "R114", "R121", "R122"]
    assert document is not None
    assert document.data == {
        "to": "{{ email }}",
        "name": "Devis: urgent",
        "phone": 612345678,
        "id": "@x",
        "n": ".inf",
    }


def test_recovered_values_keep_their_places():
    document, _ = load("a: 1\nto: {{ contact.emial }} # why\nb: 2\n", "recipe.yml")
    assert document.data["to"] == "{{ contact.emial }}"
    span = document.span_within(("to",), 11, 5)
    assert (span.line, span.column, span.end_column) == (2, 16, 21)


def test_unquoted_templates_within_brackets():
    document, problems = load("a: {b: {{ x }}, c: [{{ y }}, {{ f(1, 2) }}-{{ z }}]}\n", "recipe.yml")
    assert [problem.code for problem in problems] == ["R112"] * 3
    assert document.data == {"a": {"b": "{{ x }}", "c": ["{{ y }}", "{{ f(1, 2) }}-{{ z }}"]}}


def test_only_so_many_problems_are_recovered_from():
    document, problems = load("".join(f"k{n}: @x\n" for n in range(100)), "recipe.yml")
    assert document is None
    assert {problem.code for problem in problems} == {"R114"}
    assert len(problems) == 21


def test_the_first_of_two_equal_keys_is_kept():
    document, problems = load("a: 1\nb: 2\na: 3\n", "recipe.yml")
    assert document.data == {"a": 1, "b": 2}
    assert "line 1" in problems[0].message


def test_merge_keys_are_refused_but_not_the_text():
    assert codes_of("a: {<<: {b: 1}}\n") == ["R117"]
    assert data_of('"<<": 1\n') == {"<<": 1}


@pytest.mark.parametrize("key", ["1", "true", "null", "~", "1.5", "? ", ".inf"])
def test_keys_that_are_no_text_are_refused(key):
    assert "R109" in codes_of(f"a: 1\n{key}: x\n")


def test_quoted_keys_are_text():
    assert data_of("\"1\": a\n'true': b\n") == {"1": "a", "true": "b"}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "--- # nothing\n...\n"])
def test_a_text_that_holds_nothing(parser, text):
    assert codes_of(text) == ["R104"]


@pytest.mark.parametrize("text", ["- a\n", "text\n", "12\n", "null\n", "[a, b]\n", "|\n  text\n"])
def test_a_text_that_is_no_mapping(parser, text):
    document, problems = load(text, "recipe.yml")
    assert document is None
    assert [problem.code for problem in problems] == ["R105"]


def test_the_document_before_a_second_one_is_read(parser):
    document, problems = load("slug: a\n---\nslug: b\n", "recipe.yml")
    assert document.data == {"slug": "a"}
    assert [(problem.code, problem.span.line) for problem in problems] == [("R106", 2)]


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "a: " + "{b: " * 150])
def test_depth_is_bounded(parser, text):
    assert codes_of(text) == ["R119"]


def test_a_depth_of_ninety_nine_is_fine(parser):
    assert codes_of("a: " + "[" * 99 + "]" * 99) == []


def test_size_is_bounded_in_bytes():
    assert codes_of("a: " + "x" * LARGEST) == ["R103"]
    assert codes_of("a: " + "é" * (LARGEST // 2)) == ["R103"]


def test_an_alias_bomb_is_refused(parser):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert codes_of("\n".join(levels)) == ["R116"]


def test_aliases_are_bounded_all_together(parser):
    many = "\n".join(f"b{n}: *a" for n in range(101))
    assert codes_of(f"a: &a [{'x, ' * 99}x]\n{many}\n") == ["R116"]


def test_an_alias_within_its_own_value_is_refused(parser):
    assert codes_of("a: &x [*x]\n") == ["R116"]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x85", "\u2028", "\u2029", "\ufeff", "\ud800", "\x7f"])
def test_invisible_characters_are_refused_where_they_stand(parser, character):
    document, problems = load(f"slug: a\nname: é{character}b\n", "recipe.yml")
    assert document is None
    assert [(problem.code, problem.span.line, problem.span.column) for problem in problems] == [("R120", 2, 8)]


def test_no_break_spaces_as_indentation_are_named():
    _, problems = load("steps:\n\xa0\xa0id: a\n", "recipe.yml")
    assert [problem.code for problem in problems] == ["R120"]
    assert "U+00A0" in problems[0].message


def test_values_lost_to_comments_are_told_from_comments():
    text = "a: #general\nb: # a comment\nc: x #y\nd: 'x' #y\ne: #list\n  - 1\nf: {g: #h\n  1}\n"
    problems = load(text, "recipe.yml")[1]
    assert [(problem.code, problem.span.line) for problem in problems] == [("R127", 1)]


def test_numbers_that_lose_characters_are_warnings():
    document, problems = load("phone: 0612345678\n", "recipe.yml")
    assert [problem.severity for problem in problems] == ["warning"]
    assert document.data == {"phone": 612345678}


JUMBLE = st.text(st.sampled_from(list("ab: \n\n  \t'\"\\#-{}{}[],&*!|>%@`~é?<0.")), max_size=60)


@given(JUMBLE)
def test_no_text_makes_it_raise(text):
    document, problems = load(text, "recipe.yml")
    assert document is not None or problems
    for problem in problems:
        assert problem.span.line >= 1
        assert problem.span.column >= 1
        assert (problem.span.end_line, problem.span.end_column) >= (problem.span.line, problem.span.column)


# libyaml wants astral characters and DEL as themselves or not at all; JSON writes the former as two escapes
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=80)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_json_is_read_as_it_is(value):
    """Every JSON document is a YAML 1.2 document, and means the same."""
    import json

    assert data_of(json.dumps(value)) == value
