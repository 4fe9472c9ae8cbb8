"""Tells a model what in its prompt is material from outside: what a template prints there stands between `<data>` marks.

In a recipe, `user_prompt: "Mail: {{ event.body }}"` asks about a text that a stranger wrote. Lowered, it is

    user_prompt: "Mail: {{ (event.body) | as_data('event.body') }}"

and the system prompt ends with a sentence, always the same, that says what the marks mean. When the step runs, a text of
several lines, with markup or longer than a line is put between marks; names and numbers stay in their sentence.

The one rule: whatever a template prints is from outside, unless it is the recipe's own: a constant, `config`, `run`, a number,
a date, a word of a closed list, or what the author calls `trusted`. A prompt that is nothing but one value is left alone where
nothing else tells the model what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recipe_engine.builtin.llm.words import DATA_SENTENCE
from recipe_engine.compile.expressions import Expressions
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.expr import SyntaxProblem, infer_expression, is_template, tree
from recipe_engine.expr.templates import only_output, parsed_template
from recipe_engine.expr.types import BoolT, DurationT, IntT, MomentT, NullT, NumberT, StringT, Type, UnionT
from recipe_engine.expr.walks import LOOP, path_of
from recipe_engine.model import ActionStep

_OWN = frozenset({"config", "run", "now", "random", LOOP})
_AS_MARKED = re.compile(r"\(((?:(?!\) \| as_data).)*)\) \| as_data(?:\([^()]*\))?(?=\s*-?\}\})", re.DOTALL)
_PLAIN_FORMATS = frozenset({"date", "date-time", "time", "duration", "uuid"})


def marked_prompts(expressions: Expressions, step: ActionStep, parts: list[JSON] | None) -> JSONObject:
    """The prompts of an llm_call as they are lowered, where they differ from what is written. `parts` are those of a
    user_prompt that shows media."""
    params = step.params
    system, prompt = params.get("system_prompt"), params.get("user_prompt") if parts is None else parts
    marker = _Marker(expressions)
    asked: JSON = prompt
    if isinstance(prompt, list):
        asked = [marker.part(part) for part in prompt]
    elif isinstance(prompt, str) and not (_is_one_value(prompt) and (not system or "conversation" in params)):
        asked = marker.text(prompt)
    told = marker.text(system) if isinstance(system, str) and not _is_one_value(system) else system
    if not marker.found and parts is None:
        return {}
    if told is None or isinstance(told, str):
        told = f"{told.rstrip()}\n\n{DATA_SENTENCE}" if told else DATA_SENTENCE
    return {"user_prompt": asked, "system_prompt": told}


def unmarked(text: str) -> str:
    """A lowered text as its author wrote it."""
    return _AS_MARKED.sub(r"\1", text)


class _Marker:
    """Marks what the templates of one step print. `found` says whether there was anything to mark."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self.found = False

    def part(self, part: JSON) -> JSON:
        """A part of a prompt, its text marked."""
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            return {**part, "text": self.text(part["text"])}
        self.found = self.found or (isinstance(part, dict) and "media" in part)
        return part

    def text(self, text: str) -> str:
        """A text whose templates mark what comes from outside."""
        if not is_template(text):
            return text
        try:
            body = parsed_template(text)
        except SyntaxProblem:
            # It was reported where expressions are checked.
            return text
        only = only_output(body)
        out, at = [], 0
        for value in _printed(body):
            source = text[value.start : value.end]
            if not self._from_outside(value, source):
                continue
            path = _path(value)
            given = [f"'{'.'.join(path)}'"] if path else []
            given += ["indent=2"] if value is only else []
            out += [text[at : value.start], f"({source}) | as_data" + (f"({', '.join(given)})" if given else "")]
            at = value.end
            self.found = True
        return "".join([*out, text[at:]])

    def _from_outside(self, value: tree.Expression, source: str) -> bool:
        if isinstance(value, tree.Call) and value.name in ("trusted", "as_data"):
            self.found = self.found or value.name == "as_data"
            return False
        if all(name in _OWN for name in _names(value)):
            return False
        inferred = infer_expression(source, self._expressions.names, self._expressions.analysis.functions)
        return bool(inferred.problems) or not _stays_short(inferred.type)


def _is_one_value(text: str) -> bool:
    try:
        return is_template(text) and only_output(parsed_template(text)) is not None
    except SyntaxProblem:
        return False


def _printed(body: tree.Body) -> Iterator[tree.Expression]:
    """What statements print, in the order of the text. What `{% set %}` makes is marked where it is printed."""
    for statement in body:
        match statement:
            case tree.Output():
                yield statement.value
            case tree.If():
                for _, inner in statement.arms:
                    yield from _printed(inner)
                yield from _printed(statement.otherwise)
            case tree.For():
                yield from _printed(statement.body)
                yield from _printed(statement.otherwise)
            case tree.Text() | tree.Set() | tree.SetText():
                pass


def _names(node: tree.Expression) -> Iterator[str]:
    """The names whose values an expression may print: not those that it only compares."""
    match node:
        case tree.Name():
            yield node.name
        case tree.Compare() | tree.Unary(operator="not"):
            pass
        case tree.Conditional():
            yield from _names(node.then)
            if node.otherwise is not None:
                yield from _names(node.otherwise)
        case _:
            for child in tree.children(node):
                yield from _names(child)


def _path(node: tree.Expression) -> tuple[str, ...] | None:
    """What the value is called: its path, or that of what it was made from."""
    match node:
        case tree.Call(arguments=(first, *_)) | tree.Logic(operands=(first, *_)):
            return _path(first)
        case _:
            return path_of(node)


def _stays_short(type_: Type) -> bool:
    """Whether no value of a type could be taken for more than a word in a sentence."""
    match type_:
        case IntT() | NumberT() | BoolT() | NullT() | MomentT() | DurationT():
            return True
        case StringT():
            return type_.enum is not None or type_.format in _PLAIN_FORMATS
        case UnionT():
            return all(_stays_short(member) for member in type_.members)
        case _:
            return False
