"""Whether a value of one type fits where another is expected.

The one rule: refuse what cannot fit or what may be of a wrong kind (null, text for a number); let pass what only the
value can tell (a free text where an enumeration or a format is expected).
"""

from __future__ import annotations

from recipe_engine.expr.durations import parse_duration
from recipe_engine.expr.moments import looks_like_moment
from recipe_engine.expr.types.shapes import (
    FILE_FIELDS,
    AnyT,
    ArrayT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    UnionT,
    describe,
    listing,
    nullable,
    without_null,
)

_MOMENT_TEXT = frozenset({None, "date-time", "date"})
_DURATION_TEXT = frozenset({None, "duration"})


def assignable(source: Type, target: Type) -> str | None:
    """None when a value of type `source` fits `target`; else the reason, which reads after a colon:
    `it may be null, where text is expected`."""
    if isinstance(source, AnyT) or isinstance(target, AnyT) or source == target:
        return None
    if isinstance(source, UnionT):
        return _from_union(source, target)
    if isinstance(target, UnionT):
        return _to_union(source, target)
    if _fits(source, target):
        return None
    match source, target:
        case ArrayT(), ArrayT():
            reason = assignable(source.item, target.item)
            return None if reason is None else f"in the items of the list: {reason}"
        case ObjectT(), ObjectT():
            return _object(source, target)
        case ObjectT(), FileT():
            return _object(source, ObjectT(FILE_FIELDS, frozenset(FILE_FIELDS)))
        case FileT(), ObjectT():
            return _object(ObjectT(FILE_FIELDS, frozenset(FILE_FIELDS)), target)
        case StringT(), StringT() if source.enum is not None and target.enum is not None:
            foreign = [value for value in source.enum if value not in target.enum]
            return f"it may be '{foreign[0]}', where {describe(target)} is expected" if foreign else None
        case _:
            return f"it is {describe(source)}, where {describe(target)} is expected"


def may_be_moment(type_: StringT) -> bool:
    """Whether a text of this type can name a moment."""
    if type_.enum is not None:
        return any(looks_like_moment(value) for value in type_.enum)
    return type_.format in _MOMENT_TEXT


def may_be_duration(type_: StringT) -> bool:
    """Whether a text of this type can name a duration."""
    if type_.enum is None:
        return type_.format in _DURATION_TEXT
    return any(_is_duration(value) for value in type_.enum)


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True


def _from_union(source: UnionT, target: Type) -> str | None:
    if nullable(source) and assignable(NullT(), target) is not None:
        return f"it may be null, where {describe(target)} is expected"
    for member in source.members:
        if assignable(member, target) is not None:
            inner = assignable(without_null(source), target) if nullable(source) else None
            return inner or f"it may be {describe(member)}, where {describe(target)} is expected"
    return None


def _to_union(source: Type, target: UnionT) -> str | None:
    reasons = [assignable(source, member) for member in target.members]
    if None in reasons:
        return None
    same_kind = [
        reason
        for reason, member in zip(reasons, target.members, strict=True)
        if type(member) is type(source) and isinstance(source, (ArrayT, ObjectT))
    ]
    return same_kind[0] if len(same_kind) == 1 else f"it is {describe(source)}, where {describe(target)} is expected"


def _fits(source: Type, target: Type) -> bool:
    """Pairs of different types that fit as they are."""
    match source, target:
        case IntT(), NumberT():
            return True
        case StringT(), StringT():
            return source.enum is None or target.enum is None
        case MomentT(), StringT():
            return target.enum is None and target.format in _MOMENT_TEXT
        case StringT(), MomentT():
            return may_be_moment(source)
        case DurationT(), StringT():
            return target.enum is None and target.format in _DURATION_TEXT
        case StringT(), DurationT():
            return may_be_duration(source)
        case SecretT(), StringT():
            return target.enum is None
        case _:
            return False


def _object(source: ObjectT, target: ObjectT) -> str | None:
    for name in sorted(target.required):
        if name not in source.properties and not source.open:
            return f"the field {name} is missing"
    for name, type_ in source.properties.items():
        if name in target.properties:
            reason = assignable(type_, target.properties[name])
        elif target.open:
            reason = assignable(type_, target.rest)
        else:
            return f"there is no field {name} in what is expected: {listing(target.properties) or 'an empty object'}"
        if reason is not None:
            return f"in the field {name}: {reason}"
    return None
