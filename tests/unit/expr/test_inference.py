"""What is known of an expression before it runs, and what is told about it."""

import pytest

from recipe_engine.expr import Binding, function, function_table, infer_expression, infer_template, infer_value
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    describe,
    union,
)

TEXT = StringT()
CATEGORY = StringT(("support", "modelling"))
CLASSIFY = ObjectT({"category": CATEGORY, "confidence": NumberT(), "reason": union(TEXT, NullT())})
ORDER = ObjectT(
    {
        "id": IntT(),
        "total": NumberT(),
        "status": StringT(("paid", "open")),
        "email": TEXT,
        "paid": BoolT(),
        "created_at": StringT(None, "date-time"),
        "lines": ArrayT(ObjectT({"price": NumberT(), "name": TEXT})),
    },
    frozenset({"id"}),
)
SCOPE = {
    "classify": Binding(CLASSIFY),
    "ticket": Binding(ObjectT({"id": TEXT, "n": IntT()}), skippable="its step runs only if `urgent`"),
    "later": Binding(AnyT(), unavailable="its step runs after this one"),
    "orders": Binding(ArrayT(ORDER)),
    "name": Binding(TEXT),
    "count": Binding(IntT()),
    "phone": Binding(union(TEXT, NullT())),
    "either": Binding(union(TEXT, IntT())),
    "contact": Binding(union(ObjectT({"id": TEXT}), NullT())),
    "secrets": Binding(ObjectT({"API_KEY": SecretT()})),
    "anything": Binding(AnyT()),
    "open": Binding(ObjectT({"a": IntT()}, open=True)),
    "file": Binding(FileT()),
    "meeting": Binding(ObjectT({"start": StringT(None, "date-time"), "end": StringT(None, "date-time")})),
}


