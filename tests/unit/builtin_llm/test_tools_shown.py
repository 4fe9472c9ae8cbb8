"""Steps with tools, conversations and batches as people see them: told, drawn, learnt from, answered, tested."""

from __future__ import annotations

import pytest

from recipe_engine import Engine
from recipe_engine.compile.written import as_written
from recipe_engine.errors import RecipeError
from recipe_engine.generate.explaining import explain
from recipe_engine.generate.improving_seen import Evidence
from recipe_engine.graph import mermaid, svg
from recipe_engine.testing.files import run_file_async
from recipe_engine.testing.wording import file_in_words

HEAD = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
input_schema: {type: object, required: [mail], properties: {mail: {type: string}}}
steps:
"""
ANSWER = """  - id: answer
    name: Répondre
    type: llm_call
    complexity: write
    system_prompt: Tu réponds.
    user_prompt: "Que dire à {{ mail }} ?"
    conversation: "{{ mail }}"
    tool_rounds: 3
    timeout: 10m
    retry: {attempts: 2}
    output_schema: {type: object, required: [text], properties: {text: {type: string}, confidence: {type: number}}}
    tools:
      - {action: store.get, name: stock, with: {table: stock}}
      - {action: store.put, name: order, with: {table: orders}, confirm: approval, to: lea@example.org}
"""
EACH = """  - id: each
    name: Chaque avis
    type: for_each
    if: mail != ''
    items: "['a', 'b']"
    as: row
    batch: true
    concurrency: 2
    timeout: 2d
    steps:
      - {id: sort, type: llm_call, complexity: classify, user_prompt: "{{ row }}"}
      - {id: again, type: for_each, items: "[row]", as: other, steps: [{id: note, type: log, message: "{{ sort }}"}]}
  - {id: last, type: set, values: {n: "{{ each.results | default([]) | length }}"}}
"""


@pytest.fixture
def engine():
    return Engine(":memory:", env={}, sandbox=True)


@pytest.fixture
def recipe(tmp_path):
    def written(steps: str):
        path = tmp_path / "essai.yml"
        path.write_text(HEAD + steps, encoding="utf-8")
        return path

    return written


def test_a_plan_is_read_as_its_author_wrote_it(engine, recipe):
    plain = ANSWER[: ANSWER.index("    tools:")].replace("    tool_rounds: 3\n", "")
    plain = plain.replace('    conversation: "{{ mail }}"\n', "") + EACH.replace("    batch: true\n", "    cost: 0\n")
    plain = plain.replace("    cost: 0\n", "")
    one, other = as_written(engine.compile(recipe(ANSWER + EACH))), engine.compile(recipe(plain))
    assert [step.id for step in one.steps] == [step.id for step in other.steps]
    assert [block for block in one.blocks if block] == list(other.blocks)
    for found, expected in zip(one.steps, other.steps, strict=True):
        assert (found.type, found.if_, found.retry, found.timeout) == (
            expected.type,
            expected.if_,
            expected.retry,
            expected.timeout,
        )
    answer, asked = one.steps[0].do.params, other.steps[0].do.params
    assert {name: answer[name] for name in asked} == asked
    assert answer.keys() - asked.keys() == {"tools", "tool_rounds", "conversation"}
    each = next(step for step in one.steps if step.id == "each")
    assert each.do == next(step.do for step in other.steps if step.id == "each")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["may look things up with “stock”", "“order” each time lea@example.org approves", "at most 3 times",
                "what was said before under mail", "handed over together, at half the price", "for each row",
                "asks lea@example.org before each use of “order” by the model, at most 10 minutes", "Values kept between runs: “order” (Répondre)"]),
        ("fr", ["il peut consulter « stock »", "« order » à chaque fois que lea@example.org", "3 fois au plus",
                "ce qui a été dit avant sous mail", "remises ensemble, à moitié prix", "pour chaque row",
                "interroge lea@example.org avant chaque utilisation de « order » par le modèle, au plus 10 minutes"]),
    ],
)  # fmt: skip
def test_sentences_say_what_the_model_may_do(engine, recipe, language, told):
    text = explain(engine.compile(recipe(ANSWER + EACH)), engine.catalog, language=language)
    assert [part for part in told if part not in text] == []
    assert [part for part in ("_each_", "llm.send_batch", "~") if part in text] == []


def test_pictures_show_the_authors_steps(engine, recipe):
    plan = engine.compile(recipe(ANSWER + EACH))
    for drawn in (mermaid(plan), svg(plan)):
        assert "may call stock, order when" in drawn
        assert "_each_" not in drawn
    assert "in batches" in mermaid(plan)


async def test_what_runs_show_of_the_calls_of_a_model_is_told_of_its_step(engine, recipe):
    path = recipe(ANSWER)
    script = [
        {"step": "answer", "calls": [{"tool": "stock", "input": {"key": "a"}}], "times": 1},
        {"step": "answer", "answer": {"text": "x", "confidence": 0.4}, "times": 1},
        {"step": "answer", "error": "refused"},
    ]
    async with Engine(":memory:", env={}, sandbox=True, answers=script) as engine:
        evidence = Evidence(engine.compile(path))
        for _ in range(2):
            run = await engine.run(path, {"mail": "ada@example.org"})
            plan, journal = await engine.runtime.plan(run.run_id), await engine.runtime.journal(run.run_id)
            evidence.add(run, plan, journal)
    seen = evidence.steps["answer"]
    assert (seen.times, seen.attempts, seen.answers, list(seen.failed)) == (2, 3, 1, ["refused"])
    assert dict(seen.sure) == {"confidence": [0.4]}
    assert [where for where, _ in evidence.known_steps()] == ["answer"]
    assert evidence.changed == set()


CASE = """cases:
  - name: tout
    input: {mail: ada@example.org}
    model:
      - {step: answer, calls: [{tool: stock, input: {key: a}}, {tool: order, input: {key: k, value: 2}}]}
      - {step: answer, answer: {text: Deux.}}
    approvals: [{step: answer, at: 5m, approved: true, by: lea, fields: {value: 3}}]
    expect:
      status: succeeded
      output: {text: Deux.}
      steps:
        answer: {status: succeeded, attempts: 1}
        stock: {status: succeeded, times: 1, output: {found: false}}
        answer/round[0]/calls[1]/order: succeeded
        model: {status: succeeded, times: 1, output: {said: Deux.}}
        answer/round/model: {times: 2}
      not_steps: [result]
