"""What holds for every text and every value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, TemplateSyntaxError, nodes

from recipe_engine.expr import (
    UNDEFINED,
    Binding,
    EvaluationError,
    Scope,
    SyntaxProblem,
    compile_expression,
    compile_value,
    format_duration,
    functions,
    infer_expression,
    infer_template,
    is_template,
    parse_duration,
    to_json,
    truthy,
)
from recipe_engine.expr.parser import parse_expression
from recipe_engine.expr.types import (
    ArrayT,
    BoolT,
    IntT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    assignable,
    describe,
    from_schema,
    to_schema,
    union,
)
from recipe_engine.expr.values import Duration, Moment
from tests.unit.expr.support import conforms, scope_of

SHORT = settings(max_examples=100, deadline=None)
LONG = settings(max_examples=300, deadline=None)

ORDER = ObjectT(
    {
        "id": IntT(),
        "total": NumberT(),
        "status": StringT(("paid", "open")),
        "email": StringT(),
        "paid": BoolT(),
        "at": StringT(None, "date-time"),
        "note": union(StringT(), NullT()),
    },
    frozenset({"id", "total", "status", "email", "paid", "at", "note"}),
)
TYPES: dict[str, Type] = {
    "n": IntT(),
    "x": NumberT(),
    "name": StringT(),
    "flag": BoolT(),
    "maybe": union(StringT(), NullT()),
    "when": StringT(None, "date-time"),
    "order": ORDER,
    "orders": ArrayT(ORDER),
    "numbers": ArrayT(IntT()),
    "texts": ArrayT(StringT()),
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
small = st.integers(-1000, 1000)
numbers = st.one_of(small, st.floats(-1e6, 1e6, allow_nan=False))
moments = (
    st.datetimes()
    .map(lambda at: at.replace(microsecond=0).isoformat() + "+02:00")
    .filter(lambda text: not text.startswith("0001"))
)
orders = st.fixed_dictionaries(
    {
        "id": small,
        "total": numbers,
        "status": st.sampled_from(["paid", "open"]),
        "email": texts,
        "paid": st.booleans(),
        "at": moments,
        "note": st.none() | texts,
    }
)
scopes = st.fixed_dictionaries(
    {
        "n": small,
        "x": numbers,
        "name": texts,
        "flag": st.booleans(),
        "maybe": st.none() | texts,
        "when": moments,
        "order": orders,
        "orders": st.lists(orders, max_size=4),
        "numbers": st.lists(small, max_size=4),
        "texts": st.lists(texts, max_size=4),
    }
)

leaves = st.sampled_from(
    [
        *TYPES,
        "order.id",
        "order.total",
        "order.status",
        "order.note",
        "order.at",
        "orders[0]",
        "orders[0].total",
        "numbers[0]",
        "now",
        "now()",
        "hours(2)",
        "'2h'",
        "'2026-01-01'",
        "null",
        "true",
        "0",
        "1",
        "2.5",
        "'a'",
        "'paid'",
        "[]",
        "{}",
        "[1, 2]",
        "{'a': 1}",
        "missing",
        "missing.field",
    ]
)
fields = st.sampled_from(["id", "total", "status", "note", "at", "nothing", "email"])
names_of_filters = st.sampled_from(sorted(name for name in functions() if not name.startswith("is ")))
names_of_tests = st.sampled_from(sorted(name[3:] for name in functions() if name.startswith("is ")))


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of smaller ones."""
    operators = st.sampled_from(
        ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
    )
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(st.sampled_from(["not ", "-", "+"]), inner).map(lambda parts: f"({parts[0]}{parts[1]})"),
        st.tuples(inner, fields).map(lambda parts: f"{parts[0]}.{parts[1]}"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
        st.tuples(inner, inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}:{parts[2]}]"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"[{parts[0]}, {parts[1]}]"),
        st.tuples(inner, inner).map(lambda parts: f"{{{parts[0]}: {parts[1]}}}"),
        st.tuples(inner, names_of_filters).map(lambda parts: f"({parts[0]} | {parts[1]})"),
        st.tuples(inner, names_of_filters, inner).map(lambda parts: f"({parts[0]} | {parts[1]}({parts[2]}))"),
        st.tuples(inner, names_of_filters, fields).map(lambda parts: f"({parts[0]} | {parts[1]}('{parts[2]}'))"),
        st.tuples(inner, names_of_filters, fields, inner).map(
            lambda parts: f"({parts[0]} | {parts[1]}('{parts[2]}', {parts[3]}))"
        ),
        st.tuples(inner, names_of_tests).map(lambda parts: f"({parts[0]} is {parts[1]})"),
        st.tuples(inner, names_of_tests, inner).map(lambda parts: f"({parts[0]} is not {parts[1]}({parts[2]}))"),
    )


