"""The prompts: small, versioned, true to the code, and without a fact missing that the checker knows."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from recipe_engine.diagnostics.codes import CODES
from recipe_engine.engine import Engine
from recipe_engine.expr import functions
from recipe_engine.generate.answer import read_answer
from recipe_engine.generate.prompt import prompt_for_change, prompt_for_new, prompt_for_repair, text_of
from recipe_engine.generate.proving import Draft, prove
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
    "language": 10_000,
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


def test_the_whole_prompt_stays_below_eleven_thousand_tokens() -> None:
    prompt = prompt_for_new(some_connectors(), "Ouvrir un ticket HubSpot et prévenir l'équipe sur Slack")
    assert len(prompt.system) < 44_000


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


def test_the_catalog_tells_what_a_test_needs_to_know_of_a_vendor() -> None:
    prompt = prompt_for_new(some_connectors(), "Créer un ticket HubSpot").system
    assert "### hubspot.create_ticket (once): Open a ticket." in prompt
    assert "  subject: text\n" in prompt
    assert "vendors.hubspot in tests: `contacts`" in prompt
    assert "effects of connector hubspot: create <" in prompt
    assert "email (email)" in prompt


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
