"""Events are matched by a digest of the values that waits ask for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.runtime.waits import digest_of, fields_of, matches

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)


@given(OBJECTS, OBJECTS)
def test_data_matches_what_it_contains(match, more):
    assert matches(match, {**more, **match})


@given(OBJECTS.filter(bool), st.randoms())
def test_data_without_a_field_does_not_match(match, chance):
    gone = chance.choice(sorted(match))
    assert not matches(match, {key: value for key, value in match.items() if key != gone})


@given(st.text(min_size=1, max_size=4), VALUES, VALUES)
def test_values_match_when_they_are_equal_as_json(name, one, other):
    def same(a, b):
        if isinstance(a, bool) or isinstance(b, bool):
            return a is b
        if isinstance(a, list) and isinstance(b, list):
            return len(a) == len(b) and all(map(same, a, b))
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        return a == b and isinstance(a, str) == isinstance(b, str)

    assert matches({name: one}, {name: other}) == same(one, other)


def test_digests_fit_into_a_column_of_sqlite():
    fields = fields_of({"b": 1, "a": 2})
    assert fields == '["a","b"]'
    assert -(2**63) <= digest_of(fields, {"a": 2, "b": 1}) < 2**63
    assert digest_of("", {"anything": 1}) == 0
    assert fields_of(None) == fields_of({}) == ""
