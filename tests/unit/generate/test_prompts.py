"""The prompts: small, versioned, true to the code, and without a fact missing that the checker knows."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from recipe_engine.diagnostics.codes import CODES
from recipe_engine.engine import Engine
from recipe_engine.expr import Scope, compile_expression, functions, to_json
from recipe_engine.generate.answer import read_answer
from recipe_engine.generate.entries import effects_in_short, recorded
from recipe_engine.generate.prompt import prompt_for_change, prompt_for_new, prompt_for_repair, text_of
from recipe_engine.generate.proving import Draft, prove
from recipe_engine.installed import installed
from recipe_engine.model.steps import CONTROL_STEPS
from recipe_engine.source import load
from recipe_engine.testing.model import Case, Expect
from tests.unit.generate.conftest import RECIPE, TESTS, some_connectors

PROMPTS = sorted(
    path.name.removesuffix(".md") for path in files("recipe_engine.generate").joinpath("prompts").iterdir()
)
# Characters; about four make a token. The language with its functions, what tests are, and how to answer.
SIZES = {
    "role": 2_000,
    "language": 10_500,
    "tests": 5_000,
    "answer": 4_000,
    "new": 400,
    "change": 700,
    "repair": 700,
    "improve": 700,
}


def raw(name: str) -> str:
    return files("recipe_engine.generate").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")


def test_every_prompt_has_a_size() -> None:
    assert set(PROMPTS) == set(SIZES)


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_keeps_its_size_and_says_its_version(name: str) -> None:
    assert len(text_of(name)) <= SIZES[name]
    assert re.match(r"<!-- version \d+", raw(name))
    assert "<!--" not in text_of(name)


@pytest.mark.parametrize("name", PROMPTS)
def test_the_diagnostics_that_a_prompt_was_written_against_exist(name: str) -> None:
    for code in re.findall(r"\bR\d{3}\b", raw(name).partition("-->")[0]):
        assert code in CODES


@pytest.mark.parametrize(
    ("need", "most"),
    [
        ("Ouvrir un ticket HubSpot et prévenir l'équipe sur Slack", 44_000),
        ("Accuser réception d'un devis et relancer le client après trois jours sans réponse", 37_000),
    ],
)
def test_the_whole_prompt_stays_below_eleven_thousand_tokens(need: str, most: int) -> None:
    assert len(prompt_for_new(installed().catalog, need).system) < most


def test_the_language_names_every_control_step_and_every_function() -> None:
    prompt = prompt_for_new(some_connectors(), "anything").system
    assert all(re.search(rf"type: {name}\b", prompt) for name in CONTROL_STEPS)
    assert all(re.search(rf"\b{function.name}\b", prompt) for function in functions().values())


def test_the_tests_name_every_field_of_a_case() -> None:
    told = text_of("tests")
    assert all(re.search(rf"\b{name}\b", told) for name in {*Case.model_fields} - {"description", "crash"})
    assert all(re.search(rf"\b{name}\b", told) for name in {*Expect.model_fields} - {"vendors", "usage"})


def test_examples_of_the_prompt_are_yaml() -> None:
    for name in ("language", "tests"):
        for block in re.findall(r"```yaml\n(.*?)```", text_of(name), re.DOTALL):
            document, problems = load(block, name)
            assert document is not None, problems


# What the examples of the language section read: the recipe around them.
AROUND = """
slug: around
name: Around
description: What the examples stand in.
category: test
input_schema:
  type: object
  required: [email, message, subject, photo, rows, orders, meeting, due, object]
  properties:
    email: {type: string, format: email}
    message: {type: string}
    subject: {type: string}
    photo: {type: string, format: base64_image}
    meeting: {type: string, format: date-time}
    due: {type: string, format: date}
    amount: {type: number, default: 1}
    object: {type: object}
    rows: {type: array, items: {type: object, required: [name, email, total, date], properties: {name: {type: string}, email: {type: string}, total: {type: number}, date: {type: string, format: date}}}}
    orders: {type: object, required: [rows], properties: {rows: {type: array, items: {type: object, required: [id, paid, email, amount], properties: {id: {type: string}, paid: {type: boolean}, email: {type: string}, amount: {type: number}}}}}}
