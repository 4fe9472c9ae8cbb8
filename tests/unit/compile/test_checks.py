"""Checks besides names and types: schemas, ids, forms, flow, calls, models."""

import pytest

from recipe_engine.compile import check
from recipe_engine.compile.flow import constant
from recipe_engine.diagnostics import Span
from recipe_engine.diagnostics.diagnostic import Diagnostic
from tests.unit.compile.support import CATALOG, HEAD, codes, document, problems, recipe

PAUSE = "{id: pause, type: wait, duration: 1m}"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("{type: object, properties: {a: {type: string}}}", []),
        ("{type: object, properties: {a: {type: text}}}", ["R314"]),
        ("{type: object, properties: {a: {type: string, pattern: '('}}}", ["R314"]),
        ("{type: array}", ["R314"]),
        ("{type: object, properties: {a: {type: string, format: file}}}", ["R314"]),
        ("{properties: {a: {$ref: '#/$defs/b'}}, $defs: {b: {type: string}}}", []),
        ("{properties: {a: {$ref: '#/$defs/c'}}}", ["R314"]),
        ("{properties: {a: {$ref: 'https://example.org/a.json'}}}", ["R315"]),
        ("{properties: {a: {$ref: 'other.json'}}}", ["R315"]),
        ("{propertis: {a: {type: string}}}", ["R319"]),
        ("{properties: {propertis: {type: string}, requird: {type: string}}}", []),
        ("{properties: {config: {type: string}}}", ["R308"]),
    ],
)
def test_schemas_are_valid_and_stay_inside(schema, expected):
    assert codes(f"input_schema: {schema}\nsteps: [{PAUSE}]") == expected


def test_a_schema_is_reported_where_it_is_wrong():
    [problem] = problems(recipe("input_schema:\n  properties:\n    a:\n      type: text\n") + f"steps: [{PAUSE}]")
    assert (problem.span.line, problem.span.column) == (8, 13)


def test_schemas_of_answers_and_approvals_are_checked_too():
    assert codes("""\
        limits: {cost: 0.10 USD}
        steps:
          - {id: a, type: llm_call, user_prompt: Bonjour, output_schema: {type: objet}}
          - {id: b, type: wait, timeout: 1d, approval: {ask: Oui ?, fields: {type: objet}}}
        """) == ["R314", "R314"]


def test_ids_are_unique_across_branches_loops_and_handlers():
    assert (
        codes(f"""\
        steps:
          - {PAUSE}
          - id: route
            type: branch
            cases: [{{when: run.id == 'x', steps: [{PAUSE}]}}]
            else: [{PAUSE}]
            on_error: [{PAUSE}]
        on_error: [{PAUSE}]
        """)
        == ["R307"] * 4
    )


def test_variables_of_loops_hide_nothing():
    text = """\
        input_schema: {{type: object, required: [rows], properties: {{rows: {{type: array}}}}}}
        steps:
          - {{id: first, type: wait, duration: 1m}}
          - {{id: each, type: for_each, items: rows, as: {name}, steps: [{{id: inner, type: wait, duration: 1m}}]}}
        """
    assert codes(text.format(name="row")) == []
    for name in ("rows", "first", "config", "each"):
        assert codes(text.format(name=name)) == ["R308"]


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        ("duration: 15m", []),
        ("until: run.started_at", []),
        ("event: told, timeout: 1d", []),
        ("approval: {ask: Oui ?}, timeout: 1d", []),
        ("", ["R312"]),
        ("duration: 15m, until: run.started_at", ["R312"]),
        ("event: told, approval: {ask: a}, timeout: 1d", ["R312"]),
        ("event: told, until: run.started_at + days(2), on_timeout: [{id: b, type: stop}]", []),
        ("approval: {ask: Oui ?}, until: run.started_at + days(2)", []),
        ("event: told, until: run.started_at, timeout: 1d", ["R312"]),
        ("event: told, until: run.started_at, if_past: skip", ["R313"]),
        ("duration: 15m, if_past: skip", ["R313"]),
        ("duration: 15m, match: {a: b}", ["R313"]),
        ("duration: 15m, timeout: 1d", ["R313"]),
        ("event: told, on_timeout: [{id: b, type: stop}]", ["R509", "R313"]),
        ("event: told", ["R509"]),
        ("approval: {ask: Oui ?}", ["R509"]),
        ("duration: 15m, retry: {attempts: 2}", ["R313"]),
        ("until: run.id + 1", ["R206"]),
        ('duration: "{{ run }}"', ["R206"]),
    ],
)
def test_a_wait_is_for_one_thing(wait, expected):
    assert codes(f"steps: [{{id: a, type: wait{', ' if wait else ''}{wait}}}]") == expected


