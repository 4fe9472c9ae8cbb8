"""Checks values against a schema where some of them are templates: parameters of actions, inputs, outputs.

The one rule: what is written out is held against the JSON Schema itself; what a template produces is held against the
schema's type at that place. An error of the schema that a template could cure is left to the types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import jsonschema_rs
from pydantic import BaseModel, ValidationError

from recipe_engine.compile.expressions import Expressions, Leaves
from recipe_engine.core.json import JSON
from recipe_engine.diagnostics import suggest
from recipe_engine.expr.types import ArrayT, ObjectT, Type, UnionT, assignable, union
from recipe_engine.model import Path, Problems, shown

_WORDS = {
    "string": "text",
    "object": "an object",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "multipleOf": "a multiple of {}",
}
_OTHER_KIND = frozenset({"type", "enum", "const"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What values are held against. `owner` names it in messages (`hubspot.create_ticket`), `word` one of its fields.

    `codes` are those for a missing field, an unknown one, a wrong value and a wrong type of a template.
    `unknown_hint` is given with an unknown field that resembles no other. `model` knows what a schema cannot say (one of
    these three, not both of those). What is missing is reported when the values are `complete`: all that was written.
    """

    owner: str
    word: str
    kind: Type
    validator: jsonschema_rs.Draft202012Validator
    codes: tuple[str, str, str, str] = ("R403", "R404", "R405", "R406")
    secret_paths: Sequence[str] = ()
    unknown_hint: str | None = None
    model: type[BaseModel] | None = None
    complete: bool = True


def check_values(expressions: Expressions, value: JSON, path: Path, expected: Expected, anchor: Path) -> Type:
    """Check `value`, which stands at `path`; the type of it all. A missing field is reported at `anchor`."""
    leaves: Leaves = {}
    found = _infer(expressions, value, path, expected, leaves)
    problems = expressions.analysis.problems
    told = _check_templates(problems, leaves, path, expected)
    if not expected.validator.is_valid(value):
        above = {leaf[:size] for leaf in leaves for size in range(len(leaf) + 1)}
        for error in _errors(expected.validator.iter_errors(value)):
            here = tuple(error.instance_path)
            if here not in above or error.kind.name in ("required", "additionalProperties", "unevaluatedProperties"):
                _tell(problems, error, (*path, *here), expected, anchor)
            elif here not in leaves and not any(leaf[: len(here)] == here for leaf in told):
                reason = _misfit(found, here, expected.kind)
                if reason is not None:
                    problems.add(expected.codes[3], f"{_named(here, expected)}: {reason}", (*path, *here))
    elif expected.model is not None:
        _ask_model(problems, expected.model, value, path, expected, leaves, anchor)
    return found


def _ask_model(
    problems: Problems,
    model: type[BaseModel],
    value: JSON,
    path: Path,
    expected: Expected,
    leaves: Leaves,
    anchor: Path,
) -> None:
    """Report what the validators of the parameters' model refuse, where no template could change it."""
    try:
        model.model_validate(value)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            here = tuple(item["loc"])
            if item["type"] == "value_error" and not any(leaf[: len(here)] == here for leaf in leaves):
                reason = item["msg"].removeprefix("Value error, ")
                where = (*path, *here) if here else anchor
                problems.add(expected.codes[2], f"{_named(here, expected)}: {reason}", where)


def _infer(expressions: Expressions, value: JSON, path: Path, expected: Expected, leaves: Leaves) -> Type:
    if not expected.secret_paths or not isinstance(value, dict):
        return expressions.value(value, path, leaves)
    properties = {
        name: _with_secrets(expressions, item, (*path, name), expected, leaves, (name,)) for name, item in value.items()
    }
    return ObjectT(properties, frozenset(properties))


def _with_secrets(
    expressions: Expressions, value: JSON, path: Path, expected: Expected, leaves: Leaves, below: Path
) -> Type:
    """The type of a value in which secrets may stand at some places."""
    if isinstance(value, dict):
        properties = {
            name: _with_secrets(expressions, item, (*path, name), expected, leaves, (*below, name))
            for name, item in value.items()
        }
        return ObjectT(properties, frozenset(properties))
    dotted = ".".join(str(part) for part in below)
    with expressions.secrets(allowed=any(fnmatchcase(dotted, pattern) for pattern in expected.secret_paths)):
        return expressions.value(value, path, leaves, below)


def _check_templates(problems: Problems, leaves: Leaves, path: Path, expected: Expected) -> list[Path]:
    """Report the templates whose value cannot fit; their paths."""
    told = []
    for leaf, type_ in leaves.items():
        target = type_at(expected.kind, leaf)
        reason = assignable(type_, target) if target is not None else None
        if reason is not None:
            problems.add(expected.codes[3], f"{_named(leaf, expected)}: {reason}", (*path, *leaf))
            told.append(leaf)
    return told


def _misfit(found: Type, here: Path, target: Type) -> str | None:
    inner, wanted = type_at(found, here), type_at(target, here)
    return assignable(inner, wanted) if inner is not None and wanted is not None else None


def type_at(type_: Type, path: Path) -> Type | None:
    """The type of what stands at `path` in a value of `type_`; None where the type does not lead there."""
    for part in path:
        inner = _inside(type_, part)
        if inner is None:
            return None
        type_ = inner
    return type_


def _inside(type_: Type, part: str | int) -> Type | None:
    match type_:
        case UnionT():
            options = [inner for member in type_.members if (inner := _inside(member, part)) is not None]
            return union(*options) if options else None
        case ObjectT() if isinstance(part, str):
            return type_.properties.get(part, type_.rest if type_.open else None)
        case ArrayT() if isinstance(part, int):
            return type_.item
        case _:
            return None


