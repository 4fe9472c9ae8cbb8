"""The types of what operators give.

The one rule: this mirrors operators.py. A pair of types gets a type here exactly when a pair of such values gets a value
there; a text may stand for a moment or a duration as long as nothing says that it does not.
"""

from __future__ import annotations

from recipe_engine.expr.tree import Arithmetic
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    may_be_duration,
    may_be_moment,
    members,
    nullable,
    union,
)


def arithmetic(operator: Arithmetic, left: Type, right: Type) -> Type | None:
    """The type of `left operator right`, None when no values of these types can be so joined. Null is left aside: the
    caller reports it."""
    results = [
        result
        for a in members(left)
        for b in members(right)
        if not isinstance(a, NullT) and not isinstance(b, NullT)
        if (result := _pair(operator, a, b)) is not None
    ]
    if results:
        return union(*results)
    return AnyT() if isinstance(left, NullT) or isinstance(right, NullT) else None


def _pair(operator: Arithmetic, a: Type, b: Type) -> Type | None:
    if isinstance(a, AnyT) or isinstance(b, AnyT):
        return AnyT()
    if isinstance(a, (IntT, NumberT)) and isinstance(b, (IntT, NumberT)):
        whole = isinstance(a, IntT) and isinstance(b, IntT) and operator not in ("/", "**")
        return IntT() if whole else NumberT()
    match operator:
        case "+":
            return _sum(a, b)
        case "-":
            return _difference(a, b)
        case "*":
            return _product(a, b)
        case "/":
            if isinstance(a, DurationT):
                return (
                    NumberT() if isinstance(b, DurationT) else DurationT() if isinstance(b, (IntT, NumberT)) else None
                )
            return None
        case "//":
            return IntT() if isinstance(a, DurationT) and isinstance(b, DurationT) else None
        case _:
            return None


def _sum(a: Type, b: Type) -> Type | None:
    match a, b:
        case StringT(), StringT():
            return StringT()
        case ArrayT(), ArrayT():
            return ArrayT(union(a.item, b.item))
        case DurationT(), DurationT():
            return DurationT()
        case (MomentT(), DurationT()) | (DurationT(), MomentT()):
            return MomentT()
        case (MomentT(), StringT() as text) | (StringT() as text, MomentT()):
            return MomentT() if may_be_duration(text) else None
        case (DurationT(), StringT() as text) | (StringT() as text, DurationT()):
            return _either(MomentT() if may_be_moment(text) else None, DurationT() if may_be_duration(text) else None)
        case _:
            return None


def _difference(a: Type, b: Type) -> Type | None:
    match a, b:
        case DurationT(), DurationT():
            return DurationT()
        case DurationT(), StringT():
            return DurationT() if may_be_duration(b) else None
        case MomentT(), DurationT():
            return MomentT()
        case MomentT(), MomentT():
            return DurationT()
        case MomentT(), StringT():
            return _either(DurationT() if may_be_moment(b) else None, MomentT() if may_be_duration(b) else None)
        case StringT(), MomentT():
            return DurationT() if may_be_moment(a) else None
        case StringT(), DurationT():
            return _either(MomentT() if may_be_moment(a) else None, DurationT() if may_be_duration(a) else None)
        case StringT(), StringT():
            return DurationT() if may_be_moment(a) and may_be_moment(b) else None
        case _:
            return None


def _product(a: Type, b: Type) -> Type | None:
    match a, b:
        case (DurationT(), IntT() | NumberT()) | (IntT() | NumberT(), DurationT()):
            return DurationT()
        case StringT(), IntT():
            return StringT()
        case _:
            return None


def _either(a: Type | None, b: Type | None) -> Type | None:
    found = [type_ for type_ in (a, b) if type_ is not None]
    return union(*found) if found else None


def ordered(left: Type, right: Type) -> bool:
    """Whether `<` and its like can compare values of these types; null is left aside."""
    pairs = [
        (a, b) for a in members(left) for b in members(right) if not isinstance(a, NullT) and not isinstance(b, NullT)
    ]
    return not pairs or any(_ordered_pair(a, b) for a, b in pairs)


def _ordered_pair(a: Type, b: Type) -> bool:
    match a, b:
        case (AnyT(), _) | (_, AnyT()) | (IntT() | NumberT(), IntT() | NumberT()) | (StringT(), StringT()):
            return True
        case (MomentT(), MomentT()) | (DurationT(), DurationT()):
            return True
        case (MomentT(), StringT() as text) | (StringT() as text, MomentT()):
            return may_be_moment(text)
        case (DurationT(), StringT() as text) | (StringT() as text, DurationT()):
            return may_be_duration(text)
        case _:
            return False


def may_be_equal(left: Type, right: Type) -> bool:
    """Whether values of these types can ever be the same. Asking for null itself is always a fair question."""
    if isinstance(left, NullT) or isinstance(right, NullT) or (nullable(left) and nullable(right)):
        return True
    return any(_equal_pair(a, b) for a in members(left) for b in members(right))


def _equal_pair(a: Type, b: Type) -> bool:
    match a, b:
        case (AnyT(), _) | (_, AnyT()):
            return True
        case StringT(), StringT():
            return a.enum is None or b.enum is None or not set(a.enum).isdisjoint(b.enum)
        case (IntT() | NumberT(), IntT() | NumberT()) | (ObjectT() | FileT(), ObjectT() | FileT()):
            return True
        case (MomentT(), StringT() as text) | (StringT() as text, MomentT()):
            return may_be_moment(text)
        case (DurationT(), StringT() as text) | (StringT() as text, DurationT()):
            return may_be_duration(text)
        case _:
            return type(a) is type(b)
