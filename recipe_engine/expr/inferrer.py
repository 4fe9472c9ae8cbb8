"""Trees of expressions to types: what an expression gives, and what is wrong with it, before anything runs.

The one rule: report what is sure to fail or sure to be false, once, where it stands; go on with `AnyT`, so that one
mistake is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from recipe_engine.diagnostics import suggest
from recipe_engine.expr import tree
from recipe_engine.expr.algebra import arithmetic
from recipe_engine.expr.calls import Functions
from recipe_engine.expr.comparing import infer_comparison
from recipe_engine.expr.facts import NOTHING, Facts, facts_of
from recipe_engine.expr.fields import field_type, item_type_at
from recipe_engine.expr.given import infer_call
from recipe_engine.expr.inference import Known, Problem, ProblemKind, TypeScope
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    DurationT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    StringT,
    Type,
    assignable,
    describe,
    holds_secret,
    members,
    nullable,
    union,
    without_null,
)
from recipe_engine.expr.types.schema import of_value
from recipe_engine.expr.walks import LOOP, label_of, path_of

_DEFAULT_HINT: Final = "give a value with `| default(...)`, or test it with `is not none`"


class Inferrer:
    """Infers the types of the expressions of one text. What is found stands in `problems` and `names`."""

    def __init__(self, scope: TypeScope, functions: Functions) -> None:
        self.scope = scope
        self.functions = functions
        self.facts = NOTHING
        self.variables: dict[str, Known] = {}
        self.found: dict[Problem, None] = {}
        self.names: set[str] = set()
        self.told: set[tuple[str, str]] = set()

    def tell(self, kind: ProblemKind, message: str, start: int, end: int, hint: str | None = None) -> None:
        """Report a problem, unless it stands there already."""
        self.found[Problem(kind, message, start, max(end - start, 1), hint)] = None

    @property
    def problems(self) -> list[Problem]:
        """The problems, in the order in which they were found."""
        return list(self.found)

    def telling(self, start: int, end: int) -> Callable[[ProblemKind, str, str | None], None]:
        """What reports problems at a place."""
        return lambda kind, message, hint: self.tell(kind, message, start, end, hint)

    def known(self, node: tree.Expression) -> Known:
        """What is known of an expression's value. That it may be missing is left to whoever uses it."""
        match node:
            case tree.Constant():
                return Known(of_value(node.value))
            case tree.Name():
                return self.name(node)
            case tree.Attribute():
                return self.attribute(node)
            case tree.Item():
                return self.item(node)
            case tree.Conditional():
                return self.conditional(node)
            case tree.Call():
                return infer_call(self, node)
            case tree.Logic():
                return self.logic(node)
            case tree.Slice():
                return self.slice(node)
            case _:
                return Known(self.computed(node))

    def computed(self, node: tree.Expression) -> Type:
        """The type of what an operator makes; such a value is always there."""
        match node:
            case tree.Compare():
                return infer_comparison(self, node)
            case tree.Unary():
                return self.unary(node)
            case tree.Binary():
                return self.binary(node)
            case tree.Concat():
                for part in node.parts:
                    self.used(part)
                return StringT()
            case tree.ListOf():
                return ArrayT(union(*(self.used(item) for item in node.items)))
            case tree.ObjectOf():
                return self.object_of(node)
            case _:
                return AnyT()

    def used(self, node: tree.Expression) -> Type:
        """The type of a value that is used: it must be there, and be no secret."""
        known = self.known(node)
        self.must_be_there(known, node)
        if holds_secret(known.type):
            self.tell(
                "secret_misused",
                f"{label_of(node)} is a secret: it can only stand in a text, by itself",
                node.start,
                node.end,
                "write it as {{ secrets.NAME }} in the text where it goes, without filters or operators",
            )
            return AnyT()
        return known.type

    def must_be_there(self, known: Known, node: tree.Expression) -> None:
        """Report a value that may be missing where that fails."""
        if known.missing is None:
            return
        path = path_of(node)
        subject = label_of(node)
        if path is not None and ("skipped", path[0]) in self.told:
            return
        self.told.add(("skipped", path[0] if path is not None else f"at {node.start}"))
        hint = f"write `{path[0] if path and len(path) == 1 else '.'.join(path or ('...',))} | default(...)`"
        if path is not None:
            hint += f", or test `{path[0]} is defined` first"
        self.tell("may_be_skipped", f"{subject} may be missing: {known.missing}", node.start, node.end, hint)

    def name(self, node: tree.Name) -> Known:
        """A variable, a name of the scope, or the present moment."""
        name = node.name
        found = self.variables.get(name)
        if found is not None:
            return self.narrowed((name,), found)
        if name == "now":
            return Known(MomentT())
        binding = self.scope.get(name)
        if binding is None:
            self.unknown_name(node)
            return Known(AnyT())
        self.names.add(name)
        if binding.unavailable is not None:
            self.tell("not_yet_run", f"`{name}` has no value here: {binding.unavailable}", node.start, node.end)
            return Known(AnyT())
        return self.narrowed((name,), Known(binding.type, binding.skippable))

    def narrowed(self, path: tuple[str, ...], known: Known) -> Known:
        """What is known, once the facts at hand are taken into account."""
        missing = None if path[0] in self.facts.defined else known.missing
        return Known(self.facts.narrow(path, known.type), missing)

    def unknown_name(self, node: tree.Name) -> None:
        """Report a name that nothing has."""
        entry = self.functions.get(node.name)
        if entry is not None:
            needs_nothing = not any(parameter.required for parameter in entry.parameters)
            call = f"{node.name}()" if needs_nothing else entry.example[0]
            hint = f"`{node.name}` is a function: write `{call}`"
        elif node.name == LOOP:
            hint = "`loop` is there inside {% for %} only"
        else:
            near = suggest(node.name, [*self.scope, *self.variables])
            hint = f"did you mean `{near}`?" if near else f"a text stands between quotes: '{node.name}'"
        self.tell("unknown_name", f"unknown name `{node.name}`", node.start, node.end, hint)

    def attribute(self, node: tree.Attribute) -> Known:
        """`a.b`: missing when `a` is."""
        target = self.known(node.target)
        tell = self.telling(node.at, node.end)
        found = Known(field_type(target.type, node.name, label_of(node.target), tell), target.missing)
        path = path_of(node)
        return found if path is None else self.narrowed(path, found)

    def item(self, node: tree.Item) -> Known:
        """`a[b]`: missing when `a` is."""
        target = self.known(node.target)
        label, tell = label_of(node.target), self.telling(node.key.start, node.key.end)
        if isinstance(node.key, tree.Constant) and isinstance(node.key.value, str):
            found = Known(field_type(target.type, node.key.value, label, tell), target.missing)
            path = path_of(node)
            return found if path is None else self.narrowed(path, found)
        return Known(item_type_at(target.type, self.used(node.key), label, tell), target.missing)

    def slice(self, node: tree.Slice) -> Known:
        """`a[1:3]`."""
        target = self.known(node.target)
        for bound in (node.first, node.last, node.step):
            if bound is not None:
                self.check(self.used(bound), union(IntT(), NullT()), bound, "a slice")
        kinds = [member for member in members(target.type) if isinstance(member, (ArrayT, StringT, AnyT))]
        if not kinds and not isinstance(target.type, NullT):
            self.tell(
                "wrong_type",
                f"{label_of(node.target)} is {describe(target.type)}, which cannot be sliced",
                node.start,
                node.end,
            )
        return Known(union(*(StringT() if isinstance(kind, StringT) else kind for kind in kinds)), target.missing)

    def conditional(self, node: tree.Conditional) -> Known:
        """`a if test else b`: each side is looked at with what the test tells."""
        self.used(node.test)
        then = self.under(facts_of(node.test, holds=True), node.then)
        if node.otherwise is None:
            return Known(union(then.type, NullT()), then.missing)
        otherwise = self.under(facts_of(node.test, holds=False), node.otherwise)
        return Known(union(then.type, otherwise.type), then.missing or otherwise.missing)

    def under(self, facts: Facts, node: tree.Expression) -> Known:
        """What is known of a value where more facts hold."""
        before = self.facts
        self.facts = before.both(facts)
        found = self.known(node)
        self.facts = before
        return found

    def logic(self, node: tree.Logic) -> Known:
        """`and`, `or`: the type of any operand that can be the one which decides."""
        before = self.facts
        goes_on_when = node.operator == "and"
        types: list[Type] = []
        for index, operand in enumerate(node.operands):
            type_ = self.used(operand)
            is_last = index == len(node.operands) - 1
            types.append(type_ if is_last or goes_on_when else without_null(type_))
            self.facts = self.facts.both(facts_of(operand, holds=goes_on_when))
        self.facts = before
        # `null or x` is x; a first operand that is null alone leaves nothing of itself.
        kept = [type_ for type_ in types[:-1] if goes_on_when or not isinstance(type_, NullT)]
        return Known(union(*kept, types[-1]))

    def unary(self, node: tree.Unary) -> Type:
        """`not a`, `-a`, `+a`."""
        type_ = self.used(node.operand)
        if node.operator == "not":
            return BoolT()
        self.refuse_null(type_, node.operand, "a number")
        fitting = [member for member in members(type_) if isinstance(member, (IntT, NumberT, DurationT, AnyT))]
        if not fitting and not isinstance(type_, NullT):
            self.tell("wrong_type", f"{describe(type_)} has no negative", node.start, node.end)
        return union(*fitting)

    def binary(self, node: tree.Binary) -> Type:
        """Arithmetic."""
        left, right = self.used(node.left), self.used(node.right)
        self.refuse_null(left, node.left, f"a value for `{node.operator}`")
        self.refuse_null(right, node.right, f"a value for `{node.operator}`")
        result = arithmetic(node.operator, left, right)
        if result is not None:
            return result
        hint = None
        texts = [type_ for type_ in (left, right) if isinstance(type_, StringT)]
        if node.operator == "+" and texts:
            hint = "texts are joined with `~`; a text that writes a number becomes one with `| to_number`"
        elif texts:
            hint = "a text that writes a number becomes one with `| to_number`"
        message = f"`{node.operator}` cannot be used between {describe(left)} and {describe(right)}"
        self.tell("wrong_type", message, node.start, node.end, hint)
        return AnyT()

    def refuse_null(self, type_: Type, node: tree.Expression, expected: str) -> None:
        """Report a value that may be null where null fails."""
        if nullable(type_) and not isinstance(type_, AnyT):
            what = "is" if isinstance(type_, NullT) else "may be"
            message = f"{label_of(node)} {what} null, where {expected} is expected"
            self.tell("wrong_type", message, node.start, node.end, _DEFAULT_HINT)

    def object_of(self, node: tree.ObjectOf) -> Type:
        """`{'key': value}`: closed when its keys are written out."""
        fields: dict[str, Type] = {}
        rest: list[Type] = []
        for key, value in node.pairs:
            type_ = self.used(value)
            if isinstance(key, tree.Constant) and isinstance(key.value, (str, int)) and not isinstance(key.value, bool):
                fields[str(key.value)] = type_
            else:
                self.check(self.used(key), union(StringT(), IntT()), key, "the name of a field")
                rest.append(type_)
        if not rest:
            return ObjectT(fields, frozenset(fields))
        # A computed name may be that of another field.
        return ObjectT(
            {name: union(field, *rest) for name, field in fields.items()},
            frozenset(fields),
            open=True,
            rest=union(*rest),
        )

    def check(self, type_: Type, expected: Type, node: tree.Expression, whose: str) -> None:
        """Report a value that cannot be what is expected of it, or that may be null where null is not."""
        if assignable(type_, expected) is None:
            return
        if nullable(type_) and assignable(NullT(), expected) is not None:
            self.refuse_null(type_, node, f"{describe(expected)} for {whose}")
        left = [member for member in members(type_) if not isinstance(member, NullT)]
        if left and not any(_accepts(expected, member) for member in left):
            message = f"{label_of(node)} is {describe(union(*left))}, where {whose} takes {describe(expected)}"
            hint = None if isinstance(node, tree.Constant) else _conversion(left, expected)
            self.tell("wrong_type", message, node.start, node.end, hint)


def _accepts(expected: Type, type_: Type) -> bool:
    """Whether an argument of a type can be taken: as assignable, or a number that may be whole."""
    if assignable(type_, expected) is None:
        return True
    takes_int = any(isinstance(member, IntT) for member in members(expected))
    return takes_int and isinstance(type_, NumberT)


def _conversion(types: Sequence[Type], expected: Type) -> str | None:
    """Which filter makes the one from the other."""
    if isinstance(expected, StringT) and all(isinstance(type_, (IntT, NumberT, BoolT)) for type_ in types):
        return "write `| text` before it"
    if isinstance(expected, (IntT, NumberT)) and all(isinstance(type_, StringT) for type_ in types):
        return "write `| to_number` before it"
    return None
