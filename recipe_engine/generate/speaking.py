"""Expressions and templates in words.

The one rule: what has no phrase of its own is shown as it is written; nothing is left out and nothing invented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from recipe_engine.core.json import JSON
from recipe_engine.expr import tree
from recipe_engine.expr.durations import parse_duration
from recipe_engine.expr.errors import SyntaxProblem
from recipe_engine.expr.templates import is_template, only_output, parsed_expression, parsed_template
from recipe_engine.generate.phrases import Voice

_UNITS = ("weeks", "days", "hours", "minutes", "seconds")
_LATER = ("add_days", "add_months", "add_years", "add_business_days")
# What only changes the form in which a value is written.
_FORMS = frozenset(
    (
        "capitalize",
        "date",
        "escape",
        "format_date",
        "format_number",
        "in_timezone",
        "indent",
        "iso",
        "lower",
        "moment",
        "money",
        "normalize_space",
        "percent",
        "phone",
        "text",
        "title",
        "to_int",
        "to_json",
        "to_number",
        "trim",
        "truncate",
        "upper",
        "url_encode",
    )
)
_DURATION = re.compile(r"\d+(?:\.\d+)?(?:ms|[smhdw])(?:\d+(?:ms|[smhd]))*\Z")


class Speaker:
    """Says expressions of one plan. `steps` are the names of its steps by id."""

    def __init__(self, voice: Voice, steps: Mapping[str, str]) -> None:
        self.voice = voice
        self._steps = steps

    def condition(self, text: str) -> str:
        """A bare expression that holds or not."""
        try:
            return self._condition(parsed_expression(text), text)
        except SyntaxProblem:
            return text

    def value(self, text: str) -> str:
        """A bare expression that gives a value."""
        try:
            return self._value(parsed_expression(text), text)
        except SyntaxProblem:
            return text

    def text(self, value: JSON, most: int = 100) -> str:
        """A template, or any value of a parameter, on one line of at most `most` characters."""
        said = self._json(value)
        line = " ".join(said.split())
        return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"

    def duration(self, value: JSON) -> str:
        """A duration of a recipe: seconds, `15m`, or a template."""
        if isinstance(value, str) and not is_template(value):
            return self.voice.duration(parse_duration(value))
        return self.voice.duration(value) if isinstance(value, int | float) else self.text(value)

    # --- values of parameters

    def _json(self, value: JSON) -> str:
        match value:
            case None:
                return self.voice.say("null")
            case bool():
                return self.voice.say("yes" if value else "no")
            case "" | [] | {}:
                return self.voice.say("null")
            case str():
                return self._template(value)
            case list():
                return ", ".join(self._json(item) for item in value)
            case dict():
                return ", ".join(f"{name}: {self._json(item)}" for name, item in value.items())
            case _:
                return str(value)

    def _template(self, text: str) -> str:
        if not is_template(text):
            return self.voice.duration(parse_duration(text)) if _DURATION.match(text) else text
        try:
            body = parsed_template(text)
        except SyntaxProblem:
            return text
        only = only_output(body)
        return self._value(only, text) if only is not None else "".join(self._piece(part, text) for part in body)

    def _piece(self, part: tree.Statement, text: str) -> str:
        match part:
            case tree.Text(text=plain):
                return plain
            case tree.Output(value=value):
                return f"[{self._value(value, text)}]"
            case tree.If(arms=arms):
                return f"[{self._condition(arms[0][0], text)}: {''.join(self._piece(p, text) for p in arms[0][1])}]"
            case tree.For(body=body):
                return "".join(self._piece(inner, text) for inner in body)
            case _:
                return ""

    # --- expressions

    def _condition(self, node: tree.Expression, source: str) -> str:
        say = self.voice.say
        match node:
            case tree.Logic(operator=operator, operands=operands):
                said = [self._condition(operand, source) for operand in operands]
                joined = said[0]
                for each in said[1:]:
                    joined = say(operator, a=joined, b=each)
                return joined
            case tree.Unary(operator="not", operand=tree.Call(form="test") as test):
                return self._test(test, source, negative=True)
            case tree.Unary(operator="not", operand=operand):
                return say("not", a=self._condition(operand, source))
            case tree.Compare(first=first, rest=rest):
                values = [self._value(each, source) for each in (first, *(right for _, right in rest))]
                pairs = zip(values, rest, values[1:], strict=False)
                return ", ".join(say(sign, a=left, b=right) for left, (sign, _), right in pairs)
            case tree.Call(form="test"):
                return self._test(node, source, negative=False)
            case tree.Constant():
                return self._value(node, source)
            case _:
                return say("is_true", a=self._value(node, source))

    def _test(self, node: tree.Call, source: str, *, negative: bool) -> str:
        wanted = (node.name == "defined") is not negative
        if node.name in ("defined", "undefined") and node.arguments:
            target = node.arguments[0]
            if isinstance(target, tree.Name) and target.name in self._steps:
                return self.voice.say("done" if wanted else "not_done", step=self._steps[target.name])
            return self.voice.say("defined" if wanted else "undefined", a=self._value(target, source))
        said = _source(node, source)
        return self.voice.say("not", a=said) if negative else said

    def _value(self, node: tree.Expression, source: str) -> str:
        say = self.voice.say
        match node:
            case tree.Constant(value=str() as text):
                return self.voice.quoted(text)
            case tree.Constant(value=value):
                return self._json(value)
            case tree.Name(name=name):
                if name in ("now", "today"):
                    return say(name)
                return say("result_of", step=self._steps[name]) if name in self._steps else name
            case tree.Attribute():
                return self._attribute(node, source)
            case tree.Logic(operator="or", operands=(first, *others)):
                choice = self._value(first, source)
                for other in others:
                    choice = say("default", a=choice, b=self._value(other, source))
                return choice
            case tree.Compare() | tree.Logic() | tree.Unary(operator="not") | tree.Call(form="test"):
                return self._condition(node, source)
            case tree.Conditional(test=test, then=then, otherwise=otherwise):
                instead = say("null") if otherwise is None else self._value(otherwise, source)
                return say("choice", a=self._value(then, source), test=self._condition(test, source), b=instead)
            case tree.Binary(operator="-" | "+" as sign, left=left, right=tree.Call(name=unit)) if unit in _UNITS:
                phrase = "minus" if sign == "-" else "plus"
                return say(phrase, a=self._value(left, source), b=self._value(node.right, source))
            case tree.Call():
                return self._call(node, source)
            case _:
                return _source(node, source)

    def _attribute(self, node: tree.Attribute, source: str) -> str:
        path = _source(node, source)
        root, _, field = path.partition(".")
        if root in self._steps:
            return self.voice.say("of_step", field=field, step=self._steps[root])
        phrase = {"event": "arrived", "body": "arrived", "error": "problem"}.get(root)
        if root == "config":
            return self.voice.say("setting", name=field)
        return self.voice.say(phrase, field=field) if phrase else path

    def _call(self, node: tree.Call, source: str) -> str:
        say = self.voice.say
        match node.name, node.arguments:
            case unit, (tree.Constant(value=float() | int() as number),) if unit in _UNITS:
                return self.voice.count(unit, float(number))
            case "default", (value, fallback, *_):
                return say("default", a=self._value(value, source), b=self._value(fallback, source))
            case name, (value, *_) if name in _FORMS:
                return self._value(value, source)
            case name, (value, tree.Constant(value=float() | int() as number), *_) if name in _LATER:
                count = self.voice.count(name.removeprefix("add_"), float(number))
                return say("plus", a=self._value(value, source), b=count)
            case name, (
                value,
                tree.Unary(operator="-", operand=tree.Constant(value=float() | int() as number)),
                *_,
            ) if name in _LATER:
                count = self.voice.count(name.removeprefix("add_"), float(number))
                return say("minus", a=self._value(value, source), b=count)
            case "at", (value, tree.Constant(value=str() as time), *_):
                return say("at", a=self._value(value, source), b=time)
            case "days_between", (start, end, *_):
                return say("days_between", a=self._value(start, source), b=self._value(end, source))
            case (("map" | "sort" | "unique"), (value, *_)):
                return self._value(value, source)
            case ("length" | "sum") as name, (value, *_):
                return say(name, a=self._value(value, source))
            case ("now" | "today") as name, ():
                return say(name)
            case _:
                return _source(node, source)


def _source(node: tree.Expression, source: str) -> str:
    """An expression as it is written."""
    return source[node.start : node.end].strip()
