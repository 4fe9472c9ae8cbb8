"""Adding a server to a project: what it is reached by, what of its offer is written down, and what has to be told about it.

The one rule: nothing is taken over silently. Tools that no action can be made of, names that came out alike, what a repeat
does by the server's own word, and what is not as it was before are one line each.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recipe_engine.errors import RecipeError
from recipe_engine.mcp.connector import URL, Config, McpConnector
from recipe_engine.mcp.snapshot import (
    SNAPSHOT,
    Offer,
    Snapshot,
    Tool,
    load_snapshot,
    snapshot_of,
    snapshot_text,
    wanted_name,
)
from recipe_engine.openapi.auth import Credentials
from recipe_engine.openapi.folders import CONFIG, counted, read_folder
from recipe_engine.openapi.names import snake
from recipe_engine.plugin import Connector

SCHEME = "mcp:"
NOTHING = Snapshot({}, "", "", ())
_SETTING = re.compile(r"[A-Z_][A-Z0-9_]*")
_IDLE_WORDS = ("mcp", "server", "the")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be added: `source` is `mcp:` and a URL or a command; `env` names the settings that a command is given."""

    source: str
    auth: str = ""
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """A connector that was written: its folder, the connector, and remarks for the person."""

    folder: Path
    connector: Connector
    remarks: tuple[str, ...]


def config_of(wanted: Wanted, name: str, kept: Config | None = None) -> Config:
    """What `connector.yml` is to say. Of an earlier one (`kept`) stays what is not said anew.

    Raises RecipeError when a server cannot be reached in this way.
    """
    target = wanted.source.removeprefix(SCHEME).strip()
    said = {} if kept is None else kept.model_dump(exclude_defaults=True, exclude={"url", "command", "env", "auth"})
    if target.startswith(("https://", "http://")):
        if wanted.env:
            raise RecipeError("--env is for a server that is a command; a URL has --auth")
        if not re.match(URL, target):
            raise RecipeError(f"{target!r} is no address of a server", "credentials are settings: --auth names them")
        auth = wanted.auth or (kept.auth if kept is not None else "none")
        Credentials.parse(auth)
        return Config(**{**said, "name": name, "url": target, "auth": auth})
    if wanted.auth:
        raise RecipeError("--auth is for a server with a URL; a command has --env")
    command = _command(target)
    for setting in wanted.env:
        if not _SETTING.fullmatch(setting):
            raise RecipeError(
                f"--env {setting}: found no name of a setting; NAMES IN CAPITALS are expected",
                "its value is read from the environment or .env whenever the server is started",
            )
    env = list(wanted.env) or (kept.env if kept is not None else [])
    return Config(**{**said, "name": name, "command": command, "env": env})


def name_of(offer: Offer) -> str:
    """A name from what the server calls itself; empty when it says nothing usable."""
    words = snake(str(offer.server.get("name") or offer.server.get("title") or "")).split("_")
    name = "_".join(word for word in words if word not in _IDLE_WORDS)
    return name if re.match(r"[a-z]", name) else ""


def config_in(folder: Path) -> Config | None:
    """What the folder's `connector.yml` says; None when there is none yet.

    Raises RecipeError when it is broken, or that of a connector of another kind.
    """
    if not (folder / CONFIG).exists():
        return None
    if not (folder / SNAPSHOT).exists():
        raise RecipeError(f"{folder} holds a connector that is no MCP server", "choose another --name")
    return read_folder(folder, Config, lambda config: config)


