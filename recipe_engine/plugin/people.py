"""Data of persons that a connector keeps here, for `recipe contacts export` and `erase`.

    contacts = Connector(name="contacts", ..., people="contacts_plugin.keeper:ContactsKeeper")

The class is made with the settings and the database of the runs (a path).

The one rule: what is erased is erased; a keeper may keep a digest of an address to honour an opt-out, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recipe_engine.core.json import JSONObject


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as a keeper knows them.

    `addresses` are theirs alone, and so are `marks`, texts that the keeper makes of them (tokens in links). `more` is what means them only where one of these stands too: names, a number that is shared.
    `several` describes each of the people when what was asked for is an address of more than one.
    """

    ids: tuple[str, ...]
    addresses: tuple[str, ...]
    more: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


class Keeper(Protocol):
    """What keeps data of persons. Everything raises Retryable or Terminal when it cannot be reached."""

    async def identify(self, who: str) -> Person:
        """Whom an e-mail address, a phone number or an id means; an address that is unknown is a person without ids."""
        ...

    async def export(self, person: Person, by: str) -> JSONObject:
        """Everything that is kept of a person."""
        ...

    async def erase(self, person: Person, by: str, runs: list[str]) -> dict[str, int]:
        """Forget a person; how many records of each kind that were. `runs` are those that were redacted, for the log."""
        ...

    async def audit(self, limit: int) -> list[JSONObject]:
        """Who did what, the latest first: {at, by, action, subject, detail}."""
        ...
