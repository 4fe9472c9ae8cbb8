"""The bundled needs: the reference answers pass all of them, and each of these mistakes is found for its own reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.evaluate import Evaluation, Need, Terms, Verdict, totals
from recipe_engine.evaluate.results import Results
from recipe_engine.generate import Bounds
from recipe_engine.resources import evals_dir
from tests.unit.evaluate.conftest import ENGINE, read

SMALL = (evals_dir() / "small.yml").read_text(encoding="utf-8")
ANSWERS = evals_dir() / "answers"


def needs() -> tuple[Need, ...]:
    found, problems = read(SMALL)
    assert found is not None, problems
    return found.needs


def reference(need: str) -> str:
    return (ANSWERS / need / "draft-1.answer.txt").read_text(encoding="utf-8")


async def evaluated(chosen: list[Need], answers: dict[str, str], tmp_path: Path) -> list[Verdict]:
    evaluation = Evaluation(
        engine_for=lambda _: ENGINE,
        results=Results(tmp_path / "results.json", "small.yml", {}),
        terms=Terms(Bounds(rounds=1, budget=None)),
        provider_for=lambda need: ScriptedModel([{"answer": answers[need.id]}]),
    )
    return await evaluation.run(chosen)


def test_the_set_has_both_languages_every_level_and_a_reference_for_each_need():
    found = needs()
    assert {need.language for need in found} == {"en", "fr"}
    assert {need.level for need in found} == {"simple", "medium", "hard"}
    assert [need.id for need in found if not (ANSWERS / need.id / "draft-1.answer.txt").is_file()] == []
    assert abs(sum(need.language == "fr" for need in found) - len(found) / 2) <= 1


async def test_every_reference_answer_passes_at_first_hand_over(tmp_path):
    found = list(needs())
    verdicts = await evaluated(found, {need.id: reference(need.id) for need in found}, tmp_path)
    assert [(verdict.need, verdict.result, verdict.reason) for verdict in verdicts if not verdict.passed] == []
    assert totals(verdicts)["share"] == 1.0
    assert [verdict.need for verdict in verdicts] == [need.id for need in found]


# A need, what is changed in its right answer (in the recipe and its own tests), and what is said of it.
MISTAKES = [
    ("quote-receipt", [("We have your request", "Thank you")], "effects[0].data.subject"),
    ("quote-receipt", [('to: "{{ config.team }}"', "to: team@example.org")], "another team"),
    ("rappel-rendez-vous", [('match: {email: "{{ email }}"}', "match: {}")], "l'annulation d'un autre"),
    ("rappel-rendez-vous", [("if_past: continue", "if_past: fail")], "tout proche"),
    ("weekly-report", [("0 8 * * MON", "0 8 * * *")], "fires_not"),
    ("weekly-report", [("timezone: Europe/Paris", "timezone: UTC")], "fires"),
    ("affaires-endormies", [("with: {days: 10}", "with: {days: 5}")], "seules les affaires"),
    (
        "review-sentiment",
        [
            ("values: {mood: negative}", "values: {mood: neutral}"),
            ("{sentiment: negative}, steps: {alert: succeeded}", "{sentiment: neutral}"),
        ],
        "a model that is down",
    ),
    ("relances-factures", [("on_item_error: collect", "on_item_error: fail")], "une adresse refusée"),
    ("refund-approval", [("timeout: 2d", "timeout: 1d"), ("duration: 48h", "duration: 24h")], "duration"),
    ("refund-approval", [("amount <= 50", "amount < 50")], "a small refund needs nobody"),
    ("fichier-commandes", [("sort: -total", "sort: total")], "clients"),
    ("alerte-sms", [("    if: body.statut == 'expedie'\n", "")], "un colis en préparation"),
    ("alerte-sms", [("    key: body.id\n", "")], "triggers[0]"),
    ("surveillance", [('reason="harmful"', 'reason="no_connector"')], "cannot: expected harmful, found no_connector"),
    ("unknown-vendor", [("Nearest:", "So:")], "nearest"),
]


@pytest.mark.parametrize(("need", "changes", "said"), MISTAKES)
async def test_a_wrong_answer_fails_for_its_own_reason(need, changes, said, tmp_path):
    answer = reference(need)
    for right, wrong in changes:
        assert right in answer
        answer = answer.replace(right, wrong)
    chosen = [each for each in needs() if each.id == need]
    [verdict] = await evaluated(chosen, {need: answer}, tmp_path)
    assert verdict.result == "failed", verdict.why
    told = [verdict.reason] + [f"{it.report.name} {miss.path}" for it in verdict.scenarios for miss in it.report.misses]
    assert any(said in line for line in told), told


async def test_a_recipe_for_a_need_that_cannot_be_met_fails(tmp_path):
    chosen = [each for each in needs() if each.id == "contradiction"]
    [verdict] = await evaluated(chosen, {"contradiction": reference("quote-receipt")}, tmp_path)
    assert (verdict.result, verdict.misses[0].path) == ("failed", "cannot")


async def test_a_refusal_of_a_need_that_can_be_met_is_told_as_one(tmp_path):
    chosen = [each for each in needs() if each.id == "quote-receipt"]
    [verdict] = await evaluated(chosen, {"quote-receipt": reference("unknown-vendor")}, tmp_path)
    assert verdict.result == "refused"
    assert "refused as no_connector" in verdict.reason
