"""Which settings a plan needs before it can run for real.

The one rule: read from the plan and the catalog; what is set already is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from recipe_engine.core.plan import Perform, Plan
from recipe_engine.plugin import Catalog, Settings


def settings_needed(plan: Plan, catalog: Catalog, settings: Settings) -> dict[str, str]:
    """The names of what is still missing, and where to find each; a channel that nobody serves yet is named itself."""
    needed: dict[str, str] = {}
    for do in _performed(plan):
        for setting in catalog.actions[do.action].connector.settings:
            if setting.missing(settings, do.action, do.params if isinstance(do.params, dict) else {}):
                needed[setting.name] = setting.help
        needed |= _channels_missing(do, catalog, settings)
    secrets = {name: "a secret that the recipe reads" for name in sorted(plan.secret_names) if not settings.get(name)}
    return {**needed, **secrets}


def _performed(plan: Plan) -> Iterator[Perform]:
    for each in (plan, *plan.recipes.values()):
        yield from (step.do for step in each.steps if isinstance(step.do, Perform))


def _channels_missing(do: Perform, catalog: Catalog, settings: Settings) -> dict[str, str]:
    """What the channels of a message miss: for each that no connector can serve yet, what any of them asks for."""
    used = do.params.get("channels") if isinstance(do.params, dict) else None
    missing: dict[str, str] = {}
    for name in used if isinstance(used, list) else []:
        channels = [each.channels[name] for each in catalog.connectors.values() if name in each.channels]
        wanted = [channel.missing(settings) for channel in channels]
        if wanted and all(wanted):
            missing[f"channel {name}"] = " or ".join(dict.fromkeys(str(each) for each in wanted))
    return missing
