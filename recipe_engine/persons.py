"""Everything that is kept of one person, gathered or erased: by connectors, in runs, in files.

The one rule: erasing goes from what is found by the person to what the person is found by, so that an erasure that was broken off
can be done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from recipe_engine.errors import RecipeError
from recipe_engine.runtime.protocol import ENDED
from recipe_engine.runtime.traces import Traces, begun_by, files_in

if TYPE_CHECKING:
    from recipe_engine.core.events import Entry
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.plugin import Catalog, Settings
    from recipe_engine.plugin.people import Keeper, Person
    from recipe_engine.runtime.blobs import FolderBlobs
    from recipe_engine.runtime.protocol import RunView


class Runs(Protocol):
    """What is needed of a runtime."""

    async def naming(self, traces: JSONObject) -> list[RunView]: ...

    async def journal(self, run: str) -> list[Entry]: ...

    async def redact(self, traces: JSONObject) -> JSONObject: ...

    async def cancel(self, run: str, by: str, reason: str = "") -> None: ...


@dataclass(frozen=True)
class Known:
    """A person, and the keepers that may know them."""

    keepers: dict[str, tuple[Keeper, Person]]
    traces: Traces


@dataclass(slots=True)
class Erased:
    """What was erased. `shared` are names of files that stayed because runs of others hold them too."""

    records: dict[str, dict[str, int]] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    files: int = 0
    shared: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)


def keepers_of(catalog: Catalog, settings: Settings, database: str) -> dict[str, Keeper]:
    """What keeps data of persons here, by connector."""
    found: dict[str, Keeper] = {}
    for name, connector in catalog.connectors.items():
        if connector.people is not None:
            module, _, cls = connector.people.partition(":")
            found[name] = getattr(import_module(module), cls)(settings, database)
    return found


async def know(keepers: dict[str, Keeper], who: str) -> Known:
    """Whom an e-mail address, a phone number or the id of a contact means.

    Raises RecipeError when that is nobody, or several people.
    """
    known: dict[str, tuple[Keeper, Person]] = {}
    for name, keeper in keepers.items():
        person = await keeper.identify(who)
        if person.several:
            listed = "; ".join(person.several)
            raise RecipeError(f"{who} is the address of several people: {listed}", "name one by id or e-mail address")
        known[name] = (keeper, person)
    people = [person for _, person in known.values()]
    addresses = [address for person in people for address in person.addresses] or [who]
    if not any(person.ids for person in people) and not all(_is_address(address) for address in addresses):
        raise RecipeError(f"there is no contact {who}", "give an e-mail address, or a phone number with +33 before it")
    return Known(
        known,
        Traces(
            tuple(dict.fromkeys(addresses)),
            tuple(dict.fromkeys(mark for person in people for mark in person.marks)),
            tuple(dict.fromkeys(text for person in people for text in person.more)),
        ),
    )


async def export(known: Known, runs: Runs | None, by: str) -> JSONObject:
    """Everything that is kept of a person. Of a run that is not about them, only the values that name them: the rest is about
    others."""
    found: JSONObject = {name: await keeper.export(person, by) for name, (keeper, person) in known.keepers.items()}
    shown: list[JSONObject] = []
    files: dict[str, JSONObject] = {}
    for view in await runs.naming(known.traces.to_json()) if runs is not None else ():
        assert runs is not None
        entries = await runs.journal(view.run_id)
        about = {"run_id": view.run_id, "recipe": view.recipe, "status": view.status, "started_at": view.started_at}
        if begun_by(entries, known.traces):
            journal = [entry.to_json() for entry in entries]
            files |= {file["digest"]: file for each in journal for file in files_in(each)}
            shown.append({**about, "ended_at": view.ended_at, "journal": journal})
        else:
            values = (value for entry in entries for value in _naming(entry.to_json(), known.traces))
            shown.append({**about, "values": list({json.dumps(value): value for value in values}.values())})
    return {**found, "runs": shown, "files": list(files.values())}


async def erase(known: Known, runs: Runs | None, blobs: FolderBlobs | None, by: str, *, cancel: bool) -> Erased:
    """Erase a person everywhere. Raises OperationRefused while runs that name them go on, unless `cancel` ends these."""
    done = Erased()
    if runs is not None:
        traces = known.traces.to_json()
        if cancel:
            for view in await runs.naming(traces):
                if view.status not in ENDED:
                    await runs.cancel(view.run_id, by, "a person's data is erased")
                    done.cancelled.append(view.run_id)
        told = await runs.redact(traces)
        done.runs, done.shared = told["runs"], told["shared"]
        done.files = sum(blobs.forget(digest) for digest in told["files"]) if blobs is not None else 0
    for name, (keeper, person) in known.keepers.items():
        done.records[name] = await keeper.erase(person, by, done.runs)
    return done


def _is_address(text: str) -> bool:
    return "@" in text or (text.startswith("+") and text[1:].isdigit())


def _naming(value: JSON, traces: Traces) -> Iterator[Any]:
    """The smallest objects, and texts outside of one, that name the person."""
    inner: Sequence[Any] = ()
    if isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, list):
        inner = value
    if not inner:
        if traces.in_value(value):
            yield value
        return
    found = [each for item in inner for each in _naming(item, traces)]
    plain = isinstance(value, dict) and any(
        not isinstance(item, dict | list) and traces.in_value(item) for item in inner
    )
    yield from [value] if plain else found