def test_fields_without_effect_are_refused():
    assert codes("steps: [{id: a, type: set, values: {b: 1}, timeout: 1m}]") == ["R313"]
    assert codes("steps: [{id: a, type: stop, status: failed, output: {b: 1}}]") == ["R313"]
    assert codes(f"steps: [{{id: a, type: repeat, max_rounds: 2, until: run.id == 'x', steps: [{PAUSE}], on_timeout: [{{id: b, type: stop}}]}}]") == ["R313"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holds"),
    [("true", True), ("false", False), ("{{ true }}", True), ("1 == 1", True), ("1 > 2", False), ("a", None),
     ("1 == a", None), ("now() > 1", None), ("'a' == 'b'", False), ("not true", False), ("not a", None), ("1 ==", None)],
)  # fmt: skip
def test_conditions_without_names_are_evaluated(text, holds):
    assert constant(text) is holds


def test_loops_are_bounded():
    text = f"steps: [{{id: a, type: repeat, until: run.id == 'x', steps: [{PAUSE}]MORE}}]"
    assert codes(text.replace("MORE", "")) == ["R504"]
    assert codes(text.replace("MORE", ", timeout: 1h")) == []
    assert codes(text.replace("MORE", ", max_rounds: 5")) == []


BRANCH = """\
        input_schema: {{type: object, required: [mood], properties: {{mood: {{enum: [happy, sad, angry]}}}}}}
        steps:
          - id: route
            type: branch
            cases:
              - {{when: "{0}", steps: [{{id: a, type: wait, duration: 1m}}]}}
              - {{when: "{1}", steps: [{{id: b, type: wait, duration: 1m}}]}}
"""


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("mood == 'happy'", "mood == 'sad'", ["R503"]),
        ("mood == 'happy'", "mood in ['sad', 'angry']", []),
        ("mood == 'happy'", "mood == 'sad' or mood == 'angry'", []),
        ("mood == 'happy'", "{{ mood == 'sad' }}", ["R503"]),
        ("mood == 'happy'", "run.id == 'a'", []),
        ("mood == 'happy' and run.id == 'a'", "mood == 'sad'", []),
        ("mood == 'happy'", "mood != 'happy'", []),
    ],
)
def test_branches_over_words_have_a_case_for_each(one, two, expected):
    assert codes(BRANCH.format(one, two)) == expected


def test_an_empty_else_says_that_the_other_words_were_thought_of():
    assert codes(BRANCH.format("mood == 'happy'", "mood == 'sad'") + "            else: []\n") == []


