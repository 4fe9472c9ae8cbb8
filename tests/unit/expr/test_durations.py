"""Durations and moments as text."""

import pytest

from recipe_engine.expr import EvaluationError, format_duration, parse_duration, to_moment
from recipe_engine.expr.moments import looks_like_moment, parse_iso, zone
from tests.unit.expr.support import raw


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900),
        ("2h30m", 9000),
        ("1d", 86_400),
        ("2w", 1_209_600),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1s500ms", 1.5),
        ("0s", 0),
        (" 10d ", 864_000),
        (90, 90),
        (1.5, 1.5),
        (0, 0),
    ],
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "m",
        "15 m",
        "1h 30m",
        "30m2h",
        "1h1h",
        "-5m",
        "5min",
        "1M",
        "1y",
        "h1",
        "1e3s",
        "9" * 80 + "s",
        "99999999w",
        None,
        True,
        [],
        -1,
        float("nan"),
        float("inf"),
        10**400,
    ],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (9000, "2h30m"),
        (86_400, "1d"),
        (1_209_600, "14d"),
        (0.25, "250ms"),
        (90_061.5, "1d1h1m1s500ms"),
        (-90, "-1m30s"),
    ],
)
def test_a_duration_is_written(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01", -3600),
        ("1970-01-01T01:00", 0),
        ("1970-01-01 00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01T00:00:00,123456789+00", 0.123456),
        ("2026-07-14T12:00:00", 1_784_023_200),
    ],
)
def test_a_moment_is_read(text, seconds):
    assert to_moment(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "demain", "20261120", "2026-13-01", "2026-02-30", "2026-11-20T25:00", "12:30", "2026-W01-1"]
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(EvaluationError):
        to_moment(text)
    with pytest.raises(ValueError, match=r"."):
        parse_iso(text)


@pytest.mark.parametrize("found", [None, 3, True, [], {}])
def test_only_texts_and_moments_are_moments(found):
    with pytest.raises(EvaluationError) as error:
        to_moment(found)
    assert error.value.code == "type"


def test_the_moment_of_an_expression_is_taken_as_it_is():
    assert to_moment(raw("now + hours(1)")) == to_moment("2026-11-20T14:30:00Z")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2026-11-20", True),
        ("2026-11-20T10:00:00Z", True),
        ("2026-11-20 commande", False),
        ("0612345678", False),
        ("a", False),
    ],
)
def test_what_looks_like_a_moment(text, is_one):
    assert looks_like_moment(text) is is_one


@pytest.mark.parametrize("name", ["", "Paris", "Europe/Nowhere", "../../etc/passwd", "+25:00", "UTC+1"])
def test_what_is_no_time_zone_is_refused(name):
    with pytest.raises(ValueError, match="not a"):
        zone(name)
