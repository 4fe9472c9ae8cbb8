"""The functions beyond their examples: edges, French, time zones, randomness."""

import pytest

from recipe_engine.expr import EvaluationError, compile_expression
from tests.unit.expr.support import render, scope_of, value

ROWS = [
    {"n": 1, "who": "Élodie", "total": 20, "tag": None},
    {"n": 2, "who": "adam", "total": None, "tag": "b"},
    {"n": 3, "who": "Zoé", "total": 7.5, "tag": "a"},
    {"n": 4, "who": "Eva", "total": 7.5},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # text
        ("'l’été À' | title", "L’été À"),
        ("'jean-paul DE LA tour' | title", "Jean-Paul De La Tour"),
        ("'' | capitalize", ""),
        ("'xxaxx' | trim('x')", "a"),
        ("'abc' | truncate(3)", "abc"),
        ("'abcd' | truncate(3)", "ab…"),
        ("'abcd' | truncate(0)", ""),
        ("'un deux trois' | truncate(11, '...')", "un deux..."),
        ("'unmottroplong' | truncate(6, '')", "unmott"),
        ("' a  b ' | split", ["a", "b"]),
        ("'a  b' | split(' ')", ["a", "b"]),
        ("'a,b,c' | split(',', 2)", ["a", "b,c"]),
        ("'' | split(',')", [""]),
        ("[1, null, true, 'é'] | join('-')", "1--true-é"),
        ("'Œuvre & Cie ß' | slug", "oeuvre-cie-ss"),
        ("'***' | slug", ""),
        ("'<style>a{}</style><p>Un&nbsp;mot</p>\n\n\n<ul><li>x</li><li>y</li></ul>' | strip_html", "Un mot\n\nx\n\ny"),
        ("'2 < 3 et <b>gras' | strip_html", "2 < 3 et gras"),
        ("'a<!-- <p> -->b<br/>c' | strip_html", "ab\nc"),
        ("'<script>alert(1)' | strip_html", ""),
        ("'a' | pad(3, '.', 'right')", "a.."),
        ("'a' | pad(3, '.', 'both')", ".a."),
        ("'a\n\nb' | indent(2, true)", "  a\n\n  b"),
        ("' a\nb' | indent(2)", " a\n  b"),
        ("'06 12' | mask(2)", "***12"),
        ("'ab' | mask(5)", "ab"),
        ("'ab' | mask(0)", "**"),
        ("'a@b' | before('x')", "a@b"),
        ("'a@b' | after('x')", ""),
        ("'été' | reverse", "été"),
        ("[1, 2] | contains(2)", True),
        ("{'a': 1} | contains('b')", False),
        ("'0033 6 12 34 56 78' | phone", "+33612345678"),
        ("'+33 (0)6 12 34 56 78' | phone", "+33612345678"),
        ("'+32 470 12 34 56' | phone", "+32470123456"),
        ("'0470/12.34.56' | phone('32')", "+32470123456"),
        # numbers
        ("2.5 | round", 3),
        ("-2.5 | round", -3),
        ("1.005 | round(2)", 1.01),
        ("1234 | round(-2)", 1200),
        ("12 | round(2)", 12.0),
        ("1e30 | round", int(1e30)),
        ("'1 234,56' | to_number", 1234.56),
        ("'1\u202f234,56\u00a0€' | to_number", 1234.56),
        ("'1.234,56' | to_number", 1234.56),
        ("'1,234.56' | to_number", 1234.56),
        ("'1,234,567' | to_number", 1234567),
        ("'1.234.567' | to_number", 1234567),
        ("'12,5' | to_number", 12.5),
        ("'-12' | to_number", -12),
        ("'\u221212 %' | to_number", -12),
        ("'.5' | to_number", 0.5),
        ("'1e3' | to_number", 1000.0),
        ("'douze' | to_number(0)", 0),
        ("'' | to_number(null)", None),
        ("skipped | to_number(1)", 1),
        ("'12,9' | to_int", 12),
        ("'٣' | to_number(0)", 0),
        ("[3, null, 1] | min", 1),
        ("[] | max", None),
        ("max('b', 'a')", "b"),
        ("1234567.891 | format_number", "1 234 567,891"),
        ("1234567.891 | format_number(1, 'en_US')", "1,234,567.9"),
        ("0.5 | format_number(0)", "1"),
        ("1234.5 | money", "1 234,50 €"),
        ("-5 | money", "-5,00 €"),
        ("12.345 | money", "12,35 €"),
        ("12 | money('EUR', 0)", "12 €"),
        ("1234.5 | money('USD', locale='en_US')", "$1,234.50"),
        ("500 | money('JPY')", "500 JPY"),
        ("12.5 | money('CHF', locale='fr-CH')", "12,50 CHF"),
        ("0.5 | percent", "50 %"),
        ("0.12345 | percent(2)", "12,35 %"),
        ("0.5 | percent(1, 'en')", "50.0%"),
        # lists
        ("rows | sort('who') | map('n')", [2, 1, 4, 3]),
        ("rows | sort('-total', 'who') | map('n')", [1, 4, 3, 2]),
        ("rows | sort('tag') | map('n')", [3, 2, 1, 4]),
        ("rows | sort('-tag') | map('n')", [2, 3, 1, 4]),
        ("[3, 1, 2] | sort('-')", [3, 2, 1]),
        ("['b', 'É', 'a', 'e'] | sort", ["a", "b", "e", "É"]),
        ("rows | where('tag') | map('n')", [2, 3]),
        ("rows | where('tag', null) | map('n')", [1, 4]),
        ("rows | where('tag', '!=', 'a') | map('n')", [1, 2, 4]),
        ("rows | where('total', '>', 7) | map('n')", [1, 3, 4]),
        ("rows | where('who', 'contains', 'o') | map('n')", [1, 3]),
        ("rows | where('n', 'in', [1, 4]) | map('n')", [1, 4]),
        ("rows | where('n', 'not in', [1, 4]) | map('n')", [2, 3]),
        ("[1, 2, 3] | where('.', '>', 1)", [2, 3]),
        ("rows | find('n', 9)", None),
        ("rows | sum('total')", 35.0),
        ("rows | average('total') | round(2)", 11.67),
        ("[] | sum", 0),
        ("[] | average", None),
        ("[0.1, 0.2, 0.3] | sum", 0.6),
        ("(rows | min_by('total')).n", 3),
        ("rows | group_by('total') | map('key')", [20, None, 7.5]),
        ("rows | count_by('tag')", {"": 2, "b": 1, "a": 1}),
        ("rows | index_by('tag') | keys", ["b", "a"]),
        ("rows | map('tag', '-')", [None, "b", "a", "-"]),
        ("rows | unique('total') | map('n')", [1, 2, 3]),
        ("[1, 1.0, true, '1', [1], [1]] | unique", [1, True, "1", [1]]),
        ("[[1], 2, [[3]]] | flatten", [1, 2, [3]]),
        ("[0, false, '', null, [], {}] | compact", [0, False]),
        ("range(3)", [0, 1, 2]),
        ("range(5, 0, 0 - 2)", [5, 3, 1]),
        ("range(2, 1)", []),
        ("[1] | take(0 - 3)", []),
        ("[1, [2]] | difference([[2]])", [1]),
        # objects
        ("[{'key': 1, 'value': 2}] | from_items", {"1": 2}),
        ("merge()", {}),
        ("{'a': {'b': [1, {'c': 2}]}} | get('a.b.1.c')", 2),
        ("{'a': null} | get('a', 3)", 3),
        # encodings
        ('\'{"a": 1, "a": 2}\' | from_json', {"a": 2}),
        ("'[1.5, 1e2, -3]' | from_json", [1.5, 100.0, -3]),
        ("{'é': [now]} | to_json", '{"é": ["2026-11-20T13:30:00+00:00"]}'),
        ("[1] | to_json(2)", "[\n  1\n]"),
        ("'été?>' | base64_encode(true)", "w6l0w6k_Pg"),
        ("'w6l0w6k_Pg' | base64_decode", "été?>"),
        ("'what do ya want for nothing?' | hmac('Jefe', 'sha1')", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("'what do ya want for nothing?' | hmac('Jefe') | truncate(8, '')", "5bdcc146"),
        ("'a' | hmac('b', encoding='base64') | base64_encode | length", 60),
        ("'a b&c' | url_encode(true)", "a+b%26c"),
        ("'https://u:p@h.fr:8080/a%20b?x=1&x=2&y=#f' | url_parts | get('query')", {"x": "2", "y": ""}),
        ("{'a': [1, 2], 'b': null, 'c': true} | query_string", "a=1&a=2&c=true"),
        ("'a;b\n\"x;1\";2\n3' | from_csv(';')", [{"a": "x;1", "b": "2"}, {"a": "3", "b": ""}]),
        ("'1,2\n3,4' | from_csv(header=false)", [["1", "2"], ["3", "4"]]),
        ("[{'a': 'x,y', 'b': 1}, {'b': null}] | to_csv", 'a,b\n"x,y",1\n,\n'),
        ("[[1, 2]] | to_csv(';')", "1;2\n"),
        # patterns
        ("('Ref AB-12' | match('(?P<l>[A-Z]+)-(\\d+)')).groups", ["AB", "12"]),
        ("('Ref AB-12' | match('(?P<l>[A-Z]+)-(\\d+)')).named", {"l": "AB"}),
        ("'été 12' | match('[0-9]+')", {"text": "12", "start": 4, "end": 6, "groups": [], "named": {}}),
        ("'x' | match('y')", None),
        ("'x' | capture('y')", None),
        ("'a1b22' | find_all('[0-9]+')", ["1", "22"]),
        ("'aaa' | replace_regex('a*?', '-')", "-a-a-a-"),
        ("'Doe, Jane' | replace_regex('(?P<l>\\w+), (\\w+)', '\\2 \\g<l>')", "Jane Doe"),
        ("'a1b2' | split_regex('[0-9]')", ["a", "b", ""]),
        ("'HELLO' is matching '(?i)hello'", True),
        ("'a\nb' is matching '^b'", False),
        # tests
        ("'a@b.fr' is email and 'a@b' is not email and 'a b@c.fr' is not email and 3 is not email", True),
        ("'2026-11-20' is moment and now is moment and 3 is not moment", True),
        ("null is empty and 0 is not empty and [] is empty", True),
        ("3 is odd and 3 is not even", True),
        ("2.0 is whole and 2.5 is not whole and true is not number", True),
        ("'a' is in 'abc' and 1 is not in [2]", True),
    ],
)
def test_it_gives(text, expected):
    assert value(text, rows=ROWS) == expected


