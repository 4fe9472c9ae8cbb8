"""Erasing a person from the runs of a storage: which runs name them, and what takes the place of their journals.

The one rule: a run that goes on is not touched. Its journal is what it lives from; it has to end first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import orjson

from recipe_engine.core.advance import replay
from recipe_engine.core.json import JSONObject
from recipe_engine.runtime.errors import OperationRefused
from recipe_engine.runtime.live import Plans, read
from recipe_engine.runtime.store import Clean, Redacted, RunRow
from recipe_engine.runtime.traces import Traces, begun_by, files_in
from recipe_engine.runtime.views import result_of

# Runs that are looked through before other work goes on.
_AT_ONCE = 20
_ALL = 2**62


class Readable(Protocol):
    """What can be read of a storage, by its owner and by others."""

    def runs(self, status: str | None, recipe: str | None, limit: int) -> list[RunRow]: ...

    def entries(self, number: int) -> list[bytes]: ...

    def start_of(self, number: int) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is to be done, and what the person who asked for it is told."""

    runs: list[Redacted]
    clean: Clean
    told: JSONObject


async def every_run(store: Readable) -> AsyncIterator[tuple[RunRow, list[bytes]]]:
    """Every run with its journal, the newest first; of a queued one, what it will start with. Other work goes on between."""
    for count, row in enumerate(store.runs(None, None, _ALL)):
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
        entries = store.entries(row.number)
        start = store.start_of(row.number) if not entries else None
        yield row, entries if start is None else [start]


async def naming(store: Readable, traces: Traces) -> AsyncIterator[tuple[RunRow, list[bytes]]]:
    """The runs in which a trace stands that is the person's alone."""
    async for row, entries in every_run(store):
        if any(traces.in_value(orjson.loads(entry)) for entry in entries):
            yield row, entries


async def prepare(store: Readable, plans: Plans, traces: Traces) -> Redaction:
    """What takes the place of what is kept of a person. Raises OperationRefused while a run that names them goes on."""
    found = [(row, entries) async for row, entries in naming(store, traces)]
    going_on = [row.run_id for row, _ in found if row.ended_at is None]
    if going_on:
        listed = ", ".join(going_on)
        raise OperationRefused(f"runs that name this person go on: {listed}", "wait for their end, or cancel them")
    ended = [(row, read(entries)) for row, entries in found if store.entries(row.number)]
    theirs = {row.number for row, entries in ended if begun_by(entries, traces)}
    own, shared = await _files(store, theirs)
    gone = frozenset(own)
    runs = []
    for row, entries in ended:
        cleaned = [traces.clean_entry(entry, gone) for entry in entries]
        texts = [orjson.dumps(entry.to_json()) for entry in cleaned]
        runs.append(Redacted(row.number, texts, result_of(replay(plans.get(row.plan), cleaned))))
    told = {"runs": [row.run_id for row, _ in ended], "files": sorted(own), "shared": sorted(shared)}
    return Redaction(runs, lambda data: _cleaned(data, traces), told)


async def _files(store: Readable, theirs: set[int]) -> tuple[set[str], set[str]]:
    """The digests of files that only these runs hold, and the names of those that others hold too."""
    own: dict[str, str] = {}
    others: set[str] = set()
    async for row, entries in every_run(store):
        for entry in entries:
            if b'"digest"' in entry:
                for file in files_in(orjson.loads(entry)):
                    if row.number in theirs:
                        own[file["digest"]] = file["name"]
                    else:
                        others.add(file["digest"])
    return own.keys() - others, {name for digest, name in own.items() if digest in others}


def _cleaned(data: bytes, traces: Traces) -> bytes:
    value = orjson.loads(data)
    return orjson.dumps(traces.clean(value)) if traces.in_value(value) else data
