"""Shaping a list: filter, group, compute, make unique, sort, cut. In that order, whatever is asked for.

The one rule: this is a function of the list and of a scope, typed by `infer_transform` in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from recipe_engine.expr.calls import Functions
from recipe_engine.expr.errors import EvaluationError, Undefined
from recipe_engine.expr.infer import Path, infer_expression, infer_value
from recipe_engine.expr.inference import Binding, Inference, TypeScope, ValueInference
from recipe_engine.expr.library.lists import group_type
from recipe_engine.expr.limits import MAX_NODES
from recipe_engine.expr.ordering import sorted_by
from recipe_engine.expr.scope import Scope
from recipe_engine.expr.templates import compile_expression, compile_value
from recipe_engine.expr.types import AnyT, ArrayT, ObjectT, Type, leaving, members, union
from recipe_engine.expr.values import JSON, key_of, kind, to_json, truthy, weigh


def transform(
    items: list[Any],
    scope: Scope,
    *,
    as_: str = "item",
    where: str | None = None,
    group_by: str | None = None,
    values: JSON = None,
    has_values: bool = False,
    unique_by: str | None = None,
    sort: str | Sequence[str] = (),
    limit: JSON = None,
    functions: Functions | None = None,
) -> list[Any]:
    """The list that `items` become.

    `where` and `group_by` are bare expressions in which `as_` is the item. Groups are `{key, items}`. With `has_values`,
    each item (or group, whose `key` and `items` are in scope) becomes `values` rendered. `unique_by` and `sort` (with
    `-` in front: from the largest) are bare expressions in which `as_` is the item as it is by then, and its fields stand
    by their own names. `limit` is the most items to give, null for all.

    Raises EvaluationError, and SyntaxProblem for what was never checked.
    """
    if items.__class__ is not list:
        raise EvaluationError("type", f"a list is expected, and {kind(items)} was found")
    rows = items
    if where is not None:
        holds = compile_expression(where, functions)
        rows = [row for row in rows if truthy(holds(_with(scope, {as_: row})))]
    if group_by is not None:
        rows = _grouped(rows, _each(compile_expression(group_by, functions), scope, as_))
    if has_values:
        render = compile_value(values, functions)
        rows = [render(_with(scope, row if group_by is not None else {as_: row})) for row in rows]
        _check_size(rows)
    if unique_by is not None:
        rows = _unique(rows, _each_shaped(unique_by, scope, as_, functions))
    orders = (sort,) if isinstance(sort, str) else sort
    if orders:
        keys = [_each_shaped(order.strip().removeprefix("-"), scope, as_, functions) for order in orders]
        rows = sorted_by(rows, keys, [order.strip().startswith("-") for order in orders])
    return rows if limit is None else rows[: _count(limit)]


def _with(scope: Scope, names: Mapping[str, object]) -> Scope:
    """A scope in which some names stand before those around it. Time and randomness are the same."""
    outer = scope.lookup
    return Scope(lambda name: names[name] if name in names else outer(name), scope.now, scope.seed, scope.draws)


def _each(evaluate: Callable[[Scope], object], scope: Scope, as_: str) -> Callable[[Any], Any]:
    return lambda row: _or_null(evaluate(_with(scope, {as_: row})))


def _each_shaped(text: str, scope: Scope, as_: str, functions: Functions | None) -> Callable[[Any], Any]:
    """What evaluates an expression in which the fields of an item stand by their names."""
    evaluate = compile_expression(text, functions)

    def value_of(row: Any) -> Any:
        names = {**row, as_: row} if isinstance(row, dict) else {as_: row}
        return _or_null(evaluate(_with(scope, names)))

    return value_of


def _or_null(value: object) -> object:
    return None if value.__class__ is Undefined else value


def _grouped(rows: list[Any], key: Callable[[Any], Any]) -> list[dict[str, Any]]:
    groups: dict[object, dict[str, Any]] = {}
    for row in rows:
        value = to_json(key(row))
        groups.setdefault(key_of(value), {"key": value, "items": []})["items"].append(row)
    return list(groups.values())


def _unique(rows: list[Any], key: Callable[[Any], Any]) -> list[Any]:
    found: dict[object, Any] = {}
    for row in rows:
        found.setdefault(key_of(key(row)), row)
    return list(found.values())


def _check_size(rows: list[Any]) -> None:
    if weigh(rows, MAX_NODES) > MAX_NODES:
        raise EvaluationError("limit", f"the list would hold more than {MAX_NODES:,} values")


def _count(limit: JSON) -> int:
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit < 0 or limit != limit // 1:
        raise EvaluationError("type", f"`limit` is a whole number, and {kind(limit)} was found")
    return int(limit)


def infer_transform(
    item: Type,
    scope: TypeScope,
    functions: Functions | None = None,
    *,
    as_: str = "item",
    where: str | None = None,
    group_by: str | None = None,
    values: JSON = None,
    has_values: bool = False,
    unique_by: str | None = None,
    sort: str | Sequence[str] = (),
) -> ValueInference:
    """The type of the list that `transform` gives for items of a type, and what is known of each field: `parts` by
    `("where",)`, `("values", "total")`, `("sort", 0)` and so on. Their `names` are those of `scope`."""
    parts: dict[Path, Inference] = {}
    inner = _Layered({as_: Binding(item)}, scope)
    if where is not None:
        parts["where",] = inner.outside(infer_expression(where, inner, functions))
    if group_by is not None:
        parts["group_by",] = inner.outside(infer_expression(group_by, inner, functions))
        group = group_type(leaving(parts["group_by",].type), item)
        item = group
        inner = _Layered(_fields(group), scope)
    if has_values:
        shaped = infer_value(values, inner, functions)
        parts |= {("values", *path): inner.outside(inference) for path, inference in shaped.parts.items()}
        item = shaped.type
    shaped_scope = _Layered({**_fields(item), as_: Binding(item)}, scope, any_name=_may_have_more(item))
    if unique_by is not None:
        parts["unique_by",] = shaped_scope.outside(infer_expression(unique_by, shaped_scope, functions))
    for index, order in enumerate((sort,) if isinstance(sort, str) else sort):
        inference = infer_expression(order.strip().removeprefix("-"), shaped_scope, functions)
        away = len(order) - len(order.lstrip()) + order.strip().startswith("-")
        parts[("sort",) if isinstance(sort, str) else ("sort", index)] = shaped_scope.outside(inference.moved(away))
    return ValueInference(ArrayT(item), parts)


def _fields(item: Type) -> dict[str, Binding]:
    """The fields that items have, by their names."""
    fields: dict[str, Binding] = {}
    for member in members(item):
        if isinstance(member, ObjectT):
            for name, type_ in member.properties.items():
                fields[name] = Binding(union(fields[name].type, type_) if name in fields else type_)
    return fields


def _may_have_more(item: Type) -> bool:
    """Whether items may have fields that their type does not list."""
    return any(isinstance(member, AnyT) or (isinstance(member, ObjectT) and member.open) for member in members(item))


class _Layered(Mapping[str, Binding]):
    """Some names before those around them. With `any_name`, a name that nothing has may be anything."""

    def __init__(self, names: Mapping[str, Binding], outer: TypeScope, *, any_name: bool = False) -> None:
        self._names = names
        self._outer = outer
        self._any_name = any_name

    def outside(self, inference: Inference) -> Inference:
        """An inference with only the names around among its names."""
        inference.names.difference_update(self._names)
        return inference

    def __getitem__(self, name: str) -> Binding:
        found = self._names.get(name) or self._outer.get(name)
        if found is None and self._any_name:
            return Binding(AnyT())
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._names
        yield from (name for name in self._outer if name not in self._names)

    def __len__(self) -> int:
        return sum(1 for _ in self)
