from collections import Counter

import pytest
from hypothesis import given

from recipe_engine import fmt
from recipe_engine.fmt import format_text
from recipe_engine.fmt.rules import RECIPE, STEP, rules_of
from recipe_engine.fmt.tree import comments_of
from recipe_engine.source import load
from tests.unit.fmt.untidy import recipes


def formatted(text):
    found, problems = format_text(text, "recipe.yml")
    assert problems == []
    assert found is not None
    again, problems = format_text(found, "recipe.yml")
    assert problems == []
    assert again == found
    return found


@given(recipes)
def test_any_recipe_keeps_its_data_and_comments_and_is_stable(text):
    before, problems = load(text, "recipe.yml")
    assert problems == []
    after, _ = load(formatted(text), "recipe.yml")
    assert after.data == rules_of(before).applied_to(before.data)
    assert Counter(comments_of(after)) == Counter(comments_of(before))
    assert len(comments_of(before)) == text.count("# comment ")
    assert list(after.data) == RECIPE.of(list(before.data))
    assert "\r" not in after.text
    assert after.text.endswith("\n")
    assert not after.text.endswith("\n\n")


def walk(steps):
    for step in steps:
        yield step
        for key in ("steps", "else", "on_error"):
            yield from walk(step.get(key) if isinstance(step.get(key), list) else [])
        for case in step.get("cases", []):
            yield from walk(case["steps"])
        for lane in step.get("branches", {}).values():
            yield from walk(lane)


@given(recipes)
def test_the_keys_of_every_step_stand_in_order(text):
    document, _ = load(formatted(text), "recipe.yml")
    for step in walk(document.data["steps"]):
        assert list(step) == STEP.of(list(step))


def test_a_recipe_with_everything():
    text = """\
# Devis urgent
# (c) Atelier

# what people see
name:   Devis urgent
slug: devis   # unique
unknown: 1
description: >-
    Un texte
    plié # pas un commentaire

      en retrait



steps:
- type: llm_call   # the model
  # the id
  id: classify
  on_error: continue
  retry: {attempts: 3}
  user_prompt: |
      Bonjour {{ name }}
        retrait

      fin
  if: "{{ email != none }}"
  # if: disabled
  # with: {}


# second step
-   id: route
    type: branch
    cases:
    -   when: "{{ confidence >= 0.7 }}"
        steps:
        - {type: wait, id: w, duration: 15m, if: "{{ a }}"}
        # after w
    else:
       # nothing
       - type: log
         id: l
         message: "a
           b"
       # end of else
# third
- # hoisted
  id: each
  type: set
  values: {a: 1,
           b: [2,
             3]}   # in brackets
# end of steps
config: &c
   type: object
output:
    x: *c
    # end of output
# end
"""
    assert (
        formatted(text)
        == """\
# Devis urgent
# (c) Atelier

slug: devis   # unique
# what people see
name: Devis urgent
description: >-
  Un texte
  plié # pas un commentaire

    en retrait
# end of steps
config: &c
  type: object

steps:
  # the id
  - id: classify
    type: llm_call   # the model
    if: email != none
    user_prompt: |
      Bonjour {{ name }}
        retrait

      fin
    retry: {attempts: 3}
    on_error: continue
    # if: disabled
    # with: {}

  # second step
  - id: route
    type: branch
    cases:
      - when: confidence >= 0.7
        steps:
          - {id: w, type: wait, if: a, duration: 15m}
        # after w
    else:
      # nothing
      - id: l
        type: log
        message: "a
          b"
      # end of else
  # third
  # hoisted
  - id: each
    type: set
    values: {a: 1,
             b: [2,
               3]}   # in brackets
output:
  x: *c
  # end of output
unknown: 1
# end
"""
    )


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ('if: "{{ a == 1 }}"', "if: a == 1"),
        ("if: '{{ a == 1 }}'", "if: a == 1"),
        ('if: "{{a}}"', "if: a"),
        ('if: " {{ a }} "', "if: a"),
        ("if: \"{{ a == 'b' }}\"", "if: a == 'b'"),
        ("if: \"{{ 'b' == a }}\"", "if: \"'b' == a\""),
        ("if: '{{ \"b\" == a }}'", "if: '\"b\" == a'"),
        ('if: "{{ true }}"', 'if: "true"'),
        ('if: "{{ a # b }}"', 'if: "a # b"'),
        ('if: "{{ a }}" # c', "if: a # c"),
    ],
)
def test_braces_around_a_whole_expression_go(written, canonical):
    assert formatted(f"steps:\n  - id: a\n    {written}\n") == f"steps:\n  - id: a\n    {canonical}\n"


