"""Finding plugins: the engine's own, those that distributions announce, and those of a source checkout.

The engine's own connectors register nothing but connectors, so they wait until one is asked for; a plugin of somebody
else may answer any hook and is imported at once. The one rule: a broken third-party plugin costs its own connectors and a warning that names its distribution, never the
command.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pluggy

from recipe_engine.expr import function_table
from recipe_engine.plugin import hookspecs
from recipe_engine.plugin.api import Connector
from recipe_engine.plugin.catalog import Catalog, Known, Shelf

GROUP = "recipe_engine"
_CONNECTORS_PACKAGE = "recipe_plugins"


@dataclass(frozen=True, slots=True)
class PluginWarning:
    """What is wrong with a plugin, and whose it is."""

    plugin: str
    distribution: str
    problem: str

    def __str__(self) -> str:
        return f"plugin {self.plugin} of {self.distribution} is left out: {self.problem}"


@dataclass(frozen=True, slots=True)
class LoadedPlugins:
    """The catalog of all connectors, the pluggy manager for the other hooks, the functions that plugins add to
    expressions, and what could not be loaded."""

    catalog: Catalog
    manager: pluggy.PluginManager
    functions: tuple[Any, ...] = ()
    warnings: tuple[PluginWarning, ...] = ()

    @property
    def function_table(self) -> Mapping[str, Any] | None:
        """Everything that expressions may call, None when no plugin adds to the language."""
        return function_table(self.functions) if self.functions else None


@dataclass(slots=True)
class _Loading:
    manager: pluggy.PluginManager
    warnings: list[PluginWarning] = field(default_factory=list)
    connectors: dict[str, Connector] = field(default_factory=dict)
    functions: list[Any] = field(default_factory=list)
    reserved: set[str] = field(default_factory=set)


def load_catalog(extra: Iterable[Any] = (), known: Iterable[Known] = (), added: Iterable[Known] = ()) -> LoadedPlugins:
    """The catalog of `extra` (plugin objects), of `known` (plugins that wait until they are asked for), of the engine's
    own connectors, of every other plugin that an entry point of the group `recipe_engine` announces, and of `added`:
    connectors of a project, which never take the place of an installed one.

    What goes wrong in `extra` is raised: whoever passes it is there to hear it.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    loading = _Loading(manager)
    announced = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    own = {module: Known(module, (module.rpartition(".")[2],)) for module in _checked_out()}
    own |= {entry.module: Known(entry.module, (entry.name,)) for entry in announced if _is_own(entry)}
    waiting = [*known, *own.values()]
    for later in waiting:
        loading.reserved.update(later.connectors, later.bare_actions)
    for plugin in extra:
        manager.register(plugin)
        _take(loading, plugin)
    for entry in announced:
        if not _is_own(entry):
            _load(loading, entry)
    waiting += _not_taken(loading, added)
    shelf = Shelf(loading.connectors.values(), waiting, _connectors_of)
    return LoadedPlugins(Catalog.on(shelf), manager, tuple(loading.functions), tuple(loading.warnings))


def _is_own(entry: EntryPoint) -> bool:
    return entry.module.partition(".")[0] == _CONNECTORS_PACKAGE


def _connectors_of(known: Known) -> list[Connector]:
    """The connectors of one of the engine's own plugins."""
    plugin = import_module(known.module)
    if not hasattr(plugin, "register_connectors"):
        return []
    return list(plugin.register_connectors(known.place) if known.place else plugin.register_connectors())


def _not_taken(loading: _Loading, added: Iterable[Known]) -> list[Known]:
    """The connectors of a project whose names nobody has yet."""
    kept = []
    for known in added:
        [name] = known.connectors
        if name in loading.connectors or name in loading.reserved:
            loading.warnings.append(PluginWarning(name, known.place, f"there is a connector {name!r} already"))
        else:
            loading.reserved.add(name)
            kept.append(known)
    return kept


def _load(loading: _Loading, entry: EntryPoint) -> None:
    """Import, register and ask one plugin; whatever it throws becomes a warning."""
    registered, name = False, entry.name
    try:
        plugin = entry.load()
        loading.manager.register(plugin, name)
        registered = True
        _refuse_unknown_hooks(loading.manager, plugin)
        _take(loading, plugin)
    except Exception as error:  # noqa: BLE001  # third-party code may throw anything; the warning keeps what and whose
        if registered:
            loading.manager.unregister(name=name)
        loading.warnings.append(PluginWarning(name, _distribution(entry), f"{type(error).__name__}: {error}"))


def _refuse_unknown_hooks(manager: pluggy.PluginManager, plugin: Any) -> None:
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            raise TypeError(f"it implements {caller.name}, which is not a hook")


def _take(loading: _Loading, plugin: Any) -> None:
    """What the plugin registers, all of it or nothing."""
    connectors = list(_call(loading.manager, plugin, "register_connectors"))
    functions = list(_call(loading.manager, plugin, "register_expr_functions"))
    added: dict[str, Connector] = {}
    for connector in connectors:
        if not isinstance(connector, Connector):
            raise TypeError(f"register_connectors gave {connector!r}, which is not a Connector")
        if connector.name in loading.connectors or connector.name in added or connector.name in loading.reserved:
            raise ValueError(f"there is a connector {connector.name!r} already")
        taken = [name for other in (*loading.connectors.values(), *added.values()) for name in other.actions]
        for name in connector.actions:
            if name in taken or name in loading.reserved:
                raise ValueError(f"there is an action {name!r} already")
        added[connector.name] = connector
    loading.connectors.update(added)
    loading.functions.extend(functions)


def _call(manager: pluggy.PluginManager, plugin: Any, hook: str) -> Iterable[Any]:
    """What this one plugin answers to a hook."""
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        if implementation.plugin is plugin:
            return implementation.function() or ()
    return ()


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "an unknown distribution"


def _checked_out() -> list[str]:
    """The connector packages beside a source checkout of the engine; none when it was installed."""
    folder = Path(__file__).parents[2] / "plugins" / _CONNECTORS_PACKAGE
    if not folder.is_dir():
        return []
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))
    return [f"{_CONNECTORS_PACKAGE}.{found.name}" for found in pkgutil.iter_modules([str(folder)])]