def write(config: Config, offer: Offer, folder: Path) -> Added:
    """Write the connector of a server into `folder`, over an earlier one.

    Raises RecipeError when there is nothing to make one of.
    """
    kept, before = config_in(folder), _before(folder)
    names = {tool.name: tool.action for tool in before.tools} if before is not None else None
    snapshot = snapshot_of(offer, names)
    if not snapshot.tools:
        what, why = snapshot.left_out[0] if snapshot.left_out else ("", "")
        raise RecipeError("the server offers no tool that could be an action", f"{what}: {why}" if what else None)
    actions = {tool.action for tool in snapshot.tools}
    void = sorted(set(config.effects) - actions)
    effects = {name: effect for name, effect in config.effects.items() if name in actions}
    config = config.model_copy(update={"effects": effects})
    connector = McpConnector(config, snapshot)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SNAPSHOT).write_bytes(snapshot_text(snapshot))
    if config != kept:
        (folder / CONFIG).write_text(_config_text(config), encoding="utf-8")
    remarks = [*_about_tools(snapshot), *_about_changes(before, snapshot), *_about_effects(connector, folder)]
    if "?" in config.url:
        remarks.append("the address is kept with its query; if that is a secret, use --auth query:NAME:SETTING instead")
    if void:
        remarks.append(f"effects named {', '.join(void)}, which the server has no more: taken out")
    return Added(folder, connector, tuple(remarks))


def _before(folder: Path) -> Snapshot | None:
    path = folder / SNAPSHOT
    return load_snapshot(path) if path.exists() else None


def _command(target: str) -> list[str]:
    try:
        command = shlex.split(target)
    except ValueError as error:
        raise RecipeError(f"{target!r} is no command: {error}") from error
    if not command:
        raise RecipeError("mcp: is followed by nothing", "write mcp:https://host/mcp, or mcp:COMMAND in quotes")
    return command


def _about_tools(snapshot: Snapshot) -> Iterator[str]:
    for what, why in snapshot.left_out:
        yield f"left out {what}: {why}"
    alike: dict[str, list[Tool]] = {}
    for tool in snapshot.tools:
        alike.setdefault(wanted_name(tool.name), []).append(tool)
    for tools in alike.values():
        if len(tools) > 1:
            told = ", ".join(f"{tool.name!r} is {tool.action}" for tool in tools)
            yield f"{counted(tools, 'tool')} whose names come out alike: {told}"


def _about_changes(before: Snapshot | None, now: Snapshot) -> Iterator[str]:
    if before is None:
        return
    old, new = ({tool.name: tool for tool in each.tools} for each in (before, now))
    changed = [
        f"{tool.action} ({', '.join(words)})"
        for name, tool in new.items()
        if name in old and (words := list(_differences(old[name], tool)))
    ]
    told = {
        "added": [tool.action for name, tool in new.items() if name not in old],
        "removed": [tool.action for name, tool in old.items() if name not in new],
        "changed": changed,
    }
    for word, names in told.items():
        if names:
            yield f"{word}: {', '.join(names)}"
    if not any(told.values()):
        yield "nothing has changed"


def _differences(old: Tool, new: Tool) -> Iterator[str]:
    if old.input_schema != new.input_schema:
        yield "parameters"
    if old.output_schema != new.output_schema:
        yield "result"
    if old.effect != new.effect:
        yield f"effect {new.effect}, was {old.effect}"
    if (old.summary, old.description) != (new.summary, new.description):
        yield "description"


def _about_effects(connector: McpConnector, folder: Path) -> Iterator[str]:
    """What may be repeated, and by whose word: hints of a server are not more than that."""
    said = connector.config.effects
    told = {
        "read": "changes nothing: repeated freely, and carried out in dry runs",
        "keyed": "may be repeated with the same arguments",
        "once": "never repeated when its answer is lost",
    }
    for effect, means in told.items():
        names = [tool.action for tool in connector.tools if connector.effect_of(tool) == effect]
        if names:
            yield f"{effect} ({means}): {', '.join(names)}"
    if any(tool.effect != "once" and tool.action not in said for tool in connector.tools):
        yield f"so the server says; `effects` in {folder / CONFIG} overrules it"


def _config_text(config: Config) -> str:
    import yaml

    said = config.model_dump(exclude_defaults=True)
    head = (
        f"# The connector {config.name}, made from an MCP server; what it offers is in {SNAPSHOT}. `effects` says by action\n"
        "# what a repeat does (read, keyed, once) where the server says it wrongly or not at all.\n"
    )
    return head + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1000)
