"""Collects the diagnostics of one document, and turns what pydantic refuses into them.

The one rule: every problem names what was found, then what was expected, at the place where it stands.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from recipe_engine.diagnostics import Diagnostic, Severity, Span, report, suggest
from recipe_engine.model.values import shown
from recipe_engine.source import Document

Path = tuple[str | int, ...]

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "an object",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "an object",
}
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


class Problems:
    """The diagnostics found so far in one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []

    def add(
        self,
        code: str,
        message: str,
        path: Path,
        hint: str | None = None,
        *,
        key: bool = False,
        span: Span | None = None,
        severity: Severity | None = None,
    ) -> None:
        """A problem with the value at `path` (with its name when `key`), or at `span`; of the code's own severity unless
        `severity` says otherwise."""
        where = span if span is not None else self.document.span(path, key=key)
        self.found.append(report(code, message, self.document, where, hint, severity))

    def add_within(
        self,
        code: str,
        message: str,
        path: Path,
        offset: int,
        length: int,
        hint: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        """A problem with some characters of the text at `path`."""
        included = self.document.included.get(path)
        if included is not None:
            where = included.span(offset, length)
            self.found.append(report(code, message, included.file, where, hint, severity))
            return
        where = self.document.span_within(path, offset, length)
        self.found.append(report(code, message, self.document, where, hint, severity))

    def missing(self, field: str, path: Path, owner: str, data: Mapping[str, Any], present: Iterable[str] = ()) -> None:
        """A required field is absent from the object at `path`, called `owner` in the message."""
        similar = suggest(field, present)
        hint = f"did you mean `{field}` where `{similar}` is written?" if similar else f"add `{field}:`"
        self.found.append(
            report(
                "R301", f"{owner} has no `{field}`, which it must have", self.document, self.anchor(path, data), hint
            )
        )

    def anchor(self, path: Path, data: Any) -> Span:
        """Where to point at for an object as a whole: its id, or the name of its first field."""
        if isinstance(data, Mapping) and data:
            if isinstance(data.get("id"), str):
                return self.document.span((*path, "id"))
            return self.document.span((*path, next(iter(data))), key=True)
        return self.document.span(path)

    def refused(self, error: ValidationError, model: type[BaseModel], data: Any, path: Path, owner: str) -> set[str]:
        """Report what pydantic refused in the object at `path`; the names of its fields that are at fault."""
        fields: set[str] = set()
        for item in error.errors(include_url=False):
            location = tuple(item["loc"])
            fields.add(str(location[0]) if location else "")
            self._one(item, model, data, path, location, owner)
        return fields

    def _one(
        self, item: ErrorDetails, model: type[BaseModel], data: Any, path: Path, location: Path, owner: str
    ) -> None:
        kind, value, full = item["type"], item["input"], (*path, *location)
        if kind == "missing":
            inner = f"`{location[-2]}`" if len(location) > 1 else owner
            self.missing(str(location[-1]), full[:-1], inner, value, value)
        elif kind == "extra_forbidden":
            known = _fields(model, location[:-1])
            inner = f"`{location[-2]}`" if len(location) > 1 else owner
            self.unknown_field(str(location[-1]), full, inner, known)
        elif kind.startswith("R"):
            self.add(kind, f"`{location[-1]}`: {item['ctx']['message']}", full, _spelling(value, kind))
        elif kind == "literal_error":
            allowed = _words(item["ctx"]["expected"])
            close = suggest(value, allowed) if isinstance(value, str) else None
            listed = ", ".join(f"`{word}`" for word in allowed)
            self.add(
                "R304",
                f"`{location[-1]}`: found {shown(value)}, expected one of {listed}",
                full,
                f"did you mean `{close}`?" if close else None,
            )
        elif kind in _BOUNDS:
            words, bound = _BOUNDS[kind]
            self.add("R304", f"`{location[-1]}`: found {shown(value)}, expected {words} {item['ctx'][bound]}", full)
        elif kind in _EXPECTED:
            self.add(
                "R303",
                f"`{location[-1]}`: found {shown(value)}, expected {_EXPECTED[kind]}",
                full,
                _spelling(value, kind),
            )
        elif kind in ("string_too_short", "too_short"):
            self.add(
                "R304", f"`{location[-1]}`: found {shown(value) if value else 'nothing in it'}, expected some", full
            )
        else:
            self.add("R304", f"`{location[-1]}`: found {shown(value)}; {item['msg'].lower()}", full)

    def unknown_field(self, field: str, path: Path, owner: str, known: Iterable[str], hint: str | None = None) -> None:
        """A field that the object called `owner` does not have."""
        fields = list(known)
        close = suggest(field, fields)
        told = hint or (f"did you mean `{close}`?" if close else f"its fields are {', '.join(fields)}")
        self.add("R302", f"{owner} has no field `{field}`", path, told, key=True)


def _fields(model: type[BaseModel], location: Path) -> list[str]:
    """The names of the fields of the model found by following `location` from `model`."""
    for name in location:
        inner = next((f for n, f in model.model_fields.items() if (f.alias or n) == name), None)
        found = _model_in(inner.annotation) if inner is not None else None
        if found is None:
            return []
        model = found
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for item in typing.get_args(annotation) if (found := _model_in(item)) is not None), None)


def _words(expected: str) -> list[str]:
    """The words in pydantic's list of what a literal may be: "'a', 'b' or 'c'"."""
    return [word for index, word in enumerate(expected.split("'")) if index % 2]


def _spelling(value: Any, kind: str) -> str | None:
    if kind == "bool_type" and isinstance(value, str) and value.lower() in ("yes", "no", "on", "off"):
        return f"`{value}` is text in YAML 1.2; write true or false"
    if kind == "int_type" and isinstance(value, str) and value.isdigit():
        return "write the number without quotes"
    if kind == "string_type" and isinstance(value, (int, float, bool)):
        return f'write it in quotes: "{shown(value).strip("`")}"'
    if kind == "R303" and isinstance(value, list):
        return "write a list inside an expression in quotes: \"['a', 'b']\"" if value else None
    return None
