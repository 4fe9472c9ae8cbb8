"""What is said of the models of an llm_call and of the answers that its author prepared."""

from __future__ import annotations

import json

import pytest

from tests.unit.compile.support import problems

INPUTS = (
    "input_schema: {type: object, required: [message, n], properties: {message: {type: string}, n: {type: integer}}}"
)
SCHEMA = "{type: object, required: [kind], properties: {kind: {enum: [a, b]}, why: {type: string}, n: {type: integer}}}"


def said(fields: str, **settings: str) -> list[tuple[str, str]]:
    """The codes and severities of what is said of a step with these fields; `settings` are the deployment's."""
    body = f"{INPUTS}\nlimits: {{cost: 1 USD}}\nsteps:\n  - {{id: ask, type: llm_call, user_prompt: '{{{{ message }}}}', {fields}}}"
    found = problems(body, settings={"ANTHROPIC_API_KEY": "k", **settings} if settings else None)
    return [(item.code, item.severity) for item in found]


@pytest.mark.parametrize(
    "fields",
    [
        "complexity: classify",
        "model: claude-haiku-4-5-20251001, max_tokens: 64000",
        "model: claude-opus-5-5, thinking: true, effort: max",
        "model: '{{ message }}', max_tokens: 900000, effort: low",
        "model: qwen3, provider: openai_compatible, max_tokens: 900000, effort: max, thinking: true",
        "provider: manual, model: anybody",
        "fallback: {models: [claude-haiku-5-5, {model: qwen3, provider: openai_compatible}, '{{ message }}']}",
        f"output_schema: {SCHEMA}, fallback: {{answer: {{kind: '{{{{ message }}}}', why: x}}}}",
        f"output_schema: {SCHEMA}, fallback: {{answer: '{{{{ event.answer }}}}'}}",
        f"output_schema: {SCHEMA}, examples: [{{input: x, output: {{kind: b, n: '{{{{ n }}}}'}}}}]",
        "fallback: {answer: 'Bonjour {{ message }}'}, examples: [{input: x, output: {any: thing}}]",
        "output_schema: {type: array, items: {type: string}}, fallback: {answer: ['{{ message }}']}",
    ],
)
def test_nothing_is_said_of_what_works_or_only_the_run_can_tell(fields):
    assert said(fields) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("model: claude-next", ("R606", "warning")),
        ("fallback: {models: [{model: qwen3}]}", ("R606", "warning")),
        ("model: claude-sonnet-4-5", ("R607", "warning")),
        ("model: claude-3-5-haiku-20241022", ("R607", "error")),
        ("provider: anthropic, fallback: {models: [claude-sonnet-4-20250514]}", ("R607", "error")),
        ("max_tokens: 200000", ("R608", "warning")),
        ("model: claude-haiku-4-5, effort: low", ("R608", "warning")),
        ("fallback: {models: [claude-haiku-4-5]}, effort: low", ("R608", "warning")),
        ("model: claude-opus-4-8, thinking: true", ("R608", "warning")),
        ("thinking: adaptive", ("R602", "error")),
        ("fallback: {answer: {kind: a}}", ("R609", "error")),
        (f"output_schema: {SCHEMA}, fallback: {{answer: null}}", ("R609", "error")),
        (f"output_schema: {SCHEMA}, fallback: {{answer: {{kind: a, n: '{{{{ message }}}}'}}}}", ("R609", "error")),
        (f"output_schema: {SCHEMA}, fallback: {{answer: '{{{{ n }}}}'}}", ("R609", "error")),
        ("output_schema: {type: array, items: {type: string}}, examples: [{input: x, output: [1]}]", ("R609", "error")),
    ],
)
def test_what_would_go_wrong_is_said(fields, expected):
    assert said(fields) == [expected]


def test_whoever_will_be_asked_decides_which_models_are_known():
    assert said("model: qwen3", RECIPE_LLM="openai_compatible") == []
    assert said("model: qwen3", RECIPE_LLM="manual") == []
    assert said("model: qwen3", RECIPE_LLM="anthropic") == [("R606", "warning")]
    assert said("model: qwen3, provider: anthropic", RECIPE_LLM="manual") == [("R606", "warning")]


def test_the_model_of_the_deployment_is_the_one_that_is_judged():
    assert said("effort: low", AGENT_MODEL="claude-haiku-4-5") == [("R608", "warning")]
    assert said("effort: low", AGENT_MODEL="claude-opus-5-5") == []


def test_models_of_ones_own_table_are_known(tmp_path):
    own = tmp_path / "models.json"
    facts = {"max_output": 4000, "vision": False}
    own.write_text(json.dumps({"models": {"qwen3": facts, "claude-3-opus-20240229": facts}}), encoding="utf-8")
    assert said("model: claude-3-opus-20240229, max_tokens: 4000", RECIPE_MODELS=str(own)) == []
    many = said("model: qwen3, max_tokens: 5000, vision: true, provider: openai_compatible", RECIPE_MODELS=str(own))
    assert ("R608", "warning") in many
    assert ("R608", "error") in many


def test_a_table_that_cannot_be_read_is_no_problem_of_the_recipe():
    assert said("model: claude-opus-5-5", RECIPE_MODELS="/nowhere/models.json") == []
