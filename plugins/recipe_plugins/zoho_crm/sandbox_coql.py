"""COQL and search criteria as the sandbox understands them: parsed, held against the module's fields, evaluated.

The one rule: what Zoho would refuse is refused: a query without WHERE, a field that is not there, a broken bracket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recipe_engine.plugin import Refused, SandboxResponse

Record = Mapping[str, Any]
Holds = Callable[[Record], bool]
Lookup = Callable[[Record, str], Any]

_QUERY = re.compile(
    r"\s*select\s+(?P<fields>.+?)\s+from\s+(?P<module>\w+)"
    r"(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s+by\s+(?P<order>[\w.]+(?:\s+(?:asc|desc))?(?:\s*,\s*[\w.]+(?:\s+(?:asc|desc))?)*))?"
    r"(?:\s+limit\s+(?P<offset>\d+)\s*,\s*(?P<limit>\d+))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[()]|,|[<>!]?=|[<>]|[\w.+:-]+)")
_CRITERION = re.compile(r"\((\w+):(\w+):((?:\\.|[^()\\])*)\)")
_MOST_ROWS = 2000


def refusal(status: int, code: str, message: str, **details: Any) -> Refused:
    """An error in the CRM's shape."""
    body = {"code": code, "details": details, "message": message, "status": "error"}
    return Refused(SandboxResponse(status, body))


@dataclass(frozen=True, slots=True)
class Coql:
    """A query: what is selected, which records, in which order, which rows."""

    fields: list[str]
    module: str
    holds: Holds
    order: list[tuple[str, bool]]
    offset: int
    limit: int


def parse(text: str, known: Callable[[str, str], bool], value_of: Lookup) -> Coql:
    """The query of a text. `known` says whether a module has a field, `value_of` follows `Account_Name.Industry`."""
    found = _QUERY.match(text)
    if found is None:
        raise refusal(400, "SYNTAX_ERROR", "invalid query formed", line=1, column=1, near=text[:20])
    if found["where"] is None:
        raise refusal(400, "SYNTAX_ERROR", "missing clause", clause="where")
    module, fields = found["module"], [each.strip() for each in found["fields"].split(",")]
    parser = _Parser(found["where"], value_of)
    holds = parser.whole()
    order = []
    for each in (found["order"] or "id").split(","):
        name, _, direction = each.strip().partition(" ")
        order.append((name, direction.strip().lower() == "desc"))
    for name in [*fields, *parser.names, *(name for name, _ in order)]:
        if not known(module, name):
            words = "column given seems to be invalid"
            raise refusal(
                400, "INVALID_QUERY", words, column_name=name, reason="the field is not available", module=module
            )
    limit = int(found["limit"] or 200)
    if limit > _MOST_ROWS:
        raise refusal(400, "LIMIT_EXCEEDED", "the limit exceeds the maximum", limit=_MOST_ROWS)
    return Coql(fields, module, holds, order, int(found["offset"] or 0), limit)


class _Parser:
    """The condition after WHERE; `names` are the fields that it asks for."""

    def __init__(self, text: str, value_of: Lookup) -> None:
        self._tokens: list[str] = []
        self._value_of = value_of
        self.names: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._broken(text[position:])
            self._tokens.append(found[1])
            position = found.end()

    def whole(self) -> Holds:
        """The condition; a text that goes on after it is refused."""
        holds = self._either()
        if self._tokens:
            raise self._broken(self._tokens[0])
        return holds

    def _either(self) -> Holds:
        one = self._all()
        while self._takes("or"):
            one = _or(one, self._all())
        return one

    def _all(self) -> Holds:
        one = self._single()
        while self._takes("and"):
            one = _and(one, self._single())
        return one

    def _single(self) -> Holds:
        if self._takes("("):
            inside = self._either()
            self._expect(")")
            return inside
        name = self._next()
        self.names.append(name)
        lookup = self._value_of
        if self._takes("is"):
            empty = not self._takes("not")
            self._expect("null")
            return lambda record: (lookup(record, name) is None) is empty
        negated = self._takes("not")
        operator = self._next().lower()
        if operator == "in":
            values = self._values()
            return lambda record: (_plain(lookup(record, name)) in values) is not negated
        wanted = _literal(self._next())
        compare = _COMPARED.get(operator)
        if compare is None:
            raise self._broken(operator)
        return lambda record: compare(_plain(lookup(record, name)), wanted)

    def _values(self) -> list[Any]:
        self._expect("(")
        values = [_literal(self._next())]
        while self._takes(","):
            values.append(_literal(self._next()))
        self._expect(")")
        return values

    def _next(self) -> str:
        if not self._tokens:
            raise self._broken("")
        return self._tokens.pop(0)

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._broken(self._tokens[0] if self._tokens else "")

    @staticmethod
    def _broken(near: str) -> Refused:
        return refusal(400, "SYNTAX_ERROR", "invalid query formed", line=1, column=1, near=near[:20])


