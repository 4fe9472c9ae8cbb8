"""`recipe eval`: against a server that answers as the API description says, with answers from folders, broken off and
gone on with."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recipe_engine.cli.main import main
from recipe_engine.resources import evals_dir
from tests.support.anthropic_server import AnthropicServer, fails, says

Run = Callable[..., tuple[int, str, str]]
ANSWERS = evals_dir() / "answers"
TWO = """\
needs:
  - id: first
    language: en
    level: simple
    need: Refuse the first.
    expect: {cannot: [no_connector]}
  - id: second
    language: fr
    level: hard
    need: Refuse the second.
    expect: {cannot: [harmful]}
"""
NO = '<refusal reason="no_connector">\nIt cannot.\nNearest: http.\n</refusal>'
HARM = '<refusal reason="harmful">\nIt hurts.\nNearest: ask them.\n</refusal>'
PAID = {"input_tokens": 10_000, "output_tokens": 1_000}


class Served:
    """The stand-in of the vendor's API, in a thread of its own, since the command has an event loop of its own."""

    def __init__(self) -> None:
        self.server = AnthropicServer()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self) -> AnthropicServer:
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.server.__aenter__(), self.loop).result()
        return self.server

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self.server.__aexit__(None, None, None), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("RECIPE_LLM", "RECIPE_LLM_ANSWERS", "ANTHROPIC_API_KEY", "AGENT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    Path("two.yml").write_text(TWO, encoding="utf-8")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(["eval", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def server(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnthropicServer]:
    with Served() as served:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        yield served


def result(path: str = ".recipe/evals/two.json") -> dict[str, dict[str, object]]:
    """The verdicts in the file of results, by need."""
    return {each["need"]: each for each in json.loads(Path(path).read_text(encoding="utf-8"))["needs"]}


def test_needs_are_asked_scored_and_shown(run: Run, server: AnthropicServer) -> None:
    server.will(says(NO, usage=PAID), says(NO, usage=PAID))
    code, out, _ = run("two.yml", "--jobs", "1")
    assert code == 1
    lines = out.splitlines()
    assert "second" in lines
    assert "cannot: expected harmful, found no_connector" in out
    head = next(line for line in lines if line.startswith("need "))
    assert head.split() == ["need", "in", "level", "result", "rounds", "cost", "scenarios", "why"]
    assert next(line for line in lines if line.startswith("first ")).split()[:5] == [
        "first",
        "en",
        "simple",
        "passed",
        "1",
    ]
    assert "1 of 2 passed at first hand-over (50 %); 1 in one round" in lines[-1]
    assert "en 100 %; fr 0 %" in lines[-1]
    found = result()
    assert found["first"]["cost"] == found["second"]["cost"]
    assert found["first"]["cost"] > 0


def test_what_was_paid_for_is_not_asked_again(run: Run, server: AnthropicServer) -> None:
    server.will(says(NO, usage=PAID), fails(402, "no credit"))
    code, out, _ = run("two.yml", "--jobs", "1")
    assert code == 3
    assert result()["second"]["result"] == "unanswered"
    assert len(server.requests) == 2
    code, _, err = run("two.yml")
    assert code == 2
    assert "add --resume to go on with them" in err
    server.will(says(HARM, usage=PAID))
    code, out, _ = run("two.yml", "--resume")
    assert code == 0
    assert len(server.requests) == 3
    assert "2 of 2 passed" in out
    assert result()["first"]["cost"] == result()["second"]["cost"]
    assert run("two.yml", "--resume")[0] == 0
    assert len(server.requests) == 3


def test_a_changed_need_is_asked_again(run: Run, server: AnthropicServer) -> None:
    server.will(says(NO), says(HARM))
    assert run("two.yml", "--jobs", "1")[0] == 0
    Path("two.yml").write_text(TWO.replace("Refuse the first.", "Refuse it."), encoding="utf-8")
    server.will(says(NO))
    assert run("two.yml", "--resume")[0] == 0
    assert len(server.requests) == 3


def test_results_of_another_model_are_not_gone_on_with(
    run: Run, server: AnthropicServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.will(says(NO), says(HARM))
    assert run("two.yml", "--jobs", "1")[0] == 0
    monkeypatch.setenv("AGENT_MODEL", "claude-haiku-5-5")
    code, _, err = run("two.yml", "--resume")
    assert code != 0
    assert "has the results of anthropic, and anthropic claude-haiku-5-5 is asked now" in err


def test_nothing_is_asked_beyond_the_limit_of_cost(run: Run, server: AnthropicServer) -> None:
    server.will(says(NO, usage={"input_tokens": 10_000, "output_tokens": 12_000}))
    code, out, _ = run("two.yml", "--limit-cost", "0.6", "--budget", "0.6")
    found = result()
    assert found["first"]["result"] == "passed"
    assert found["second"]["result"] == "stopped"
    assert code == 3
    assert [it.path for it in server.requests if not it.path.endswith("count_tokens")] == ["/v1/messages"]
    assert "1 of 1 passed at first hand-over (100 %)" in out
    assert "1 not judged" in out


def test_by_hand_every_question_becomes_a_file(run: Run) -> None:
    code, out, _ = run("two.yml", "--llm", "manual", "--answers", "talk")
    assert code == 3
    assert "0 of 0 passed at first hand-over; 2 not judged" in out
    for need in ("first", "second"):
        assert f"Refuse the {need}." in Path(f"talk/{need}/draft-1.prompt.md").read_text(encoding="utf-8")
        Path(f"talk/{need}/draft-1.answer.txt").write_text(NO, encoding="utf-8")
    code, out, _ = run("two.yml", "--llm", "manual", "--answers", "talk", "--least", "50")
    assert code == 0
    assert "1 of 2 passed" in out


def test_by_hand_as_the_settings_say(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECIPE_LLM", "manual")
    monkeypatch.setenv("RECIPE_LLM_ANSWERS", "talk")
    assert run("two.yml", "--only", "first")[0] == 3
    assert Path("talk/first/draft-1.prompt.md").is_file()
    monkeypatch.delenv("RECIPE_LLM_ANSWERS")
    assert run("two.yml")[0] == 2


def test_a_round_by_hand_that_is_not_answered_yet_is_no_verdict(run: Run) -> None:
    Path("talk/quote-receipt").mkdir(parents=True)
    wrong = (
        (ANSWERS / "quote-receipt/draft-1.answer.txt")
        .read_text(encoding="utf-8")
        .replace("received: true}\n</recipe>", "got: true}\n</recipe>")
    )
    Path("talk/quote-receipt/draft-1.answer.txt").write_text(wrong, encoding="utf-8")
    code, _, _ = run("small", "--only", "quote-receipt", "--llm", "manual", "--answers", "talk")
    assert code == 3
    found = result(".recipe/evals/small.json")["quote-receipt"]
    assert found["result"] == "unanswered"
    assert "talk/quote-receipt/repair_1-1.answer.txt" in str(found["why"])


def test_a_folder_of_answers_is_scored_and_told_as_json(run: Run) -> None:
    code, out, err = run(
        "small",
        "--only",
        "contradiction",
        "--only",
        "surveillance",
        "--llm",
        "scripted",
        "--answers",
        str(ANSWERS),
        "--json",
    )
    told = json.loads(out)
    assert code == 0, err
    assert [each["need"] for each in told["needs"]] == ["surveillance", "contradiction"]
    assert told["totals"]["share"] == 1.0
    assert "said" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.yml",), "nor a bundled set of that name (there are: small)"),
        (("two.yml", "--only", "frist"), "did you mean 'first'?"),
        (("two.yml", "--llm", "manual"), "--answers is the folder of"),
        (("two.yml", "--answers", "talk"), "--answers is the folder of"),
    ],
)
def test_mistakes_are_told(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert said in err
