"""Nothing of Python can be reached from an expression."""

import pytest

from recipe_engine.expr import UNDEFINED, EvaluationError, SyntaxProblem, compile_expression, compile_value, functions
from tests.unit.expr.support import raw, scope_of, value


class Trap:
    """An object of the host that must never come into reach."""

    secret = "reached"

    def method(self):
        return "reached"


ESCAPES = [
    "''.__class__",
    "''.__class__.__mro__[1].__subclasses__()",
    "[].__class__.__base__",
    "{}.__class__",
    "(1).__class__",
    "name.__init__.__globals__",
    "name.__init__.__globals__['os']",
    "now.__class__",
    "now().zone",
    "now().__dict__",
    "hours(1).__class__",
    "upper.__globals__",
    "upper.__code__",
    "upper",
    "name | attr('__class__')",
    "name | map('__class__')",
    "[name] | map('__class__')",
    "[name] | map('upper')",
    "[now] | map('zone')",
    "get(now, 'zone.__class__')",
    "get(name, '__class__')",
    "record['__class__']",
    "record.keys()",
    "record.items()",
    "record.get('a')",
    "record.__getitem__('a')",
    "record.pop('a')",
    "trap.secret",
    "trap.method()",
    "trap['secret']",
    "trap | map('secret')",
    "self",
    "self.__init__",
    "request",
    "config.__class__.__init__.__globals__",
    "cycler.__init__.__globals__.os",
    "lipsum.__globals__['os'].popen('id')",
    "range.__class__",
    "loop",
    "namespace(a=1)",
    "dict(a=1)",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "__import__('os')",
    "getattr(name, 'upper')",
    "'{0.__class__}'.format(name)",
    "'%s' % name",
    "'{0.__class__}' | format(name)",
    "name | format",
    "format_number(1, 2, '../../../etc/passwd')",
    "format_date(now, 'long', '../../etc/passwd')",
    "format_date(now, 'long', 'UTC', '/etc/passwd')",
    "(now | in_timezone('/etc/passwd'))",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_a_way_out_is_an_error_or_undefined(text):
    values = {"name": "Ada", "record": {"a": 1}, "trap": Trap(), "config": {}}
    try:
        found = compile_expression(text)(scope_of(values))
    except (SyntaxProblem, EvaluationError):
        return
    assert isinstance(found, UNDEFINED)


@pytest.mark.parametrize(
    "statement",
    [
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% call m() %}{% endcall %}",
        "{% filter upper %}{% endfilter %}",
        "{% block b %}{% endblock %}",
        "{% with a = 1 %}{% endwith %}",
        "{% do record.pop('a') %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% set record.a = 2 %}",
        "{% set a, b = 1, 2 %}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set x | upper %}a{% endset %}",
        "{% print name %}",
        "{% break %}",
    ],
)
def test_a_statement_that_is_left_out_is_refused_by_name(statement):
    with pytest.raises(SyntaxProblem) as found:
        compile_value(statement)
    assert found.value.message


def test_a_field_is_a_key_and_never_a_method():
    record = {"items": [1], "keys": "k", "get": 3, "pop": None, "__class__": "c"}
    assert value("r.items", r=record) == [1]
    assert value("r.keys ~ r.get", r=record) == "k3"
    assert value("r.pop", r=record) is None
    assert value("r.__class__", r=record) == "c"
    assert isinstance(raw("r.update", r=record), UNDEFINED)


def test_a_path_is_read_field_by_field():
    assert value("record | get('__class__.__init__')", record={"a": 1}) is None


def test_an_object_of_the_host_does_not_leave():
    with pytest.raises(EvaluationError, match="no value of the language"):
        value("trap", trap=Trap())
    with pytest.raises(EvaluationError, match="no value of the language"):
        compile_value("a {{ trap }}")(scope_of({"trap": Trap()}))


def test_what_a_template_printed_is_not_read_again():
    assert compile_value("{{ name }} {{ name }}")(scope_of({"name": "{{ 7 * 7 }}"})) == "{{ 7 * 7 }} {{ 7 * 7 }}"


def test_values_of_the_scope_are_never_changed():
    rows = [{"n": 2}, {"n": 1}]
    scope = scope_of({"rows": rows})
    for text in (
        "rows | sort('n')",
        "rows | reverse",
        "rows + [1]",
        "rows | map('n')",
        "rows | group_by('n')",
        "rows | shuffle",
    ):
        compile_expression(text)(scope)
    compile_value("{% set rows = rows + [3] %}{% for r in rows %}{% set r = 1 %}{% endfor %}")(scope)
    assert rows == [{"n": 2}, {"n": 1}]


def test_the_table_of_functions_cannot_be_changed():
    with pytest.raises(TypeError):
        functions()["upper"] = None  # type: ignore[index]
