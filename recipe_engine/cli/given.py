"""What a person gives a run on the command line: `-i key=value`, `-i photo=@file`, `--input file`.

The one rule: text is read by the type that the recipe's schema gives the field; what cannot be read stays text, and
the schema check says what was expected, together with every other miss.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.inputs import at

_JSON_BEGINS = tuple('{["-0123456789')
_ROOT = "list"
_JSON_WORDS = ("true", "false", "null")


def from_pairs(pairs: Iterable[str], schema: JSON, what: str = "input") -> JSONObject:
    """The object that `key=value` pairs spell. `a.b=1` reaches into an object, a repeated key of a list field adds to
    the list, `@path` stands for a file (a Path here) and `@@` for a value that begins with `@`.

    Raises click.UsageError for a pair without `=`, for a key that the schema does not have (whoever types a key
    means one that is there), and for a file that cannot be read.
    """
    given: JSONObject = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{pair!r} has no value: write key=value")
        path = _path(key, schema)
        _refuse_unknown(path[0], schema, what)
        field = _field(schema, path)
        _put(given, path, _value(key, text, field), as_item="array" in _types(field), pair=pair)
    return given


def _refuse_unknown(name: str, schema: JSON, what: str) -> None:
    root = at(schema, schema)
    known = root.get("properties")
    if known and name not in known and root.get("additionalProperties") in (None, False):
        from recipe_engine.diagnostics.suggest import suggest

        near = suggest(name, known)
        meant = f"did you mean {near!r}?" if near else f"it has {', '.join(known)}"
        raise click.UsageError(f"there is no {what} {name!r}; {meant}")


def from_file(source: str, schema: JSON) -> list[JSONObject]:
    """The inputs that a file holds: one for JSON or YAML, one a row for CSV. `-` reads JSON from standard input.

    Raises click.UsageError when the file cannot be read, or holds something else.
    """
    if Path(source).suffix.lower() == ".csv":
        return _rows(_text_of(source), schema)
    value = data_of(source)
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else json.dumps(value)
        raise click.UsageError(f"{source} holds {found[:60]}, expected an object: the input of one run")
    return [value]


def data_of(source: str) -> JSON:
    """What a JSON or YAML file holds. Raises click.UsageError when it cannot be read."""
    text = _text_of(source)
    try:
        if Path(source).suffix.lower() in {".yml", ".yaml"}:
            return _yaml(source, text)
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise click.UsageError(f"{source} is not JSON: {error.msg} at {place}") from error


def _yaml(source: str, text: str) -> JSON:
    from recipe_engine.source import load

    document, diagnostics = load(f"{_ROOT}:\n{text}" if _is_list(text) else text, source)
    if document is None or any(problem.severity == "error" for problem in diagnostics):
        first = diagnostics[0]
        raise click.UsageError(f"{source} line {first.span.line - _is_list(text)}: {first.message}")
    return document.data[_ROOT] if _is_list(text) else document.data


def _is_list(text: str) -> bool:
    """Whether a YAML text is a list at its top, which no recipe is: it is read below a key of our own."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith(("#", "---")))
    return next(lines, "").startswith("- ")


def _text_of(source: str) -> str:
    try:
        if source == "-":
            return sys.stdin.read()
        # Spreadsheets write CSV with a byte order mark.
        return Path(source).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"cannot read {source}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{source} is not UTF-8 text: bad byte at {error.start}") from error


def _rows(text: str, schema: JSON) -> list[JSONObject]:
    """One input a row; the header names the fields, an empty cell leaves its field out. `;` is accepted for `,`."""
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    rows: list[JSONObject] = []
    for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
        cells = {name: cell for name, cell in row.items() if name and isinstance(cell, str) and cell != ""}
        if cells:
            filled: JSONObject = {}
            for name, cell in cells.items():
                path = _path(name, schema)
                _put(filled, path, _read(cell, _field(schema, path)), as_item=False, pair=name)
            rows.append(filled)
    if not rows:
        raise click.UsageError("the CSV file has no rows below its header")
    return rows


def _path(key: str, schema: JSON) -> tuple[str, ...]:
    """A key that the schema has is itself, whatever dots it holds; else dots lead into objects."""
    properties = at(schema, schema).get("properties", {})
    return (key,) if key in properties else tuple(key.split("."))


def _field(schema: JSON, path: tuple[str, ...]) -> JSONObject:
    here = at(schema, schema)
    for name in path:
        here = at(here.get("properties", {}).get(name), schema)
    return here


def _types(field: JSONObject) -> set[str]:
    named = field.get("type", ())
    types = {named} if isinstance(named, str) else set(named)
    for branch in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        types |= _types(branch) if isinstance(branch, dict) else set()
    return types


def _value(key: str, text: str, field: JSONObject) -> Any:
    if text.startswith("@@"):
        return _read(text[1:], field)
    if not text.startswith("@"):
        return _read(text, field)
    path = Path(text[1:])
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise click.UsageError(f"{key}: {path} is {found}; write @@ for text that begins with @")
    return path


def _read(text: str, field: JSONObject) -> JSON:
    """The value that a text spells for a field: as the types of the field allow, else the text itself."""
    types = _types(field)
    if "string" in types or ("enum" in field and text in field["enum"]):
        return text
    looks_like_json = text.startswith(_JSON_BEGINS) or text in _JSON_WORDS
    if types or looks_like_json or "enum" in field:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _put(given: JSONObject, path: tuple[str, ...], value: Any, *, as_item: bool, pair: str) -> None:
    here = given
    for name in path[:-1]:
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            raise click.UsageError(f"{pair!r} reaches into {name}, which has a value already")
    name = path[-1]
    if as_item and not isinstance(value, list):
        here.setdefault(name, []).append(value)
    else:
        here[name] = value