config: {properties: {team: {type: string, format: email, default: equipe@example.org}, delay: {type: string, default: 1d}}}
limits: {cost: 1 USD}
steps:
"""
CLASSIFY = "{id: classify, type: llm_call, complexity: classify, user_prompt: a, output_schema: {type: object, required: [kind], properties: {kind: {enum: [quote, other]}}}}"
DONE = "{{id: done_{}, type: log, message: a}}"
DOTS = r"\[(?:\.\.\.|steps)\]"
STATE = "{id: state, type: set, values: {done: true}}"


def language_steps() -> list[str]:
    """The steps that the language section shows, with a step wherever it has dots."""
    return [
        whole(step) for step in re.findall(r"`(\{id: [a-z]+, type: (?!recipe).*?\})`(?=[:.,]| or)", text_of("language"))
    ]


def whole(step: str) -> str:
    text = step.replace("succeeded | failed", "succeeded").replace("fail | collect", "fail")
    if "until: state" in text:
        text = text.replace("steps: [...]}", f"steps: [{STATE}]}}")
    for number in range(len(re.findall(DOTS, text))):
        text = re.sub(DOTS, f"[{DONE.format(number)}]", text, count=1)
    return text.replace("{...}", "{a: 1}").replace("...", "a")


@pytest.mark.parametrize("step", language_steps())
def test_a_step_that_the_language_section_shows_passes_the_checker(step: str, engine: Engine) -> None:
    before = "" if "id: classify" in step else f"  - {CLASSIFY}\n"
    document, problems = load(f"{AROUND}{before}  - {step}\n", "around.yml")
    assert document is not None, problems
    found = [f"{it.code} {it.message}" for it in engine.check(document) if it.code != "R505"]
    assert found == []


def test_the_language_section_shows_every_kind_of_step() -> None:
    shown = " ".join(language_steps())
    assert all(f"type: {name}" in shown for name in set(CONTROL_STEPS) - {"recipe"})


def test_what_the_language_section_says_of_functions_is_so() -> None:
    names = {
        "due": "2026-03-05",
        "rows": [{"name": "Ada", "email": "a", "total": 20}, {"name": "Bob", "email": "b", "total": 5}],
        "object": {"a": 1},
        "text": "ticket #42",
        "email": "b",
    }
    said = {
        "due | format_date('d MMMM yyyy')": "5 mars 2026",
        "due | format_date('%d/%m/%Y')": "05/03/2026",
        "due | format_date('long', locale='en_GB')": "5 March 2026",
        "due | at('09:00') | iso": "2026-03-05T09:00:00+01:00",
        "due | start_of('week') | date": "2026-03-02",
        "due | weekday": 4,
        "12.5 | money": "12,50 €",
        "12.5 | money('EUR', locale='en_GB')": "€12.50",
        "rows | where('total', '>', 10) | map('name')": ["Ada"],
        "(rows | find('email', email)).name": "Bob",
        "rows | find('email', 'x')": None,
        "rows | sort('-total', 'name') | map('total')": [20, 5],
        "rows | sum('total')": 25,
        "(rows | group_by('email'))[0] | keys": ["key", "items"],
        "object | items": [{"key": "a", "value": 1}],
        "(text | match('#([0-9]+)')).groups": ["42"],
    }
    told = text_of("language")
    for source, value in said.items():
        assert to_json(compile_expression(source)(Scope(names.__getitem__, 0.0, "seed"))) == value, source
        for call in re.findall(
            r"(?:format_date|at|start_of|money|where|find|sort|sum|group_by|match)\([^)]*\)", source
        ):
            assert call in told or "'x'" in call or "long" in call or "%" in call, call


def test_the_catalog_tells_what_a_test_needs_to_know_of_a_vendor() -> None:
    prompt = prompt_for_new(some_connectors(), "Créer un ticket HubSpot").system
    assert "### hubspot.create_ticket (once): Open a ticket." in prompt
    assert "  subject: text\n" in prompt
    assert "vendors.hubspot in tests: `contacts`" in prompt
    assert "effects of connector hubspot: `create contact | deal | ticket | note | company` {id, " in prompt
    assert "email (email)" in prompt


def test_the_effects_that_a_sandbox_documents_are_those_that_it_notes() -> None:
    for connector in installed().catalog.connectors.values():
        told = effects_in_short(connector)
        for noted in recorded(connector):
            names = noted.partition(" {")[0].split(" | ")
            assert all(name in told for name in names if "<" not in name), (connector.name, names)


def test_no_effect_is_told_in_the_words_of_a_program() -> None:
    told = "".join(effects_in_short(connector) for connector in installed().catalog.connectors.values())
    assert not re.search(r"\.\.\.[a-z{]|<", told)


def test_the_question_of_a_repair_holds_what_is_there_and_what_is_wrong() -> None:
    question = prompt_for_repair(RECIPE, TESTS, "line 3: $5 is no amount")
    assert (read_answer(question).recipe, read_answer(question).tests) == (RECIPE, TESTS)
    assert "line 3: $5 is no amount" in question


def test_the_question_of_a_change_holds_the_recipe_word_for_word(engine: Engine) -> None:
    prompt = prompt_for_change(engine.catalog, RECIPE, TESTS, "two days")
    assert read_answer(prompt.need).recipe == RECIPE
    assert "two days" in prompt.need


def test_what_bundled_tests_say_of_a_vendor_is_shown_to_the_model() -> None:
    prompt = prompt_for_new(some_connectors(), "Créer un ticket HubSpot").system
    assert 'for example effects: - {"connector": "hubspot", "action": "create ticket", "data": {' in prompt
    assert 'for example vendors: {"hubspot": {"contacts": [{"id": "' in prompt


async def test_the_example_of_an_answer_passes_without_a_warning(engine: Engine) -> None:
    example = read_answer(text_of("answer").partition("An example of a whole answer")[2])
    assert example.recipe and example.tests and example.assumptions  # noqa: PT018  # all of it is there
    proof = await prove(Draft(example.recipe, example.tests), engine, Path())
    assert proof.passed, proof.in_words()
    assert (proof.warnings, proof.coverage.percent if proof.coverage else 0) == ([], 100)
    assert proof.draft.recipe == example.recipe
