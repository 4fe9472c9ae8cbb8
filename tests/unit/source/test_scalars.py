import pytest

from recipe_engine.source.scalars import NotANumberOfJson, loses_characters, resolve


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_in_every_spelling(text):
    assert resolve(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False)],
)
def test_booleans_in_every_spelling(text, value):
    assert resolve(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0.50", 0.5),
        ("-1.5", -1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("12e03", 12000.0),
        ("1E-2", 0.01),
    ],
)
def test_numbers(text, value):
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "y", "n", "Yes", "ON"),
        *("12:30", "1:2:3", "2024-01-01", "2024-01-01T10:00:00Z", "1_000", "0b11", "0.50 USD", "15m", "20/1m"),
        *("+33 6 12 34 56 78", "1.2.3", "--1", "+", "-", ".", "e5", "0o8", "0xG", "nUll", "tRue", "١٢", "=", "<<"),
    ],
)
def test_everything_else_is_text(text):
    assert resolve(text) == text


@pytest.mark.parametrize(
    "text",
    [".inf", "-.Inf", "+.INF", ".nan", ".NaN", "1e999", "9223372036854775808", "0xFFFFFFFFFFFFFFFFFF", "9" * 5000],
)
def test_numbers_that_json_does_not_have_are_refused(text):
    with pytest.raises(NotANumberOfJson):
        resolve(text)


@pytest.mark.parametrize("text", ["0612345678", "01000", "-07", "+33612345678"])
def test_integers_written_like_telephone_numbers_lose_characters(text):
    assert loses_characters(text)


@pytest.mark.parametrize("text", ["0", "-1", "+5", "612345678", "10", "0x10", "0o17", "-0"])
def test_ordinary_integers_lose_nothing(text):
    assert not loses_characters(text)