expressions = st.recursive(leaves, joined, max_leaves=6)


def outcome(text: str, values: dict[str, Any]) -> Any:
    """The value of an expression, or the error that it ends with."""
    try:
        return compile_expression(text)(scope_of(values))
    except (SyntaxProblem, EvaluationError) as error:
        return error


@LONG
@given(expressions, scopes)
def test_an_expression_gives_a_value_or_one_of_two_errors(text, values):
    found = outcome(text, values)
    if isinstance(found, SyntaxProblem):
        assert 0 <= found.offset < max(len(text), 1)
        assert found.length >= 1
    elif not isinstance(found, (EvaluationError, UNDEFINED)):
        try:
            to_json(found)
            truthy(found)
        except EvaluationError:
            pass


def check_type(text: str, values: dict[str, Any]) -> None:
    """Fail when an expression gives what inference says it does not."""
    found = outcome(text, values)
    inference = infer_expression(text, {name: Binding(type_) for name, type_ in TYPES.items()})
    # What is certain to fail may still stand where it is never reached; then nothing is promised of the type.
    if not inference.problems and not isinstance(found, (SyntaxProblem, EvaluationError, UNDEFINED)):
        assert conforms(found, inference.type), (text, found, inference.type)


@LONG
@given(expressions, scopes)
def test_a_value_is_of_the_type_that_was_inferred(text, values):
    check_type(text, values)