def problems(text, infer=infer_expression):
    """The problems of a text: kind, the characters they are about."""
    return [
        (problem.kind, text[problem.offset : problem.offset + problem.length])
        for problem in infer(text, SCOPE).problems
    ]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("1", IntT()),
        ("1.5", NumberT()),
        ("'a'", StringT(("a",))),
        ("null", NullT()),
        ("true", BoolT()),
        ("name", TEXT),
        ("classify.category", CATEGORY),
        ("orders[0].lines", ArrayT(ObjectT({"price": NumberT(), "name": TEXT}))),
        ("orders[count].id", IntT()),
        ("orders[1:]", ArrayT(ORDER)),
        ("name[1:]", TEXT),
        ("file.size", IntT()),
        ("anything.a.b[0]", AnyT()),
        ("open.a", IntT()),
        ("open.b.c", AnyT()),
        ("contact.id", TEXT),
        ("count + 1", IntT()),
        ("count / 2", NumberT()),
        ("count * 1.5", NumberT()),
        ("count ** 2", NumberT()),
        ("count // 2", IntT()),
        ("anything + 1", AnyT()),
        ("name + 'a'", TEXT),
        ("name ~ count", TEXT),
        ("[1] + ['a']", ArrayT(union(IntT(), StringT(("a",))))),
        ("[]", ArrayT(AnyT())),
        ("{'a': 1, 'b': name}", ObjectT({"a": IntT(), "b": TEXT}, frozenset({"a", "b"}))),
        ("{name: 1}", ObjectT({}, open=True, rest=IntT())),
        ("count > 1", BoolT()),
        ("not name", BoolT()),
        ("name and count", union(TEXT, IntT())),
        ("phone or 'x'", TEXT),
        ("null or count", IntT()),
        ("'a' if count else 'b'", StringT(("a", "b"))),
        ("'a' if count", union(StringT(("a",)), NullT())),
        ("phone if phone is not none else 'x'", TEXT),
        ("now", MomentT()),
        ("now - hours(2)", MomentT()),
        ("now - now", DurationT()),
        ("meeting.start - hours(2)", MomentT()),
        ("meeting.end - meeting.start", DurationT()),
        ("(meeting.end - meeting.start).hours", NumberT()),
        ("hours(1) / hours(2)", NumberT()),
        ("hours(1) * 2", DurationT()),
        ("now.year", IntT()),
        ("now - '2026-01-01'", DurationT()),
        ("now - '2h'", MomentT()),
        ("phone | default('x')", TEXT),
        ("ticket.id | default(null)", union(TEXT, NullT())),
        ("coalesce(phone, name)", TEXT),
        ("orders | first", ORDER),
        ("name | first", TEXT),
        ("orders | map('id')", ArrayT(IntT())),
        ("orders | map('lines.0.price')", ArrayT(NumberT())),
        ("orders | map('total', null)", ArrayT(union(NumberT(), NullT()))),
        ("orders | where('paid') | sort('-total') | take(2)", ArrayT(ORDER)),
        ("orders | find('id', 1)", union(ORDER, NullT())),
        ("orders | sum('id')", IntT()),
        ("orders | sum('total')", NumberT()),
        ("orders | average('total')", union(NumberT(), NullT())),
        ("(orders | group_by('status'))[0].key", StringT(("paid", "open"))),
        ("(orders | group_by('status'))[0].items", ArrayT(ORDER)),
        ("(orders | index_by('email'))[name].id", IntT()),
        ("orders | count_by('status')", ObjectT(open=True, rest=IntT())),
        ("orders | map('lines') | flatten | map('name')", ArrayT(TEXT)),
        ("[phone] | compact", ArrayT(TEXT)),
        ("orders | chunk(2)", ArrayT(ArrayT(ORDER))),
        ("orders | max_by('total')", union(ORDER, NullT())),
        ("max(1, 2.5)", NumberT()),
        ("[1, 2] | max", union(IntT(), NullT())),
        ("count | abs", IntT()),
        ("1.5 | round", IntT()),
        ("1.5 | round(2)", NumberT()),
        ("1.5 | round(-1)", IntT()),
        ("1.5 | round(count)", NumberT()),
        ("name | to_int", IntT()),
        ("name | to_number(null)", union(NumberT(), NullT())),
        ("classify | keys", ArrayT(TEXT)),
        ("(classify | pick('category')).category", CATEGORY),
        ("(classify | omit('category') | merge({'z': 1})).z", IntT()),
        ("classify | get('category')", union(CATEGORY, NullT())),
        ("classify | get('category', 'x')", StringT(("support", "modelling", "x"))),
        ("({'a': 1} | items)[0].value", IntT()),
        ("(name | match('a')).text", TEXT),
        ("name | split", ArrayT(TEXT)),
        ("range(3)", ArrayT(IntT())),
        ("zip([1], ['a'])", ArrayT(ArrayT(union(IntT(), StringT(("a",)))))),
        ("(name | url_parts).port", union(IntT(), NullT())),
        ("['a'] | choice", StringT(("a",))),
        ("today()", StringT(None, "date")),
    ],
)
def test_it_is_of_this_type(text, type_):
    inference = infer_expression(text, SCOPE)
    assert inference.problems == []
    assert inference.type == type_, describe(inference.type)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("classify.confidense", [("unknown_field", "confidense")]),
        ("classify.confidense.x.y + 1", [("unknown_field", "confidense")]),
        ("orders[0].idd", [("unknown_field", "idd")]),
        ("classify['kategory']", [("unknown_field", "'kategory'")]),
        ("file.nam", [("unknown_field", "nam")]),
        ("now.yeer", [("unknown_field", "yeer")]),
        ("hours(1).hour", [("unknown_field", "hour")]),
        ("contact.idd", [("unknown_field", "idd")]),
        ("nme ~ cuont", [("unknown_name", "nme"), ("unknown_name", "cuont")]),
        ("today", [("unknown_name", "today")]),
        ("loop.index", [("unknown_name", "loop")]),
        ("later.a.b", [("not_yet_run", "later")]),
        ("later | default(1)", [("not_yet_run", "later")]),
        ("ticket.id == 'a'", [("may_be_skipped", "ticket.id")]),
        ("ticket.id == ticket.n", [("may_be_skipped", "ticket.id"), ("impossible_comparison", "ticket.n")]),
        ("not ticket", [("may_be_skipped", "ticket")]),
        ("ticket.id | upper", [("may_be_skipped", "ticket.id")]),
        ("[ticket]", [("may_be_skipped", "ticket")]),
        ("ticket is defined or ticket.n > 1", [("may_be_skipped", "ticket.n")]),
        ("name.length", [("wrong_type", "length")]),
        ("meeting.start.year", [("wrong_type", "year")]),
        ("orders.first", [("wrong_type", "first")]),
        ("count.a", [("wrong_type", "a")]),
        ("count[0]", [("wrong_type", "0")]),
        ("orders['a']", [("wrong_type", "'a'")]),
        ("orders[name]", [("wrong_type", "name")]),
        ("count[1:]", [("wrong_type", "count[1:]")]),
        ("name['a':]", [("wrong_type", "'a'")]),
        ("name + 1", [("wrong_type", "name + 1")]),
        ("name * name", [("wrong_type", "name * name")]),
        ("now + now", [("wrong_type", "now + now")]),
        ("'bientôt' - now", [("wrong_type", "'bientôt' - now")]),
        ("phone + 'a'", [("wrong_type", "phone")]),
        ("-name", [("wrong_type", "-name")]),
        ("-null", [("wrong_type", "null")]),
        ("count < name", [("wrong_type", "count < name")]),
        ("phone < 'a'", [("wrong_type", "phone")]),
        ("hours(1) > 3600", [("wrong_type", "hours(1) > 3600")]),
        ("count in 3", [("wrong_type", "3")]),
        ("count in name", [("wrong_type", "count")]),
        ("phone | upper", [("wrong_type", "phone")]),
        ("count | upper", [("wrong_type", "count")]),
        ("name | round", [("wrong_type", "name")]),
        ("'bientôt' | format_date", [("wrong_type", "'bientôt'")]),
        ("count | where('a')", [("wrong_type", "count")]),
        ("{true: 1}", [("wrong_type", "true")]),
        ("orders | sum('email')", [("wrong_type", "'email'")]),
        ("[name] | sum", [("wrong_type", "[name]")]),
        ("orders | map('idd')", [("unknown_field", "'idd'")]),
        ("orders | map('idd', 0)", [("unknown_field", "'idd'")]),
        ("ticket.id | to_number == 1", [("may_be_skipped", "ticket.id | to_number")]),
        ("orders | sort('status', '-totl')", [("unknown_field", "'-totl'")]),
        ("orders | group_by('emial') | length", [("unknown_field", "'emial'")]),
        ("orders | where('stats', 'paid')", [("unknown_field", "'stats'")]),
        ("orders | where('status', 'payd')", [("impossible_comparison", "'payd'")]),
        ("orders | where('id', '!=', 'a')", [("impossible_comparison", "'!='")]),
        ("classify | pick('category', 'x')", [("unknown_field", "'x'")]),
        ("classify | get('categori')", [("unknown_field", "'categori'")]),
        ("classify.category == 'modeling'", [("impossible_comparison", "'modeling'")]),
        ("'modeling' != classify.category", [("impossible_comparison", "'modeling'")]),
        ("classify.category in ['support', 'modelisation']", [("impossible_comparison", "'modelisation'")]),
        ("classify.category not in ('a', 'b')", [("impossible_comparison", "'a'"), ("impossible_comparison", "'b'")]),
        ("count == 'a'", [("impossible_comparison", "'a'")]),
        ("count == name", [("impossible_comparison", "name")]),
        ("name in orders", [("impossible_comparison", "name in orders")]),
        ("uper(name)", [("unknown_function", "uper")]),
        ("name | uper", [("unknown_filter", "uper")]),
        ("name is strng", [("unknown_filter", "strng")]),
        ("name | uper | lowr", [("unknown_filter", "uper"), ("unknown_filter", "lowr")]),
        ("name | replace('a')", [("wrong_arguments", "replace")]),
        ("truncate(name, lenght=3)", [("wrong_arguments", "truncate")]),
        ("nme | replace('a')", [("unknown_name", "nme"), ("wrong_arguments", "replace")]),
        ("secrets.API_KEY | upper", [("secret_misused", "secrets.API_KEY")]),
        ("secrets.API_KEY ~ 'a'", [("secret_misused", "secrets.API_KEY")]),
        ("secrets.API_KEY == 'a'", [("secret_misused", "secrets.API_KEY")]),
        ("'a' if secrets.API_KEY else 'b'", [("secret_misused", "secrets.API_KEY")]),
        ("[secrets.API_KEY]", [("secret_misused", "secrets.API_KEY")]),
        ("secrets.API_KEY | default('a')", [("secret_misused", "secrets.API_KEY")]),
        ("secrets.API_KEY is defined", [("secret_misused", "secrets.API_KEY")]),
        ("secrets | to_json", [("secret_misused", "secrets")]),
        ("secrets.API_KEI", [("unknown_field", "API_KEI")]),
        ("secrets.API_KEY.x", [("secret_misused", "x")]),
        ("a b", [("syntax", "b")]),
        ("", [("syntax", "")]),
    ],
)
def test_a_problem_is_told_where_it_is(text, expected):
    assert problems(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ticket is defined and ticket.id == 'a'",
        "ticket is not defined or ticket.id == 'a'",
        "not (ticket is undefined or ticket.id == 'a')",
        "ticket.id is defined and ticket.n > 1",
        "ticket.id if ticket is defined else 'x'",
        "'x' if ticket is undefined else ticket.id",
        "ticket.id | default('x') | upper",
        "coalesce(ticket.id, name) | upper",
        "ticket | get('id') == null",
        "ticket.id | to_number(0) + 1",
        "phone is not none and (phone | upper) == 'A'",
        "phone != null and (phone | upper) == 'A'",
        "phone is none or (phone | upper) == 'A'",
        "phone and phone | upper",
        "(phone | upper) if phone else ''",
        "(phone | upper) if phone is string else ''",
        "(either | upper) if either is string else either + 1",
        "phone is not empty and phone | upper",
        "phone == 'a' and phone | upper",
        "contact.id == 'a'",
        "contact is none and count > 1 or contact.id == 'b'",
        "classify.reason == null",
        "count == null",
        "anything == 'a' and anything.b > 3",
        "classify.category == name",
        "classify.category in anything",
        "either == 'a'",
        "either | upper",
        "now() > '2026-01-01'",
        "name | format_date",
        "meeting.start | format_date('long')",
        "'2026-01-01' | format_date",
        "round(3.0, count)",
        "1.5 is even",
        "orders | sort('-total', 'status')",
        "orders | where('.', anything)",
        "open | pick('zzz')",
        "'{{' ~ name",
    ],
)
def test_nothing_is_told_about_what_may_be_right(text):
    assert problems(text) == []


