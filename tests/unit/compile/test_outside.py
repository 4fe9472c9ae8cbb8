"""What comes from outside is marked in the prompts of a step; what is the recipe's own is not."""

from __future__ import annotations

import pytest

from recipe_engine.builtin.llm.words import DATA_SENTENCE, authored
from recipe_engine.compile.outside import unmarked
from recipe_engine.core.plan import Perform
from tests.unit.compile.support import plan

INPUTS = """input_schema:
  type: object
  required: [body, n, mood, day, rows]
  properties:
    body: {type: string}
    n: {type: integer}
    mood: {enum: [happy, sad]}
    day: {type: string, format: date}
    rows: {type: array, items: {type: object, properties: {name: {type: string}}}}
    photo: {type: string, format: base64_image, default: ""}
config: {properties: {company: {type: string, default: ACME}}}
limits: {cost: 1 USD}
"""


def prompts(user: str, system: str | None = "Tu tries.") -> tuple[object, object]:
    """The user prompt and the system prompt of a step as they are lowered."""
    told = "" if system is None else f"    system_prompt: {system!r}\n"
    text = f"    user_prompt: |-\n      {user}\n"
    lowered = plan(f"{INPUTS}steps:\n  - id: ask\n    type: llm_call\n{told}{text}").steps[0].do
    assert isinstance(lowered, Perform)
    return lowered.params["user_prompt"], lowered.params.get("system_prompt")


@pytest.mark.parametrize(
    ("written", "lowered"),
    [
        ("Mail : {{ body }}", "Mail : {{ (body) | as_data('body') }}"),
        ("{{- body -}} !", "{{- (body) | as_data('body') -}} !"),
        ("{{ body | trim or 'rien' }}.", "{{ (body | trim or 'rien') | as_data('body') }}."),
        ("{{ 'Mail : ' ~ body }}.", "{{ ('Mail : ' ~ body) | as_data }}."),
        ("{{ (body) }}.", "{{ ((body) | as_data('body')) }}."),
        ("{{ event.body }}.", "{{ (event.body) | as_data('event.body') }}."),
        ("{% for r in rows %}{{ r.name }}{% endfor %}", "{% for r in rows %}{{ (r.name) | as_data('r.name') }}{% endfor %}"),
        ("{% set x = body %}{{ x }}.", "{% set x = body %}{{ (x) | as_data('x') }}."),
        ("{% set x %}{{ body }}{% endset %}{{ x }}.", "{% set x %}{{ body }}{% endset %}{{ (x) | as_data('x') }}."),
        ("{% if n %}{{ body }}{% else %}{{ n }}{% endif %}", "{% if n %}{{ (body) | as_data('body') }}{% else %}{{ n }}{% endif %}"),
        ("{{ rows }}", "{{ (rows) | as_data('rows', indent=2) }}"),
        ("Photo : {{ photo }} {{ body }}", [
            {"text": "Photo : "},
            {"media": "{{ photo }}", "kind": "image", "name": "photo"},
            {"text": " {{ (body) | as_data('body', indent=2) }}"},
        ]),
    ],
)  # fmt: skip
def test_what_comes_from_outside_is_marked_and_the_model_is_told(written, lowered):
    assert prompts(written) == (lowered, f"Tu tries.\n\n{DATA_SENTENCE}")


@pytest.mark.parametrize(
    "written",
    [
        "Bonjour",
        "Pour {{ config.company }}, le {{ now | format_date('full') }}, {{ run.id }}.",
        "{{ n }} lignes, {{ mood }}, {{ day }}, {{ n > 3 }}.",
        "{{ 'oui' if body == 'x' else 'non' }}.",
        "{% for r in rows %}{{ loop.index }}{% endfor %}",
        "Consigne : {{ body | trusted }}.",
    ],
)
def test_what_is_the_recipes_own_is_left_alone(written):
    assert prompts(written) == (written, "Tu tries.")


def test_a_prompt_that_is_the_question_itself_is_left_alone():
    assert prompts("{{ body }}", system=None) == ("{{ body }}", None)
    assert prompts("Mail : {{ body }}", system=None)[1] == DATA_SENTENCE


def test_system_prompts_are_marked_but_for_those_that_are_one_value():
    assert (
        prompts("Bonjour", "Règles de {{ body }}.")[1]
        == f"Règles de {{{{ (body) | as_data('body') }}}}.\n\n{DATA_SENTENCE}"
    )
    assert prompts("Bonjour", "{{ body }}") == ("Bonjour", "{{ body }}")


def test_parts_that_are_written_out_are_marked_too():
    found = (
        plan(f"""{INPUTS}steps:
  - id: ask
    type: llm_call
    user_prompt: [{{text: "Mail : {{{{ body }}}}"}}, {{media: "{{{{ photo }}}}", kind: image}}]""")
        .steps[0]
        .do
    )
    assert isinstance(found, Perform)
    assert found.params["user_prompt"][0] == {"text": "Mail : {{ (body) | as_data('body') }}"}
    assert found.params["system_prompt"] == DATA_SENTENCE


@pytest.mark.parametrize(
    "written", ["Mail : {{ body }} et {{ (body or 'x') | trim }}", "{{ rows }}", "{{- body | default('(-)') -}} !"]
)
def test_what_was_lowered_can_be_told_as_it_was_written(written):
    lowered = prompts(written)[0]
    assert isinstance(lowered, str)
    assert unmarked(lowered) == written


def test_a_system_prompt_is_told_without_the_sentence():
    assert authored(f"Tu tries.\n\n{DATA_SENTENCE}") == "Tu tries."
    assert authored(DATA_SENTENCE) is None
    assert authored("Tu tries.") == "Tu tries."
    assert authored(None) is None