def searched(text: str) -> Holds:
    """The condition of search criteria: `(A:equals:x)`, or `((A:equals:x)and(B:less_than:2))`."""
    rest = _CRITERION.sub("c", text)
    parts = list(_CRITERION.finditer(text))
    if not parts or len(parts) > 10 or not re.fullmatch(r"c|\(c(?:(?:and|or)c)+\)", rest):
        raise refusal(400, "INVALID_QUERY", "Invalid query formed", reason="the criteria cannot be read")
    either = "or" in rest
    conditions = [_criterion(*part.groups()) for part in parts]
    return lambda record: (
        any(each(record) for each in conditions) if either else all(each(record) for each in conditions)
    )


def _criterion(name: str, operator: str, raw: str) -> Holds:
    parts = [re.sub(r"\\(.)", r"\1", each) for each in re.split(r"(?<!\\),", raw)]
    if operator == "in":
        return lambda record: _text(record.get(name)) in parts
    if operator == "between" and len(parts) == 2:
        return lambda record: _between(record.get(name), parts[0], parts[1])
    compare = _SEARCHED.get(operator)
    if compare is None:
        raise refusal(400, "INVALID_QUERY", "Invalid query formed", reason=f"no operator {operator}")
    return lambda record: compare(_text(record.get(name)), ",".join(parts))


def _and(one: Holds, other: Holds) -> Holds:
    return lambda record: one(record) and other(record)


def _or(one: Holds, other: Holds) -> Holds:
    return lambda record: one(record) or other(record)


def _plain(value: Any) -> Any:
    """A value as queries compare it: a lookup is its id."""
    return value.get("id") if isinstance(value, dict) else value


def _literal(token: str) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if token.lower() in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[token.lower()]
    try:
        return float(token)
    except ValueError:
        raise refusal(400, "SYNTAX_ERROR", "invalid query formed", line=1, column=1, near=token[:20]) from None


def _ordered(value: Any) -> Any:
    """Numbers as numbers, moments as moments, anything else as text."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return str(value)


def _less(one: Any, other: Any) -> bool:
    one, other = _ordered(one), _ordered(other)
    return one < other if type(one) is type(other) else str(one) < str(other)


def _equal(one: Any, other: Any) -> bool:
    return one is not None and (one == other or str(one).casefold() == str(other).casefold())


def _between(value: Any, low: str, high: str) -> bool:
    return value is not None and not _less(value, _number(low)) and not _less(_number(high), value)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _like(value: Any, pattern: Any) -> bool:
    regex = ".*".join(map(re.escape, str(pattern).split("%")))
    return value is not None and re.fullmatch(regex, str(value), re.IGNORECASE | re.DOTALL) is not None


def _text(value: Any) -> str:
    value = value.get("name") or value.get("id") if isinstance(value, dict) else value
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": lambda one, other: not _equal(one, other),
    "<": lambda one, other: one is not None and _less(one, other),
    "<=": lambda one, other: one is not None and not _less(other, one),
    ">": lambda one, other: one is not None and _less(other, one),
    ">=": lambda one, other: one is not None and not _less(one, other),
    "like": _like,
}
_SEARCHED: Mapping[str, Callable[[str, str], bool]] = {
    "equals": lambda one, other: one.casefold() == other.casefold(),
    "not_equal": lambda one, other: one.casefold() != other.casefold(),
    "starts_with": lambda one, other: one.casefold().startswith(other.casefold()),
    "greater_than": lambda one, other: bool(one) and _less(_number(other), _number(one)),
    "greater_equal": lambda one, other: bool(one) and not _less(_number(one), _number(other)),
    "less_than": lambda one, other: bool(one) and _less(_number(one), _number(other)),
    "less_equal": lambda one, other: bool(one) and not _less(_number(other), _number(one)),
}
