"""Names in scope: when a value is certain, when it may be missing, when it cannot be read."""

import pytest

from recipe_engine.compile.names import Names, bare, conjuncts, told
from recipe_engine.expr.types import IntT, NullT, ObjectT, StringT, union


@pytest.fixture
def names() -> Names:
    return Names()


def test_a_name_bound_without_guards_is_certain(names):
    names.bind("a", IntT())
    assert names["a"].type == IntT()
    assert names["a"].skippable is None


def test_a_guard_is_a_reason_for_doubt_outside_of_it_only(names):
    names.guard("urgent", "it runs only if `urgent`")
    names.bind("a", IntT(), ["urgent"])
    assert names["a"].skippable == "it runs only if `urgent`"
    with names.under(["urgent"]):
        assert names["a"].skippable is None
    assert names["a"].skippable is not None


def test_what_is_bound_inside_a_region_is_guarded_by_it(names):
    names.guard("arm", "the arm may not be taken")
    with names.under(["arm"]):
        names.bind("a", IntT())
        assert names["a"].skippable is None
    assert names["a"].skippable == "the arm may not be taken"


def test_asking_whether_a_name_is_defined_lifts_every_doubt(names):
    names.guard("urgent", "it runs only if `urgent`")
    names.bind("a", IntT(), ["urgent"])
    with names.under(facts=told("mood == 'sad' and a is defined")):
        assert names["a"].skippable is None
    with names.under(facts=told("a is not defined", holds=False)):
        assert names["a"].skippable is None
    with names.under(facts=told("a is defined", holds=False)):
        assert names["a"].skippable is not None


def test_a_condition_about_null_narrows_a_type_inside(names):
    note = union(StringT(), NullT())
    names.bind("a", ObjectT({"note": note, "other": note}, frozenset({"note", "other"})))
    with names.under(facts=told("a.note != none")):
        assert names["a"].type == ObjectT({"note": StringT(), "other": note}, frozenset({"note", "other"}))
    assert names["a"].type == ObjectT({"note": note, "other": note}, frozenset({"note", "other"}))


def test_a_region_may_be_entered_twice(names):
    names.guard("x", "because")
    names.bind("a", IntT(), ["x"])
    with names.under(["x"]):
        with names.under(["x"]):
            pass
        assert names["a"].skippable is None
    assert names["a"].skippable == "because"


def test_an_announced_name_says_why_it_cannot_be_read(names):
    names.announce("a", "it runs later")
    assert names["a"].unavailable == "it runs later"
    names.bind("a", IntT())
    assert names["a"].unavailable is None


def test_hidden_names_can_be_shown_again(names):
    names.bind("a", IntT())
    hidden = names.hide(["a", "b", ""], "it runs at the same time")
    assert names["a"].unavailable == "it runs at the same time"
    assert "b" not in names
    names.show(hidden)
    assert names["a"].unavailable is None


def test_variables_cover_other_names_for_a_while(names):
    names.bind("a", IntT())
    with names.variables({"a": StringT(), "b": StringT()}):
        assert names["a"].type == StringT()
        assert "b" in names
    assert names["a"].type == IntT()
    assert "b" not in names


def test_the_scope_is_a_mapping(names):
    names.bind("a", IntT())
    names.announce("a", "later")
    names.announce("b", "later")
    assert set(names) == {"a", "b"}
    assert len(names) == 2
    assert names.get("c") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ["a"]),
        ("{{ a }}", ["a"]),
        ("{{- a -}}", ["a"]),
        ("a and  b.c == 'x'", ["a", "b.c == 'x'"]),
        ("a == 'x and y'", ["a == 'x and y'"]),
        ("a or b and c", ["a or b and c"]),
        ("(a and b)", ["(a and b)"]),
    ],
)
def test_conditions_are_split_at_and_only_where_that_is_sure(text, parts):
    assert conjuncts(text) == parts


def test_braces_around_a_whole_expression_are_taken_off():
    assert bare(" {{ a.b }} ") == "a.b"
    assert bare("{{ a }} {{ b }}") == "{{ a }} {{ b }}"
    assert bare("a") == "a"
