"""What expressions give, and what they refuse."""

import pytest

from recipe_engine.expr import UNDEFINED, EvaluationError, truthy
from tests.unit.expr.support import raw, value

ORDER = {
    "id": 7,
    "total": 12.5,
    "email": "ada@example.org",
    "note": None,
    "lines": [{"name": "Clé", "price": 10}, {"name": "Vis", "price": 2.5}],
    "created_at": "2026-11-19T10:00:00Z",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("7 / 2", 3.5),
        ("6 / 3", 2.0),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("-2 ** 2", 4),
        ("-3 | abs", 3),
        ("+3", 3),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("'a' + 'b'", "ab"),
        ("'ab' * 2", "abab"),
        ("[1] + [2]", [1, 2]),
        ("'a' ~ 1 ~ true ~ null ~ 2.0 ~ 1.5 ~ [1]", "a1true21.5[1]"),
        ("1 < 2", True),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("1 == 1.0", True),
        ("true == 1", False),
        ("[true] == [1]", False),
        ("{'a': 1} == {'a': 1.0}", True),
        ("null == null", True),
        ("1 == '1'", False),
        ("'a' < 'b'", True),
        ("1 != 2", True),
        ("1 in [1, 2]", True),
        ("true in [1, 2]", False),
        ("3 not in [1, 2]", True),
        ("'b' in 'abc'", True),
        ("'id' in order", True),
        ("not 1", False),
        ("not []", True),
        ("0 or 'x'", "x"),
        ("'a' and 'b'", "b"),
        ("'' and 'b'", ""),
        ("1 if true else 2", 1),
        ("1 if false", None),
        ("order.id", 7),
        ("order['id']", 7),
        ("order.lines[0].name", "Clé"),
        ("order.lines.1.name", "Vis"),
        ("order.lines[-1].price", 2.5),
        ("order.lines[:1] | length", 1),
        ("'abcdef'[1:4]", "bcd"),
        ("'abc'[::-1]", "cba"),
        ("[1, 2, 3][1:]", [2, 3]),
        ("(1, 2)", [1, 2]),
        ("{'a': 1, 'b': [2]}", {"a": 1, "b": [2]}),
        ("{1: 'x'}['1']", "x"),
        ("{'1': 'x'}[1]", "x"),
        ("True and none == null", True),
        ("order.note", None),
        ("order.note is none", True),
        ("{{ order.id }}", 7),
        ("  {{order.id}}\n", 7),
        ("'it''s'", "its"),
        (r"'a\nb'", "a\nb"),
        (r"'\d+\.'", r"\d+\."),
        (r"'\u00e9\x41\\'", "éA\\"),
        ("1_000", 1000),
        ("0x1f", 31),
        ("1e3", 1000.0),
        ("upper('a')", "A"),
        ("'a' | upper | lower", "a"),
        ("'a b' | split | join(separator='-')", "a-b"),
        ("'abc' | truncate(end='', length=2)", "ab"),
        ("order.lines | sum('price')", 12.5),
    ],
)
def test_it_gives(text, expected):
    found = value(text, order=ORDER)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-20T13:30:00+00:00"),
        ("now()", "2026-11-20T13:30:00+00:00"),
        ("now + hours(2)", "2026-11-20T15:30:00+00:00"),
        ("hours(2) + now", "2026-11-20T15:30:00+00:00"),
        ("now - '30m'", "2026-11-20T13:00:00+00:00"),
        ("order.created_at - hours(2)", "2026-11-19T08:00:00+00:00"),
        ("now() > order.created_at", True),
        ("order.created_at < now", True),
        ("order.created_at == ('2026-11-19T11:00:00+01:00' | moment)", True),
        ("'2026-11-19T11:00:00+01:00' >= order.created_at", True),
        ("'2026-11-19T11:30:00+01:00' > '2026-11-19T11:00:00Z'", False),
        ("'2026-11-20' - '2026-11-19'", "1d"),
        ("now - order.created_at", "1d3h30m"),
        ("(now - order.created_at).hours", 27.5),
        ("(now - order.created_at) > days(1)", True),
        ("(now - order.created_at) > '1d'", True),
        ("hours(1) + minutes(30)", "1h30m"),
        ("hours(1) * 2.5", "2h30m"),
        ("2 * hours(1)", "2h"),
        ("hours(3) / 2", "1h30m"),
        ("hours(3) / hours(2)", 1.5),
        ("hours(5) // hours(2)", 2),
        ("-hours(1)", "-1h"),
        ("hours(1) - hours(2)", "-1h"),
        ("now.year", 2026),
        ("now.hour", 14),
        ("(now | in_timezone('UTC')).hour", 13),
        ("today() + days(2)", "2026-11-22T00:00:00+01:00"),
        ("'2026-10-24' + days(2)", "2026-10-26T00:00:00+01:00"),
        ("'2026-10-24T00:00:00+02:00' + days(2)", "2026-10-26T00:00:00+02:00"),
        ("[now, hours(1)]", ["2026-11-20T13:30:00+00:00", "1h"]),
        ("'at ' ~ now", "at 2026-11-20T13:30:00+00:00"),
        ("max('2026-01-02' | moment, '2026-01-01' | moment) | date", "2026-01-02"),
        ("[now, order.created_at] | sort | first", "2026-11-19T10:00:00Z"),
    ],
)
def test_time_is_reckoned_with(text, expected):
    assert value(text, order=ORDER) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'1' + 1", "cannot add a number to text; join texts with ~"),
        ("1 - 'a'", "cannot subtract text from a number"),
        ("true + 1", "cannot add a number to true or false"),
        ("[1] * 2", "cannot multiply a list by a number"),
        ("{} + {}", "cannot add an object to an object"),
        ("1 < 'a'", "cannot compare a number with text"),
        ("null < 1", "cannot compare null with a number"),
        ("[1] < [2]", "cannot compare a list with a list"),
        ("now + now", "cannot add a moment to a moment"),
        ("hours(1) > 3600", "cannot compare a duration with a number"),
        ("1 in 2", "cannot look for a number in a number"),
        ("1 in 'a1'", "cannot look for a number in text"),
        ("-'a'", "text has no negative"),
        ("order.id.name", "`order.id` is a number, which has no field `name`"),
        ("order.lines.name", "`order.lines` is a list, which has no field `name`"),
        ("order.id[0]", "`order.id` is a number, which has no item at a number"),
        ("order.lines['a':]", "a slice goes from one whole number to another, and text was found"),
        ("12 | upper", "upper: `value` must be text, and a number (12) was found"),
        ("'a' | round", "round: `value` must be a number, and text ('a') was found"),
        ("null | length", "length: `value` must be text or a list or an object, and null was found"),
        ("[1, 'a'] | sum", "sum: text ('a') is not a number; use to_number on it first"),
        ("{true: 1}", "the name of a field is text, and true or false was found"),
    ],
)
def test_kinds_that_do_not_go_together_are_named(text, message):
    with pytest.raises(EvaluationError) as found:
        value(text, order=ORDER)
    assert found.value.code == "type"
    assert found.value.message == message


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "1 // 0",
        "1 % 0",
        "0 ** -1",
        "(0 - 8) ** 0.5",
        "hours(1) / 0",
        "[1][::0]",
        "'x' | from_json",
        "'NaN' | from_json",
        "'a' | to_number",
        "'2026-02-30' | moment",
        "'a' | moment('%d/%m/%Y')",
        "'20/11/2026' | moment('%d/%d/%Y')",
        "now | in_timezone('Mars/Olympus')",
        "now | start_of('fortnight')",
        "now | format_date('long', '', 'xx')",
        "12 | money('EURO')",
        "[] | choice",
        "'a' is matching '('",
        "'a' | capture('a', 3)",
        "'a' | replace_regex('a', '\\2')",
        "'a' | base64_decode",
        "'é' | base64_decode",
        "'a' | replace('', 'b')",
        "[1] | chunk(0)",
        "range(1, 2, 0)",
        "3 is divisibleby 0",
        "'12' | phone",
        "round(1, 99)",
        "now | at('25:00')",
    ],
)
def test_an_argument_that_cannot_be_worked_with_is_an_error(text):
    with pytest.raises(EvaluationError) as found:
        value(text)
    assert found.value.code == "argument"


