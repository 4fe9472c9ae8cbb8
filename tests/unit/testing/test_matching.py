"""What fits an expectation, and how a miss is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.testing.matching import NOTHING, bad_matchers, fits, misses

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": []}}, {"a": {"b": [], "c": 1}}),
        ([{"a": 1}, 2], [{"a": 1, "b": 2}, 2.0]),
        ({"contains": "jour"}, "bonjour"),
        ({"contains": {"a": 1}}, [{"a": 0}, {"a": 1, "b": 2}]),
        ({"matches": "^b.n"}, "bonjour"),
        ({"gt": 1, "lte": 3}, 3),
        ({"gte": 3, "lt": 4}, 3.5),
        ({"length": 2}, ["a", "b"]),
        ({"any": True}, False),
        ({"a": {"absent": True}}, {}),
        ({"absent": True}, None),
        ({"not": {"contains": "x"}}, "bonjour"),
        ({"exactly": {"contains": 1}}, {"contains": 1}),
        ({}, {"a": 1}),
    ],
)
def test_it_fits(expected, found):
    assert fits(expected, found)


@pytest.mark.parametrize(
    ("expected", "found", "miss"),
    [
        ({"a": 1}, {"a": 2}, ("a", "1", "2")),
        ({"a": {"b": 1}}, {"a": {}}, ("a.b", "1", "nothing")),
        ({"a": None}, {}, ("a", "null", "nothing")),
        ([1], [1, 2], ("", "1 item: [1]", "2 items: [1, 2]")),
        ([{"a": 1}], [{"a": "1"}], ("[0].a", "1", '"1"')),
        (True, 1, ("", "true", "1")),
        (1, True, ("", "1", "true")),
        ({"a": 1}, "a", ("", '{"a": 1}', '"a"')),
        ({"contains": "x"}, "bonjour", ("", 'something that contains "x"', '"bonjour"')),
        ({"contains": 1}, {"a": 1}, ("", "something that contains 1", '{"a": 1}')),
        ({"matches": "^x"}, 12, ("", 'a text that matches "^x"', "12")),
        ({"gt": 1}, True, ("", "more than 1", "true")),
        ({"gt": 1}, NOTHING, ("", "more than 1", "nothing")),
        ({"length": 3}, [], ("", "a length of 3", "[]")),
        ({"any": True}, None, ("", "any value", "null")),
        ({"absent": True}, 0, ("", "no value", "0")),
        ({"not": 1}, 1, ("", "anything but 1", "1")),
        ({"exactly": {"a": 1}}, {"a": 1, "b": 2}, ("b", "no such field", "2")),
        ({"exactly": {"a": {"b": 1}}}, {"a": {"b": 2}}, ("a.b", "exactly 1", "2")),
        ({"exactly": {"a": None}}, {}, ("a", "exactly null", "nothing")),
        ({"exactly": [{"a": 1}]}, [{"a": 1, "b": 2}], ("", 'exactly [{"a": 1}]', '[{"a": 1, "b": 2}]')),
    ],
)
def test_a_miss_says_where_and_what(expected, found, miss):
    assert [(it.path, it.expected, it.found) for it in misses(expected, found, "")] == [miss]


def test_every_miss_is_told_under_the_path_that_it_is_given():
    found = misses({"a": 1, "b": {"c": 2}, "d": [1, 2]}, {"a": 0, "b": {"c": 0}, "d": [1, 0]}, "output")
    assert [miss.path for miss in found] == ["output.a", "output.b.c", "output.d[1]"]


def test_a_long_value_is_cut():
    [miss] = misses(1, "x" * 5000, "")
    assert miss.found.endswith("(5002 characters)")
    assert len(miss.found) < 2100


@pytest.mark.parametrize(
    ("expected", "path"),
    [
        ({"a": {"matches": "("}}, ("a", "matches")),
        ({"matches": 1}, ("matches",)),
        ([{"gt": "1"}], (0, "gt")),
        ({"length": -1}, ("length",)),
        ({"absent": False}, ("absent",)),
        ({"not": {"any": False}}, ("not", "any")),
    ],
)
def test_a_matcher_that_cannot_work_is_found(expected, path):
    assert [found for found, _ in bad_matchers(expected)] == [path]


def test_an_object_that_has_other_fields_too_is_no_matcher():
    assert fits({"contains": "x", "a": 1}, {"contains": "x", "a": 1})
    assert list(bad_matchers({"matches": "(", "a": 1})) == []


@given(JSON)
def test_every_value_is_exactly_itself(value):
    assert fits({"exactly": value}, value)


@given(JSON, JSON)
def test_exactly_means_equal(one, two):
    import json

    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert fits({"exactly": one}, two) == same
