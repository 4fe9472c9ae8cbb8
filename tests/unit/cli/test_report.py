"""What runs cost and saved, and what their steps asked."""

import asyncio
import json

import pytest

from recipe_engine import Engine
from tests.support.anthropic_server import AnthropicServer, fails, says

ASK = """\
slug: ask
name: Ask
description: Asks a model.
category: examples
limits: {cost: 1 USD}
input_schema:
  type: object
  required: [photo]
  properties: {photo: {type: string, format: base64_image}, question: {type: string, default: Quoi ?}}
roi_metrics: {minutes_saved_per_run: 12, hourly_rate: 35 EUR}
steps:
  - id: look
    name: Look
    type: llm_call
    model: claude-haiku-4-5
    max_tokens: 500
    system_prompt: Tu regardes.
    user_prompt: "{{ question }} {{ photo }}"
    examples: [{input: Ceci ?, output: Cela.}]
    retry: {attempts: 1}
    fallback: {answer: Rien.}
"""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
def runs(folder):
    """Two real runs, the second answered by a stand-in, and one in the sandbox."""
    (folder / "ask.yml").write_text(ASK, encoding="utf-8")

    async def made():
        async with AnthropicServer() as server:
            env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url}
            server.will(says("oui", usage={"input_tokens": 1000, "output_tokens": 100}), fails(529))
            async with Engine("runs.db", env=env) as engine:
                first = await engine.run("ask.yml", {"photo": PNG})
                second = await engine.run("ask.yml", {"photo": PNG})
        async with Engine("runs.db", env={}, sandbox=True) as engine:
            await engine.run("ask.yml", {"photo": PNG})
        return first.run_id, second.run_id

    return asyncio.run(made())


def test_cost_and_savings_by_recipe(runs, recipe):
    ended = recipe("report", "--db", "runs.db")
    assert ended.code == 0
    head, line, total = ended.out.splitlines()
    assert head.split() == ["recipe", "runs", "succeeded", "failed", "tokens", "cost", "fallbacks", "saved"]
    assert line.split() == ["ask", "2", "2", "0", "1,100", "$0.0015", "1", "24", "min,", "14.00", "EUR"]
    assert total.split()[0] == "total"


def test_daily_lines_and_json(runs, recipe):
    assert recipe("report", "--db", "runs.db", "--daily").out.splitlines()[0].split()[1] == "day"
    told = json.loads(recipe("report", "--db", "runs.db", "--json").out)
    assert told["recipes"][0]["money_saved"] == {"EUR": 14.0}
    assert (told["daily"][0]["cost"], told["daily"][0]["fallbacks"]) == (0.0015, 1)
    assert len(told["daily"][0]["day"]) == 10


def test_no_runs(runs, recipe):
    assert recipe("report", "--db", "runs.db", "--recipe", "other").out == "no runs began in the last 30 days\n"


def test_question_of_a_step(runs, recipe):
    ended = recipe("prompts", "show", runs[0], "look", "--db", "runs.db")
    assert ended.code == 0
    assert "model: claude-haiku-4-5" in ended.out
    assert "## system\n\nTu regardes." in ended.out
    assert "## assistant (example)\n\nCela." in ended.out
    assert "Quoi ?" in ended.out
    assert "[image photo, image/png," in ended.out
    assert PNG not in ended.out


def test_question_as_it_was_sent(runs, recipe):
    told = json.loads(recipe("prompts", "show", runs[0], "look", "--db", "runs.db", "--json").out)
    body = told[0]["request"]
    assert (body["model"], body["max_tokens"]) == ("claude-haiku-4-5", 500)
    assert body["system"].startswith("Tu regardes.\n\nText between <data> and </data>")
    assert body["messages"][2]["content"][1]["source"]["media_type"] == "image/png"


REPAIRED = """slug: sort
name: Sort
description: Sort
category: test
limits: {cost: 1 USD}
steps:
  - id: each
    type: for_each
    items: range(3)
    as: item
    concurrency: 1
    steps:
      - id: sort
        type: llm_call
        complexity: classify
        user_prompt: "Item {{ item }}"
        output_schema: {type: object, required: [kind], properties: {kind: {enum: [x]}}}
        retry: {attempts: 1}
        fallback: {models: [claude-opus-5-5]}
"""


@pytest.fixture
def repaired_run(tmp_path, monkeypatch):
    """A run of which the first item needed a second round, the second another model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sort.yml").write_text(REPAIRED, encoding="utf-8")

    async def made():
        async with AnthropicServer() as server:
            env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url, "AGENT_MODEL": "claude-haiku-4-5"}
            good = says(value={"kind": "x"})
            server.will(says(value={"kind": "wrong"}), good, fails(529), good, good)
            async with Engine("runs.db", env=env) as engine:
                run = await engine.run("sort.yml", {})
        assert run.status == "succeeded", run.error
        return run.run_id, server.bodies

    return asyncio.run(made())


def test_every_request_is_shown_as_it_was_sent(repaired_run, recipe):
    run, bodies = repaired_run
    told = json.loads(recipe("prompts", "show", run, "sort", "--db", "runs.db", "--json").out)
    assert [item["path"][:7] for item in told] == ["each[0]", "each[0]", "each[1]", "each[1]", "each[2]"]
    assert [item["request"] for item in told] == bodies
    assert [body["model"] for body in bodies] == [
        "claude-haiku-4-5", "claude-haiku-4-5", "claude-haiku-4-5", "claude-opus-5-5", "claude-haiku-4-5",
    ]  # fmt: skip


def test_what_was_sent_back_is_shown_with_the_answer(repaired_run, recipe):
    shown = recipe("prompts", "show", repaired_run[0], "each[0]/sort", "--db", "runs.db").out
    assert shown.count("# each[0]/sort") == 1
    assert '## assistant\n\n{"kind": "wrong"}' in shown
    assert "Your answer does not fit the JSON Schema:\n- at kind:" in shown


def test_step_that_asked_nothing(runs, recipe):
    ended = recipe("prompts", "show", runs[0], "other", "--db", "runs.db")
    assert ended.code == 2
    assert "these did: look" in ended.err


def test_stand_in_is_shown_with_the_run_and_its_step(runs, recipe):
    assert "1 answered by a stand-in" in recipe("runs", "show", runs[1], "--db", "runs.db").out
    told = json.loads(recipe("runs", "show", runs[1], "--db", "runs.db", "--json").out)
    assert (told["usage"]["fallbacks"], told["steps"][0]["fallbacks"]) == (1, 1)
    assert "fallbacks" not in recipe("runs", "show", runs[0], "--db", "runs.db", "--json").out
    assert "by a stand-in" in recipe("runs", "watch", runs[1], "--db", "runs.db", "--progress", "plain").err
