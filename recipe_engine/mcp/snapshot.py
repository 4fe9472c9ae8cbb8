"""What a server said that it offers, as it is kept beside `connector.yml`.

The one rule: a server is not trusted. What it says of itself is bounded, its texts are plain text, and what a repeat of a
tool does is a hint that the owner can overrule.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from recipe_engine.core.json import JSONObject
from recipe_engine.core.plan import Effect
from recipe_engine.errors import RecipeError
from recipe_engine.openapi.document import listing, mapping
from recipe_engine.openapi.names import snake

SNAPSHOT = "mcp.json"
# The action of every connector that asks the server what it offers now.
LISTING = "mcp_tools"
_FORM = 1
_LARGEST = 20_000_000
_DEEPEST = 100
_LONGEST_NAME = 80
_LONGEST_TEXT = 4_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: the name of its action without the connector's, its own name, and what the server said of it."""

    action: str
    name: str
    said: JSONObject = field(hash=False)

    @property
    def summary(self) -> str:
        """One line about it."""
        return self._text.partition("\n")[0].strip()[:200] or self._title or self.name

    @property
    def description(self) -> str:
        """The rest of what is said about it."""
        return self._text.partition("\n")[2].strip()[:_LONGEST_TEXT]

    @property
    def input_schema(self) -> JSONObject:
        """The schema of its arguments."""
        return mapping(self.said.get("inputSchema"))

    @property
    def output_schema(self) -> JSONObject | None:
        """The schema of its structured result, None when it promises none."""
        found = self.said.get("outputSchema")
        return found if isinstance(found, dict) else None

    @property
    def effect(self) -> Effect:
        """What a repeat does, by the server's hints. A tool that its own arguments make safe to repeat stands with PUT:
        `keyed`, since a repeat sends the very same arguments and counts once. All that is not promised happens once."""
        hints = mapping(self.said.get("annotations"))
        if hints.get("readOnlyHint") is True:
            return "read"
        return "keyed" if hints.get("idempotentHint") is True else "once"

    @property
    def _text(self) -> str:
        return str(self.said.get("description") or "").strip()

    @property
    def _title(self) -> str:
        return str(self.said.get("title") or mapping(self.said.get("annotations")).get("title") or "").strip()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server answered when it was asked: who it is, the protocol agreed on, what it says to its users, its tools."""

    server: JSONObject
    protocol: str
    instructions: str
    tools: list[JSONObject]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A server as it was when it was added. `left_out` are tools that no action can be made of, with the reason."""

    server: JSONObject
    protocol: str
    instructions: str
    tools: tuple[Tool, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """What the server calls itself."""
        return str(self.server.get("title") or self.server.get("name") or "").strip()[:200]


def snapshot_of(offer: Offer, before: Mapping[str, str] | None = None) -> Snapshot:
    """The snapshot of what a server offers. `before` are the actions' names of an earlier one, by tool: they stay.

    Raises RecipeError when there is too much of it.
    """
    if len(orjson.dumps(offer.tools)) > _LARGEST:
        raise RecipeError(f"the server describes its tools in more than {_LARGEST} bytes")
    kept: dict[str, JSONObject] = {}
    left_out: list[tuple[str, str]] = []
    for said in offer.tools:
        name = said.get("name")
        if not isinstance(name, str) or not name:
            left_out.append(("a tool", "it has no name"))
        elif name in kept:
            left_out.append((repr(name), "there is another tool of the same name"))
        elif reason := _unusable(said):
            left_out.append((repr(name), reason))
        else:
            kept[name] = said
    names = action_names(kept, before or {})
    tools = [Tool(names[name], name, mapping(_plain(said))) for name, said in kept.items()]
    tools.sort(key=lambda tool: tool.action)
    return Snapshot(
        {key: _clean(item)[:_LONGEST_TEXT] for key, item in offer.server.items() if isinstance(item, str)},
        offer.protocol,
        _clean(offer.instructions)[:_LONGEST_TEXT],
        tuple(tools),
        tuple(left_out),
    )


def action_names(tools: Iterable[str], before: Mapping[str, str]) -> dict[str, str]:
    """The names of actions, by tool. Of tools whose names come out alike, the one that was there before keeps the name,
    else the first in the alphabet; the others are numbered."""
    found = {tool: before[tool] for tool in tools if tool in before}
    taken = {LISTING, *found.values()}
    for tool in sorted(set(tools) - set(found), key=lambda name: (name != wanted_name(name), name)):
        wanted = wanted_name(tool)
        free, count = wanted, 2
        while free in taken:
            free, count = f"{wanted}_{count}", count + 1
        taken.add(free)
        found[tool] = free
    return found


def wanted_name(tool: str) -> str:
    """A tool's name as one of the language: `getUser` -> `get_user`."""
    return snake(tool)[:_LONGEST_NAME].strip("_") or f"tool_{hashlib.sha256(tool.encode()).hexdigest()[:8]}"


def load_snapshot(path: Path) -> Snapshot:
    """The snapshot in a file.

    Raises OSError, and RecipeError when it holds none.
    """
    try:
        data = orjson.loads(path.read_bytes())
        if data["form"] != _FORM:
            raise RecipeError(f"{path} was written by another version", "add the server again")
        tools = tuple(Tool(str(each["action"]), str(each["tool"]["name"]), each["tool"]) for each in data["tools"])
        left_out = tuple((str(what), str(why)) for what, why in data["left_out"])
        return Snapshot(data["server"], data["protocol"], data["instructions"], tools, left_out)
    except (ValueError, LookupError, TypeError) as error:
        raise RecipeError(f"{path} is damaged: {type(error).__name__}", "add the server again") from error


def snapshot_text(snapshot: Snapshot) -> bytes:
    """The snapshot as its file holds it: readable, and the same for the same offer."""
    data = {
        "form": _FORM,
        "server": snapshot.server,
        "protocol": snapshot.protocol,
        "instructions": snapshot.instructions,
        "tools": [{"action": tool.action, "tool": tool.said} for tool in snapshot.tools],
        "left_out": snapshot.left_out,
    }
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _unusable(said: JSONObject) -> str | None:
    schema = said.get("inputSchema")
    if not isinstance(schema, dict):
        return "it has no inputSchema"
    if schema.get("type", "object") != "object":
        return f"its input is of type {schema['type']!r}; an object is expected"
    if not _is_shallow(said):
        return f"its schemas are nested more than {_DEEPEST} levels deep"
    return None


def _is_shallow(value: Any) -> bool:
    pending = [(value, 0)]
    while pending:
        each, depth = pending.pop()
        if depth > _DEEPEST:
            return False
        inner = each.values() if isinstance(each, dict) else listing(each)
        pending += [(item, depth + 1) for item in inner]
    return True


def _plain(value: Any) -> Any:
    """A tool without what its texts could do to a terminal. Names, choices and patterns stay as they are."""
    if isinstance(value, dict):
        return {
            key: _clean(item) if key in ("title", "description") and isinstance(item, str) else _plain(item)
            for key, item in value.items()
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
