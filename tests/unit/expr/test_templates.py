"""Texts and values with templates in them."""

import pytest

from recipe_engine.expr import (
    EvaluationError,
    SyntaxProblem,
    compile_expression,
    compile_value,
    function,
    function_table,
    is_template,
)
from recipe_engine.expr.errors import EvaluationError as SameError
from tests.unit.expr.support import render, scope_of

ORDERS = [{"id": 1, "total": 12.5, "paid": True}, {"id": 2, "total": 3, "paid": False}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonjour {{ name }} !", "Bonjour Ada !"),
        ("{{ 1 }}{{ 2.0 }}{{ 1.5 }}", "121.5"),
        ("{{ true }} {{ null }}{{ false }}.", "true false."),
        ("{{ [1, 'é'] }} {{ {'a': null} }}", '[1, "é"] {"a": null}'),
        ("{{ now }}.", "2026-11-20T13:30:00+00:00."),
        ("{{ hours(2) }} ", "2h"),
        ("a {{ hours(2) }}", "a 2h"),
        ("{% if name == 'Ada' %}oui{% else %}non{% endif %}", "oui"),
        ("{% if false %}a{% elif name %}b{% else %}c{% endif %}", "b"),
        ("{% if false %}a{% endif %}", ""),
        ("{% for o in orders %}{{ o.id }};{% endfor %}", "1;2;"),
        ("{% for o in orders if o.paid %}{{ loop.index }}/{{ loop.length }}{% endfor %}", "1/1"),
        ("{% for o in [] %}x{% else %}rien{% endfor %}", "rien"),
        ("{% for o in orders if false %}x{% else %}rien{% endfor %}", "rien"),
        (
            "{% for o in orders %}{{ loop.index0 }}{{ loop.first }}{{ loop.last }} {% endfor %}",
            "0truefalse 1falsetrue ",
        ),
        ("{% for k, v in {'a': 1, 'b': 2} | items %}{{ k }}={{ v }} {% endfor %}", "a=1 b=2 "),
        ("{% for a, b in zip([1, 2], [3, 4]) %}{{ a }}{{ b }} {% endfor %}", "13 24 "),
        ("{% for k in {'a': 1} %}{{ k }}{% endfor %}", "a"),
        ("{% for x in [1, 2] %}{% for y in [3] %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}", "11 12 "),
        ("{% set x = 1 %}{{ x }}{% set x = x + 1 %}{{ x }}", "12"),
        ("{% set t = 0 %}{% for o in orders %}{% set t = t + o.total %}{% endfor %}{{ t }}", "15.5"),
        ("{% for name in ['Bob'] %}{{ name }} {% endfor %}{{ name }}", "Bob Ada"),
        ("{% set o = 'vor' %}{% for o in [1] %}{{ o }}{% endfor %}{{ o }}", "1vor"),
        ("{% if false %}{% set name = 'Bob' %}{% endif %}{{ name }}", "Ada"),
        ("{% set x %}a{{ name }}{% endset %}{{ x | upper }}", "AADA"),
        ("{% set x = skipped.id %}{{ x | default('rien') }}", "rien"),
        ("a{# comment #}b {{ 'c' }}", "ab c"),
        ("{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
        ("{{ '{{' }} {{ '}}' }}", "{{ }}"),
        ("{{ {'a': {'b': 1}}.a.b }}.", "1."),
        ("{{ 'a' }}}", "a}"),
        ("{ {{ 'a' }} }", "{ a }"),
        ("{{name}}\n", "Ada"),
        ("x {{name}}\n", "x Ada\n"),
        ("{{- name -}}   x", "Adax"),
        ("x  {{- name }}", "xAda"),
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
        ("{{ 'tout\\nva' }}!", "tout\nva!"),
        ("100 % {{ name }}", "100 % Ada"),
    ],
)
def test_a_text_is_rendered(text, expected):
    assert render(text, name="Ada", orders=ORDERS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Liste :\n{% for o in orders %}\n- {{ o.id }}\n{% endfor %}\nFin\n", "Liste :\n- 1\n- 2\nFin\n"),
        ("a\n  {% if true %}  \nb\n  {% endif %}\nc", "a\nb\nc"),
        ("a\n{# rien #}\nb{{ '' }}", "a\nb"),
        ("{% set x = 1 %}\n{{ x }}.", "1."),
        ("{% set x = 1 %}{% set y = 2 %}\n{{ x + y }}.", "3."),
        ("a\r\n{% if true %}\r\nb\r\n{% endif %}\r\n", "a\r\nb\r\n"),
        ("Statut : {% if true %}urgent{% endif %}\nMerci", "Statut : urgent\nMerci"),
        ("{% if true %}\n\na\n{% endif %}", "\na\n"),
        ("  {% if true %}a{% endif %}  \n", "  a  \n"),
        ("{% if true %} {{ 1 }}\n{% endif %}", " 1\n"),
        ("a\n  {%+ if true %}\nb{% endif %}", "a\n  \nb"),
        ("a\n{% if true %}\nb\n{% endif %}", "a\nb\n"),
    ],
)
def test_a_line_of_statements_leaves_nothing(text, expected):
    assert render(text, orders=ORDERS) == expected


