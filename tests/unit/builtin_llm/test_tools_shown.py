"""Steps with tools, conversations and batches as people see them: told, drawn, learnt from, answered, tested."""

from __future__ import annotations

import pytest

from recipe_engine import Engine
from recipe_engine.compile.written import as_written
from recipe_engine.generate.explaining import explain
from recipe_engine.generate.improving_seen import Evidence
from recipe_engine.graph import mermaid, svg

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
                "asks lea@example.org before each use of “order”", "Values kept between runs: “order” (Répondre)"]),
        ("fr", ["il peut consulter « stock »", "« order » à chaque fois que lea@example.org", "3 fois au plus",
                "ce qui a été dit avant sous mail", "remises ensemble, à moitié prix", "pour chaque row",
                "interroge lea@example.org avant chaque utilisation de « order »"]),
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
