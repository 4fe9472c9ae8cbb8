"""Segments of an SMS: at the limits of one and of several."""

import pytest

from recipe_engine.plugin.segments import segments


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        # The escape and its character stay together: 152 + 2 does not fit into 153.
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),
        ("Où êtes-vous ?", "UCS-2", 1),
        ("é" * 160, "GSM-7", 1),
        ("ê" * 70, "UCS-2", 1),
        ("ê" * 71, "UCS-2", 2),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("😀" * 67, "UCS-2", 3),
    ],
)
def test_a_text_takes_so_many(text, encoding, count):
    found = segments(text)
    assert (found.encoding, found.count) == (encoding, count)


def test_the_characters_that_cost_more_are_named_once():
    assert segments("L’été à l’atelier : 10 €").odd == "’"
