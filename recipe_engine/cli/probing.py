"""One harmless call to each vendor whose settings are there: do they let us in?

The one rule: nothing is called but what reads, once each, and what is answered is thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from copy import copy
from typing import TYPE_CHECKING, Any

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSONObject
from recipe_engine.plugin import Action, Catalog, Connector, Params, Terminal
from recipe_engine.runtime.performer import Performer, RunInfo

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Check
    from recipe_engine.runtime.private_addresses import Allowed
    from recipe_engine.runtime.settings import Settings

_SECONDS = 15.0
_Call = tuple[Action, JSONObject]


def ask(values: Settings, connectors: Iterable[Connector], database: str) -> dict[str, Failure | None]:
    """What `answers` gives, outside of a loop."""
    return asyncio.run(answers(values, connectors, database))


async def answers(values: Settings, connectors: Iterable[Connector], database: str) -> dict[str, Failure | None]:
    """By connector what its vendor answered: None for yes. Connectors that name no call, or whose settings say too little
    for one, are left out. `database` is that of the runs."""
    from recipe_engine.runtime.blobs import MemoryBlobs
    from recipe_engine.runtime.clock import SystemClock
    from recipe_engine.runtime.http import AiohttpTransport
    from recipe_engine.runtime.memory import MemoryStore
    from recipe_engine.runtime.perform import ActionPerformer
    from recipe_engine.runtime.value_store import ValueStore

    calls = {each.name: call for each in connectors if (call := _wanted(each, values)) is not None}
    clock, transport = SystemClock(), AiohttpTransport(_allowed(values))
    store = ValueStore(MemoryStore(), clock)
    catalog = Catalog.of(_alone(action) for action, _ in calls.values())
    services = {"database": database}
    performer = ActionPerformer(catalog, values, transport, MemoryBlobs(), store, clock, services=services)
    try:
        told = await asyncio.gather(*(_answer(performer, *call) for call in calls.values()))
    finally:
        await performer.close()
        await transport.close()
    return dict(zip(calls, told, strict=True))


def _alone(action: Action) -> Connector:
    """The action's connector with no other action."""
    connector = copy(action.connector)
    connector.actions = {action.name: action}
    return connector


def _allowed(values: Settings) -> Allowed:
    """The private hosts that runs may reach; none when the setting is not understood, which is told elsewhere."""
    from recipe_engine.runtime.private_addresses import Allowed
    from recipe_engine.wiring import ALLOW_SETTING

    try:
        return Allowed.parse(values.get(ALLOW_SETTING))
    except ValueError:
        return Allowed()


async def _answer(performer: Performer, action: Action, params: JSONObject) -> Failure | None:
    """The failure of a call, None when it succeeded."""
    command = PerformAction("probe", 1, "probe", action.name, params, "read", "probe", 1, _SECONDS)
    answer = await performer.perform(RunInfo("probe", "probe", "probe", "probe"), command)
    return answer.failure if isinstance(answer, ActionFailed) else None


def _wanted(connector: Connector, values: Settings) -> _Call | None:
    """The call that the connector names, as an action; None when it names none."""
    named = connector.probe if isinstance(connector.probe, str) else connector.probe(values)
    if not named:
        return None
    if callable(named):
        return _as_action(connector, named), {}
    name, params = (named, {}) if isinstance(named, str) else named
    action = connector.actions[f"{connector.name}.{name}"]
    if action.effect != "read":
        raise Terminal(f"{action.name} is named as the probe of {connector.name}, and does more than read")
    return action, params


def _as_action(connector: Connector, check: Check) -> Action:
    """A call of the connector's own as an action, which no recipe can name."""

    async def carry_out(ctx: Any, _: Params) -> None:
        await check(ctx)

    return Action(f"{connector.name}.probe", carry_out, "read", {}, {}, Params, "", "", connector)