REFUND = """\
slug: refund
name: Refund
description: Gives money back.
category: test
input_schema: {type: object, required: [amount], properties: {amount: {type: number}, reason: {type: string}}}
output_schema: {type: object, required: [done], properties: {done: {type: boolean}}}
steps: [{id: given, type: set, values: {done: true}}]
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{amount: 5}", []),
        ("{amount: 5, reason: Panne}", []),
        ("{}", ["R508"]),
        ("{amount: many}", ["R508"]),
        ("{amount: 5, why: Panne}", ["R508"]),
        ('{amount: "{{ run.id }}"}', ["R508"]),
    ],
)
def test_the_input_of_a_called_recipe_is_checked(given, expected):
    assert (
        codes(f"steps: [{{id: a, type: recipe, recipe: refund, with: {given}}}]", recipes={"refund": REFUND})
        == expected
    )


def test_the_output_of_a_called_recipe_is_typed():
    text = """\
        steps:
          - {id: a, type: recipe, recipe: refund, with: {amount: 5}}
          - {id: b, type: set, values: {c: "{{ a.done }}", d: "{{ a.dne }}"}}
        """
    assert codes(text, recipes={"refund": REFUND}) == ["R204"]


def test_recursion_is_refused_however_long_the_way():
    def calls(slug: str, other: str) -> str:
        return (
            f"slug: {slug}\nname: A\ndescription: A\ncategory: a\nsteps: [{{id: a, type: recipe, recipe: {other}}}]\n"
        )

    recipes = {name: calls(name, other) for name, other in (("a", "b"), ("b", "c"), ("c", "a"))}
    for text in recipes.values():
        [problem] = problems(text, recipes=recipes)
        assert problem.code == "R505"
        assert problem.message.count(" -> ") == 3
    assert codes(calls("d", "d")) == ["R505"]


def test_a_recipe_that_is_called_from_two_sides_is_no_recursion():
    head = "name: A\ndescription: A\ncategory: a\n"
    recipes = {
        "refund": REFUND,
        "one": f"slug: one\n{head}steps: [{{id: x, type: recipe, recipe: refund, with: {{amount: 1}}}}]\n",
        "two": f"slug: two\n{head}steps: [{{id: x, type: recipe, recipe: refund, with: {{amount: 1}}}}]\n",
    }
    text = "steps: [{id: a, type: recipe, recipe: one}, {id: b, type: recipe, recipe: two}]"
    assert codes(text, recipes=recipes) == []


IMAGE = """\
slug: describe-product
name: Describe a product
description: Says what a photo shows.
category: design
input_schema:
  type: object
  properties:
    product_image: {type: string, format: base64_image}
  required: [product_image]
output_schema:
  type: object
  required: [title]
  properties:
    title: {type: string}
    colours: {type: array, items: {type: string}}
roi_metrics:
  time_saved_minutes: 45
  monthly_volume: 200
steps:
  - id: analyze
    name: Analyse
    type: llm_call
    complexity: analyze
    system_prompt: Tu es un expert en design.
    user_prompt: "Image: {{product_image}}"
    max_tokens: 2000
    vision: true
"""


def test_a_recipe_for_designers_checks_unchanged():
    assert codes(IMAGE) == ["R601"]


def test_models_are_used_as_they_can_be():
    text = "limits: {cost: 0.10 USD}\n" + IMAGE
    assert codes(IMAGE.replace("    vision: true", "    vision: true\n    temperature: 0.2")) == ["R601", "R602"]
    assert codes(IMAGE.replace("Image: {{product_image}}", "Image")) == ["R601", "R604"]
    assert text


def test_a_plugin_may_add_checks():
    def lucky(recipe, document):
        yield Diagnostic("P001", "advice", f"{recipe.slug} is lucky", document.file, Span(1, 1, 1, 5))

    found = check(document(HEAD + f"steps: [{PAUSE}]"), CATALOG, extra_checks=[lucky, lambda *_: None]).diagnostics
    assert [(item.code, item.message) for item in found] == [("P001", "test is lucky")]


def test_problems_are_told_in_the_order_of_the_text():
    found = problems("""\
        steps:
          - {id: a, type: set, values: {b: "{{ nothing }}"}}
          - {id: B, type: wait, duration: soon}
          - {id: c, type: wait}
        """)
    assert [item.span.line for item in found] == [6, 7, 7, 8]


def test_a_check_of_ten_thousand_steps_is_complete():
    steps = "\n".join(
        f'  - {{id: s{index}, type: set, values: {{n: "{{{{ s{index - 1}.n + 1 }}}}"}}}}' for index in range(1, 10_001)
    )
    text = HEAD + "steps:\n  - {id: s0, type: set, values: {n: 0}}\n" + steps + "\n"
    assert codes(text.replace("s9999.n + 1", "s9999.m + 1").replace("slug: test", "slug: long")) == ["R204"]


def test_a_parallel_of_which_one_lane_ends_the_run_is_never_over():
    stop = "{id: enough, type: stop, output: {a: 1}}"
    assert (
        codes(f"""\
        output_schema: {{type: object, required: [a]}}
        steps:
          - {{id: both, type: parallel, branches: {{one: [{PAUSE}], two: [{stop}]}}}}
        """)
        == []
    )
    assert codes(f"""\
        steps:
          - {{id: both, type: parallel, branches: {{one: [{PAUSE}], two: [{stop}]}}}}
          - {{id: after, type: wait, duration: 1m}}
        """) == ["R501"]
