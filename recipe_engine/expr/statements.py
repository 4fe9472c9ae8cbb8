"""Templates to types: what statements do to what is known.

The one rule: a variable has, after a choice, what any of its ways gives it; in a loop, what any round gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from recipe_engine.expr import tree
from recipe_engine.expr.facts import facts_of
from recipe_engine.expr.inference import Known
from recipe_engine.expr.inferrer import Inferrer
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    IntT,
    NullT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    describe,
    holds_secret,
    members,
    union,
)
from recipe_engine.expr.walks import LOOP, label_of

_MOST_ROUNDS: Final = 4
_LOOP_TYPE: Final = ObjectT(
    {"index": IntT(), "index0": IntT(), "first": BoolT(), "last": BoolT(), "length": IntT()},
    frozenset({"index", "index0", "first", "last", "length"}),
)


class TemplateInferrer(Inferrer):
    """Infers the types of a text with statements in it."""

    def printed(self, node: tree.Expression) -> Known:
        """What is known of what is printed: anything that is there, or a secret by itself."""
        known = self.known(node)
        self.must_be_there(known, node)
        if holds_secret(known.type) and not isinstance(known.type, SecretT):
            self.used(node)
        return known

    def printed_text(self, statements: tree.Body) -> Known:
        """What is known of the text that statements make: a secret, once one is printed in it."""
        return Known(SecretT() if self.body(statements) else StringT())

    def body(self, statements: tree.Body) -> bool:
        """Go through statements; whether a secret is printed by them."""
        secret = False
        for statement in statements:
            match statement:
                case tree.Text():
                    continue
                case tree.Output():
                    secret |= isinstance(self.printed(statement.value).type, SecretT)
                case tree.Set():
                    self.set(statement.name, self.known(statement.value))
                case tree.SetText():
                    self.set(statement.name, self.printed_text(statement.body))
                case tree.If():
                    secret |= self.choice(statement)
                case tree.For():
                    secret |= self.loop(statement)
        return secret

    def set(self, name: str, known: Known) -> None:
        """Give a variable its value; what was known of the name is forgotten."""
        self.variables[name] = known
        self.facts = self.facts.without(name)

    def choice(self, node: tree.If) -> bool:
        """`{% if %}`: each arm is looked at with what the tests before it tell."""
        secret = False
        before_facts, before = self.facts, dict(self.variables)
        outcomes: list[dict[str, Known]] = []
        for test, body in node.arms:
            self.used(test)
            failed = self.facts
            self.facts = failed.both(facts_of(test, holds=True))
            secret |= self.body(body)
            outcomes.append(self.variables)
            self.variables = dict(before)
            self.facts = failed.both(facts_of(test, holds=False))
        secret |= self.body(node.otherwise)
        outcomes.append(self.variables)
        self.facts = before_facts
        self.merge(outcomes)
        return secret

    def merge(self, outcomes: Sequence[Mapping[str, Known]]) -> None:
        """The variables after one of several ways was taken."""
        merged: dict[str, Known] = {}
        for name in dict.fromkeys(name for outcome in outcomes for name in outcome):
            found = [outcome[name] for outcome in outcomes if name in outcome]
            missing = next((known.missing for known in found if known.missing), None)
            if len(found) < len(outcomes):
                binding = self.scope.get(name)
                missing = missing or (None if binding else "it is only set in some cases")
                found += [Known(binding.type)] if binding else []
            merged[name] = Known(union(*(known.type for known in found)), missing)
            if any(outcome.get(name) != merged[name] for outcome in outcomes):
                self.facts = self.facts.without(name)
        self.variables = merged

    def loop(self, node: tree.For) -> bool:
        """`{% for %}`: the body is gone through until the types of what it sets do not change any more."""
        item = self.looped(node.items)
        before_facts, before = self.facts, dict(self.variables)
        found, told = dict(self.found), set(self.told)
        secret = False
        for round_ in range(_MOST_ROUNDS):
            self.found, self.told = dict(found), set(told)
            start = dict(self.variables)
            secret = self.round(node, item)
            after = {name: known for name, known in self.variables.items() if name not in (*node.targets, LOOP)}
            after |= {name: before[name] for name in (*node.targets, LOOP) if name in before}
            self.facts = before_facts
            self.merge([start, after])
            if self.variables == start:
                break
            if round_ == _MOST_ROUNDS - 2:
                changed = {name for name, known in self.variables.items() if start.get(name) != known}
                self.variables |= {name: Known(AnyT(), self.variables[name].missing) for name in changed}
        secret |= self.body(node.otherwise)
        return secret

    def round(self, node: tree.For, item: Type) -> bool:
        """One pass through the body of a loop."""
        self.unpack(node, item)
        self.set(LOOP, Known(_LOOP_TYPE))
        if node.test is not None:
            self.used(node.test)
            self.facts = self.facts.both(facts_of(node.test, holds=True))
        return self.body(node.body)

    def looped(self, node: tree.Expression) -> Type:
        """The type of what a loop goes over, one at a time."""
        type_ = self.used(node)
        self.refuse_null(type_, node, "a list to go over")
        found: list[Type] = []
        for member in members(type_):
            if isinstance(member, ArrayT):
                found.append(member.item)
            elif isinstance(member, ObjectT):
                found.append(StringT())
            elif isinstance(member, AnyT):
                found.append(member)
        if not found and not isinstance(type_, NullT):
            message = f"a loop goes over a list, and {label_of(node)} is {describe(type_)}"
            self.tell("wrong_type", message, node.start, node.end)
        return union(*found)

    def unpack(self, node: tree.For, item: Type) -> None:
        """Give the loop's variables their types."""
        if len(node.targets) == 1:
            self.set(node.targets[0], Known(item))
            return
        types: list[Type] = [AnyT()] * len(node.targets)
        if isinstance(item, ArrayT):
            types = [item.item] * len(node.targets)
        elif isinstance(item, ObjectT) and not item.open and len(item.properties) == len(node.targets):
            types = list(item.properties.values())
        elif not any(isinstance(member, (AnyT, ArrayT, ObjectT)) for member in members(item)):
            message = f"each item is {describe(item)}, which has no {len(node.targets)} values to take"
            self.tell("wrong_type", message, node.items.start, node.items.end)
        for name, type_ in zip(node.targets, types, strict=True):
            self.set(name, Known(type_))