def shaped(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions written after a template with {} for each part."""
    return st.tuples(*parts).map(lambda found: f"({template.format(*found)})")


number = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["n", "x", "3", "2.5", "order.id", "order.total", "-n", "numbers[0]", "orders[0].total"]),
        *(shaped(f"{{}} {symbol} {{}}", number, number) for symbol in ("+", "-", "*", "/", "//", "%")),
        shaped("{} if {} else {}", number, truth, number),
        shaped("{} | length", st.one_of(text, rows, plain_list)),
        shaped("{} | round({})", number, st.sampled_from(["", "2", "-1", "0"])),
        shaped("{} | " + "abs", number),
        shaped("{} | clamp({}, {})", number, number, number),
        shaped("max({}, {})", number, number),
        shaped("{} | sum", st.just("numbers")),
        shaped("{} | sum('total')", rows),
        shaped("{} | to_number(0)", text),
        shaped("{}.hours", duration),
        shaped("{}.year", moment),
        shaped("{} | weekday", moment),
        shaped("{} or {}", number, number),
        shaped("({} | first).total", rows),
    )
)
text = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["name", "'abc'", "''", "order.status", "order.email", "texts[0]", "order.note", "maybe"]),
        shaped("{} ~ {}", text, st.one_of(text, number, truth, rows)),
        *(shaped(f"{{}} | default('') | {name}", text) for name in ("upper", "slug", "trim", "reverse", "initials")),
        shaped("{} | default({})", text, text),
        shaped("{} | truncate({})", text, st.sampled_from(["0", "3", "9"])),
        shaped("{} | join({})", plain_list, st.just("', '")),
        shaped("{} | date", moment),
        shaped("{} | iso", moment),
        shaped("{} if {} else {}", text, truth, text),
        shaped("{}[0]", text),
        shaped("{}[1:]", text),
        shaped("{} | money", number),
        shaped("{} | to_json", st.one_of(rows, number, truth)),
        shaped("{} and {}", text, text),
        shaped("({} | find('status', 'paid')).email", rows),
    )
)
truth = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["flag", "true", "order.paid", "maybe is none", "missing is defined"]),
        *(shaped(f"{{}} {symbol} {{}}", number, number) for symbol in ("==", "!=", "<", ">=")),
        *(shaped(f"{{}} {symbol} {{}}", moment, moment) for symbol in ("<", ">=")),
        shaped("{} == {}", text, text),
        shaped("{} in {}", text, st.just("texts")),
        shaped("not {}", truth),
        shaped("{} and {}", truth, truth),
        shaped("{} or {}", truth, truth),
        shaped("{} is empty", st.one_of(text, rows)),
    )
)
moment = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["now", "now()", "(when | moment)", "(order.at | moment)", "moment('2026-01-01')"]),
        shaped("{} + {}", moment, duration),
        shaped("{} - {}", moment, duration),
        shaped("{} | start_of('{}')", moment, st.sampled_from(["day", "week", "month", "year"])),
        shaped("{} | add_days({})", moment, st.sampled_from(["1", "-40"])),
        shaped("when - {}", duration),
    )
)
duration = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["hours(2)", "days(1)", "duration('5m')", "(when - order.at)"]),
        shaped("{} + {}", duration, duration),
        shaped("{} * {}", duration, st.sampled_from(["2", "0.5"])),
        shaped("{} / 2", duration),
        shaped("{} - {}", moment, moment),
    )
)
rows = st.deferred(
    lambda: st.one_of(
        st.just("orders"),
        shaped("{} | where('paid')", rows),
        shaped("{} | where('total', '>', {})", rows, number),
        shaped("{} | sort('-total', 'email')", rows),
        shaped("{} | unique('{}')", rows, st.sampled_from(["status", "email", "note"])),
        shaped("{} | take({})", rows, st.sampled_from(["0", "2"])),
        shaped("{} + {}", rows, rows),
        shaped("{} | group_by('status') | map('items') | flatten", rows),
        shaped("{} | index_by('id') | values", rows),
        shaped("{} | reverse", rows),
        shaped("{}[1:]", rows),
    )
)
plain_list = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["numbers", "texts", "[]", "[1, 'a', null]"]),
        shaped("{} | map('{}')", rows, st.sampled_from(["id", "note", "status", "at"])),
        shaped("{} | compact", plain_list),
        shaped("{} | unique", plain_list),
        shaped("{} | chunk(2) | flatten", plain_list),
        shaped("[{}, {}]", st.one_of(text, number, truth), st.one_of(text, number, moment, duration)),
        shaped("{} | keys", st.just("order")),
        shaped("{} | values", st.just("order")),
        shaped("{} | items | map('value')", st.just("order | pick('id', 'note')")),
    )
)
well_typed = st.one_of(number, text, truth, moment, duration, rows, plain_list)


@LONG
@given(well_typed, scopes)
def test_a_well_typed_expression_gives_what_was_inferred(text, values):
    check_type(text, values)


@LONG
@given(expressions)
def test_inference_never_raises_and_its_problems_lie_in_the_text(text):
    inference = infer_expression(text, {name: Binding(type_) for name, type_ in TYPES.items()})
    for problem in inference.problems:
        assert 0 <= problem.offset < len(text)
        assert problem.offset + problem.length <= len(text)
    assert describe(inference.type)


def problem_of(
    read: Callable[[str], Callable[[Scope], Any]], text: str, values: dict[str, Any]
) -> SyntaxProblem | None:
    """What makes a text unreadable, None when it is read (and evaluated, with a value or an error)."""
    try:
        read(text)(scope_of(values))
    except SyntaxProblem as problem:
        return problem
    except EvaluationError:
        return None
    return None


pieces = st.one_of(
    texts,
    expressions.map(lambda text: f"{{{{ {text} }}}}"),
    expressions.map(lambda text: f"{{% if {text} %}}a{{% endif %}}"),
    expressions.map(lambda text: f"{{% for item in {text} %}}{{{{ item }}}}{{{{ loop.index }}}}{{% endfor %}}"),
    expressions.map(lambda text: f"{{% set v = {text} %}}{{{{ v | default('') }}}}"),
    st.sampled_from(
        ["{{", "}}", "{%", "%}", "{% endif %}", "{# a #}", "{% if flag %}", "{%- endfor -%}", "{% raw %}", "\n"]
    ),
)


@LONG
@given(st.lists(pieces, max_size=5).map("".join), scopes)
def test_a_template_gives_a_value_or_one_of_two_errors(text, values):
    inference = infer_template(text, {name: Binding(type_) for name, type_ in TYPES.items()})
    problem = problem_of(compile_value, text, values)
    assert problem is None or 0 <= problem.offset < max(len(text), 1)
    assert all(0 <= problem.offset < max(len(text), 1) for problem in inference.problems)


@SHORT
@given(st.text(max_size=40))
def test_text_without_templates_stays_as_it_is(text):
    assume(not is_template(text))
    assert compile_value({"a": [text]})(scope_of()) == {"a": [text]}


@SHORT
@given(st.text(st.characters(exclude_characters="{}%#"), max_size=20), st.text(max_size=20))
def test_a_printed_text_and_the_text_around_it_come_out_as_they_are(around, printed):
    assert (
        compile_value(f"{around}.{{{{ name }}}}{around}")(scope_of({"name": printed})) == f"{around}.{printed}{around}"
    )


@SHORT
@given(st.text("ab01 .()[]{}|+-*/%<>=!~,:'\"\\_é\n\r\t{", max_size=25))
def test_any_text_is_read_or_refused(text):
    for read in (compile_expression, compile_value):
        problem = problem_of(read, text, {})
        assert problem is None or 0 <= problem.offset <= len(text)


JINJA = Environment()  # parses only


def jinja_tree(text: str) -> Any:
    """Jinja's own reading of an expression; None where it refuses it."""
    try:
        body = JINJA.parse("{{" + text + "\n}}").body
    except TemplateSyntaxError:
        return None
    return body[0].nodes[0] if len(body) == 1 and isinstance(body[0], nodes.Output) else None


@LONG
@given(expressions)
def test_the_grammar_is_jinjas(text):
    # In brackets, so that an object that begins with another is not taken for braces around the whole.
    assert reads(f"({text})") == (jinja_tree(text) is not None)


def reads(text: str) -> bool:
    """Whether our parser takes an expression."""
    try:
        parse_expression(text)
    except SyntaxProblem:
        return False
    return True


@SHORT
@given(st.integers(0, 10**12))
def test_a_duration_is_read_as_it_was_written(milliseconds):
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == seconds


@SHORT
@given(st.floats(-1e10, 1e10, allow_nan=False))
def test_a_moment_is_read_as_it_was_written(seconds):
    written = to_json(Moment(round(seconds, 3)))
    read = compile_expression("text | moment")(scope_of({"text": written}))
    assert math.isclose(read.seconds, round(seconds, 3), abs_tol=2e-6)


@SHORT
@given(st.floats(-1e9, 1e9, allow_nan=False), st.floats(0, 1e8, allow_nan=False))
def test_what_is_added_to_a_moment_can_be_taken_away(seconds, length):
    found = compile_expression("(now + wait - wait)")(scope_of({"wait": Duration(length)}, now=seconds))
    assert math.isclose(found.seconds, seconds, abs_tol=1e-3)


types = st.recursive(
    st.sampled_from([IntT(), NumberT(), BoolT(), NullT(), StringT(), StringT(("a", "b")), StringT(None, "email")]),
    lambda inner: st.one_of(
        inner.map(ArrayT),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda named: ObjectT(named, frozenset(named))),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: union(*members)),
    ),
    max_leaves=6,
)


@SHORT
@given(types, types)
def test_either_of_a_union_fits_the_union(a, b):
    assert union(a, b) == union(union(a, b), a, b)
    assert assignable(a, a) is None
    assert assignable(a, union(a, b)) is None
    assert assignable(b, union(a, b)) is None


@SHORT
@given(types)
def test_a_type_is_read_back_from_its_schema(type_):
    written = to_schema(type_)
    assert to_schema(from_schema(written)) == written