def test_a_value_that_may_be_missing_is_left_to_the_caller_of_an_expression():
    inference = infer_expression("ticket.id", SCOPE)
    assert inference.skippable
    assert inference.problems == []
    assert inference.type == TEXT
    assert infer_expression("ticket.id | default(ticket.n)", SCOPE).skippable
    assert not infer_expression("ticket.id | default('x')", SCOPE).skippable
    assert not infer_expression("ticket is defined", SCOPE).skippable
    assert infer_expression("ticket.id if count else 'x'", SCOPE).skippable


def test_the_names_of_the_scope_that_are_read_are_listed():
    assert infer_expression("classify.category == name and now() > meeting.start", SCOPE).names == {
        "classify",
        "name",
        "meeting",
    }
    template = "{% set x = name %}{% for o in orders %}{{ o.id }}{{ x }}{{ loop.index }}{% endfor %}"
    assert infer_template(template, SCOPE).names == {"name", "orders"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("classify.confidense", "`classify` has no field `confidense`", "did you mean `confidence`?"),
        ("classify.zzz", "`classify` has no field `zzz`", "its fields are: category, confidence, reason"),
        ("nme", "unknown name `nme`", "did you mean `name`?"),
        ("urgent", "unknown name `urgent`", "a text stands between quotes: 'urgent'"),
        ("today", "unknown name `today`", "`today` is a function: write `today()`"),
        (
            "ticket.id == 'a'",
            "`ticket.id` may be missing: its step runs only if `urgent`",
            "write `ticket.id | default(...)`, or test `ticket is defined` first",
        ),
        ("later", "`later` has no value here: its step runs after this one", None),
        (
            "classify.category == 'modeling'",
            "`classify.category` is never 'modeling': it is one of 'support', 'modelling'",
            "did you mean 'modelling'?",
        ),
        (
            "meeting.start.year",
            "`meeting.start` is text (date-time), which has no field `year`",
            "a date that comes from elsewhere is text: write `(meeting.start | moment).year`",
        ),
        (
            "phone | upper",
            "`phone` may be null, where text for `upper` is expected",
            "give a value with `| default(...)`, or test it with `is not none`",
        ),
        ("count | upper", "`count` is a whole number, where `upper` takes text", "write `| text` before it"),
        ("name | round", "`name` is text, where `round` takes a number", "write `| to_number` before it"),
        (
            "name + 1",
            "`+` cannot be used between text and a whole number",
            "texts are joined with `~`; a text that writes a number becomes one with `| to_number`",
        ),
    ],
)
def test_a_problem_says_what_was_found_and_what_to_do(text, message, hint):
    (problem,) = infer_expression(text, SCOPE).problems
    assert (problem.message, problem.hint) == (message, hint)


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("Bonjour", StringT(("Bonjour",)), []),
        ("Bonjour {{ name }}", TEXT, []),
        ("{{ count }}", IntT(), []),
        ("{{ phone }}", union(TEXT, NullT()), []),
        ("Tel : {{ phone }}", TEXT, []),
        ("{{ meeting.start - hours(2) }}", StringT(None, "date-time"), []),
        ("{{ [now, hours(1)] }}", ArrayT(TEXT), []),
        ("{{ ticket.id }}", TEXT, [("may_be_skipped", "ticket.id")]),
        ("n° {{ ticket.id }} {{ ticket.n }}", TEXT, [("may_be_skipped", "ticket.id")]),
        ("é\n{{ classify.confidense }}", TEXT, [("unknown_field", "confidense")]),
        ("Bearer {{ secrets.API_KEY }}", SecretT(), []),
        ("{{ secrets.API_KEY }}", SecretT(), []),
        ("{% if count %}{{ secrets.API_KEY }}{% endif %}", SecretT(), []),
        ("{% set t = secrets.API_KEY %}Bearer {{ t }}", SecretT(), []),
        ("{% set t %}Bearer {{ secrets.API_KEY }}{% endset %}{{ t }}", SecretT(), []),
        ("{% set t = secrets.API_KEY %}{{ t | upper }}", TEXT, [("secret_misused", "t")]),
        ("x {{ secrets }}", TEXT, [("secret_misused", "secrets")]),
        ("{% if ticket is defined %}{{ ticket.id }}{% endif %}", TEXT, []),
        (
            "{% if ticket is defined %}{{ ticket.id }}{% else %}{{ ticket.n }}{% endif %}",
            TEXT,
            [("may_be_skipped", "ticket.n")],
        ),
        ("{% if ticket is undefined %}-{% elif count %}{{ ticket.id }}{% else %}{{ ticket.n }}{% endif %}", TEXT, []),
        ("{% if phone %}{{ phone | upper }}{% endif %}{{ phone | upper }}", TEXT, [("wrong_type", "phone")]),
        (
            "{% for o in orders %}{{ o.idd }}{{ loop.indx }}{% endfor %}",
            TEXT,
            [("unknown_field", "idd"), ("unknown_field", "indx")],
        ),
        ("{% for o in orders if o.status == 'x' %}{% endfor %}", TEXT, [("impossible_comparison", "'x'")]),
        ("{% for t in [phone] if t is not none %}{{ t | upper }}{% endfor %}", TEXT, []),
        ("{% for o in orders %}{% endfor %}{{ o.id }}", TEXT, [("unknown_name", "o")]),
        ("{% for k, v in classify | items %}{{ k | upper }}{{ v.x }}{% endfor %}", TEXT, [("wrong_type", "x")]),
        ("{% for a, b in zip([1], [2]) %}{{ a + b }}{% endfor %}", TEXT, []),
        ("{% for a, b in [1] %}{% endfor %}", TEXT, [("wrong_type", "[1]")]),
        ("{% for x in count %}{% endfor %}", TEXT, [("wrong_type", "count")]),
        ("{% for x in contact %}{{ x | upper }}{% endfor %}", TEXT, [("wrong_type", "contact")]),
        ("{% for x in ticket %}{% endfor %}", TEXT, [("may_be_skipped", "ticket")]),
        ("{% set t = 0 %}{% for o in orders %}{% set t = t + o.total %}{% endfor %}{{ t | round(2) }}", TEXT, []),
        (
            "{% set t = null %}{% for o in orders %}{% set t = o.id %}{% endfor %}{{ t + 1 }}",
            TEXT,
            [("wrong_type", "t")],
        ),
        ("{% set t = [] %}{% for o in orders %}{% set t = [t] %}{% endfor %}{{ t }}", TEXT, []),
        ("{% if count %}{% set x = 1 %}{% endif %}{{ x }}", TEXT, [("may_be_skipped", "x")]),
        ("{% if count %}{% set x = 1 %}{% else %}{% set x = 'a' %}{% endif %}{{ x + 1 }}", TEXT, []),
        ("{% if count %}{% set x = 1 %}{% endif %}{{ x | default(2) }}", TEXT, []),
        ("{% set x = ticket.id %}{{ x }}", TEXT, [("may_be_skipped", "x")]),
        ("{% set name = 3 %}{{ name + 1 }}", TEXT, []),
        (
            "{% if phone is not none %}{% set phone = null %}{{ phone | upper }}{% endif %}",
            TEXT,
            [("wrong_type", "phone")],
        ),
        ("{{ a b }}", AnyT(), [("syntax", "b")]),
        ("{% include 'x' %}", AnyT(), [("syntax", "include")]),
    ],
)
def test_what_is_known_of_a_text(text, type_, expected):
    inference = infer_template(text, SCOPE)
    assert problems(text, infer_template) == expected
    assert inference.type == type_, describe(inference.type)


