"""Whatever an expression asks for, it ends, and soon."""

import pytest

from recipe_engine.expr import (
    EvaluationError,
    SyntaxProblem,
    compile_expression,
    compile_value,
    infer_expression,
    infer_template,
)
from tests.unit.expr.support import render, scope_of, value

BIG = "a" * 900_000
ROWS = [{"n": index, "t": "x" * 20} for index in range(50_000)]


@pytest.mark.parametrize(
    "text",
    [
        "range(10 ** 12)",
        "range(0 - 10 ** 290, 10 ** 290)",
        "range(0, -10 ** 9, -1)",
        "'a' * 10 ** 9",
        "'a' | repeat(10 ** 9)",
        "'a' | pad(10 ** 9)",
        "'a' | mask(0, 'b' * 900000) | repeat(2)",
        "2 ** 5000",
        "2 ** (2 ** (2 ** (2 ** (2 ** 2))))",
        "10 ** 300 * 10 ** 300",
        "2.0 ** 5000",
        "1e308 * 10",
        "big ~ big",
        "big + big",
        "[big, big] | join",
        "big | replace('a', 'bb')",
        "big | replace_regex('a', 'bb')",
        "big | find_all('a')",
        "big | indent(2) | replace('a', 'a\n') | indent(50)",
        "big | split('a') | length",
        "big | escape | replace('a', '&') | escape",
        "(range(90000) + range(90000)) | length",
        "zip(range(90000), range(90000)) | to_json | repeat(9)",
        "now + days(10 ** 9)",
        "now - days(10 ** 9)",
        "days(10 ** 15)",
        "now | add_months(10 ** 9)",
        "now | add_years(-3000)",
        "now | add_days(10 ** 12)",
        "now | format_date('y' * 1000)",
        "'a' is matching('x' * 5000)",
        "'a' is matching '((((a{100}){100}){100}){100})'",
        "'[' | repeat(100000) | from_json",
        "('[' | repeat(3000)) ~ (']' | repeat(3000)) | from_json",
        "'1' | repeat(4000) | from_json",
        "'1e999' | from_json",
        "rows | to_json | repeat(2)",
    ],
)
def test_too_much_is_refused(text):
    with pytest.raises(EvaluationError) as found:
        value(text, big=BIG, rows=ROWS)
    assert found.value.code in ("limit", "argument")


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% set c = 1 %}{% endfor %}{% endfor %}",
        "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{{ big }}{% endfor %}",
        "{% for a in range(100000) %}{% set x = big | upper %}{% endfor %}",
        "{% for a in range(100000) %}{% set x = big[1:] %}{% endfor %}",
        "{% for a in range(100000) %}{% if 'b' in big %}x{% endif %}{% endfor %}",
        "{% for a in range(100000) %}{% if big == big ~ '' %}{% endif %}{% endfor %}",
        "{% for a in range(100000) %}{% set x = rows | sort('n') %}{% endfor %}",
        "{% for a in range(100000) %}{% if big is matching '(a*)*b' %}{% endif %}{% endfor %}",
        "{% set x = 'a' %}{% for a in range(100) %}{% set x = x ~ x %}{% endfor %}",
        "{% set x = [1] %}{% for a in range(100) %}{% set x = x + x %}{% endfor %}",
        "{% set x = [] %}{% for a in range(10000) %}{% set x = [x] %}{% endfor %}{{ x }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ x }}",
        "{% set x = [] %}{% set y = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% set y = [y, y] %}{% endfor %}{{ x == y }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [x] | unique }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ x | to_json | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [x] | where('.', x) | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [[x]] | difference([[x]]) | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ x in [x, [x]] }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [x] | join }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [{'a': x}] | index_by('a') | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [{'a': x}] | count_by('a') | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ [{'a': x}] | to_csv }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ {'a': x} | query_string }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ x | text | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ x | url_encode | length }}",
        "{% set x = [] %}{% for a in range(60) %}{% set x = [x, x] %}{% endfor %}{{ x | escape | length }}",
        "{% set x = 2 %}{% for a in range(100000) %}{% set x = x * x %}{% endfor %}",
        "{% for a in range(100000) %}{{ now | add_business_days(30000) }}{% endfor %}",
        "{% for a in range(100000) %}{{ random_code(200) }}{% endfor %}",
    ],
)
def test_a_template_that_goes_on_for_ever_ends(template):
    with pytest.raises(EvaluationError) as found:
        render(template, big=BIG, rows=ROWS)
    assert found.value.code == "limit"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 50_000 + "b"),
        ("(a|a)*b", "a" * 50_000),
        ("(.*)*x", "a" * 50_000),
        ("(a|aa)+$", "a" * 50_000 + "!"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
    ],
)
def test_a_catastrophic_pattern_is_answered(pattern, text):
    assert value("text is matching pattern", text=text, pattern=pattern) is False


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "1" + ")" * 500,
        "[" * 500 + "]" * 500,
        "-" * 5000 + "1",
        "not " * 5000 + "true",
        "1" + "+1" * 5000,
        "a" + ".b" * 5000,
        "a" + "[0]" * 5000,
        "a" + " | upper" * 5000,
        "1 if " * 2000 + "1",
        "9" * 5000,
        "1e99999",
        "a" * 2_000_000,
    ],
)
def test_a_text_that_is_nested_or_long_beyond_reason_is_refused(text):
    with pytest.raises(SyntaxProblem):
        compile_expression(text)


def test_loops_in_each_other_are_bounded():
    nested = "{% for a in [1] %}{% set t = [t] %}" * 6 + "{% endfor %}" * 6
    assert render("{% set t = 1 %}" + nested + "{{ t }}") == "[[[[[[1]]]]]]"
    assert infer_template("{% set t = 1 %}" + nested, {}).problems == []
    with pytest.raises(SyntaxProblem, match="more than 6 loops"):
        compile_value("{% for a in [1] %}" * 7 + "{% endfor %}" * 7)


def test_inference_of_what_is_nested_at_the_edge_ends():
    def deep(levels, act):
        return act() if levels == 0 else deep(levels - 1, act)

    text = "not " * 90 + "a"
    assert infer_expression(text, {}).problems
    assert deep(750, lambda: infer_expression(text, {})).problems


def test_many_operands_side_by_side_are_no_depth():
    assert value(" or ".join(["false"] * 3000) + " or true") is True
    assert value(" ~ ".join(["'a'"] * 3000)) == "a" * 3000


def test_what_is_ordinary_is_far_from_the_limits():
    rows = [{"id": index, "total": index / 2, "email": f"a{index % 50}@example.org"} for index in range(5000)]
    table = "{% for r in rows | where('total', '>', 10) | sort('-total') %}{{ r.id }};{{ r.total }}\n{% endfor %}"
    assert render(table, rows=rows).count("\n") == 4979
    assert len(value("rows | group_by('email')", rows=rows)) == 50
    assert len(render({"csv": "{{ rows | to_csv }}", "json": "{{ rows | to_json }}"}, rows=rows)["csv"]) > 100_000


def test_every_text_of_a_value_has_its_own_room():
    scope = scope_of({"big": BIG})
    assert len(compile_value(["{{ big }}.", "{{ big }}."])(scope)) == 2