"""
OWN = """  - {id: model, type: set, values: {said: "{{ answer.text }}"}}
  - {id: result, type: set, if: false, values: {said: no}}
output: "{{ answer }}"
"""


async def told_of(recipe, cases):
    path = recipe.with_name("essai.test.yml")
    path.write_text(cases, encoding="utf-8")
    report = await run_file_async(path)
    return "\n".join([*map(str, report.diagnostics), *file_in_words(report)])


async def test_cases_name_authored_steps_and_those_of_tools(recipe):
    told = await told_of(recipe(ANSWER.replace("confidence:", "sure:") + OWN), CASE)
    assert "ok" in told.split("\n")[1], told
    assert "coverage 60 %: 2 of 3 steps, 1 of 2 branches" in told


async def test_a_case_that_failed_tells_of_no_steps_that_nobody_wrote(recipe):
    told = await told_of(recipe(ANSWER + OWN), CASE.replace("{times: 2}", "{times: 3}"))
    assert "steps.answer/round/model.times" in told
    assert "answer/round[0]/calls[1]/order " in told
    assert [part for part in ("/kept", "/tool ", "_order", "/calls[0]/result") if part in told] == []


async def test_a_person_answers_by_the_step_whose_model_asks(tmp_path, recipe):
    script = [{"step": "answer", "calls": [{"tool": "order", "input": {"key": "k", "value": 2}}], "times": 1}]
    async with Engine(":memory:", env={}, sandbox=True, answers=[*script, {"answer": {"text": "x"}}]) as engine:
        run = await engine.run(recipe(ANSWER), {"mail": "ada@example.org"})
        with pytest.raises(RecipeError, match="'answr'"):
            await engine.runtime.approve(run.run_id, "answr", True, "lea")
        await engine.runtime.approve(run.run_id, "answer", True, "lea")
        view = await engine.runtime.wait(run.run_id, ("succeeded", "failed"))
    assert view.output == {"text": "x"}
