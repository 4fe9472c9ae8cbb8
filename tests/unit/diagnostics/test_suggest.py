import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.diagnostics import suggest
from recipe_engine.diagnostics.suggest import edit_distance

NAMES = [
    *("slack.post_message", "slack.update_message", "hubspot.create_contact", "hubspot.create_ticket"),
    *("email", "email_address", "phone", "description", "category", "classify", "id", "name", "ticket", "message"),
    *("steps", "output", "on_error", "input_schema"),
]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("emial", "email"),
        ("emails", "email"),
        ("Email", "email"),
        ("nmae", "name"),
        ("categorie", "category"),
        ("stpes", "steps"),
        ("onerror", "on_error"),
        ("on-error", "on_error"),
        ("inputSchema", "input_schema"),
        ("desc", "description"),
        ("slak.post", "slack.post_message"),
        ("slack.postMessage", "slack.post_message"),
        ("postMessage", "slack.post_message"),
        ("contact_create", "hubspot.create_contact"),
        ("hubspot.contact_create", "hubspot.create_contact"),
        ("hubspot.create_contct", "hubspot.create_contact"),
        ("create_ticket", "hubspot.create_ticket"),
    ],
)
def test_slips_find_what_was_meant(written, meant):
    assert suggest(written, NAMES) == meant


@pytest.mark.parametrize("written", ["xyz", "i", "q", "", "quite_something_else", "12"])
def test_nothing_far_fetched(written):
    assert suggest(written, NAMES) is None


def test_no_candidates():
    assert suggest("email", []) is None


def test_the_word_itself_is_no_suggestion():
    assert suggest("email", ["email"]) is None


def test_ties_go_to_the_alphabet_whatever_the_order():
    assert suggest("cat", ["car", "bat", "can"]) == suggest("cat", ["can", "bat", "car"]) == "bat"


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("abcd", "bcde", 2)]
)
def test_edit_distance(a, b, distance):
    assert edit_distance(a, b, 3) == distance


def test_edit_distance_gives_up_above_its_limit():
    assert edit_distance("abc", "xyz", 2) is None
    assert edit_distance("a", "abcdef", 2) is None


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edit_distance_is_symmetric(a, b):
    assert edit_distance(a, b, 4) == edit_distance(b, a, 4)