@pytest.mark.parametrize(
    "text",
    [
        "skipped",
        "skipped.id",
        "skipped.id.name[0]",
        "order.nothing",
        "order.note.id",
        "order.lines[9]",
        "[] | first",
        "skipped == 1",
        "skipped != null",
        "skipped + 1",
        "1 + skipped",
        "-skipped",
        "not skipped",
        "skipped and true",
        "true and skipped",
        "1 if skipped else 2",
        "skipped ~ 'a'",
        "skipped | upper",
        "upper(skipped)",
        "skipped is none",
        "skipped in [1]",
        "1 in skipped",
        "[skipped]",
        "{'a': skipped}",
        "{skipped: 1}",
        "order[skipped]",
        "'abc'[skipped:]",
    ],
)
def test_using_what_is_not_there_says_why(text):
    with pytest.raises(EvaluationError) as found:
        value(text, order=ORDER)
    assert found.value.code == "undefined"
    assert "default" in found.value.message


def test_the_reason_names_what_is_missing():
    with pytest.raises(EvaluationError, match="`ticket` was skipped"):
        value("ticket.id")
    with pytest.raises(EvaluationError, match=r"`order.customer` has no field `name`"):
        value("order.customer.name", order={"customer": {}})
    with pytest.raises(EvaluationError, match=r"`order.note` is null, so it has no field `id`"):
        value("order.note.id", order=ORDER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("skipped is defined", False),
        ("skipped is not defined", True),
        ("skipped.a.b is undefined", True),
        ("order.note is defined", True),
        ("order.note.id is defined", False),
        ("skipped.a.b[0] | default('x')", "x"),
        ("order.note | default('x')", "x"),
        ("'' | default('x')", ""),
        ("'' | default('x', true)", "x"),
        ("skipped | default(also) | default('x')", "x"),
        ("1 | default(skipped)", 1),
        ("coalesce(skipped, order.note, 3, 4)", 3),
        ("skipped is defined and skipped.id == 1", False),
        ("skipped is undefined or skipped.id == 1", True),
        ("skipped | get('id', 'x')", "x"),
        ("order | get('lines.1.price')", 2.5),
        ("order | get('lines.7.price', 0)", 0),
    ],
)
def test_what_is_not_there_can_be_tested_and_replaced(text, expected):
    assert value(text, order=ORDER) == expected


def test_an_expression_alone_may_give_what_is_not_there():
    assert isinstance(raw("skipped.id"), UNDEFINED)
    with pytest.raises(EvaluationError):
        truthy(raw("skipped"))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, False),
        (0, False),
        (0.0, False),
        ("", False),
        ([], False),
        ({}, False),
        ("a", True),
        ([0], True),
        (-1, True),
    ],
)
def test_what_counts_as_true(found, expected):
    assert truthy(found) is expected


def test_an_empty_duration_counts_as_false():
    assert truthy(raw("hours(0)")) is False
    assert truthy(raw("hours(1)")) is True


def test_a_side_that_does_not_decide_is_not_looked_at():
    assert value("true or 1 / 0") is True
    assert value("false and 1 / 0") is False
    assert value("1 if true else 1 / 0") == 1
