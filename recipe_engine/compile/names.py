"""The names that an expression may read at the point where the checker stands.

The one rule: a name is never removed. It is bound with the conditions under which it has a value (its *guards*), and
whether it may be missing is asked when it is read: a guard that also holds around the reader is no reason for doubt.
So leaving a branch costs nothing, and checking stays linear in the number of steps.

A guard is a short text. The parts of an `if` or `when` that are joined by `and` are guards by their own words, so that
two steps under the same condition see each other. What a condition tells about values (`x is defined`, `x.note != none`)
holds in what stands under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from recipe_engine.expr import Binding, SyntaxProblem
from recipe_engine.expr.facts import NOTHING, Facts, facts_of
from recipe_engine.expr.templates import parsed_expression
from recipe_engine.expr.types import AnyT, ObjectT, Type, UnionT, union

_SPACES = re.compile(r"\s+")
_AND = re.compile(r"\s+and\s+")


@dataclass(frozen=True, slots=True)
class _Named:
    plain: Binding
    guards: frozenset[str]


class Names(Mapping[str, Binding]):
    """The names in scope. `later` are names that exist but cannot be read here, with the reason."""

    def __init__(self) -> None:
        self._named: dict[str, _Named] = {}
        self._later: dict[str, str] = {}
        self._active: dict[str, int] = {}
        self._facts: list[Facts] = []
        self._reasons: dict[str, str] = {}
        self._more: set[str] = set()

    # --- reading ----------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Binding:
        named = self._named.get(name)
        if named is None:
            return Binding(AnyT(), unavailable=self._later[name])
        type_ = named.plain.type
        for facts in self._facts:
            type_ = _narrowed(type_, (name,), facts)
        if named.guards and not any(name in facts.defined for facts in self._facts):
            for guard in named.guards:
                if guard not in self._active:
                    return Binding(type_, skippable=self._reasons[guard])
        return named.plain if type_ is named.plain.type else Binding(type_)

    def __contains__(self, name: object) -> bool:
        return name in self._named or name in self._later

    def __iter__(self) -> Iterator[str]:
        yield from self._named
        yield from (name for name in self._later if name not in self._named)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def depends_on(self, name: str, prefix: str) -> bool:
        """Whether a guard of `name` begins with `prefix`."""
        named = self._named.get(name)
        return named is not None and any(guard.startswith(prefix) for guard in named.guards)

    def may_have_more(self, names: Iterable[str]) -> bool:
        """Whether the value of one of these names may have fields that no schema lists."""
        return not self._more.isdisjoint(names)

    # --- binding ----------------------------------------------------------------------------------------------------

    def bind(self, name: str, type_: Type, guards: Iterable[str] = (), *, more: bool = False) -> None:
        """Give `name` a type from here on. Its guards are those around this point and `guards`; with `more`, its value
        may have fields that the type does not list."""
        if name:
            self._named[name] = _Named(Binding(type_), frozenset((*self._active, *guards)))
            if more:
                self._more.add(name)

    def announce(self, name: str, reason: str) -> None:
        """`name` exists but cannot be read yet, because of `reason`."""
        if name:
            self._later.setdefault(name, reason)

    def hide(self, names: Iterable[str], reason: str) -> dict[str, _Named]:
        """These names cannot be read any more, because of `reason`; what `show` takes to undo it."""
        hidden: dict[str, _Named] = {}
        for name in names:
            named = self._named.pop(name, None)
            if named is not None:
                hidden[name] = named
                self._later[name] = reason
        return hidden

    def show(self, hidden: Mapping[str, _Named]) -> None:
        """Names that `hide` took away can be read again."""
        self._named.update(hidden)

    def guard(self, guard: str, reason: str) -> str:
        """Make `guard` known: `reason` says why a value that depends on it may be missing."""
        self._reasons.setdefault(guard, reason)
        return guard

    # --- regions ----------------------------------------------------------------------------------------------------

    @contextmanager
    def under(self, guards: Iterable[str] = (), facts: Facts = NOTHING) -> Iterator[None]:
        """Inside, `guards` hold, and `facts` about values."""
        held = list(guards)
        for guard in held:
            self._active[guard] = self._active.get(guard, 0) + 1
        if facts is not NOTHING:
            self._facts.append(facts)
        try:
            yield
        finally:
            if facts is not NOTHING:
                self._facts.remove(facts)
            for guard in held:
                self._active[guard] -= 1
                if not self._active[guard]:
                    del self._active[guard]

    @contextmanager
    def variables(self, variables: Mapping[str, Type], *, more: bool = False) -> Iterator[None]:
        """Inside, these names stand for values of these types; `more` as of `bind`."""
        before = {name: self._named.get(name) for name in variables}
        for name, type_ in variables.items():
            self._named[name] = _Named(Binding(type_), frozenset())
        added = set(variables) - self._more if more else set()
        self._more |= added
        try:
            yield
        finally:
            self._more -= added
            for name, named in before.items():
                if named is None:
                    self._named.pop(name, None)
                else:
                    self._named[name] = named


def bare(expression: str) -> str:
    """An expression without the braces around the whole that authors may write."""
    text = expression.strip()
    if text.startswith("{{") and text.endswith("}}") and "}}" not in text[2:-2]:
        text = text[2:-2].removeprefix("-").removesuffix("-").strip()
    return text


def conjuncts(expression: str) -> list[str]:
    """The parts of a condition that are joined by `and`, in a common spelling; the whole when it is not so simple."""
    text = _SPACES.sub(" ", bare(expression))
    quoted = text.split("'")[1::2]
    if any(word in text for word in (" or ", "(", '"', " if ")) or any(" and " in part for part in quoted):
        return [text]
    return _AND.split(text)


def told(expression: str, *, holds: bool = True) -> Facts:
    """What is certain about values where a condition holds, or where it does not."""
    try:
        return facts_of(parsed_expression(expression), holds)
    except SyntaxProblem:
        return NOTHING


def _narrowed(type_: Type, path: tuple[str, ...], facts: Facts) -> Type:
    """A type with what facts tell about the value at `path`, and about what is inside it."""
    type_ = facts.narrow(path, type_)
    inner = {
        other[len(path)]
        for other in (*facts.not_null, *facts.kinds)
        if len(other) > len(path) and other[: len(path)] == path
    }
    if not inner:
        return type_
    if isinstance(type_, UnionT):
        return union(*(_narrowed(member, path, facts) for member in type_.members))
    if isinstance(type_, ObjectT):
        properties = {
            name: _narrowed(item, (*path, name), facts) if name in inner else item
            for name, item in type_.properties.items()
        }
        return ObjectT(properties, type_.required, type_.open, type_.rest)
    return type_