def test_exactly_one_expression_keeps_its_type():
    found = render(
        {
            "n": "{{ 1 + 1 }}",
            "list": " {{ [1, now] }}\n",
            "object": "{{ orders[0] }}",
            "none": "{{ null }}",
            "yes": "{{ true }}",
            "text": "{{ 1 }}{{ 1 }}",
            "comment": "{{ 1 }}{# alone #}",
        },
        orders=ORDERS,
    )
    assert found == {
        "n": 2,
        "list": [1, "2026-11-20T13:30:00+00:00"],
        "object": ORDERS[0],
        "none": None,
        "yes": True,
        "text": "11",
        "comment": 1,
    }


def test_every_text_of_a_value_is_rendered_and_nothing_else():
    template = {"{{ key }}": ["{{ name }}", 1, None, {"deep": "x{{ name }}"}], "static": {"a": [True, "texte"]}}
    assert render(template, name="Ada") == {
        "{{ key }}": ["Ada", 1, None, {"deep": "xAda"}],
        "static": {"a": [True, "texte"]},
    }


def test_a_value_without_templates_is_given_back_itself():
    value = {"a": [1, "b", {"c": None}]}
    assert compile_value(value)(scope_of()) is value
    mixed = compile_value({"static": value, "x": "{{ 1 }}"})(scope_of())
    assert mixed["static"] is value


def test_variables_do_not_pass_from_one_text_to_the_next():
    with pytest.raises(EvaluationError, match="`x` was skipped"):
        render(["{% set x = 1 %}{{ x }}", "{{ x }} "])
    with pytest.raises(EvaluationError, match="`x` was skipped"):
        render(["{% set x = 1 %}{{ x }}", "a {{ x }}{% if false %}{% set x = 2 %}{% endif %}"])


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", False), ("{{ a }}", True), ("{% if a %}", True), ("{# a #}", False), ("{ a }", False), ("{", False)],
)
def test_what_is_a_template(text, is_one):
    assert is_template(text) is is_one


def test_a_comment_alone_is_text():
    assert render("{# rien #}") == "{# rien #}"


def test_printing_what_is_not_there_is_an_error():
    with pytest.raises(EvaluationError) as found:
        render("Ticket {{ ticket.id }}")
    assert (found.value.code, "`ticket` was skipped" in found.value.message) == ("undefined", True)
    with pytest.raises(EvaluationError):
        render("{{ ticket.id }}")
    assert SameError is EvaluationError


def test_an_undefined_condition_or_list_is_an_error():
    for text in ("{% if ticket %}{% endif %}", "{% for x in ticket %}{% endfor %}", "{% for x in 3 %}{% endfor %}"):
        with pytest.raises(EvaluationError):
            render(text)


def test_a_loop_takes_apart_only_what_fits():
    with pytest.raises(EvaluationError, match="takes 2 values"):
        render("{% for a, b in [1] %}{% endfor %}")
    with pytest.raises(EvaluationError, match="takes 2 values"):
        render("{% for a, b in [[1, 2, 3]] %}{% endfor %}")


def test_functions_of_plugins_are_called():
    shout = function(
        "shout(value: text, times: int = 1) -> text", "Loud.", ("'a' | shout", "a!"), lambda v, n: v + "!" * n
    )
    table = function_table([shout])
    assert compile_expression("'a' | shout(2)", table)(scope_of()) == "a!!"
    assert compile_value("{{ shout('b') }} {{ 'c' | upper }}", table)(scope_of()) == "b! C"
    with pytest.raises(SyntaxProblem):
        compile_expression("'a' | shout(2)")
    with pytest.raises(ValueError, match="two functions are named 'upper'"):
        function_table([function("upper(value: text) -> text", "Again.", ("'a' | upper", "A"), str.upper)])


def test_what_a_function_of_a_plugin_raises_becomes_an_error_that_names_it():
    def broken(value):
        return value.nothing

    table = function_table([function("broken(value: any) -> any", "Broken.", ("1 | broken", 1), broken)])
    with pytest.raises(EvaluationError, match="broken: ") as found:
        compile_expression("1 | broken", table)(scope_of())
    assert found.value.code == "argument"


def test_a_text_is_compiled_once():
    assert compile_expression("1 + 1") is compile_expression("1 + 1")
    table = function_table([])
    assert compile_expression("1 + 1", table) is compile_expression("1 + 1", table)
    assert compile_expression("1 + 1", table) is not compile_expression("1 + 1")
