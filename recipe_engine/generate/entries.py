"""Actions and functions as a model reads them: everything that it needs to use them, in as few characters as can be.

The one rule: made from the catalog, never written by hand, so that what is told is what is checked.
"""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from recipe_engine.builtin.llm.provider import TokenUsage
from recipe_engine.builtin.llm.routing import shipped_table
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.expr.library import chapters
from recipe_engine.generate.seen import seen_in_tests
from recipe_engine.inputs import at
from recipe_engine.plugin import Action, Catalog, Connector
from recipe_engine.runtime.sandboxing import sandbox_class_of

_LONGEST = 160
_DEEPEST = 2
_KEPT_SENTENCES = 3
_MOST_CHANNELS = 20
_LONGEST_HELP = 70
_TOKENS_OF_A_PROMPT = 4_000
_TYPES = {"string": "text", "integer": "int", "boolean": "bool", "null": "null"}
_SIGNATURE = re.compile(r": (?:any|T|U|list\[T\])(?=[,)=|])")


def functions_in_short(more: Iterable[Any] = ()) -> str:
    """Every function of the language by its signature, a line for each chapter."""
    lines = []
    for title, functions in {**chapters(), "Of plugins": tuple(more)}.items():
        told = [_signature(function.signature) for function in functions if function.kind != "test"]
        tests = [function.name for function in functions if function.kind == "test"]
        if told or tests:
            lines.append(f"- {title}: " + "; ".join([*told, *([f"is {', '.join(tests)}"] if tests else [])]))
    return "\n".join(lines)


def worst_costs() -> str:
    """What a call of each complexity may cost at most, without media: what `limits.cost` is held against before it."""
    table = shipped_table()
    told = []
    for name, route in table.routes.items():
        price = max(table.models[route.model].prices, key=lambda each: each.since)
        dollars = price.micros(TokenUsage(input=_TOKENS_OF_A_PROMPT, output=route.max_tokens)) / 1_000_000
        told.append(f"{name} {math.ceil(dollars * 100) / 100:.2f}")
    return ", ".join(told)


def _signature(text: str) -> str:
    """`replace(value: text, old: text) -> text` without what a reader knows."""
    short = text.replace("value: ", "").replace(" | null", "?").replace(", timezone: text = ''", "")
    return _SIGNATURE.sub("", short)


def entry(action: Action) -> str:
    """One action: what it does, its parameters, its result, what repeating does, an example."""
    description = _sentences(" ".join(action.description.split()))
    lines = [f"### {action.name} ({action.effect}): {action.summary}" + (f" {description}" if description else "")]
    lines += [f"  {line}" for line in _fields(action.params_schema)]
    result = shape(action.result_schema, action.result_schema)
    lines.append(f"  -> {result}")
    if action.example:
        lines += [f"  {line}" for line in action.example.strip("\n").splitlines()]
    return "\n".join(lines)


def connector_facts(connector: Connector) -> str:
    """What a test may put into a connector's sandbox, its optional settings, and the effects that it shows."""
    told = []
    seeds = _paragraph(connector, "Seed:")
    if seeds:
        told.append(f"vendors.{connector.name} in tests: {seeds}")
    optional = [f"{it.name} ({_cut(it.help, _LONGEST_HELP)})" for it in connector.settings if not it.required]
    if optional and connector.sandbox is not None:
        told.append(f"settings of {connector.name} that need not be set: {'; '.join(optional)}")
    told += [effects] if (effects := effects_in_short(connector)) else []
    return "\n".join([*told, *seen_in_tests(connector)])


def effects_in_short(connector: Connector) -> str:
    """The effects that a connector's sandbox shows: as its documentation says, else as its source does."""
    effects = _paragraph(connector, "Effects:") or "; ".join(recorded(connector))
    return f"effects of connector {connector.name}: {effects}" if effects else ""


def channels_in_short(catalog: Catalog) -> str:
    """The ways to send that `notify` knows, and whose effects they leave."""
    senders: dict[str, list[str]] = {}
    for each in catalog.connectors.values():
        for channel in each.channels:
            senders.setdefault(channel, []).append(each.name)
    known = [f"{channel} ({' or '.join(names)})" for channel, names in senders.items()]
    return f"channels of notify (connector whose effect it is, in tests the first): {', '.join(known[:_MOST_CHANNELS])}"


