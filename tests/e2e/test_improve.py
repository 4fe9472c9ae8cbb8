"""`recipe improve`: from runs of a database to a reviewed change, with answers from a folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recipe_engine import Engine
from recipe_engine.cli.main import main

Run = Callable[..., tuple[int, str, str]]
RECIPE = """\
# Kept by hand.
slug: sort
name: Sort a message
description: Sorts a message.
category: examples
input_schema: {type: object, required: [text], properties: {text: {type: string}}}
limits: {cost: 0.05 USD}
steps:
  - id: sort
    name: Sort
    type: llm_call
    complexity: classify
    user_prompt: "{{ text }}"
    output_schema: {type: object, required: [kind], properties: {kind: {enum: [quote, other]}}}
    retry: {attempts: 1}
output: {kind: "{{ sort.kind }}"}
"""
TESTS = """\
cases:
  - name: a quote is told apart
    input: {text: Un devis}
    model: [{answer: {kind: quote}}]
    expect: {output: {kind: quote}}
"""
MENDED = RECIPE.replace(
    "    retry: {attempts: 1}\n",
    "    retry: {attempts: 1}\n    on_error:\n      - {id: unsorted, type: set, values: {kind: other}}\n",
)
MENDED_TESTS = (
    TESTS
    + """\
  - name: what cannot be sorted counts as other
    input: {text: Secret}
    model: [{error: refused}]
    expect: {output: {kind: other}, steps: {sort: failed}}
"""
)
SECRET = "Je m'appelle Zoltana Exemple, zoltana@example.org"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("RECIPE_LLM", "RECIPE_LLM_ANSWERS", "ANTHROPIC_API_KEY", "RECIPE_DB"):
        monkeypatch.delenv(name, raising=False)
    Path("sort.yml").write_text(RECIPE, encoding="utf-8")
    Path("sort.test.yml").write_text(TESTS, encoding="utf-8")
    asyncio.run(_live())

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--db", "runs.db"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


async def _live() -> None:
    """Six runs, the last two without an answer."""
    answers = [{"match": "Zoltana", "error": "refused"}, {"answer": {"kind": "quote"}}]
    async with Engine("runs.db", env={}, sandbox=True, answers=answers) as engine:
        for text in ["Un devis"] * 4 + [SECRET] * 2:
            await engine.run("sort.yml", {"text": text})


def says(recipe: str, tests: str) -> None:
    Path("talk").mkdir(exist_ok=True)
    answer = f"<recipe>\n{recipe}</recipe>\n<tests>\n{tests}</tests>\n"
    Path("talk/fails_sort_draft-1.answer.txt").write_text(answer, encoding="utf-8")


def test_findings_without_a_model(run: Run) -> None:
    code, out, err = run("improve", "sort.yml", "--rehearsals")
    assert code == 0
    assert out.startswith("sort: 6 runs (2 failed, 4 succeeded)\n- `sort` failed in 2 of 6 runs: 2 × refused (")
    assert "see recipe runs show " in out
    assert "--llm NAME asks a model" in err
    assert Path("sort.yml").read_text(encoding="utf-8") == RECIPE


def test_runs_in_sandboxes_count_only_when_asked_for(run: Run) -> None:
    code, out, _ = run("improve", "sort.yml")
    assert code == 0
    assert "sort: 0 runs" in out
    assert "nothing stands out" in out


def test_fewer_and_later_runs(run: Run) -> None:
    assert "sort: 2 runs" in run("improve", "sort.yml", "--rehearsals", "--runs", "2")[1]
    assert "sort: 6 runs" in run("improve", "sort.yml", "--rehearsals", "--since", "1d")[1]
    assert "sort: 0 runs" in run("improve", "sort.yml", "--rehearsals", "--since", "2999-01-01")[1]
    assert run("improve", "sort.yml", "--since", "lately")[0] == 2


def test_findings_as_json(run: Run) -> None:
    code, out, _ = run("improve", "sort.yml", "--rehearsals", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["recipe"], told["runs"], told["by_status"]) == ("sort", 6, {"failed": 2, "succeeded": 4})
    assert told["findings"][0]["evidence"]["codes"] == {"refused": 2}
    assert len(told["findings"][0]["runs"]) == 2
    assert told["changes"] == []


def test_a_change_that_passes_is_shown_with_its_finding_and_written(run: Run) -> None:
    says(MENDED, MENDED_TESTS)
    code, out, err = run("improve", "sort.yml", "--rehearsals", "--answers", "talk", "--yes", "--most", "1")
    assert code == 0, err
    assert "An answer to: `sort` failed in 2 of 6 runs" in out
    assert "+      - {id: unsorted, type: set, values: {kind: other}}" in out
    assert "2 cases pass, coverage 100 %" in out
    assert Path("sort.yml").read_text(encoding="utf-8") == MENDED
    prompt = Path("talk/fails_sort_draft-1.prompt.md").read_text(encoding="utf-8")
    assert "- fails: the step `sort`, line 9: runs 6, failed 2, codes (refused 2)" in prompt
    assert "Zoltana" not in prompt


def test_a_change_that_does_not_pass_is_a_draft(run: Run) -> None:
    says(MENDED, MENDED_TESTS.replace("{kind: other}, steps", "{kind: quote}, steps"))
    code, out, _ = run("improve", "sort.yml", "--rehearsals", "--answers", "talk", "--yes", "--rounds", "1")
    assert code == 1
    assert "It does not pass:" in out
    assert Path("sort.yml").read_text(encoding="utf-8") == RECIPE
    assert Path("sort.fails-sort.draft.yml").is_file()


def test_what_no_change_can_answer(run: Run) -> None:
    Path("talk").mkdir()
    refusal = '<refusal reason="other">\nThe vendor refuses it.\nNearest: ask the vendor.\n</refusal>\n'
    Path("talk/fails_sort_draft-1.answer.txt").write_text(refusal, encoding="utf-8")
    code, out, _ = run("improve", "sort.yml", "--rehearsals", "--answers", "talk")
    assert code == 1
    assert "no change: The vendor refuses it. ask the vendor." in out


def test_without_consent_nothing_is_written(run: Run) -> None:
    says(MENDED, MENDED_TESTS)
    code, out, _ = run("improve", "sort.yml", "--rehearsals", "--answers", "talk", "--json")
    assert code == 0
    assert json.loads(out)["changes"][0]["change"]["status"] == "passed"
    assert Path("sort.yml").read_text(encoding="utf-8") == RECIPE


def test_runs_are_read_while_another_owns_them(run: Run) -> None:
    async def shown() -> str:
        async with Engine("runs.db", env={}):
            return (await asyncio.to_thread(run, "improve", "sort.yml", "--rehearsals"))[1]

    assert "sort: 6 runs" in asyncio.run(shown())
