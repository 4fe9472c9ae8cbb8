"""Functions that work on lists.

The one rule: a field is named by a dotted path (`customer.email`); an item that has no such field counts as having null
there, except where the field itself is what is asked for (`map`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from recipe_engine.expr.access import value_at
from recipe_engine.expr.algebra import may_be_equal
from recipe_engine.expr.errors import EvaluationError, Undefined, undefined
from recipe_engine.expr.library.function import Function, Given, function, item_type
from recipe_engine.expr.limits import check_items
from recipe_engine.expr.operators import COMPARISONS, contains, finite, is_number
from recipe_engine.expr.ordering import sorted_by
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    IntT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    describe,
    members,
    union,
)
from recipe_engine.expr.values import equal, key_of, kind, shown, to_text, truthy

TITLE: Final = "Lists"

_ITEM: Final = "the item"
_OPERATORS: Final = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains")


def field_value(item: object, path: str) -> Any:
    """The value at a path of an item, null when it is not there. `.` and the empty path are the item itself."""
    if item.__class__ is dict and path in item and "." not in path:
        return item[path]
    if path in ("", "."):
        return item
    value = value_at(item, path, _ITEM)
    return None if value.__class__ is Undefined else value


def _key(frame: Frame, value: object) -> object:
    """The key of a value for telling values apart, the steps of making it counted."""
    if value.__class__ is list or value.__class__ is dict:
        frame.spend_on(value)
    return key_of(value)


def _first(items: Any) -> Any:
    return items[0] if items else Undefined(f"{kind(items)} is empty, so it has no first item")


def _last(items: Any) -> Any:
    return items[-1] if items else Undefined(f"{kind(items)} is empty, so it has no last item")


def _end_type(given: Given) -> Type:
    return union(
        *(
            member.item if isinstance(member, ArrayT) else StringT() if isinstance(member, StringT) else AnyT()
            for member in members(given.types["items"])
            if not isinstance(member, NullT)
        )
    )


def _reverse(items: Any) -> Any:
    return items[::-1]


def _reverse_type(given: Given) -> Type:
    type_ = given.types["items"]
    return StringT() if isinstance(type_, StringT) else type_


def _sort(frame: Frame, items: list[Any], *by: str) -> list[Any]:
    orders = by or ("",)
    frame.spend(len(items) * len(orders))
    paths = [order.removeprefix("-") for order in orders]
    keys = [lambda item, path=path: _comparable(field_value(item, path), path) for path in paths]
    return sorted_by(items, keys, [order.startswith("-") for order in orders])


def _comparable(value: Any, path: str) -> Any:
    if value.__class__ is list or value.__class__ is dict:
        what = f"by `{path}`, which is {kind(value)}" if path else f"{kind(value)}: say by which field"
        raise EvaluationError("type", f"sort: cannot sort {what}")
    return value


def _check_paths(given: Given, parameter: str, list_parameter: str = "items") -> None:
    """Report constant paths that the items cannot have."""
    constant = given.constants.get(parameter)
    paths = constant if isinstance(constant, tuple) else (constant,)
    for path in paths:
        if isinstance(path, str):
            given.field(item_type(given.types[list_parameter]), path.removeprefix("-"), parameter)


def _sort_type(given: Given) -> Type:
    _check_paths(given, "by")
    return ArrayT(item_type(given.types["items"]))


def _unique(frame: Frame, items: list[Any], field: str) -> list[Any]:
    seen: dict[object, Any] = {}
    for item in items:
        seen.setdefault(_key(frame, field_value(item, field)), item)
    return list(seen.values())


def _same_items(given: Given) -> Type:
    _check_paths(given, "field")
    return ArrayT(item_type(given.types["items"]))


def _where_type(given: Given) -> Type:
    """The items again; a field that is never what it is compared with is reported."""
    compared = _path_type(given)
    types, constants = given.each.get("test", ()), given.constants.get("test", ())
    symbol = "==" if len(types) == 1 else constants[0] if len(constants) == 2 else None
    if types and symbol in ("==", "!=") and not may_be_equal(compared, types[-1]):
        message = f"the field is never {describe(types[-1])}: it is {describe(compared)}"
        given.problem("impossible_comparison", message, "test")
    return ArrayT(item_type(given.types["items"]))


def _numbers(name: str, items: list[Any], field: str) -> list[Any]:
    values = [value for item in items if (value := field_value(item, field)) is not None]
    for value in values:
        if not is_number(value):
            raise EvaluationError("type", f"{name}: {shown(value)} is not a number; use to_number on it first")
    return values


def _sum(items: list[Any], field: str) -> Any:
    values = _numbers("sum", items, field)
    if any(value.__class__ is float for value in values):
        return finite(math.fsum(values))
    return finite(sum(values))


def _sum_type(given: Given) -> Type:
    items = item_type(given.types["items"])
    path = given.constants.get("field", "")
    if not isinstance(path, str):
        return NumberT()
    numbers = given.field(items, path, "field") if path else items
    left = [member for member in members(numbers) if not isinstance(member, NullT)]
    wrong = [member for member in left if not isinstance(member, (IntT, NumberT, AnyT))]
    if left and len(wrong) == len(left):
        given.problem("wrong_type", f"sum adds numbers, and each is {describe(numbers)}", "field" if path else "items")
    return IntT() if left and all(isinstance(member, IntT) for member in left) else NumberT()


def _average(items: list[Any], field: str) -> Any:
    values = _numbers("average", items, field)
    return finite(sum(values) / len(values)) if values else None


def _average_type(given: Given) -> Type:
    _check_paths(given, "field")
    return union(NumberT(), NullT())


def _extreme_by(symbol: str) -> Callable[[list[Any], str], Any]:
    better = COMPARISONS["<" if symbol == "min" else ">"]

    def extreme(items: list[Any], field: str) -> Any:
        best = best_value = None
        for item in items:
            value = field_value(item, field)
            if value is not None and (best_value is None or better(value, best_value)):
                best, best_value = item, value
        return best

    return extreme


def _find_type(given: Given) -> Type:
    return union(item_type(_where_type(given)), NullT())


def _item_or_null(given: Given) -> Type:
    _check_paths(given, "field")
    return union(item_type(given.types["items"]), NullT())


def _group_by(frame: Frame, items: list[Any], field: str) -> list[dict[str, Any]]:
    groups: dict[object, dict[str, Any]] = {}
    for item in items:
        value = field_value(item, field)
        group = groups.setdefault(_key(frame, value), {"key": value, "items": []})
        group["items"].append(item)
    return list(groups.values())


def _path_type(given: Given, parameter: str = "field") -> Type:
    """The type of the field that a constant path names."""
    path = given.constants.get(parameter)
    if not isinstance(path, str):
        return AnyT()
    items = item_type(given.types["items"])
    return items if path in ("", ".") else given.field(items, path, parameter)


def group_type(key: Type, item: Type) -> ObjectT:
    """The type of a group: its key and the items that have it."""
    return ObjectT({"key": key, "items": ArrayT(item)}, frozenset({"key", "items"}))


def _group_type(given: Given) -> Type:
    return ArrayT(group_type(_path_type(given), item_type(given.types["items"])))


def _index_by(items: list[Any], field: str) -> dict[str, Any]:
    return {to_text(value): item for item in items if (value := field_value(item, field)) is not None}


def _index_type(given: Given) -> Type:
    _check_paths(given, "field")
    return ObjectT(open=True, rest=item_type(given.types["items"]))


def _count_by(items: list[Any], field: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in items:
        name = to_text(field_value(item, field))
        counts[name] = counts.get(name, 0) + 1
    return counts


def _holds(test: tuple[Any, ...]) -> Callable[[Any], bool]:
    """The condition that `where` is given: nothing (true), a value, or an operator and a value."""
    if not test:
        return truthy
    if len(test) == 1:
        return lambda value: equal(value, test[0])
    symbol, other = test
    if len(test) != 2 or symbol not in _OPERATORS:
        raise EvaluationError("argument", f"where: {shown(symbol)} is not one of {', '.join(_OPERATORS)}")
    if symbol == "contains":
        return lambda value: value is not None and contains(other, value)
    compare = COMPARISONS[symbol]
    if symbol in ("==", "!=", "in", "not in"):
        return lambda value: compare(value, other)
    return lambda value: value is not None and compare(value, other)


def _where(frame: Frame, items: list[Any], field: str, *test: Any) -> list[Any]:
    if len(test) > 2:
        raise EvaluationError("argument", "where: a field, an operator and a value are all it takes")
    frame.spend(len(items))
    for value in test:
        frame.spend_on(value)
    holds = _holds(test)
    return [item for item in items if holds(field_value(item, field))]


def _find(frame: Frame, items: list[Any], field: str, *test: Any) -> Any:
    found = _where(frame, items, field, *test)
    return found[0] if found else None


def _map(items: list[Any], field: str, *fallback: Any) -> list[Any]:
    values = []
    for index, item in enumerate(items):
        value = value_at(item, field, f"item {index + 1}")
        if value.__class__ is Undefined:
            if not fallback:
                raise undefined(value)
            value = fallback[0]
        values.append(value)
    return values


def _map_type(given: Given) -> Type:
    type_ = _path_type(given)
    return ArrayT(union(type_, given.types["fallback"]) if "fallback" in given.types else type_)


def _flatten(items: list[Any]) -> list[Any]:
    result: list[Any] = []
    for item in items:
        if item.__class__ is list:
            check_items(len(result) + len(item))
            result += item
        else:
            result.append(item)
    return result


def _flatten_type(given: Given) -> Type:
    item = item_type(given.types["items"])
    return ArrayT(union(*(member.item if isinstance(member, ArrayT) else member for member in members(item))))


def _compact(items: list[Any]) -> list[Any]:
    return [item for item in items if item is not None and item.__class__ is not Undefined and item not in ("", [], {})]


def _compact_type(given: Given) -> Type:
    left = [member for member in members(item_type(given.types["items"])) if not isinstance(member, NullT)]
    return ArrayT(union(*left) if left else AnyT())


def _chunk(items: list[Any], size: int) -> list[list[Any]]:
    if size < 1:
        raise EvaluationError("argument", "chunk: `size` is at least 1")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _zip(*lists: list[Any]) -> list[list[Any]]:
    return [list(row) for row in zip(*lists, strict=False)]


def _range(*bounds: int) -> list[int]:
    if not 1 <= len(bounds) <= 3:
        raise EvaluationError("argument", "range: write range(stop), range(start, stop) or range(start, stop, step)")
    if len(bounds) == 3 and bounds[2] == 0:
        raise EvaluationError("argument", "range: the step cannot be 0")
    numbers = range(*bounds)
    # len() of a range beyond the machine's integers is itself an error.
    count = max(0, (numbers.stop - numbers.start + numbers.step - (1 if numbers.step > 0 else -1)) // numbers.step)
    check_items(count)
    return list(numbers)


def _take(items: Any, count: int) -> Any:
    return items[: max(count, 0)]


def _skip(items: Any, count: int) -> Any:
    return items[max(count, 0) :]


def _difference(frame: Frame, items: list[Any], others: list[Any]) -> list[Any]:
    keys = {_key(frame, other) for other in others}
    return [item for item in items if _key(frame, item) not in keys]


def _intersection(frame: Frame, items: list[Any], others: list[Any]) -> list[Any]:
    keys = {_key(frame, other) for other in others}
    return [item for item in items if _key(frame, item) in keys]


_ORDERS: Final = (
    "[{'n': 1, 'to': 'Ada', 'total': 20}, {'n': 2, 'to': 'Bob', 'total': 5}, {'n': 3, 'to': 'Ada', 'total': 7}]"
)

FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "first(items: list | text) -> any",
        "The first item, or character. It is undefined when there is none.",
        ("[] | first | default('none')", "none"),
        _first,
        returns=_end_type,
    ),
    function(
        "last(items: list | text) -> any",
        "The last item, or character. It is undefined when there is none.",
        ("[1, 2, 3] | last", 3),
        _last,
        returns=_end_type,
    ),
    function(
        "take(items: list[T], count: int) -> list[T]",
        "The first items, at most that many.",
        ("[1, 2, 3] | take(2)", [1, 2]),
        _take,
    ),
    function(
        "skip(items: list[T], count: int) -> list[T]",
        "The items without the first ones.",
        ("[1, 2, 3] | skip(2)", [3]),
        _skip,
    ),
    function(
        "reverse(items: list | text) -> any",
        "From the last to the first.",
        ("[1, 2] | reverse", [2, 1]),
        _reverse,
        returns=_reverse_type,
    ),
    function(
        "sort(items: list[T], *by: text) -> list[T]",
        "Sorted by one or more fields, `-field` from the largest; `sort('-')` for items without fields. Texts stand as in a "
        "dictionary, accents and capitals aside; null comes last.",
        (f"{_ORDERS} | sort('to', '-total') | map('n')", [1, 3, 2]),
        _sort,
        contextual=True,
        returns=_sort_type,
    ),
    function(
        "unique(items: list[T], field: text = '') -> list[T]",
        "Each value once, the first kept; with a field, each value of the field.",
        ("[2, 1, 2] | unique", [2, 1]),
        _unique,
        contextual=True,
        returns=_same_items,
    ),
    function(
        "where(items: list[T], field: text, *test: any) -> list[T]",
        "The items whose field is true, is a value (`where('status', 'paid')`), or compares so (`where('total', '>', 10)`). "
        "Operators: == != < <= > >= in, not in, contains. The field '.' is the item itself.",
        (f"{_ORDERS} | where('total', '>', 6) | map('n')", [1, 3]),
        _where,
        contextual=True,
        returns=_where_type,
    ),
    function(
        "find(items: list[T], field: text, *test: any) -> T | null",
        "The first item that `where` gives, null when there is none.",
        (f"({_ORDERS} | find('to', 'Bob')).total", 5),
        _find,
        contextual=True,
        returns=_find_type,
    ),
    function(
        "map(items: list, field: text, *fallback: any) -> list",
        "The field of every item. With a fallback, that for the items which have no such field.",
        (f"{_ORDERS} | map('to')", ["Ada", "Bob", "Ada"]),
        _map,
        returns=_map_type,
    ),
    function(
        "sum(items: list, field: text = '') -> number",
        "The sum of the items, or of a field of them. Null ones do not count.",
        (f"{_ORDERS} | sum('total')", 32),
        _sum,
        returns=_sum_type,
    ),
    function(
        "average(items: list, field: text = '') -> number | null",
        "The mean of the items, or of a field of them. Null ones do not count; null when there are none.",
        ("[1, 2] | average", 1.5),
        _average,
        returns=_average_type,
    ),
    function(
        "min_by(items: list[T], field: text) -> T | null",
        "The item whose field is smallest, null when there is none.",
        (f"({_ORDERS} | min_by('total')).n", 2),
        _extreme_by("min"),
        returns=_item_or_null,
    ),
    function(
        "max_by(items: list[T], field: text) -> T | null",
        "The item whose field is largest, null when there is none.",
        (f"({_ORDERS} | max_by('total')).n", 1),
        _extreme_by("max"),
        returns=_item_or_null,
    ),
    function(
        "group_by(items: list, field: text) -> list",
        "One object for each value of a field, with `key` (the value) and `items`.",
        (f"({_ORDERS} | group_by('to'))[0].items | sum('total')", 27),
        _group_by,
        contextual=True,
        returns=_group_type,
    ),
    function(
        "index_by(items: list, field: text) -> object",
        "The items by the text of a field, the last one kept: for looking them up.",
        (f"({_ORDERS} | index_by('n'))['2'].to", "Bob"),
        _index_by,
        returns=_index_type,
    ),
    function(
        "count_by(items: list, field: text) -> object[int]",
        "How many items there are for each value of a field.",
        (f"{_ORDERS} | count_by('to')", {"Ada": 2, "Bob": 1}),
        _count_by,
    ),
    function(
        "flatten(items: list) -> list",
        "The items of the lists in the list, one level deep.",
        ("[[1, 2], [3]] | flatten", [1, 2, 3]),
        _flatten,
        returns=_flatten_type,
    ),
    function(
        "compact(items: list) -> list",
        "Without null and what is empty.",
        ("['a', null, ''] | compact", ["a"]),
        _compact,
        returns=_compact_type,
    ),
    function(
        "chunk(items: list[T], size: int) -> list[list[T]]",
        "Lists of at most that many items.",
        ("[1, 2, 3] | chunk(2)", [[1, 2], [3]]),
        _chunk,
    ),
    function(
        "zip(*lists: list[T]) -> list[list[T]]",
        "The first items together, then the second ones, as far as the shortest list goes.",
        ("zip([1, 2], [3, 4])", [[1, 3], [2, 4]]),
        _zip,
        kind="function",
    ),
    function(
        "range(*bounds: int) -> list[int]",
        "Whole numbers from 0, or from a start, up to before a stop; with a step as third.",
        ("range(1, 4)", [1, 2, 3]),
        _range,
        kind="function",
    ),
    function(
        "difference(items: list[T], others: list) -> list[T]",
        "The items that are not among the others.",
        ("[1, 2, 3] | difference([2])", [1, 3]),
        _difference,
        contextual=True,
    ),
    function(
        "intersection(items: list[T], others: list) -> list[T]",
        "The items that are among the others.",
        ("[1, 2, 3] | intersection([2, 3, 4])", [2, 3]),
        _intersection,
        contextual=True,
    ),
)
