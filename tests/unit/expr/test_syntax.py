"""What cannot be read, and where."""

import pytest
from jinja2 import Environment

from recipe_engine.expr import SyntaxProblem, compile_expression, compile_value, tree
from recipe_engine.expr.lexer import expression_tokens, template_tokens
from recipe_engine.expr.parser import parse_expression, parse_template


@pytest.mark.parametrize(
    ("text", "at", "message", "hint"),
    [
        ("", "", "the expression is empty", None),
        ("{{  }}", "{{  }}", "the expression is empty", None),
        ("a b", "b", "unexpected `b`", None),
        ("a = 3", "=", "unexpected `=`", "to compare, write =="),
        ("a +", "+", "the expression ends where a value is expected", None),
        ("a and  ", "d", "the expression ends where a value is expected", None),
        ("(a", "(", "`(` is not closed", "add `)`"),
        ("a)", ")", "`)` closes nothing", None),
        ("[a)", ")", "`)` was found where `]` is expected", None),
        ("a && b", "&", "unexpected character `&`", "write `and`"),
        ("a || b", "|", "unexpected `|`: a name is expected", "write `or`"),
        ("a ? b : c", "?", "unexpected character `?`", "write `a if condition else b`"),
        ("!a", "!", "unexpected character `!`", "write `not`, or `!=` between two values"),
        ("$a", "$", "unexpected character `$`", "names stand alone, without $"),
        ("'abc", "'", "the text that begins with ' is not closed", "add '"),
        ("a == 'b' c", "c", "unexpected `c`", None),
        ("{{ a }} and {{ b }}", "}", "`}` closes nothing", "an expression stands without braces here"),
        ("name.upper()", "upper", "`.upper(...)` is a method call", None),
        ("a(1)(2)", "(2)", "only functions of the language can be called", None),
        ("f(*a)", "(*a)", "arguments are written one by one, without * or **", None),
        ("a[1, 2]", "[1, 2]", "one key stands between brackets", None),
        ("a is defined is none", "is", "you cannot chain multiple tests with is", None),
        ("{a 1}", "1", "unexpected `1`: `:` is expected", None),
        ("a.", ".", "the expression ends where a name is expected", None),
        (r"'\ud800'", r"'\ud800'", r"\ud800 is no character", None),
        ("1e999", "1e999", "the number is too large", None),
        ("uper(a)", "uper", "unknown function `uper`", "did you mean `upper`?"),
        ("a | uper", "uper", "unknown filter `uper`", "did you mean `upper`?"),
        ("a is strng", "strng", "unknown test `strng`", "did you mean `string`?"),
        ("a | selectattr('x')", "selectattr", "unknown filter `selectattr`", "write where('field', value)"),
        ("a | replace('b')", "replace", "`replace` needs `new`", None),
        ("a | upper(1)", "upper", "`upper` is given too much", None),
        ("a | truncate(size=1)", "truncate", "`truncate` needs `length`", None),
        ("a | truncate(3, lenght=1)", "truncate", "`truncate` has no parameter `lenght`; did you mean `length`?", None),
        ("a | truncate(3, length=1)", "truncate", "`truncate` gives `length` twice", None),
        ("now(1)", "now", "`now` is given too much", None),
    ],
)
def test_a_problem_says_where_and_what(text, at, message, hint):
    with pytest.raises(SyntaxProblem) as found:
        compile_expression(text)
    problem = found.value
    assert problem.message == message
    assert text[problem.offset : problem.offset + problem.length] == at
    if hint is not None:
        assert problem.hint == hint


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("Bonjour {{ nom", "{{", "{{ is not closed"),
        ("{{ a }", "}", "`}` closes nothing"),
        ("{% if a %}x", "if", "{% if %} is not closed"),
        ("x {% for a in b %}{% if a %}{% endif %}", "for", "{% for %} is not closed"),
        ("{% endif %}", "endif", "{% endif %} does not belong here"),
        ("{% for a in b %}{% endif %}", "endif", "{% endif %} does not belong here"),
        ("{% if a %}{% elsif b %}{% endif %}", "elsif", "{% elsif %} is not part of the language"),
        ("{% unless a %}{% endunless %}", "unless", "{% unless %} is not part of the language"),
        ("{{ a }} {# b", "{#", "the comment that begins with {# is not closed"),
        ("{% raw %}a", "{% raw %}", "{% raw %} is not closed"),
        ("{% for in b %}{% endfor %}", "b", "unexpected `b`: `in` is expected"),
        ("{% for a of b %}{% endfor %}", "of", "unexpected `of`: `in` is expected"),
        ("{% for a in %}{% endfor %}", "%", "the expression ends where a value is expected"),
        ("{% set a %}", "set", "{% set %} is not closed"),
        ("{% set a.b = 1 %}", "a", "only a plain name can be set here"),
        ("{% set 1 = 2 %}", "1", "can't assign to 'const'"),
        ("{{ }}", "}", "the expression ends where a value is expected"),
        ("{{ a b }}", "b", "unexpected `b`"),
        ("ligne\n{{ a +\n }}", "}", "the expression ends where a value is expected"),
        ("{%  %}", "%", "tag name expected"),
        ("é {{ x | uper }}", "uper", "unknown filter `uper`"),
    ],
)
def test_a_problem_in_a_text_says_where_and_what(text, at, message):
    with pytest.raises(SyntaxProblem) as found:
        compile_value(text)
    problem = found.value
    assert problem.message == message
    assert text[problem.offset : problem.offset + problem.length] == at


