"""All needs of a file: at the same time, within one purse, with results that can be gone on with."""

from __future__ import annotations

import asyncio
import json

import pytest

from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest
from recipe_engine.evaluate import Evaluation, Terms, totals
from recipe_engine.evaluate.results import Results, ResultsUnusable
from recipe_engine.generate import Bounds
from tests.unit.evaluate.conftest import ENGINE, read

NO = '<refusal reason="no_connector">\nIt cannot.\n</refusal>'
FOUR = "needs:\n" + "".join(
    f"  - {{id: n{number}, language: en, need: Do {number}., expect: {{cannot: [no_connector]}}}}\n"
    for number in range(4)
)


class Counted:
    """A model that refuses everything and says how many asked it at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(5):
            await asyncio.sleep(0)
        self.now -= 1
        return ModelAnswer(NO)


def needs():
    found, problems = read(FOUR)
    assert found is not None, problems
    return found.needs


@pytest.mark.parametrize(("jobs", "limit", "most"), [(1, None, 1), (2, None, 2), (4, 1.0, 1), (4, 2.0, 2)])
async def test_as_many_at_the_same_time_as_there_is_money_set_aside_for(jobs, limit, most):
    model = Counted()
    evaluation = Evaluation(
        engine_for=lambda _: ENGINE,
        results=Results(None, "four.yml", {}),
        terms=Terms(Bounds(rounds=1, budget=1.0), limit=limit, jobs=jobs),
        provider_for=lambda _: model,
    )
    verdicts = await evaluation.run(needs())
    assert [(verdict.need, verdict.result) for verdict in verdicts] == [(f"n{number}", "passed") for number in range(4)]
    assert model.most == most


async def test_results_are_written_whole_and_gone_on_with(tmp_path):
    path = tmp_path / "deep" / "results.json"
    model = Counted()
    evaluation = Evaluation(
        engine_for=lambda _: ENGINE, results=Results(path, "four.yml", {"llm": "x"}), provider_for=lambda _: model
    )
    verdicts = await evaluation.run(needs()[:2])
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["totals"] == totals(verdicts)
    assert [each["need"] for each in data["needs"]] == ["n0", "n1"]
    assert {need: len(said) for need, said in data["said"].items()} == {"n0": 1, "n1": 1}
    again = Results.go_on(path, "four.yml", {"llm": "x"})
    assert [said["text"] for said in again.memory("n0").values()] == [NO]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99, "said": {}}', "\x00"])
def test_what_is_no_file_of_results_is_left_alone(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResultsUnusable, match=r"results\.json"):
        Results.go_on(path, "four.yml", {})
    assert path.read_text(encoding="utf-8") == text
