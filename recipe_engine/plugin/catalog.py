"""The catalog: every connector and action known, and passed to whoever needs it.

The one rule: a plugin of the engine's own is imported when one of its actions is first asked for. A recipe of two
vendors starts as fast among a hundred connectors as among two; whoever looks at all of them loads all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recipe_engine.errors import RecipeError
from recipe_engine.plugin.api import Action, Connector

logger = logging.getLogger("recipe_engine")


@dataclass(frozen=True, slots=True)
class Known:
    """A plugin that can wait: its module, the connectors that it brings, and its actions that have a bare name.

    `place` is handed to `register_connectors` of a module that makes connectors from files: the folder of one.
    """

    module: str
    connectors: tuple[str, ...]
    bare_actions: tuple[str, ...] = ()
    place: str = ""


class Shelf:
    """Connectors that are there, and plugins that will bring more when asked for."""

    def __init__(
        self, there: Iterable[Connector], waiting: Iterable[Known], load: Callable[[Known], list[Connector]]
    ) -> None:
        self.connectors: dict[str, Connector] = {}
        self.actions: dict[str, Action] = {}
        self._load = load
        self._waiting = list(waiting)
        for connector in there:
            self._put(connector)

    def fetch(self, name: str) -> None:
        """Load the plugin that brings the connector or the bare action `name`, if one does."""
        for known in self._waiting:
            if name in known.connectors or name in known.bare_actions:
                self._take(known)
                return

    def fetch_all(self) -> None:
        """Load every plugin that still waits. One that cannot be imported costs its own connectors and a warning: those
        who look at all of them do not ask for it. So do files of a project that make no connector."""
        while self._waiting:
            known = self._waiting[0]
            try:
                self._take(known)
            except ImportError:
                logger.exception("%s is left out: it cannot be imported", known.module)
            except RecipeError as error:
                logger.warning("the connector %s is left out: %s", known.connectors[0], error.message)

    def _take(self, known: Known) -> None:
        self._waiting.remove(known)
        for connector in self._load(known):
            self._put(connector)

    def _put(self, connector: Connector) -> None:
        if connector.name in self.connectors:
            raise ValueError(f"two connectors are named {connector.name!r}")
        self.connectors[connector.name] = connector
        for name, action in connector.actions.items():
            if name in self.actions:
                raise ValueError(f"two actions are named {name!r}")
            self.actions[name] = action


class _Connectors(Mapping[str, Connector]):
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, name: str) -> Connector:
        if name not in self._shelf.connectors:
            self._shelf.fetch(name)
        return self._shelf.connectors[name]

    def __iter__(self) -> Iterator[str]:
        self._shelf.fetch_all()
        return iter(self._shelf.connectors)

    def __len__(self) -> int:
        self._shelf.fetch_all()
        return len(self._shelf.connectors)


class _Actions(Mapping[str, Action]):
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, name: str) -> Action:
        if name not in self._shelf.actions:
            self._shelf.fetch(name.partition(".")[0])
        return self._shelf.actions[name]

    def __iter__(self) -> Iterator[str]:
        self._shelf.fetch_all()
        return iter(self._shelf.actions)

    def __len__(self) -> int:
        self._shelf.fetch_all()
        return len(self._shelf.actions)


@dataclass(frozen=True, slots=True)
class Catalog:
    """`connectors` by name, `actions` by full name (`hubspot.create_ticket`, `http`). `loaded` are the connectors whose
    plugins have been imported so far."""

    connectors: Mapping[str, Connector]
    actions: Mapping[str, Action]
    loaded: Mapping[str, Connector]

    @classmethod
    def of(cls, connectors: Iterable[Connector]) -> Catalog:
        """The catalog of these connectors.

        Raises ValueError when two connectors have the same name or two actions do.
        """
        return cls.on(Shelf(connectors, (), lambda _: []))

    @classmethod
    def on(cls, shelf: Shelf) -> Catalog:
        """The catalog of what a shelf has and can fetch."""
        return cls(_Connectors(shelf), _Actions(shelf), MappingProxyType(shelf.connectors))