def places(node, text):
    """Every name, attribute and function in an expression, with the text at its place."""
    match node:
        case tree.Name():
            yield node.name, text[node.start : node.end]
        case tree.Attribute():
            yield node.name, text[node.at : node.end]
        case tree.Call():
            yield node.name, text[node.at : node.at + len(node.name)]
    from recipe_engine.expr.tree import children

    for child in children(node):
        yield from places(child, text)


@pytest.mark.parametrize(
    "text",
    [
        "  classify . confidense >= 0.7",
        "a.b[c.d].e | f(g.h, i=j.k) | l.m is not defined",
        "{{ order.customer.name }}",
        "x is   not  divisibleby(y) and z",
        "(a if b.c else [d.e, {f.g: h.i}]) ~ -j.k",
        "é.à | default('ü.ö') ~ naïve.œuvre",
        "a\n.b\n| upper",
        "not a.b in c",
    ],
)
def test_names_know_their_places(text):
    try:
        node = parse_expression(text)
    except SyntaxProblem:
        pytest.fail("it can be read")
    found = list(places(node, text))
    assert found
    for name, written in found:
        assert written == name.rpartition(".")[2] or written == name


def test_names_in_a_text_know_their_places():
    text = "Bonjour,\r\n{% for o in orders.rows %}\n  {{- o . id }} {# {{ x }} #}{% if o.été == 'é' %}{{o.b}}{% endif %}{% endfor %}"

    def expressions(body):
        for statement in body:
            match statement:
                case tree.Output(value=value) | tree.Set(value=value):
                    yield value
                case tree.If():
                    for test, inner in statement.arms:
                        yield test
                        yield from expressions(inner)
                case tree.For():
                    yield statement.items
                    yield from expressions(statement.body)

    found = [place for node in expressions(parse_template(text)) for place in places(node, text)]
    assert [name for name, _ in found] == ["rows", "orders", "id", "o", "été", "o", "b", "o"]
    assert all(name == written for name, written in found)


JINJA = Environment(keep_trailing_newline=True)  # its lexer only


@pytest.mark.parametrize(
    "text",
    [
        "{{ a.b }} c {{ d | e('f', g=1.5) }}",
        "{{ 1_000 }}{{ 0x1F }}{{ 0b11 }}{{ 0o17 }}{{ 1e3 }}{{ 1.5e-3 }}{{ a.1 }}{{ a.1.2 }}{{ 0 }}{{ 00 }}",
        "{{ 'a\\'b' \"c\" }}",
        "{{ {'a': {'b': 1}} }}{{ [1, (2)] }}",
        "a {{- b -}} c {%- if d -%} e {%- endif -%} f",
        "{%+ if a +%} b {% endif %}",
        "x{# c #}y{#- d -#} z",
        "{% raw %}{{ a }}{% endraw %}b",
        "{{ a // b ** c != d >= e <= f == g < h > i ~ j % k * l / m - n + o }}",
        "a\n\n{{ b }}\n\nc\n",
        "{{ naïve.été }}",
        "{{ a[1:2, ::3] }}",
        "}} %} #} { %",
    ],
)
def test_tokens_are_jinjas(text):
    ours = [(token.type, token.value) for token in template_tokens(text).tokens]
    theirs = [(token.type, token.value) for token in JINJA.lexer.tokenize(text)]
    without_marks = [(kind, "" if kind.endswith(("_begin", "_end")) else value) for kind, value in theirs]
    assert ours == without_marks


def test_a_token_knows_where_it_ends():
    text = "ab + (c[12])"
    found = expression_tokens(text, 0, len(text))
    assert {text[start:end] for start, end in found.ends.items()} >= {"ab", "+", "(c[12])", "[12]", "12"}
