"""Which model answers, and what wins over what."""

from __future__ import annotations

import pytest

from recipe_engine.builtin.llm.routing import choose, shipped_table
from recipe_engine.plugin import Terminal
from tests.support.action_context import Settings


def chosen(settings=None, **fields):
    wanted = {"complexity": None, "model": None, "effort": None, "max_tokens": None, **fields}
    return choose(shipped_table(), Settings(settings or {}), **wanted)


def test_every_route_leads_to_a_model_with_a_price():
    table = shipped_table()
    assert set(table.routes) == {"classify", "extract", "write", "analyze", "reason"}
    for route in table.routes.values():
        facts = table.facts(route.model)
        assert facts is not None
        assert route.effort in facts.efforts
        assert route.max_tokens <= facts.max_output


def test_complexity_chooses_model_effort_and_length():
    choice = chosen(complexity="reason")
    assert (choice.model, choice.effort, choice.max_tokens) == ("claude-opus-5-5", "high", 32_768)


def test_without_complexity_a_step_analyzes():
    assert chosen() == chosen(complexity="analyze")


def test_model_of_the_deployment_wins_over_the_table_and_the_step_over_both():
    assert chosen({"AGENT_MODEL": "claude-opus-5"}).model == "claude-opus-5"
    assert chosen({"AGENT_MODEL": "claude-opus-5"}, model="claude-sonnet-5").model == "claude-sonnet-5"


def test_length_of_the_deployment_wins_over_the_table_and_the_step_over_both():
    assert chosen({"AGENT_MAX_TOKENS": "900"}).max_tokens == 900
    assert chosen({"AGENT_MAX_TOKENS": "900"}, max_tokens=50).max_tokens == 50


@pytest.mark.parametrize("text", ["many", "-5", "0", "1.5"])
def test_length_that_is_no_number_is_said(text):
    with pytest.raises(Terminal, match="AGENT_MAX_TOKENS"):
        chosen({"AGENT_MAX_TOKENS": text})


def test_length_beyond_the_model_is_lowered_and_said():
    choice = chosen(model="claude-haiku-4-5", max_tokens=100_000)
    assert choice.max_tokens == 64_000
    assert "64000" in choice.notes[0]


def test_effort_is_fitted_to_the_model_and_said():
    assert chosen(model="claude-opus-4-6", effort="xhigh").effort == "high"
    without = chosen(model="claude-haiku-4-5", effort="low")
    assert without.effort is None
    assert without.notes == ("claude-haiku-4-5 does not know the effort low; none is sent",)


def test_unknown_model_is_sent_only_what_the_author_says():
    assert chosen(model="claude-next").effort is None
    assert chosen(model="claude-next", effort="low").effort == "low"
    assert chosen(model="claude-next").notes == ()


def test_dated_id_counts_as_its_model():
    assert chosen(model="claude-haiku-4-5-20251001").facts is shipped_table().models["claude-haiku-4-5"]


def test_model_about_to_retire_is_said():
    assert "2026-11-30" in chosen(model="claude-sonnet-4-5").notes[0]
