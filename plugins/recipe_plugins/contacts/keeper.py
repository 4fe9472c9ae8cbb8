"""The book as `recipe contacts` sees it: whose data is here, hand it over, erase it.

The one rule: who asked, for whom and when stands in the audit log, whatever came of it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import uuid4

from recipe_engine.plugin import Settings
from recipe_engine.plugin.people import Person
from recipe_plugins.contacts.addresses import canonical
from recipe_plugins.contacts.asking import REGION, book_at
from recipe_plugins.contacts.book import Call
from recipe_plugins.contacts.links import mark


class ContactsKeeper:
    """Implements `Keeper`."""

    def __init__(self, settings: Settings, runs_database: str) -> None:
        self._book = book_at(settings, runs_database)
        self._region = settings.get(REGION)

    async def identify(self, who: str) -> Person:
        """Whom an e-mail address, a phone number or the id of a contact means."""
        if not self._book.begun:
            address = canonical(who, self._region)
            return Person((), (address,), marks=(mark(address),))
        found = await self._ask("identify", "", who=who)
        return Person(
            tuple(found["ids"]),
            tuple(found["addresses"]),
            tuple(found["more"]),
            tuple(" ".join(part for part in each.values() if part) for each in found["several"]),
            tuple(found["marks"]),
        )

    async def export(self, person: Person, by: str) -> dict[str, Any]:
        """What is kept of a person: contact, consents, interactions, lines of the audit log."""
        return await self._ask("export", by, ids=list(person.ids), addresses=list(person.addresses))

    async def erase(self, person: Person, by: str, runs: list[str]) -> dict[str, int]:
        """Forget a person; how many records that were. `runs` are those that were redacted, for the log."""
        return await self._ask("erase", by, ids=list(person.ids), addresses=list(person.addresses), runs=runs)

    async def audit(self, limit: int) -> list[dict[str, Any]]:
        """Who did what, the latest first."""
        if not self._book.begun:
            return []
        found: list[dict[str, Any]] = (await self._ask("record", "", limit=limit))["lines"]
        return found

    async def _ask(self, operation: str, by: str, **asked: Any) -> dict[str, Any]:
        call = Call(time.time(), by, uuid4().hex, self._region)
        return await asyncio.to_thread(self._book.perform, operation, asked, call)