@pytest.mark.parametrize(
    "line",
    [
        'if: "{{ a }} and {{ b }}"',
        'if: "{{- a -}}"',
        "if: \"{{ {'a': {'b': 1}} }}\"",
        'if: "{{ a }}!"',
        "if: a",
        "if: |\n      {{ a }}",
        'if: "{{ a\n      }}"',
        'message: "{{ a }}"',
        'items: "{{ a }}"',
        'where: "{{ a }}"',
        "if: {x: '{{ a }}'}",
    ],
)
def test_other_braces_stay(line):
    text = f"steps:\n  - id: a\n    type: log\n    {line}\n"
    assert formatted(text).replace("    type: log\n", "") == text.replace("    type: log\n", "")


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("for_each", "items"),
        ("transform", "items"),
        ("transform", "where"),
        ("transform", "group_by"),
        ("transform", "unique_by"),
        ("repeat", "until"),
        ("wait", "until"),
    ],
)
def test_fields_of_a_type_that_take_a_bare_expression(kind, field):
    text = f'steps:\n  - id: a\n    type: {kind}\n    {field}: "{{{{ x.y }}}}"\n'
    assert formatted(text).endswith(f"    {field}: x.y\n")


def test_expressions_in_brackets_keep_their_quotes_where_a_comma_needs_them():
    text = 'steps:\n  - {id: a, type: wait, until: "{{ f(a, b) }}", if: "{{ c }}"}\n'
    assert formatted(text) == 'steps:\n  - {id: a, type: wait, if: c, until: "f(a, b)"}\n'


def test_triggers_and_cases():
    text = 'triggers: [{type: form, if: "{{ a }}"}]\nsteps:\n  - {id: a, type: branch, cases: [{when: "{{ b }}", steps: []}]}\n'
    assert (
        formatted(text)
        == "triggers: [{type: form, if: a}]\nsteps:\n  - {id: a, type: branch, cases: [{when: b, steps: []}]}\n"
    )


def test_schemas_and_parameters_are_nobody_s_steps():
    text = "input_schema:\n  steps:\n    - {type: x, id: y, if: '{{ z }}'}\nsteps:\n  - id: a\n    with:\n      steps:\n        - {type: x, id: y}\n"
    assert formatted(text) == text


def test_a_file_that_is_no_recipe_keeps_its_order():
    text = "zzz: 1\nname: a\nslug: b\n"
    assert formatted(text) == text


def test_yaml_12_words_stay_plain():
    text = "slug: a\nsteps:\n  - id: a\n    on: no\n    at: 12:30\n    yes: off\n"
    assert formatted(text) == text


@pytest.mark.parametrize("block", ["|", "|-", "|+", ">", ">-", ">+", "|2", ">2-", "| # why", "|+  # why"])
def test_block_texts_are_moved_whole(block):
    deeper = "  " if "2" in block else ""
    text = f"a:\n      k: {block}\n        {deeper}one\n          {deeper}two\n\n        three  \n\n      z: 1\n"
    if "2" in block:
        text = text.replace(f"k: {block}\n        {deeper}one", f"k: {block}\n          one")
    before, _ = load(text, "recipe.yml")
    found = formatted(text)
    assert "\n    " in found
    assert load(found, "recipe.yml")[0].data == before.data


def test_a_block_text_that_ends_with_the_file_without_a_line_end():
    assert formatted("a: |\n   text") == "a: |-\n  text\n"