# The public holidays of metropolitan France in 2026, as service-public.fr lists them.
HOLIDAYS = "2026-01-01 2026-04-06 2026-05-01 2026-05-08 2026-05-14 2026-05-25 2026-07-14 2026-08-15 2026-11-01 2026-11-11 2026-12-25"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'2026-11-20T23:30:00Z' | format_date('short')", "21/11/2026"),
        ("'2026-11-20T23:30:00Z' | format_date('long', 'UTC')", "20 novembre 2026"),
        ("'2026-11-20T23:30:00Z' | format_date('%A %d %B %Y à %Hh%M')", "samedi 21 novembre 2026 à 00h30"),
        ("'2026-11-20T12:00:00Z' | format_date('%A, %B %e %I:%M %p', 'UTC', 'en_US')", "Friday, November 20 12:00 PM"),
        ("'2026-08-01' | format_date('%a %d %b %y %j %u %V 100%%')", "sam. 01 août 26 213 6 31 100%"),
        ("'2026-11-20T12:00:00Z' | format_date('time')", "13:00"),
        ("'2026-11-20T12:00:00Z' | format_date('datetime')", "20 novembre 2026 à 13:00"),
        ("'2026-11-20T12:00:00Z' | format_date('full', 'America/Montreal', 'en')", "Friday, November 20, 2026"),
        ("'2026-11-20T12:00:00Z' | format_date(\"EEEE d MMMM 'à' HH'h'mm\")", "vendredi 20 novembre à 13h00"),
        ("'2026-11-20T12:00:00Z' | in_timezone('Asia/Tokyo') | format_date('time')", "21:00"),
        ("'2026-11-20T12:00:00Z' | in_timezone('Asia/Tokyo') | date", "2026-11-20"),
        ("'3 mars 2026' | moment('%d %B %Y') | date", "2026-03-03"),
        ("'mardi 3 févr. 2026 8h05' | moment('%A %d %b %Y %Hh%M') | iso", "2026-02-03T08:05:00+01:00"),
        ("'March 3, 2026 2:05 PM' | moment('%B %d, %Y %I:%M %p') | iso", "2026-03-03T14:05:00+01:00"),
        ("'03/03/26' | moment('%d/%m/%y') | date", "2026-03-03"),
        ("'2026-03-03T10:00' | moment('', 'America/New_York') | iso", "2026-03-03T10:00:00-05:00"),
        ("'20261120T101500+0000' | moment('%Y%m%dT%H%M%S%z') | iso", "2026-11-20T10:15:00+00:00"),
        ("0 | moment | iso", "1970-01-01T00:00:00+00:00"),
        ("date(2026, 2, 28)", "2026-02-28"),
        ("date(2026)", "2026-01-01"),
        ("date('2026-11-20T23:30:00Z', timezone='UTC')", "2026-11-20"),
        ("today()", "2026-11-20"),
        ("today('Pacific/Auckland')", "2026-11-21"),
        ("now | start_of('hour') | iso", "2026-11-20T14:00:00+01:00"),
        ("now | start_of('week') | date", "2026-11-16"),
        ("now | start_of('quarter') | date", "2026-10-01"),
        ("now | start_of('year') | iso", "2026-01-01T00:00:00+01:00"),
        ("now | start_of('days', 'UTC') | iso", "2026-11-20T00:00:00+00:00"),
        ("now | end_of('week') | iso", "2026-11-22T23:59:59+01:00"),
        ("now | end_of('month') | date", "2026-11-30"),
        ("now | end_of('quarter') | date", "2026-12-31"),
        ("now | end_of('year') | date", "2026-12-31"),
        ("'2026-10-25T00:30:00+02:00' | end_of('day') | iso", "2026-10-25T23:59:59+01:00"),
        ("'2026-10-25T02:30:00+02:00' | end_of('hour') | iso", "2026-10-25T02:59:59+02:00"),
        ("'2026-03-29' | at('02:30') | iso", "2026-03-29T03:30:00+02:00"),
        ("now | at('9:05:07') | iso", "2026-11-20T09:05:07+01:00"),
        ("today() | add_days(1) | at('09:00') | iso", "2026-11-21T09:00:00+01:00"),
        ("now | add_months(-9) | date", "2026-02-20"),
        ("'2026-03-31' | add_months(-1) | date", "2026-02-28"),
        ("'2023-01-31' | add_months(13) | date", "2024-02-29"),
        ("now | add_business_days(1) | date", "2026-11-23"),
        ("now | add_business_days(-5) | date", "2026-11-13"),
        ("'2026-12-24' | add_business_days(1) | date", "2026-12-28"),
        ("'2026-12-24' | add_business_days(1, '') | date", "2026-12-25"),
        ("'2026-12-24' | add_business_days(1, holidays=['2026-12-28']) | date", "2026-12-29"),
        ("now | add_business_days(0) | date", "2026-11-20"),
        ("public_holidays(2026) | join(' ')", HOLIDAYS),
        ("is_business_day('2026-11-11')", False),
        ("is_business_day('2026-11-12')", True),
        ("days_between('2026-03-28', '2026-03-30')", 2),
        ("days_between('2026-03-30', '2026-03-28')", -2),
        ("from_timestamp(1795181400) == now", True),
        ("now | timestamp", 1_795_181_400.0),
        ("duration(90)", "1m30s"),
        ("weeks(1) + days(1)", "8d"),
        ("milliseconds(5)", "5ms"),
    ],
)
def test_dates_are_reckoned_as_people_do(text, expected):
    assert value(text) == expected


RANDOM = ("random()", "random_int(1, 10 ** 9)", "choice(range(1000))", "shuffle(range(50))", "uuid()", "random_code(8)")


@pytest.mark.parametrize("text", RANDOM)
def test_what_is_drawn_follows_from_the_seed(text):
    evaluate = compile_expression(text)
    first = evaluate(scope_of(seed="one"))
    assert evaluate(scope_of(seed="one")) == first
    assert evaluate(scope_of(seed="two")) != first


def test_the_draws_of_a_scope_differ_and_come_again_in_order():
    template = ["{{ uuid() }}", "{{ uuid() }} {{ random() }}", "{{ random() }}"]
    first = render(template)
    assert first == render(template)
    one, pair, number = first
    other, drawn = pair.split()
    assert one != other
    assert float(drawn) != number
    assert 0 <= number < 1


def test_a_uuid_is_one():
    import uuid

    assert uuid.UUID(value("uuid()")).version == 4


def test_random_numbers_lie_between_their_bounds():
    scope = scope_of()
    drawn = {compile_expression("random_int(1, 3)")(scope) for _ in range(100)}
    assert drawn == {1, 2, 3}
    with pytest.raises(EvaluationError):
        value("random_int(3, 1)")
