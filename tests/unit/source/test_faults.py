"""The mistakes that authors make: the code each gets, and exactly where it is pointed out."""

import re

import pytest
import yaml

from recipe_engine.source import builder, load

PARSERS = [yaml.CSafeLoader, yaml.SafeLoader] if hasattr(yaml, "CSafeLoader") else [yaml.SafeLoader]

# text, then for each diagnostic: code, the stretch of the text that is underlined, its line, what the hint says
CASES = {
    "a tab": ("steps:\n\t- id: a\n", ["R107", "\t", 2, "two spaces"]),
    "a tab after spaces": ("a:\n  b: 1\n  \tc: 2\n", ["R107", "\t", 3, "two spaces"]),
    "a key one column too far": ("steps:\n  - id: x\n     type: log\n", ["R110", "type", 3, "indent it like"]),
    "a key one column short": ("steps:\n  - id: x\n   type: log\n", ["R110", "type: log", 3, "align"]),
    "a first line indented alone": ("  slug: a\nname: b\n", ["R110", "name: b", 2, "align"]),
    "a key among items": ("a:\n  - b\n  c: d\n", ["R110", "c: d", 3, "align"]),
    "an item out of line": ("a:\n- b: 1\n  c: 2\n - d: 3\n", ["R110", "- d: 3", 4, "align"]),
    "a list beside its key": ("steps: - id: x\n", ["R110", "-", 1, "brackets"]),
    "a block left too early": ("a: |\n  text\n b: x\n", ["R110", "b: x", 3, "align"]),
    "a quote open to the end": ("name: 'abc\nslug: x\n", ["R111", "'abc", 1, "close it with '"]),
    "a quote that a later line closes": (
        'name: "abc\nslug: "x"\n',
        ["R111", '"abc', 1, 'close it with "'],
    ),
    "an unquoted template": ("é: 1\nto: {{ email }}\n", ["R112", "{{ email }}", 2, 'write "{{ email }}"']),
    "an unquoted template and more": (
        "to: {{ a }} and {{ b }}  # c\n",
        ["R112", "{{ a }} and {{ b }}", 1, 'write "{{ a }} and {{ b }}"'],
    ),
    "an unquoted template with double quotes": (
        'to: {{ a | default("x") }}\n',
        ["R112", '{{ a | default("x") }}', 1, "write '{{ a | default(\"x\") }}'"],
    ),
    "an unquoted template with both quotes": (
        "to: {{ a['x'] ~ \"y\" }}\n",
        ["R112", "{{ a['x'] ~ \"y\" }}", 1, "write '{{ a[''x''] ~ \"y\" }}'"],
    ),
    "an unquoted template that scans badly": ("to: {{ @a }}\n", ["R112", "{{ @a }}", 1, 'write "{{ @a }}"']),
    "an unquoted template over two lines": ("to: {{ a\n  | b }}\n", ["R112", "{{ a", 1, "the whole value"]),
    "an unquoted template in a list": ("to:\n  - {{ a }}\n", ["R112", "{{ a }}", 2, 'write "{{ a }}"']),
    "a template as key": ("a: 1\n{{ b }}: 1\nc: {x: 1, {{ d }}: 2}\n", ["R109", "{{ b }}", 2, None]),
    "a colon in a text": ("name: Devis: urgent\n", ["R113", ":", 1, 'write "Devis: urgent"']),
    "a colon in an item": ("a:\n  - note: x: y\n", ["R113", ":", 2, 'write "x: y"']),
    "an at sign": ("to: @marketing\n", ["R114", "@", 1, 'write "@marketing"']),
    "a backtick": ("to: `x`\n", ["R114", "`", 1, 'write "`x`"']),
    "a percent sign": ("to: %x\n", ["R114", "%", 1, 'write "%x"']),
    "a bold text": ("to: *bold* text\n", ["R114", "*", 1, 'write "*bold* text"']),
    "an ampersand": ("to: & co\n", ["R114", "&", 1, 'write "& co"']),
    "a comma": ("to: , then\n", ["R114", ",", 1, 'write ", then"']),
    "a closing bracket": ("to: ]\n", ["R114", "]", 1, 'write "]"']),
    "a list open to the end": ("a: [1, 2\n", ["R115", "[", 1, "close it with `]`"]),
    "a mapping open to the next line": ("a: {b: 1\nc: 2\n", ["R115", "{", 1, "close it with `}`"]),
    "a missing comma": ("a: ['b' 'c']\n", ["R115", "'", 1, "close it with `]`"]),
    "an unknown alias": ("a: *b\n", ["R116", "*b", 1, 'write "*b"']),
    "a tag": ("a: !!str 1\n", ["R118", "!!str", 1, "quote it"]),
    "an unknown escape": ('a: "C:\\Users"\n', ["R123", "\\U", 1, "single quotes"]),
    "an unknown letter after a backslash": ('a: "é\\q"\n', ["R123", "\\q", 1, "single quotes"]),
    "too few digits": ('a: "\\u12G4"\n', ["R123", "\\u", 1, "single quotes"]),
    "an apostrophe in single quotes": ("a: 'l'été'\n", ["R124", "été'", 1, 'write "l\'été"']),
    "quotes in double quotes": ('a: "dit "oui""\n', ["R124", 'oui""', 1, "write 'dit \"oui\"'"]),
    "an apostrophe within brackets": ("a: {b: 'l'été', c: 1}\n", ["R124", "été'", 1, 'write "l\'été"']),
    "half a character": ('a: "\\ud83d\\ude00"\n', ["R123", "\\ud83d", 1, "the character itself"]),
    "text after quotes": ('a: "b" c  # d\n', ["R124", "c", 1, "write '\"b\" c'"]),
    "text after brackets": ("a: [URGENT] call\n", ["R124", "call", 1, 'write "[URGENT] call"']),
    "a bracket too many": ("a: [b]]\n", ["R124", "]", 1, "delete it"]),
    "a key without a colon": ("slug: a\nname\nx: 1\n", ["R125", "name", 2, "colon and a space"]),
    "a key without a space": ("a: 1\nname:b\nx: 1\n", ["R125", "name:b", 2, "colon and a space"]),
    "a first key without a space": ("name:b\nx: 1\n", ["R125", "name:b", 1, "colon and a space"]),
    "text beside a block mark": ("a: | text # c\n  b\n", ["R126", "text", 1, "next lines"]),
    "a wrong version": ("%YAML 3.0\n---\na: 1\n", ["R130", "%", 1, None]),
}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__name__)
@pytest.mark.parametrize("name", CASES)
def test_the_slip_is_named_where_it_was_made(name, parser, monkeypatch):
    monkeypatch.setattr(builder, "PARSER", parser)
    text, (code, underlined, line, hint) = CASES[name]
    _, problems = load(text, "recipe.yml")
    assert {problem.code for problem in problems if problem.severity == "error"} == {code}
    span = problems[0].span
    assert (span.line, text.split("\n")[line - 1][span.column - 1 : span.end_column - 1]) == (line, underlined)
    assert hint is None or hint in (problems[0].hint or "")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "write " in (case[1][3] or "")])
def test_following_the_hint_cures_the_problem(name):
    text, (_, _, line, _) = CASES[name]
    _, problems = load(text, "recipe.yml")
    quoted = problems[0].hint.partition("write ")[2]
    lines = text.split("\n")
    brackets = "}" if "{b: " in text else ""
    lines[line - 1] = re.match(r"[ ]*(- )?(\w+: )?({b: )?", lines[line - 1])[0] + quoted + brackets
    document, problems = load("\n".join(lines), "recipe.yml")
    assert problems == []
    assert document is not None
