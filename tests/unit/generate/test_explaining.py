"""Recipes in sentences."""

import string
from dataclasses import replace

import pytest

from recipe_engine.engine import Engine
from recipe_engine.generate import explain
from recipe_engine.generate.phrases import PHRASES, Language, Voice
from recipe_engine.generate.schedules import schedule_in_words
from recipe_engine.generate.speaking import Speaker
from recipe_engine.resources import bundled_recipes
from recipe_engine.source import load
from tests.unit.generate.conftest import RECIPE

LANGUAGES: tuple[Language, ...] = ("en", "fr")


def explained(text: str, language: Language = "en") -> str:
    document, problems = load(text, "a.yml")
    assert document is not None, problems
    engine = Engine(":memory:", env={})
    return explain(engine.compile(document), engine.catalog, language=language)


def with_steps(steps: str) -> str:
    head = "slug: a\nname: A\ndescription: B.\ncategory: c\ninput_schema: {type: object, required: [rows], properties: {rows: {type: array, items: {type: object, properties: {email: {type: string}, total: {type: number}}}}}}\n"
    return f"{head}steps:\n{steps}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", ["lead-follow-up", "expense-approval", "request-handler", "orders-digest", "hello"])
def test_every_step_of_a_recipe_is_told(slug: str, language: Language) -> None:
    engine = Engine(":memory:", env={})
    plan = engine.compile(bundled_recipes()[slug])
    told = explain(plan, engine.catalog, language=language)
    assert all(told.count(f". {step.name}{' ' if language == 'fr' else ''}: ") == 1 for step in plan.steps)
    assert "{{" not in told


def test_the_sections_in_english() -> None:
    told = explained(RECIPE)
    assert "What starts it\n- Somebody who fills in its form.\n" in told
    assert "- email (required)\n" in told
    assert (
        "2. Attendre une réponse: waits for the event contact.replied whose email is email, at most 1 day.\n"
        "   When it takes too long:\n"
        "      2.t1. Relancer: sends a message by email to email: “Avez-vous une question ?”, tried up to 3 times.\n"
    ) in told
    assert "What it waits for\n- waits for the event contact.replied" in told
    assert "What it changes, and where\n- email (email): “Accuser réception”\n" in told
    assert "the run waits for a person" in told
    assert "- reminded: “Relancer” was done\n" in told


def test_the_same_in_french() -> None:
    told = explained(RECIPE, "fr")
    assert (
        "2. Attendre une réponse : attend l'événement contact.replied dont email est email, au plus 1 jour.\n" in told
    )
    assert "- reminded : « Relancer » a été fait\n" in told


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        (
            "{type: webhook, path: /a, verify: slack, if: body.paid, key: body.id}",
            (
                "A message from another program, to the address /a, signed by slack, only when paid of what arrived holds, "
                "once for each id of what arrived."
            ),
        ),
        ('{type: schedule, cron: "0 9 * * *", timezone: Europe/Paris}', "The clock: every day at 9:00 (Europe/Paris)."),
        ("{type: event, event: lead.created}", "The event lead.created."),
    ],
)
def test_triggers(trigger: str, said: str) -> None:
    text = RECIPE.replace("triggers: [{type: form}]", f"triggers:\n  - {trigger}")
    document, _ = load(text, "a.yml")
    assert document is not None
    plan = Engine(":memory:", env={}).compile(load(RECIPE, "a.yml")[0] or "")
    told = explain(replace(plan, about={**plan.about, "triggers": document.data["triggers"]}))
    assert f"- {said}\n" in told


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("  - {id: a, type: set, values: {x: 1}}\n", "1. a: works out x = 1."),
        ("  - {id: a, type: wait, duration: 90m}\n", "1. a: waits 1 hour 30 minutes."),
        (
            "  - {id: a, type: wait, until: now + days(2), if_past: skip}\n",
            "waits until 2 days after now, when that is past",
        ),
        (
            "  - {id: a, type: transform, items: rows, as: r, where: r.total > 10}\n",
            "1. a: takes from rows those for which r.total is more than 10.",
        ),
        (
            (
                "  - id: a\n    type: for_each\n    items: rows\n    as: r\n    concurrency: 3\n    pace: 20/1m\n"
                "    on_item_error: collect\n    steps: [{id: b, type: set, values: {x: 1}}]\n"
            ),
            "1. a: does this for each r of rows, 3 at the same time, at most 20 in 1 minute, an item that fails is noted",
        ),
        (
            "  - id: a\n    type: parallel\n    branches: {one: [{id: b, type: set, values: {x: 1}}]}\n",
            "   one:\n      1.a1. b: works out x = 1.",
        ),
        (
            (
                "  - id: a\n    type: group\n    steps: [{id: b, type: set, values: {x: 1}}]\n"
                "    always: [{id: c, type: set, values: {x: 2}}]\n"
            ),
            "   Afterwards, whatever happened:\n      1.z1. c: works out x = 2.",
        ),
        (
            (
                "  - id: a\n    type: repeat\n    every: 30s\n    timeout: 1h\n    until: b.status == 200\n"
                "    steps: [{id: b, type: http, url: 'https://a.example.org'}]\n"
            ),
            "1. a: does this again and again until status of “b” is 200, every 30 seconds, at most 1 hour.",
        ),
        ("  - {id: a, type: stop, status: failed, message: Non}\n", "1. a: ends here as failed: Non."),
        (
            "  - {id: a, type: http, method: POST, url: 'https://a.example.org', on_error: continue}\n",
            "sends a request (POST) to https://a.example.org, tried up to 3 times, when it fails, the run goes on",
        ),
        (
            "  - {id: a, type: hubspot.create_ticket, with: {subject: Hello}}\n",
            "1. a: HubSpot: Open a ticket (subject: Hello)",
        ),
    ],
)
def test_steps(steps: str, said: str) -> None:
    assert said in explained(with_steps(steps))