def test_blank_lines_at_the_end_of_a_kept_block_are_part_of_it():
    assert formatted("a: |+\n  text\n\n\n") == "a: |+\n  text\n\n\n"


def test_anchors_stay_before_their_aliases():
    text = "steps:\n  - id: a\n    with: &w {x: 1}\nslug: b\nname: c\noutput: *w\nconfig: *w\n"
    found, problems = format_text(text, "recipe.yml")
    assert problems == []
    assert found == text


def test_anchors_of_blocks():
    text = "a: &x\n    k: 1\nb:\n  - &y\n    k: 1\n  - &z text\nc: [*x, *y, *z]\n"
    assert formatted(text) == "a: &x\n  k: 1\nb:\n  - &y\n    k: 1\n  - &z text\nc: [*x, *y, *z]\n"


def test_a_comment_beside_an_anchor():
    assert formatted("a: &x # why\n    # more\n    k: 1\n") == "a: &x # why\n  # more\n  k: 1\n"


def test_json_is_left_in_brackets():
    text = '# about\n{"slug": "a",\n  "steps": []}   # end\n\n# more\n'
    assert formatted(text) == text


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a:    1\n", "a: 1\n"),
        ("a : 1\n", "a: 1\n"),
        ("a:\n    1 # c\n", "a: 1 # c\n"),
        ("a: # b\n    1 # c\n", "# b\na: 1 # c\n"),
        ("a:\n    # b\n    1\n", "# b\na: 1\n"),
        ("a:\n\n\n  b: 1\n", "a:\n  b: 1\n"),
        ("? a\n: b\n", "a: b\n"),
        ("a:\n-   b\n-\n    - c\n    -   - d\n", "a:\n  - b\n  - - c\n    - - d\n"),
        ("a:\n-\n  # c\n  - b\n", "a:\n  # c\n  - - b\n"),
        ("a:\n  -\n  - ~\n", "a:\n  -\n  - ~\n"),
        ("--- # c\na: 1\n...\n", "# c\na: 1\n"),
        ("%YAML 1.2\n---\na: 1\n", "a: 1\n"),
        ("\ufeffa: 1\n", "a: 1\n"),
        ("a: 1\r\nb: |\r\n  c\r\n", "a: 1\nb: |\n  c\n"),
        ("\n\n\na: 1   \n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
        ("  a: 1\n  b: 2\n", "a: 1\nb: 2\n"),
        ("a: one\n       two\n\n       three\n", "a: one\n  two\n\n  three\n"),
        ("a: 'one   \n       two'\n", "a: 'one\n  two'\n"),
        ('a: "one\\ \n  two \\\n   \\ three"\n', 'a: "one\\ \n  two \\\n  \\ three"\n'),
        ("a:\n    b: [1,\n        2]\n", "a:\n  b: [1,\n      2]\n"),
        ("a: {b: 1, # c\n    d: 2}\n", "a: {b: 1, # c\n    d: 2}\n"),
        ("# only header\n\na: 1\n", "# only header\n\na: 1\n"),
        ("a: 1\n#  \tb\t\n", "a: 1\n#  \tb\n"),
    ],
)
def test_layout(written, canonical):
    assert formatted(written) == canonical


def test_a_text_that_cannot_be_read_is_refused_with_its_errors():
    found, problems = format_text("to: {{ x }}\na: 1\na: 2\n", "recipe.yml")
    assert found is None
    assert [problem.code for problem in problems] == ["R112", "R108"]


def test_warnings_do_not_keep_a_text_from_being_formatted():
    assert format_text("phone:   0612345678\n", "recipe.yml") == ("phone: 0612345678\n", [])


@pytest.mark.parametrize("wrong", ["slug: other\n", "slug: a\n# c\n# c\n", "slug: a\n", "slug: [\n"])
def test_a_result_that_would_not_say_the_same_is_refused(monkeypatch, wrong):
    monkeypatch.setattr(fmt, "written", lambda tree: wrong)
    found, problems = format_text("slug: a\n# c\n", "recipe.yml")
    assert found is None
    assert [problem.code for problem in problems] == ["R140"]
