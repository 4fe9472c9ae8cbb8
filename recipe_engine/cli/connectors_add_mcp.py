"""`recipe connectors add mcp:...`: a server is asked once what it offers.

The one rule: it is asked in the way that runs ask it, with the same settings, refused addresses and limits, and nothing
secret that it gives back is written down.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed
from recipe_engine.errors import RecipeError
from recipe_engine.mcp.adding import NOTHING, Added, Wanted, config_in, config_of, name_of, write
from recipe_engine.mcp.calls import offer
from recipe_engine.mcp.connector import Answered, Config, McpConnector
from recipe_engine.mcp.snapshot import Offer
from recipe_engine.plugin import JSON, Action, Catalog, Context
from recipe_engine.runtime.performer import RunInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from recipe_engine.core.failure import Failure

_SECONDS = 90.0
_UNNAMED = "mcp_server"


def add_server(wanted: Wanted, name: str | None, root: Path, refuse_taken: Callable[[str, Path], None]) -> Added:
    """Ask the server of `wanted` and write its connector below `root`. `refuse_taken` is asked about the name.

    Raises RecipeError and UsageError.
    """
    if name is not None:
        refuse_taken(name, root / name)
    kept = config_in(root / name) if name is not None else None
    found = _offered(config_of(wanted, name or _UNNAMED, kept))
    if name is None:
        name = name_of(found)
        if not name:
            raise click.UsageError("the server has no name to call the connector by; say --name")
        refuse_taken(name, root / name)
        kept = config_in(root / name)
    return write(config_of(wanted, name, kept), found, root / name)


def _offered(config: Config) -> Offer:
    """What the server offers, without the secrets that it was given."""
    from recipe_engine.installed import bare_settings
    from recipe_engine.runtime.secrets import Scrubber

    connector = McpConnector(config, NOTHING)
    answers: list[Offer] = []

    async def ask(ctx: Context, _: JSON) -> Answered:
        answers.append(await offer(connector, ctx))
        return Answered(None)

    action = Action(f"{connector.name}.add", ask, "read", {}, {}, None, "", "", connector, timeout=_SECONDS)
    connector.actions = {action.name: action}
    failure = asyncio.run(_performed(connector, action))
    if failure is not None:
        hint = "; ".join(filter(None, [failure.detail, _advice(failure, config)]))
        raise RecipeError(f"the server cannot be added: {failure.title}", hint or None)
    scrubber, settings = Scrubber(), bare_settings()
    for setting in connector.settings:
        value = settings.get(setting.name) if setting.secret else None
        if value:
            scrubber.add(setting.name, value)
    [found] = answers
    return Offer(
        scrubber.json(found.server), found.protocol, scrubber.text(found.instructions), scrubber.json(found.tools)
    )


async def _performed(connector: McpConnector, action: Action) -> Failure | None:
    """The failure of an action that is carried out as in a run; None when it succeeded."""
    from recipe_engine.installed import bare_settings, installed
    from recipe_engine.runtime.blobs import MemoryBlobs
    from recipe_engine.runtime.clock import SystemClock
    from recipe_engine.runtime.http import AiohttpTransport
    from recipe_engine.runtime.memory import MemoryStore
    from recipe_engine.runtime.perform import ActionPerformer
    from recipe_engine.runtime.private_addresses import Allowed
    from recipe_engine.runtime.value_store import ValueStore
    from recipe_engine.wiring import ALLOW_SETTING

    catalog, clock = Catalog.of([connector]), SystemClock()
    resolve = installed().manager.hook.resolve_secret
    settings = bare_settings().knowing(catalog, lambda name: resolve(name=name))
    try:
        allowed = Allowed.parse(settings.get(ALLOW_SETTING))
    except ValueError as error:
        raise RecipeError(f"{ALLOW_SETTING} is not a list of host or host:port: {error}") from error
    transport = AiohttpTransport(allowed)
    store = ValueStore(MemoryStore(), clock)
    performer = ActionPerformer(catalog, settings, transport, MemoryBlobs(), store, clock)
    try:
        command = PerformAction("add", 1, "add", action.name, {}, "read", "add", 1, _SECONDS)
        answer = await performer.perform(RunInfo("add", "add", "add", "add"), command)
    finally:
        await performer.close()
        await transport.close()
    return answer.failure if isinstance(answer, ActionFailed) else None


def _advice(failure: Failure, config: Config) -> str:
    if failure.code in ("http_401", "http_403") and config.auth == "none":
        return "--auth says which credentials to send"
    return ""
