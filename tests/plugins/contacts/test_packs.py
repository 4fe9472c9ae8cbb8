"""The sector packs as a business runs them: replies heard by a recipe of their own, messages that fit, mail that is safe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recipe_engine.engine import Engine
from recipe_engine.plugin.segments import segments
from recipe_engine.resources import recipes_dir
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.testing import RecipeTest, load_cases

PACKS = ("artisan", "lawyer", "coach", "plumber")
RECIPES = sorted(path for pack in PACKS for path in (recipes_dir() / pack).glob("*.yml") if "." not in path.stem)
CASES = [case for path in RECIPES for case in load_cases(path.with_suffix(".test.yml"))]
CUSTOMER = {"name": "Camille Exemple", "email": "camille@example.org", "phone": "06 39 98 00 12"}
HOUR = 3600.0
_PRINTED = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)


async def test_a_stop_by_sms_ends_the_sequence_and_every_later_one() -> None:
    clock = VirtualClock(1_772_438_400.0)
    async with Engine(":memory:", sandbox=True, clock=clock, env={}) as engine:
        asked = await engine.start("urgent-quote", CUSTOMER | {"work": "Une fuite"})
        await engine.runtime.until_idle(clock.now() + HOUR)  # type: ignore[call-arg]  # of the embedded runtime
        assert [effect.connector for effect in engine.effects] == ["contacts", "twilio", "email"]
        reply = {"channel": "sms", "sender": "+33639980012", "text": "Arrêt"}
        heard = await engine.start("stop-replies", reply)
        await engine.runtime.until_idle(clock.now())  # type: ignore[call-arg]  # of the embedded runtime
        assert (await engine.runtime.get(heard)).output == {"meaning": "stop", "known": True}
        ended = await engine.runtime.get(asked)
        assert (ended.status, ended.output["outcome"]) == ("succeeded", "opted_out")
        await engine.runtime.until_idle(clock.now() + 60)  # type: ignore[call-arg]  # of the embedded runtime
        before = len(engine.effects)
        guide = {"guide": "Oser", "guide_url": "https://www.example.org/guide"}
        later = await engine.run("nurture", {"name": "Camille", "email": "camille@example.org", **guide})
        assert later.output == {"outcome": "not_engaged"}
        assert {effect.connector for effect in engine.effects[before:]} == {"contacts"}


async def test_another_reply_is_a_contact_and_keeps_the_reminder_back() -> None:
    clock = VirtualClock(1_772_438_400.0)
    async with Engine(":memory:", sandbox=True, clock=clock, env={}) as engine:
        asked = await engine.start("urgent-quote", CUSTOMER | {"work": "Une fuite"})
        await engine.runtime.until_idle(clock.now() + 23 * HOUR)  # type: ignore[call-arg]  # of the embedded runtime
        reply = {"channel": "sms", "sender": "06 39 98 00 12", "text": "Oui, demain"}
        await engine.start("stop-replies", reply)
        await engine.runtime.until_idle()
        ended = await engine.runtime.get(asked)
        assert ended.output == {"outcome": "replied", "reminded": False, "contact_id": "1"}


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_every_sms_of_every_case_fits_two_segments(case: RecipeTest) -> None:
    report = await case.run()
    for effect in report.effects:
        if effect.action == "send sms":
            took = segments(effect.data["body"])
            assert (took.encoding, took.count <= 2) == ("GSM-7", True), (took, effect.data["body"])


@pytest.mark.parametrize("path", sorted(recipes_dir().glob("*/templates/*.html")), ids=lambda path: path.name)
def test_whatever_is_printed_into_html_is_escaped_and_has_a_text_beside_it(path: Path) -> None:
    printed = _PRINTED.findall(path.read_text(encoding="utf-8"))
    assert printed
    assert [each for each in printed if not each.endswith("| escape")] == []
    assert path.with_suffix(".txt").is_file()


@pytest.mark.parametrize("path", sorted(recipes_dir().glob("*/templates/*.*")), ids=lambda path: path.name)
def test_every_template_is_used(path: Path) -> None:
    recipe = path.parent.parent / f"{path.name.partition('.')[0]}.yml"
    assert f"from_file: templates/{path.name}}}" in recipe.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("slug", "event", "within", "target"),
    [
        ("urgent-quote", "lead.converted", "72h", "65%"),
        ("site-follow-up", "customer.satisfied", "200d", "85%"),
        ("urgent-consultation", "consultation.confirmed", "48h", "75%"),
        ("nurture", "call.booked", "240h", "25%"),
        ("emergency", "customer.satisfied", "2h", "98%"),
    ],
)
def test_the_goals_of_the_packs(slug: str, event: str, within: str, target: str) -> None:
    goal = Engine(":memory:", env={}).compile(slug).about["goal"]
    assert goal == {"event": event, "within": within, "target": target}