def test_what_is_known_of_a_value():
    found = infer_value({"to": "{{ name }}", "n": 1, "list": ["x {{ classify.zzz }}", None]}, SCOPE)
    assert found.type == ObjectT(
        {"to": TEXT, "n": IntT(), "list": ArrayT(union(TEXT, NullT()))}, frozenset({"to", "n", "list"})
    )
    assert set(found.parts) == {("to",), ("list", 0)}
    assert [problem.kind for problem in found.parts["list", 0].problems] == ["unknown_field"]
    assert infer_value("{{ count }}", SCOPE).parts[()].type == IntT()


def test_functions_of_plugins_are_typed():
    table = function_table(
        [function("iban(value: text) -> text | null", "An IBAN.", ("'x' | iban", None), lambda value: None)]
    )
    assert infer_expression("name | iban", SCOPE, table).type == union(TEXT, NullT())
    assert infer_expression("count | iban", SCOPE, table).problems[0].kind == "wrong_type"
    assert infer_template("{{ name | iban }}.", SCOPE, table).problems == []
    assert infer_expression("name | iban", SCOPE).problems[0].kind == "unknown_filter"


def test_a_scope_may_be_any_mapping():
    class Names(dict):
        def __missing__(self, name):
            raise KeyError(name)

    assert infer_expression("a.b", Names(a=Binding(AnyT()))).problems == []
    assert infer_expression("c", Names(a=Binding(AnyT()))).problems[0].kind == "unknown_name"
