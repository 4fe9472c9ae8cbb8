"""Secrets: revealed only where they may stand and only by the run's own seal, scrubbed everywhere else."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.plugin import Terminal
from recipe_engine.runtime.secrets import Scrubber, marker, reveal, strings_in, without_markers

VALUES = {"KEY": "k-123456", "OTHER": "o-123456"}


def require(name):
    if name not in VALUES:
        raise Terminal(f"{name} is not set", code="not_configured")
    return VALUES[name]


def test_markers_are_replaced_only_at_the_positions():
    key = marker("seed", "KEY")
    params = {"headers": {"A": f"Bearer {key}", "B": "x"}, "auth": {"basic": {"password": key}}, "json": {"k": key}}
    revealed = reveal(params, ("headers.*", "auth.*"), "seed", require)
    assert revealed["headers"] == {"A": "Bearer k-123456", "B": "x"}
    assert revealed["auth"] == {"basic": {"password": "k-123456"}}
    assert revealed["json"] == {"k": key}
    assert params["headers"]["A"] == f"Bearer {key}"


def test_a_marker_of_another_run_stays_sealed():
    foreign = marker("another", "KEY")
    assert reveal({"h": foreign}, ("h",), "seed", require) == {"h": foreign}


def test_positions_that_are_not_there_change_nothing():
    params = {"headers": "text", "list": [1]}
    assert reveal(params, ("headers.*.x", "nothing.*", "list.a"), "seed", require) == params
    assert reveal(None, ("a",), "seed", require) is None


def test_a_star_in_the_middle_is_any_name():
    key = marker("s", "KEY")
    params = {"parts": {"a": {"token": key, "text": key}}}
    assert reveal(params, ("parts.*.token",), "s", require) == {"parts": {"a": {"token": "k-123456", "text": key}}}


def test_lists_below_a_position_are_revealed():
    assert reveal({"h": ["x", marker("s", "KEY")]}, ("h.*",), "s", require) == {"h": ["x", "k-123456"]}


def test_a_secret_that_is_not_set_says_so():
    with pytest.raises(Terminal, match="NONE is not set"):
        reveal({"h": marker("s", "NONE")}, ("h",), "s", require)


SECRET = 'p@ss "word"/+\né'
FORMS = [
    SECRET,
    quote(SECRET, safe=""),
    base64.b64encode(SECRET.encode()).decode(),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_secret_is_scrubbed(form):
    scrubber = Scrubber()
    scrubber.add("PASSWORD", SECRET)
    assert SECRET not in scrubber.text(f"before {form} after")
    assert form not in scrubber.text(f"before {form} after")
    assert scrubber.text(f"before {form} after").startswith("before [secret PASSWORD]")
    assert scrubber.leaks(f"x{form}x".encode())


def test_trees_are_scrubbed_with_their_keys():
    scrubber = Scrubber()
    scrubber.add("KEY", "k-123456")
    tree = {"a k-123456": [{"b": "k-123456!", "n": 1}], "t": ("k-123456", None)}
    assert scrubber.json(tree) == {"a [secret KEY]": [{"b": "[secret KEY]!", "n": 1}], "t": ["[secret KEY]", None]}


def test_short_values_are_left_alone():
    scrubber = Scrubber()
    scrubber.add("PIN", "12345")
    assert scrubber.text("call 12345") == "call 12345"
    assert not scrubber.leaks(b"12345")


def test_markers_are_shown_by_name():
    assert without_markers(f"sent {marker('s', 'KEY')}") == "sent [secret KEY]"
    assert Scrubber().text(f"sent {marker('s', 'KEY')}") == "sent [secret KEY]"


@given(st.text(min_size=6), st.text(), st.text())
def test_no_text_keeps_a_secret(secret, before, after):
    scrubber = Scrubber()
    scrubber.add("X", secret)
    scrubbed = scrubber.text(before + secret + after)
    assert secret not in scrubbed.replace("[secret X]", "\0") or secret in "[secret X]"


def test_strings_of_a_tree():
    assert list(strings_in({"a": ["x", {"b": "y"}], "c": 1, "d": ("z",)})) == ["x", "y", "z"]


@pytest.mark.parametrize("cut", [10, 20, 38])
def test_the_beginning_of_a_secret_at_which_a_text_was_cut_off_is_scrubbed(cut):
    scrubber = Scrubber()
    secret = "sk-live-0123456789-abcdefghijklmnopqrstuv"
    scrubber.add("KEY", secret)
    text = "the vendor repeats what it was sent, for whatever reason it has: " + secret[:cut]
    assert scrubber.text(text).endswith("has: [secret KEY]")


def test_a_secret_that_was_cut_off_in_the_middle_of_a_text_is_scrubbed():
    scrubber = Scrubber()
    scrubber.add("KEY", "0123456789abcdefghijklmnopqrstuv")
    assert scrubber.text("'0123456789abcdefghij' is no URL") == "'[secret KEY]' is no URL"


def test_a_secret_in_a_text_inside_texts_is_scrubbed():
    scrubber = Scrubber()
    scrubber.add("KEY", 'quote"back\\slash é')
    once = json.dumps({"said": 'quote"back\\slash é'}, ensure_ascii=False)
    twice = json.dumps({"said": once}, ensure_ascii=False)
    assert "slash" not in scrubber.text(once) + scrubber.text(twice) + scrubber.text(json.dumps('quote"back\\slash é'))


def test_the_path_and_the_password_of_a_secret_address_are_scrubbed():
    scrubber = Scrubber()
    scrubber.add("HOOK", "https://hooks.example.org/services/T0/B0/word-of-mouth")
    scrubber.add("DATABASE", "postgresql://ada:pass%2Fword@db.example.org/x")
    assert scrubber.text("POST /services/T0/B0/word-of-mouth failed") == "POST [secret HOOK] failed"
    assert scrubber.text("pass/word or pass%2Fword") == "[secret DATABASE] or [secret DATABASE]"
