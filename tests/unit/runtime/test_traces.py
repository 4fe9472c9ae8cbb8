"""How a person is recognised in what runs keep."""

from __future__ import annotations

import pytest

from recipe_engine.runtime.traces import Traces

TRACES = Traces(("camille@example.org", "+33639980012"), ("WyJjYW1pbGxl",), ("Camille Exemple", "Jo", "+33472000000"))


@pytest.mark.parametrize(
    "text",
    [
        "camille@example.org",
        "Camille <CAMILLE@example.org>, bob@example.org",
        "Écrire à camille@example.org.",
        "https://example.org/?mail=camille%40example.org&a=1",
        "+33639980012",
        "whatsapp:+33639980012",
        "06 39 98 00 12",
        "06.39.98.00.12",
        "0033 6 39 98 00 12",
        "+33 (0)6 39-98-00-12",
        "33639980012",
        639980012,
        "https://example.org/unsubscribe?token=WyJjYW1pbGxlQGV4",
        {"phone": ["x", {"camille@example.org": 1}]},
    ],
)
def test_what_is_theirs_alone(text: object) -> None:
    assert TRACES.in_value(text)


@pytest.mark.parametrize(
    "text",
    [
        "acamille@example.org",
        "x.camille@example.org",
        "camille@example.org.fr",
        "camille@example.organic",
        "+33639980013",
        "1639980012",
        "a639980012b",
        "06399800123",
        63998001,
        True,
        None,
        1.5,
        "Camille Exemple",
        "+33 4 72 00 00 00",
    ],
)
def test_what_is_somebody_elses_or_nobodys(text: object) -> None:
    assert not TRACES.in_value(text)


def test_beside_an_address_names_and_shared_numbers_go_too() -> None:
    said = {
        "to": "camille@example.org",
        "text": "Bonjour camille exemple !",
        "tel": "04 72 00 00 00",
        "jo": "Jo",
        "n": 3,
    }
    assert TRACES.clean(said) == {"to": "[erased]", "text": "[erased]", "tel": "[erased]", "jo": "Jo", "n": 3}
    assert TRACES.clean({"camille@example.org": [True, None, "Canada"]}) == {"[erased]": [True, None, "Canada"]}


def test_without_traces_nothing_is_found() -> None:
    assert not Traces(()).in_value("")
    assert Traces.from_json(TRACES.to_json()) == TRACES
