"""Which function a call means, and which argument goes to which parameter.

The one rule: the evaluator and the inference both ask here, so that what is checked is what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from recipe_engine.diagnostics import suggest
from recipe_engine.expr.errors import SyntaxProblem
from recipe_engine.expr.inference import ProblemKind
from recipe_engine.expr.library.function import Function, Parameter
from recipe_engine.expr.tree import Call, Expression

Functions = Mapping[str, Function]


class Bound(NamedTuple):
    """What a parameter is given: one expression, any number for one that takes many, None where its default stands."""

    parameter: Parameter
    given: tuple[Expression, ...] | None


# Words that authors know from elsewhere, and what to write here.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "selectattr": "where('field', value)",
    "rejectattr": "where('field', '!=', value)",
    "select": "where('field', value), or {% for x in items if condition %}",
    "reject": "where('field', '!=', value), or {% for x in items if condition %}",
    "filter": "where('field', value)",
    "pluck": "map('field')",
    "groupby": "group_by('field')",
    "dictsort": "items | sort('key')",
    "batch": "chunk(size)",
    "attr": "get('field')",
    "tojson": "to_json",
    "json": "to_json",
    "fromjson": "from_json",
    "parse_json": "from_json",
    "urlencode": "url_encode",
    "urldecode": "url_decode",
    "striptags": "strip_html",
    "e": "escape",
    "safe": "nothing: text is never escaped by itself",
    "string": "text",
    "str": "text",
    "int": "to_int",
    "float": "to_number",
    "list": "nothing: what gives several values gives a list",
    "count": "length",
    "len": "length",
    "size": "length",
    "wordcount": "words | length",
    "center": "pad(width, side='both')",
    "strip": "trim",
    "lowercase": "lower",
    "uppercase": "upper",
    "concat": "a ~ b for texts, a + b for lists",
    "avg": "average",
    "mean": "average",
    "currency": "money('EUR')",
    "format": "a ~ b, format_number or format_date",
    "strftime": "format_date('%d/%m/%Y')",
    "date_format": "format_date",
    "strptime": "moment('%d/%m/%Y')",
    "datetime": "moment",
    "to_datetime": "moment",
    "as_datetime": "moment",
    "as_timestamp": "timestamp",
    "timedelta": "days(n), hours(n), minutes(n)",
    "utcnow": "now()",
    "regex_match": "match('pattern')",
    "regex_search": "match('pattern')",
    "regex_replace": "replace_regex('pattern', 'new')",
    "regex_findall": "find_all('pattern')",
    "b64encode": "base64_encode",
    "b64decode": "base64_decode",
    "namespace": "{% set %}: a variable that is set in a loop keeps its value after it",
    "dict": "{'key': value}",
    "cycler": "items[loop.index0 % 2]",
    "equalto": "==",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "sameas": "==",
    "mapping": "object",
    "sequence": "list",
    "iterable": "list",
    "integer": "whole",
    "null": "none",
}


class CallProblem(SyntaxProblem):
    """A call that cannot be: an unknown name, or arguments that do not go with the parameters."""

    def __init__(self, kind: ProblemKind, message: str, offset: int, length: int, hint: str | None = None) -> None:
        super().__init__(message, offset, length, hint)
        self.kind = kind


def find(functions: Functions, call: Call) -> Function:
    """The function that a call names. Raises CallProblem."""
    found = functions.get(f"is {call.name}" if call.form == "test" else call.name)
    if found is not None:
        return found
    kind: ProblemKind = "unknown_function" if call.form == "function" else "unknown_filter"
    meant = _meant(functions, call)
    raise CallProblem(kind, f"unknown {call.form} `{call.name}`", call.at, len(call.name), meant)


def _meant(functions: Functions, call: Call) -> str | None:
    """What to write instead."""
    elsewhere = _ELSEWHERE.get(call.name)
    if elsewhere is not None:
        return f"write {elsewhere}"
    is_test = call.form == "test"
    names = [function.name for key, function in functions.items() if key.startswith("is ") == is_test]
    near = suggest(call.name, names)
    return f"did you mean `{near}`?" if near else None


def bind_arguments(function: Function, call: Call) -> list[Bound]:
    """What each parameter is given, in the order of the parameters. Raises CallProblem."""
    positional = list(call.arguments)
    named = dict(call.named)
    bound: list[Bound] = []
    for parameter in function.parameters:
        if parameter.many:
            bound.append(Bound(parameter, tuple(positional)))
            positional = []
        elif positional:
            if parameter.name in named:
                raise _wrong(function, call, f"gives `{parameter.name}` twice")
            bound.append(Bound(parameter, (positional.pop(0),)))
        elif parameter.name in named:
            bound.append(Bound(parameter, (named.pop(parameter.name),)))
        elif parameter.required:
            raise _wrong(function, call, f"needs `{parameter.name}`")
        else:
            bound.append(Bound(parameter, None))
    if positional:
        raise _wrong(function, call, "is given too much")
    if named:
        unknown = next(iter(named))
        near = suggest(unknown, [parameter.name for parameter in function.parameters])
        raise _wrong(function, call, f"has no parameter `{unknown}`" + (f"; did you mean `{near}`?" if near else ""))
    return bound


def _wrong(function: Function, call: Call, what: str) -> CallProblem:
    hint = f"{function.signature or function.name}, for example {function.example[0]}"
    return CallProblem("wrong_arguments", f"`{call.name}` {what}", call.at, len(call.name), hint)