# --- schemas ----------------------------------------------------------------------------------------------------------


def _fields(schema: JSONObject) -> Iterator[str]:
    required = set(schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        field = at(part, schema)
        mark = "" if name in required else "?"
        default = part.get("default", field.get("default"))
        told = "" if default in (None, "", [], {}) else f" = {json.dumps(default, ensure_ascii=False)}"
        about = _cut(" ".join(str(part.get("description") or field.get("description") or "").split()), _LONGEST)
        kind = shape(part, schema) if name in required else shape(part, schema).removesuffix(" | null")
        yield f"{name}{mark}: {kind}{told}" + (f"  # {about}" if about else "")


def shape(schema: JSON, root: JSON, depth: int = 0) -> str:
    """A schema in a line: `{id: text, tags?: [text]}`."""
    field = at(schema, root)
    if field.get("format") == "file":
        return "file"
    if "enum" in field:
        return " | ".join(str(option) for option in field["enum"])
    if "const" in field:
        return str(field["const"])
    branches = [*field.get("anyOf", ()), *field.get("oneOf", ())]
    if branches:
        return " | ".join(dict.fromkeys(shape(branch, root, depth) for branch in branches))
    named = field.get("type")
    kinds = [named] if isinstance(named, str) else named or []
    return " | ".join(_kind(kind, field, root, depth) for kind in kinds) or "any"


def _kind(kind: str, field: JSONObject, root: JSON, depth: int) -> str:
    if kind == "array":
        return f"[{shape(field.get('items', {}), root, depth)}]"
    if kind == "object":
        properties = field.get("properties")
        if not properties or depth >= _DEEPEST:
            return "object"
        required = set(field.get("required", ()))
        inner = (f"{n}{'' if n in required else '?'}: {shape(p, root, depth + 1)}" for n, p in properties.items())
        return "{" + ", ".join(inner) + "}"
    return _TYPES.get(kind, kind) + (f"({field['format']})" if kind == "string" and "format" in field else "")


def _sentences(text: str) -> str:
    """The beginning of a text: its first sentences, and not too much of them."""
    return _cut(" ".join(re.split(r"(?<=[.])\s+", text.strip())[:_KEPT_SENTENCES]), 3 * _LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]}..."


# --- sandboxes --------------------------------------------------------------------------------------------------------


def _sandbox_modules(connector: Connector) -> list[Any]:
    """The module of a connector's sandbox, and those that its class inherits from."""
    if connector.sandbox is None:
        return []
    classes = sandbox_class_of(connector).__mro__[:-1]
    names = dict.fromkeys(each.__module__ for each in classes if each.__module__ != "recipe_engine.plugin.sandbox")
    return [sys.modules[name] for name in names]


def _paragraph(connector: Connector, begins: str) -> str:
    """A paragraph of the sandbox's documentation: `Seed:`, the state that a test may give it; `Effects:`, what it notes."""
    for module in _sandbox_modules(connector):
        for paragraph in (module.__doc__ or "").split("\n\n"):
            if paragraph.startswith(begins):
                return " ".join(paragraph.removeprefix(begins).split())
    return ""


def recorded(connector: Connector) -> list[str]:
    """The effects that a sandbox notes, read from its source: `create task {id, list, name}`."""
    found: dict[str, None] = {}
    for module in _sandbox_modules(connector):
        source = inspect.getsourcefile(module)
        for told in _records_in(Path(source)) if source else ():
            found[told] = None
    return list(found)


@cache
def _records_in(source: Path) -> tuple[str, ...]:
    calls = (node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    noted = []
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "record" and call.args:
            fields = [keyword.arg or f"...{ast.unparse(keyword.value)}"[:40] for keyword in call.keywords]
            noted.append(_text_of(call.args[0]) + (f" {{{', '.join(fields)}}}" if fields else ""))
    return tuple(noted)


def _text_of(node: ast.expr) -> str:
    """A text as it is written; in angles, what is put into it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text_of(node.value)
    if isinstance(node, ast.IfExp):
        return f"{_text_of(node.body)} | {_text_of(node.orelse)}"
    return f"<{ast.unparse(node)}>"