def test_a_branch_is_told_with_its_ways() -> None:
    told = explained(
        with_steps(
            "  - id: a\n    type: branch\n    cases:\n      - when: rows | length > 3 and not (rows | length == 5)\n"
            "        steps: [{id: b, type: set, values: {x: 1}}]\n"
        )
    )
    assert "   When the number of rows is more than 3 and it is not so that the number of rows is 5:\n" in told
    assert "   In every other case nothing is done here.\n" in told


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a.category == 'x' or a.n < 2", "category of “First” is “x” or n of “First” is less than 2"),
        ("a is defined", "“First” was done"),
        ("a is not defined", "“First” was not done"),
        ("email is undefined", "there is no email"),
        ("config.limit >= total", "the setting limit is at least total"),
        ("1 < n <= 3", "1 is less than n, n is at most 3"),
        ("urgent", "urgent holds"),
        ("text is matching('^a')", "text is matching('^a')"),
        ("b | round(2) > 1", "b | round(2) is more than 1"),
    ],
)
def test_conditions(expression: str, said: str) -> None:
    assert Speaker(Voice("en"), {"a": "First"}).condition(expression) == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Bonjour {{ name }}", "Bonjour [name]"),
        ("{{ a.url | default('none') }}", "url of “First” (otherwise “none”)"),
        ("{{ meeting - hours(2) }}", "2 hours before meeting"),
        ("{{ 'a' if x else 'b' }}", "“a” when x holds, otherwise “b”"),
        ("{% if x %}yes{% endif %} {{ a or b }}", "[x holds: yes] [the result of “First” (otherwise b)]"),
        (["{{ a }}", True, None], "the result of “First”, true, nothing"),
        ("15m", "15 minutes"),
        ("", "nothing"),
    ],
)
def test_templates(template: object, said: str) -> None:
    assert Speaker(Voice("en"), {"a": "First"}).text(template) == said


def test_long_texts_are_cut() -> None:
    assert Speaker(Voice("en"), {}).text("a " * 100, 10) == "a a a a a…"


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    def places(phrase: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}

    assert PHRASES["en"].keys() == PHRASES["fr"].keys()
    assert all(places(PHRASES["en"][name]) == places(PHRASES["fr"][name]) for name in PHRASES["en"])


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 secondes"), (1, "1 seconde"), (90_061, "1 jour 1 heure"), (864_000, "10 jours"), (0.5, "0.5 secondes")],
)
def test_durations(seconds: float, said: str) -> None:
    assert Voice("fr").duration(seconds) == said


@pytest.mark.parametrize(
    ("cron", "english", "french"),
    [
        ("30 8 * * MON-FRI", "from Monday to Friday at 8:30", "du lundi au vendredi à 8 h 30"),
        ("0 9 * * MON", "every Monday at 9:00", "chaque lundi à 9 h 00"),
        ("5 9 * * 2,0", "every Tuesday and Sunday at 9:05", "chaque mardi et dimanche à 9 h 05"),
        ("0 8,18 * * *", "every day at 8:00 and 18:00", "tous les jours à 8 h 00 et 18 h 00"),
        ("0 * * * *", "every hour", "toutes les heures"),
        ("15 */4 * * *", "every 4 hours at 15 minutes past", "toutes les 4 heures à la minute 15"),
        ("*/15 * * * 1-5", "every 15 minutes, from Monday to Friday", "toutes les 15 minutes, du lundi au vendredi"),
        ("0 7 1 * *", "on day 1 of every month at 7:00", "le 1 de chaque mois à 7 h 00"),
        ("0 7 1 1 *", "0 7 1 1 *", "0 7 1 1 *"),
        ("0 9 * * MON#1", "0 9 * * MON#1", "0 9 * * MON#1"),
        ("0 9-17 * * *", "0 9-17 * * *", "0 9-17 * * *"),
    ],
)
def test_schedules_are_said_as_far_as_they_are_plain(cron: str, english: str, french: str) -> None:
    assert schedule_in_words(cron, Voice("en")) == english
    assert schedule_in_words(cron, Voice("fr")) == french


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("moment(meeting) - hours(24)", "24 heures avant meeting"),
        ("meeting | in_timezone('Europe/Paris') | add_days(1) | at('10:00')", "1 jour après meeting à 10:00"),
        ("due | add_months(-2) | format_date", "2 mois avant due"),
        ("total | money", "total"),
        ("days_between(today(), due)", "le nombre de jours entre aujourd'hui et due"),
    ],
)
def test_dates_and_amounts_are_said_without_their_functions(expression: str, said: str) -> None:
    assert Speaker(Voice("fr"), {}).value(expression) == said
