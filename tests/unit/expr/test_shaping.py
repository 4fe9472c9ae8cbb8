"""Lists that are filtered, grouped, computed, sorted and cut."""

import pytest

from recipe_engine.expr import (
    Binding,
    EvaluationError,
    infer_expression,
    infer_transform,
    transform,
)
from recipe_engine.expr.types import AnyT, ArrayT, BoolT, IntT, NumberT, ObjectT, StringT
from tests.unit.expr.support import scope_of

ROWS = [
    {"email": "bob@example.org", "amount": 5, "paid": True},
    {"email": "ada@example.org", "amount": 3.5, "paid": True},
    {"email": "ada@example.org", "amount": 4, "paid": True},
    {"email": "eve@example.org", "amount": 100, "paid": False},
]
ROW = ObjectT({"email": StringT(), "amount": NumberT(), "paid": BoolT()}, frozenset({"email", "amount", "paid"}))
SCOPE = {"limit_of": Binding(IntT()), "factor": Binding(NumberT())}


def shape(items=ROWS, **spec):
    return transform(items, scope_of({"factor": 2, "n": 1}), **spec)


def test_a_list_is_given_back_as_it_is_without_anything_asked():
    assert shape() == ROWS


def test_items_are_filtered():
    assert [row["amount"] for row in shape(as_="r", where="r.paid and r.amount * factor > 7")] == [5, 4]
    assert shape(where="false") == []


def test_items_are_computed():
    assert shape(values="{{ item.amount * factor }}", has_values=True) == [10, 7.0, 8, 200]
    assert shape([1], values={"n": "{{ item }}", "fixed": 1}, has_values=True) == [{"n": 1, "fixed": 1}]
    assert shape([1, 2], values=None, has_values=True) == [None, None]


def test_items_are_grouped_and_summed():
    found = shape(
        as_="r",
        where="r.paid",
        group_by="r.email",
        values={"email": "{{ key }}", "total": "{{ items | sum('amount') }}"},
        has_values=True,
        sort="-total",
    )
    assert found == [{"email": "ada@example.org", "total": 7.5}, {"email": "bob@example.org", "total": 5}]


def test_groups_without_values_have_a_key_and_items():
    found = shape(group_by="item.paid")
    assert [(group["key"], len(group["items"])) for group in found] == [(True, 3), (False, 1)]
    assert shape([{"a": 1}], group_by="item.b") == [{"key": None, "items": [{"a": 1}]}]


def test_items_are_made_unique_by_an_expression_or_a_field():
    assert [row["amount"] for row in shape(unique_by="item.email | before('@')")] == [5, 3.5, 100]
    assert [row["amount"] for row in shape(unique_by="email")] == [5, 3.5, 100]
    assert shape([1, 2, 1], unique_by="item") == [1, 2]


def test_items_are_sorted_by_several_keys():
    assert [row["amount"] for row in shape(sort=("email", "-amount"))] == [4, 3.5, 5, 100]
    assert [row["amount"] for row in shape(sort=["-item.amount"])] == [100, 5, 4, 3.5]
    assert shape([3, 1, 2], sort="-item") == [3, 2, 1]
    assert shape([{"a": 1}, {}, {"a": 2}], sort="-a") == [{"a": 2}, {"a": 1}, {}]


@pytest.mark.parametrize(("limit", "count"), [(None, 4), (2, 2), (0, 0), (9, 4), (2.0, 2)])
def test_items_are_cut(limit, count):
    assert len(shape(limit=limit)) == count


@pytest.mark.parametrize("limit", [-1, 1.5, "2", True, []])
def test_a_limit_that_is_no_count_is_refused(limit):
    with pytest.raises(EvaluationError):
        shape(limit=limit)


def test_only_a_list_is_shaped():
    for items in (None, "a", {"a": 1}):
        with pytest.raises(EvaluationError):
            transform(items, scope_of())


def test_the_names_around_stay_in_sight_and_the_item_stands_before_them():
    assert shape([1, 2], as_="n", where="n > 1") == [2]
    assert shape([1, 2], values="{{ n }}", has_values=True) == [1, 1]


def test_every_item_draws_its_own_number():
    drawn = shape([1, 2, 3], values="{{ uuid() }}", has_values=True)
    assert len(set(drawn)) == 3
    assert drawn == shape([1, 2, 3], values="{{ uuid() }}", has_values=True)


def test_the_items_are_never_changed():
    rows = [{"a": 2}, {"a": 1}]
    shape(rows, sort="a", group_by="item.a")
    assert rows == [{"a": 2}, {"a": 1}]


def test_a_shape_is_typed_in_the_same_order():
    found = infer_transform(
        ROW,
        SCOPE,
        as_="r",
        where="r.paid",
        group_by="r.email",
        values={"email": "{{ key }}", "total": "{{ items | sum('amount') * factor }}", "n": "{{ items | length }}"},
        has_values=True,
        unique_by="email",
        sort=["-total", "r.n"],
    )
    fields = {"email": StringT(), "total": NumberT(), "n": IntT()}
    assert found.type == ArrayT(ObjectT(fields, frozenset(fields)))
    assert all(not part.problems for part in found.parts.values())
    assert set(found.parts) == {
        ("where",),
        ("group_by",),
        ("values", "email"),
        ("values", "total"),
        ("values", "n"),
        ("unique_by",),
        ("sort", 0),
        ("sort", 1),
    }
    assert set().union(*(part.names for part in found.parts.values())) == {"factor"}


def test_a_shape_without_anything_asked_keeps_its_type():
    assert infer_transform(ROW, SCOPE).type == ArrayT(ROW)
    grouped = infer_transform(ROW, SCOPE, group_by="item.paid").type
    assert grouped == ArrayT(ObjectT({"key": BoolT(), "items": ArrayT(ROW)}, frozenset({"key", "items"})))


@pytest.mark.parametrize(
    ("spec", "path", "text", "at"),
    [
        ({"where": "item.payd"}, ("where",), "item.payd", "payd"),
        ({"group_by": "item.emial"}, ("group_by",), "item.emial", "emial"),
        ({"values": {"a": ["{{ item.amnt }}"]}}, ("values", "a", 0), "{{ item.amnt }}", "amnt"),
        ({"group_by": "item.email", "values": "{{ item.email }}"}, ("values",), "{{ item.email }}", "item"),
        ({"unique_by": "emial"}, ("unique_by",), "emial", "emial"),
        ({"sort": "-totl"}, ("sort",), "-totl", "totl"),
        ({"sort": ["amount", " -amont"]}, ("sort", 1), " -amont", "amont"),
    ],
)
def test_a_problem_is_told_under_its_field(spec, path, text, at):
    found = infer_transform(ROW, SCOPE, has_values="values" in spec, **spec)
    (problem,) = found.parts[path].problems
    assert text[problem.offset : problem.offset + problem.length] == at


def test_an_item_of_which_nothing_is_known_may_have_any_field():
    found = infer_transform(AnyT(), SCOPE, sort=["-total"], unique_by="email", where="item.a.b")
    assert all(not part.problems for part in found.parts.values())
    assert infer_transform(ROW, SCOPE, sort="whatever").parts["sort",].problems


def test_the_scope_around_is_not_copied():
    class Names(dict):
        def __iter__(self):
            raise AssertionError("the names are gone through")

    assert infer_transform(ROW, Names(SCOPE), where="item.paid", sort="amount").type == ArrayT(ROW)
    assert infer_expression("factor", Names(SCOPE)).type == NumberT()
