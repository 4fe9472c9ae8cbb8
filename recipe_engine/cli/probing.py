"""One harmless call to each vendor whose settings are there: do they let us in?

The one rule: only actions that read are called, once each, and what they answer is thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed
from recipe_engine.core.failure import Failure
from recipe_engine.plugin import Connector, Terminal
from recipe_engine.runtime.performer import Performer, RunInfo

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.plugin.loading import LoadedPlugins
    from recipe_engine.runtime.private_addresses import Allowed
    from recipe_engine.runtime.settings import Settings

_SECONDS = 15.0


def ask(found: LoadedPlugins, values: Settings, connectors: Iterable[Connector]) -> dict[str, Failure | None]:
    """By connector what its vendor answered: None for yes. Connectors that name no call are left out."""
    return asyncio.run(_ask(found, values, [each for each in connectors if each.probe]))


async def _ask(found: LoadedPlugins, values: Settings, connectors: list[Connector]) -> dict[str, Failure | None]:
    from recipe_engine.runtime.blobs import MemoryBlobs
    from recipe_engine.runtime.clock import SystemClock
    from recipe_engine.runtime.http import AiohttpTransport
    from recipe_engine.runtime.memory import MemoryStore
    from recipe_engine.runtime.perform import ActionPerformer
    from recipe_engine.runtime.value_store import ValueStore

    clock, transport = SystemClock(), AiohttpTransport(_allowed(values))
    store = ValueStore(MemoryStore(), clock)
    performer = ActionPerformer(found.catalog, values, transport, MemoryBlobs(), store, clock)
    try:
        answers = await asyncio.gather(*(_call(performer, connector, values) for connector in connectors))
    finally:
        await performer.close()
        await transport.close()
    return {
        connector.name: answer
        for connector, answer in zip(connectors, answers, strict=True)
        if not isinstance(answer, bool)
    }


def _allowed(values: Settings) -> Allowed:
    """The private hosts that runs may reach; none when the setting is not understood, which is told elsewhere."""
    from recipe_engine.runtime.private_addresses import Allowed
    from recipe_engine.wiring import ALLOW_SETTING

    try:
        return Allowed.parse(values.get(ALLOW_SETTING))
    except ValueError:
        return Allowed()


async def _call(performer: Performer, connector: Connector, values: Settings) -> Failure | bool | None:
    """The failure of the connector's call, None when it succeeded; False when its settings say too little for one."""
    call = _wanted(connector, values)
    if call is None:
        return False
    name, params = call
    action = connector.actions[f"{connector.name}.{name}"]
    if action.effect != "read":
        raise Terminal(f"{action.name} is named as the probe of {connector.name}, and does more than read")
    command = PerformAction("probe", 1, "probe", action.name, params, "read", "probe", 1, _SECONDS)
    answer = await performer.perform(RunInfo("probe", "probe", "probe", "probe"), command)
    return answer.failure if isinstance(answer, ActionFailed) else None


def _wanted(connector: Connector, values: Settings) -> tuple[str, JSONObject] | None:
    if isinstance(connector.probe, str):
        return connector.probe, {}
    return connector.probe(values)
