"""Small values are read once, and refused in the words of the language."""

import pytest
from pydantic import TypeAdapter, ValidationError

from recipe_engine.model.values import (
    Cron,
    Duration,
    DurationTemplate,
    Identifier,
    Money,
    MoneyValue,
    Pace,
    PaceValue,
    Percent,
    Slug,
    TimeZone,
    shown,
)


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


def refusal(kind, value) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    [error] = caught.value.errors()
    return error["type"], error["msg"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("15m", 900), ("2h30m", 9000), ("10d", 864000), ("2w", 1209600), ("1.5h", 5400)],
)
def test_a_duration_is_seconds(text, seconds):
    assert read(Duration, text) == seconds


@pytest.mark.parametrize("value", ["15 minutes", "", "m", "-5m", True, None, ["15m"], "30m2h"])
def test_anything_else_is_no_duration(value):
    code, message = refusal(Duration, value)
    assert code == "R309"
    assert "expected a duration such as 30s, 15m, 2h30m or 10d" in message


def test_a_bare_number_is_asked_for_its_unit():
    assert refusal(Duration, 60) == ("R309", "found `60`, expected a duration with its unit such as 60s or 60m")


def test_a_duration_may_be_a_template_where_it_is_rendered():
    assert read(DurationTemplate, "{{ config.delay }}") == "{{ config.delay }}"
    assert refusal(DurationTemplate, "soon")[0] == "R309"


def test_money_is_an_amount_and_a_currency():
    assert read(MoneyValue, "0.50 USD") == Money(0.5, "USD")
    assert read(MoneyValue, "35EUR") == Money(35.0, "EUR")


@pytest.mark.parametrize("value", ["$0.50", "0,50 USD", 0.5, "USD 5", "-1 USD"])
def test_other_spellings_of_money_are_refused(value):
    assert refusal(MoneyValue, value)[0] == "R310"


def test_a_percentage_is_between_0_and_100():
    assert read(Percent, "65%") == 65
    assert read(Percent, "12.5 %") == 12.5
    assert refusal(Percent, "101%")[0] == "R310"
    assert refusal(Percent, "65")[0] == "R310"
    assert refusal(Percent, 0.65)[0] == "R310"


@pytest.mark.parametrize(("text", "pace"), [("20/1m", Pace(20, 60)), ("20/m", Pace(20, 60)), ("3/500ms", Pace(3, 0.5))])
def test_a_pace_is_a_count_in_a_time(text, pace):
    assert read(PaceValue, text) == pace


@pytest.mark.parametrize("value", ["0/1m", "20", "20/0s", "many/1m", 20, "20/"])
def test_other_spellings_of_a_pace_are_refused(value):
    assert refusal(PaceValue, value)[0] == "R309"


def test_identifiers_are_what_expressions_can_read():
    assert read(Identifier, "create_ticket2") == "create_ticket2"
    for value in ("Create", "create-ticket", "2nd", "", "é", 5, "a" * 65, "name\n"):
        assert refusal(Identifier, value)[0] == "R306"


def test_slugs_are_what_addresses_can_hold():
    assert read(Slug, "devis-urgent-2") == "devis-urgent-2"
    for value in ("Devis", "devis urgent", "-devis", "devis--urgent", "", 5):
        assert refusal(Slug, value)[0] == "R304"


@pytest.mark.parametrize("line", ["0 * * * *", "*/15 9-18 * * MON-FRI", "0 0 1 1 *", "0 9 L * *"])
def test_cron_lines_have_five_fields(line):
    assert read(Cron, line) == line


@pytest.mark.parametrize("line", ["0 25 * * *", "@daily", "* * * * * *", "0 0 30 2 *", "hourly", 5, ""])
def test_a_cron_line_that_never_fires_or_cannot_be_read_is_refused(line):
    assert refusal(Cron, line)[0] == "R311"


def test_time_zones_are_those_of_the_database():
    assert read(TimeZone, "Europe/Paris") == "Europe/Paris"
    for value in ("Paris", "", "../etc/passwd", 5, None):
        assert refusal(TimeZone, value)[0] == "R311"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "nothing"), (True, "true"), ([1], "a list"), ({}, "an object"), ("x" * 80, f"`{'x' * 57}...`")],
)
def test_values_are_quoted_in_the_words_of_yaml(value, text):
    assert shown(value) == text
