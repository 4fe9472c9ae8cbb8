"""Checks what starts a run: its expressions, and that what they make is an input of the recipe.

The one rule: a trigger sees what arrived and the deployment's config, never a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from recipe_engine.compile.context import Analysis
from recipe_engine.compile.expressions import Expressions
from recipe_engine.compile.facts import facts_of, result_type, validator
from recipe_engine.compile.names import Names
from recipe_engine.compile.outputs import RUN, item_type
from recipe_engine.compile.params import Expected, check_values
from recipe_engine.compile.schemas import closed
from recipe_engine.diagnostics import suggest
from recipe_engine.expr.types import AnyT, ArrayT, ObjectT, StringT, Type, assignable, from_schema
from recipe_engine.model import (
    EventTrigger,
    FormTrigger,
    Path,
    PollTrigger,
    ScheduleTrigger,
    Trigger,
    WebhookTrigger,
    shown,
)

_TEXTS = ObjectT({}, frozenset(), open=True, rest=StringT())


def check_triggers(analysis: Analysis) -> None:
    """Check the triggers of the recipe, once the type of its output is known."""
    taken: dict[str, Path] = {}
    for index, trigger in enumerate(analysis.recipe.triggers):
        path: Path = ("triggers", index)
        if isinstance(trigger, WebhookTrigger):
            if trigger.path in taken:
                analysis.problems.add(
                    "R320", f"two webhooks have the path {shown(trigger.path)}", (*path, "path"), "give each its own"
                )
            taken.setdefault(trigger.path, path)
        _Trigger(analysis, trigger, path).check()


class _Trigger:
    def __init__(self, analysis: Analysis, trigger: Trigger, path: Path) -> None:
        self.analysis, self.trigger, self.path = analysis, trigger, path
        self.expressions = self.seeing({})

    def seeing(self, variables: Mapping[str, Type], *, any_name: bool = False) -> Expressions:
        """Expressions with `config` and these names in scope, and nothing else of the recipe."""
        names = Names()
        names.bind("config", self.analysis.names["config"].type)
        names.announce("secrets", "secrets are not readable in triggers")
        for step, _ in self.analysis.steps:
            names.announce(step.id, "no step has run when a run starts")
        for name, type_ in variables.items():
            names.bind(name, type_)
        return Expressions(replace(self.analysis, names=names, any_name=any_name))

    def check(self) -> None:
        trigger = self.trigger
        match trigger:
            case WebhookTrigger():
                self.expressions = self.seeing({"body": AnyT(), "headers": _TEXTS, "query": _TEXTS})
                self.webhook(trigger)
            case ScheduleTrigger():
                self.expressions = self.seeing({"scheduled_at": StringT(None, "date-time")})
            case FormTrigger():
                schema = self.analysis.recipe.input_schema
                self.expressions = self.seeing({"form": AnyT() if schema is None else from_schema(schema)})
            case EventTrigger():
                self.expressions = self.seeing({"event": AnyT()})
            case PollTrigger():
                self.poll(trigger)
            case _:
                return
        if trigger.if_ is not None:
            self.expressions.condition(trigger.if_, (*self.path, "if"))
        if trigger.key is not None:
            self.expressions.expression(trigger.key, (*self.path, "key"))
        self.input()

    def webhook(self, trigger: WebhookTrigger) -> None:
        if trigger.verify is not None and trigger.verify not in self.analysis.catalog.connectors:
            close = suggest(trigger.verify, self.analysis.catalog.connectors)
            self.analysis.problems.add(
                "R402",
                f"unknown connector {shown(trigger.verify)}",
                (*self.path, "verify"),
                f"did you mean `{close}`?" if close else "`recipe connectors` lists what there is",
            )
        if trigger.respond is not None:
            answer = self.seeing({"output": self.analysis.output, "run": RUN, "body": AnyT()})
            answer.value(trigger.respond.json_, (*self.path, "respond", "json"))

    def poll(self, trigger: PollTrigger) -> None:
        problems, actions = self.analysis.problems, self.analysis.catalog.actions
        action = actions.get(trigger.action)
        if action is None:
            close = suggest(trigger.action, actions)
            hint = f"did you mean `{close}`?" if close else "`recipe actions` lists what there is"
            problems.add("R401", f"unknown action {shown(trigger.action)}", (*self.path, "action"), hint)
            self.expressions = self.seeing({"item": AnyT()}, any_name=True)
            return
        if action.effect != "read":
            message = f"a poll repeats its action, and {action.name} changes something"
            problems.add("R412", message, (*self.path, "action"), "poll an action that reads")
        facts = facts_of(action)
        expected = Expected(action.name, "parameter", facts.params, facts.validator)
        check_values(self.expressions, trigger.with_, (*self.path, "with"), expected, (*self.path, "action"))
        found = result_type(action, trigger.with_)
        if trigger.items is not None:
            fields = found.properties if isinstance(found, ObjectT) else {}
            found = self.seeing({**fields, "result": found}).expression(trigger.items, (*self.path, "items"))
        reason = assignable(found, ArrayT(AnyT()))
        if reason is not None:
            where = "items" if trigger.items is not None else "action"
            problems.add("R206", f"a poll needs a list: {reason}", (*self.path, where), "name the list with `items`")
        item = item_type(found)
        fields = item.properties if isinstance(item, ObjectT) else {}
        self.expressions = self.seeing({**fields, "item": item}, any_name=isinstance(item, AnyT))

    def input(self) -> None:
        given, schema = self.trigger.input, self.analysis.recipe.input_schema
        if given is None:
            return
        here = (*self.path, "input")
        if schema is None:
            self.expressions.value(given, here)
            return
        held = validator(closed(schema))
        codes = ("R321", "R321", "R321", "R321")
        expected = Expected("the recipe's input", "field", from_schema(schema), held, codes)
        check_values(self.expressions, given, here, expected, here)
