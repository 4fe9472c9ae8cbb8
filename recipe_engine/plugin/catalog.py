"""The catalog: every connector and action known, built once, frozen, and passed to whoever needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recipe_engine.plugin.api import Action, Connector


@dataclass(frozen=True, slots=True)
class Catalog:
    """`connectors` by name, `actions` by full name (`hubspot.create_ticket`, `http`)."""

    connectors: Mapping[str, Connector]
    actions: Mapping[str, Action]

    @classmethod
    def of(cls, connectors: Iterable[Connector]) -> Catalog:
        """The catalog of these connectors.

        Raises ValueError when two connectors have the same name or two actions do.
        """
        by_name: dict[str, Connector] = {}
        actions: dict[str, Action] = {}
        for connector in connectors:
            if connector.name in by_name:
                raise ValueError(f"two connectors are named {connector.name!r}")
            by_name[connector.name] = connector
            for name, action in connector.actions.items():
                if name in actions:
                    raise ValueError(f"two actions are named {name!r}")
                actions[name] = action
        return cls(MappingProxyType(by_name), MappingProxyType(actions))