def _named(path: Path, expected: Expected) -> str:
    return f"`{_dotted(path)}` of {expected.owner}" if path else expected.owner


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _tell(
    problems: Problems, error: jsonschema_rs.ValidationError, path: Path, expected: Expected, anchor: Path
) -> None:
    """Report an error of the schema in the words of recipes."""
    missing, unknown, wrong, _ = expected.codes
    here = tuple(error.instance_path)
    details = error.kind.as_dict()
    match error.kind.name:
        case "required" if not here and not expected.complete:
            pass
        case "required":
            name = details["property"]
            present = list(error.instance) if isinstance(error.instance, dict) else []
            close = suggest(name, present)
            hint = f"did you mean it by `{close}`?" if close else f"add `{name}:`"
            inside = f" in `{_dotted(here)}`" if here else ""
            problems.add(
                missing,
                f"{expected.owner} needs the {expected.word} `{name}`{inside}, which is not given",
                path if here else anchor,
                hint,
            )
        case "additionalProperties" | "unevaluatedProperties":
            known = _known(expected.kind, here)
            for name in details["unexpected"]:
                close = suggest(name, known)
                listed = f"it has {', '.join(known)}" if known else "it has none"
                hint = f"did you mean `{close}`?" if close else expected.unknown_hint or listed
                problems.add(
                    unknown, f"{expected.owner} has no {expected.word} `{name}`", (*path, name), hint, key=True
                )
        case kind:
            wanted, cure = _wanted(kind, error, details)
            message = f"{_named(here, expected)}: found {shown(error.instance)}, expected {wanted}"
            problems.add(wrong, message, path, cure)


def _known(type_: Type, path: Path) -> list[str]:
    inner = type_at(type_, path)
    options = inner.members if isinstance(inner, UnionT) else (inner,)
    return list(dict.fromkeys(name for option in options if isinstance(option, ObjectT) for name in option.properties))


def _wanted(kind: str, error: jsonschema_rs.ValidationError, details: dict[str, JSON]) -> tuple[str, str | None]:
    """What the schema expects, in words, and a hint."""
    if kind == "type":
        names = sorted(details["types"], key=lambda name: name == "null")
        hint: str | None = None
        if error.instance.__class__ in (int, float, bool) and names[:1] == ["string"]:
            hint = f'write it in quotes: "{shown(error.instance).strip("`")}"'
        return " or ".join(_WORDS.get(name, name) for name in names), hint
    if kind == "enum":
        options = [str(option) for option in details["options"] if option is not None]
        close = suggest(error.instance, options) if isinstance(error.instance, str) else None
        return "one of " + ", ".join(f"`{name}`" for name in options), f"did you mean `{close}`?" if close else None
    if kind == "const":
        return shown(details["expected_value"]), None
    if kind == "format":
        return f"text in the form of {details['format']}", None
    if kind == "pattern":
        return f"text that matches {details['pattern']}", None
    if kind in _LIMITS:
        return _LIMITS[kind].format(details.get("limit", details.get("multiple_of"))), None
    if kind == "oneOf" and _several_fit(details):
        return (
            "what fits exactly one of the alternatives",
            "it fits several of them: leave out what belongs to another one",
        )
    if kind in ("anyOf", "oneOf"):
        depth = len(error.instance_path)
        branches = [_branch(branch, depth) for branch in details.get("context", ())]
        return " or ".join(dict.fromkeys(words for words in branches if words)) or "another value", None
    return error.message.lower(), None


def _errors(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    """The errors, and in the place of one about alternatives those of the alternative that was meant."""
    for error in errors:
        meant = _meant(error, error.kind.as_dict()) if error.kind.name in ("anyOf", "oneOf") else None
        if meant is None:
            yield error
        else:
            yield from _errors(meant)


def _meant(error: jsonschema_rs.ValidationError, details: dict[str, JSON]) -> Sequence[Any] | None:
    """The errors of the one alternative whose kind of value was given; None when several or none are."""
    if _several_fit(details):
        return None
    depth = len(error.instance_path)
    near = [
        branch
        for branch in details.get("context", ())
        if not any(len(inner.instance_path) == depth and inner.kind.name in _OTHER_KIND for inner in branch)
    ]
    if len(near) > 1:
        # What tells alternatives apart is as often a property of them: the type of an event, of a block.
        told = [branch for branch in near if not any(_is_tag(inner, depth) for inner in branch)]
        near = told or near
    return near[0] if len(near) == 1 else None


def _several_fit(details: dict[str, JSON]) -> bool:
    """Whether a value fits more than one of the alternatives."""
    context = details.get("context")
    return isinstance(context, list) and sum(not branch for branch in context) > 1


def _is_tag(error: Any, depth: int) -> bool:
    return len(error.instance_path) == depth + 1 and error.kind.name in ("enum", "const")


def _branch(errors: Sequence[jsonschema_rs.ValidationError], depth: int) -> str:
    """What one alternative of a schema expects of the value at `depth`."""
    if not errors:
        return ""
    first = errors[0]
    inner = "".join(f".{part}" for part in tuple(first.instance_path)[depth:])
    details = first.kind.as_dict()
    if first.kind.name == "required":
        return f"an object with `{details['property']}`"
    if first.kind.name in ("additionalProperties", "unevaluatedProperties"):
        return f"an object without `{details['unexpected'][0]}`"
    words = _wanted(first.kind.name, first, details)[0]
    return f"{words} in `{inner.removeprefix('.')}`" if inner else words
