"""What journaling costs: steps that do nothing, beside rows that a bare loop commits in groups; and bytes on the disk.

The bare loop is the least that durability costs in this process: one SQLite table, WAL, synchronous=FULL, one commit for
whatever is ready.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.figures import Figure
from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionSucceeded
from recipe_engine.core.plan import Branch, Case, Perform, Plan, Set, Step
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sqlite import SqliteStore

STEPS = 20
RUNS = 400
ROUNDS = 5
ROW = orjson.dumps({"a row": "x" * 260})


class Instant:
    """Answers at once."""

    def __init__(self, answers: dict[str, object]) -> None:
        self._answers = answers

    async def perform(self, run: RunInfo, command: PerformAction, recovered: bool = False) -> ActionSucceeded:
        return ActionSucceeded(command.path, command.seq, self._answers.get(command.action))


def sequence() -> Plan:
    """Twenty steps that do nothing."""
    steps = tuple(Step(f"s{n}", f"S{n}", "act", Perform("act", {"n": "{{ n }}"}, "keyed")) for n in range(STEPS))
    return Plan("bench", "Bench", steps, (tuple(range(STEPS)),), 0)


def reference_flow() -> Plan:
    """The six steps of the reference flow: classify, branch, contact, ticket, text, notice."""
    steps = (
        Step("classify", "Classify", "http", Perform("classify", {"text": "{{ message }}"}, "read")),
        Step("route", "Route", "branch", Branch((Case("classify.confidence >= 0.7", 1),))),
        Step("contact", "Contact", "http", Perform("contact", {"email": "{{ email }}"}, "once")),
        Step(
            "ticket", "Ticket", "http", Perform("ticket", {"contact": "{{ contact.id }}", "subject": "Devis"}, "once")
        ),
        Step("text", "Text", "set", Set({"text": "Bonjour {{ email }}, votre demande {{ ticket.id }} est ouverte."})),
        Step("notify", "Notify", "http", Perform("notify", {"to": "{{ email }}", "text": "{{ text.text }}"}, "once")),
    )
    return Plan("reference", "Reference", steps, ((0, 1), (2, 3, 4, 5)), 0)


FLOW_ANSWERS = {
    "classify": {"category": "modelling", "confidence": 0.92},
    "contact": {"id": "cnt_184467", "email": "ada@example.org"},
    "ticket": {"id": "tck_204911", "status": "open"},
    "notify": {"sent": True},
}
FLOW_INPUT = {"email": "ada@example.org", "message": "Bonjour, je voudrais un devis pour une piece en 3D."}


async def engine_steps(path: Path, at_once: int) -> tuple[float, float]:
    """Steps a second, and microseconds of CPU a step."""
    runtime = EmbeddedRuntime(SqliteStore(path), Instant({"act": {"ok": True}}), SystemClock())
    await runtime.open()
    plan = sequence()

    async def lane() -> None:
        for _ in range(RUNS // 50):
            await runtime.wait(await runtime.start(plan, {"n": 1}), {"succeeded"})

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(lane() for _ in range(at_once)))
    steps = STEPS * (RUNS // 50) * at_once
    rate, cost = steps / (time.perf_counter() - begun), (time.process_time() - cpu) / steps
    await runtime.close()
    return rate, cost * 1e6


async def bare_rows(path: Path, at_once: int) -> float:
    """Rows a second of the bare loop, each lane waiting for its row before it hands in the next."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, run INTEGER, n INTEGER, data BLOB)")
    ready: list[tuple[int, int, bytes]] = []
    safe = asyncio.get_running_loop().create_future()

    def commit() -> None:
        nonlocal safe
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO log (run, n, data) VALUES (?, ?, ?)", ready)
        connection.execute("COMMIT")
        ready.clear()
        done, safe = safe, asyncio.get_running_loop().create_future()
        done.set_result(None)

    async def lane(run: int) -> None:
        for n in range(STEPS * RUNS // 50):
            ready.append((run, n, ROW))
            if len(ready) == 1:
                asyncio.get_running_loop().call_soon(commit)
            await safe

    begun = time.perf_counter()
    await asyncio.gather(*(lane(run) for run in range(at_once)))
    rate = STEPS * RUNS // 50 * at_once / (time.perf_counter() - begun)
    connection.close()
    return rate


async def flow_bytes(path: Path) -> float:
    """Bytes on the disk of a run of the reference flow, beyond its own data."""
    runtime = EmbeddedRuntime(SqliteStore(path), Instant(FLOW_ANSWERS), SystemClock())
    await runtime.open()
    plan = reference_flow()
    await asyncio.gather(*(runtime.start(plan, FLOW_INPUT) for _ in range(1000)))
    await runtime.until_idle()
    view = (await runtime.list(limit=1))[0]
    assert view.status == "succeeded", view
    own = (
        len(orjson.dumps(FLOW_INPUT))
        + len(orjson.dumps(view.output))
        + sum(map(len, map(orjson.dumps, FLOW_ANSWERS.values())))
    )
    await runtime.close()
    return os.stat(path).st_size / 1000 - own


def measure() -> Iterator[Figure]:
    """Journaled steps at 50 at once and one at a time, each beside the bare loop in the same minute."""
    with tempfile.TemporaryDirectory() as folder:
        for at_once, target in ((50, 0.2), (1, None)):
            pairs = []
            for round in range(ROUNDS):
                place = Path(folder) / f"{at_once}-{round}"
                bare = asyncio.run(bare_rows(place.with_suffix(".bare"), at_once))
                pairs.append((*asyncio.run(engine_steps(place.with_suffix(".db"), at_once)), bare))
            rate, cpu, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
            name = f"journaled steps, {at_once} at once"
            yield Figure(name, rate, "/s", bare, "rows of a bare group commit", at_least=target)
            yield Figure(f"CPU of a step, {at_once} at once", cpu, "us", at_most=100 if at_once > 1 else None)
        yield Figure(
            "disk of a reference run, beyond its data",
            asyncio.run(flow_bytes(Path(folder) / "flow.db")),
            "bytes",
            at_most=1500,
        )
