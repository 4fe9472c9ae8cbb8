"""The reference flow of six steps: what a run costs over the same HTTP calls made by hand.

Three contenders against one stub server, in the same minutes: a bare script without durability, the same script with
one group-committed SQLite FULL row a step (the limit of what a durable engine can reach), and the engine.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import orjson

from bench.figures import Figure
from recipe_engine import Engine
from recipe_engine.core.events import ActionSucceeded, Entry, RunStarted, RunSucceeded, StepSucceeded

ROUNDS = 3
RUNS = {1: 150, 50: 800, 500: 1000}

RECIPE = """\
slug: reference-flow
name: Reference flow
description: Five HTTP calls and a text.
category: bench
input_schema: {{type: object, required: [email, message], properties: {{email: {{type: string}}, message: {{type: string}}}}}}
steps:
  - {{id: classify, name: Classify, type: http, method: POST, url: "{url}/model", json: {{text: "{{{{ message }}}}"}}, idempotent: true}}
  - id: route
    name: Route
    type: branch
    cases:
      - when: classify.body.confidence >= 0.7
        steps:
          - {{id: contact, name: Contact, type: http, method: POST, url: "{url}/contacts", json: {{email: "{{{{ email }}}}"}}}}
          - {{id: ticket, name: Ticket, type: http, method: POST, url: "{url}/tickets", json: {{contact: "{{{{ contact.body.id }}}}"}}}}
  - id: text
    name: Text
    type: set
    values: {{text: "Ticket {{{{ ticket.body.id | default('none') }}}} for {{{{ email }}}}: {{{{ classify.body.category }}}}"}}
  - {{id: notify, name: Notify, type: http, method: POST, url: "{url}/notify", json: {{text: "{{{{ text.text }}}}"}}}}
output: {{sent: "{{{{ notify.body.sent }}}}"}}
"""
INPUT = {"email": "camille@example.org", "message": "Bonjour, je voudrais une chaise en 3D."}

Flow = Callable[[int], Awaitable[None]]


def measure() -> Iterator[Figure]:
    """Runs a second at 1, 50 and 500 at once; memory and disk of ten thousand runs."""
    with _stub() as url:
        rates: dict[tuple[str, int], list[float]] = {}
        for _ in range(ROUNDS):
            for at_once, runs in RUNS.items():
                for name, contender in (("bare", bare), ("limit", limit), ("engine", engine)):
                    rate = asyncio.run(contender(url, runs, at_once))
                    rates.setdefault((name, at_once), []).append(rate)
        middle = {key: statistics.median(values) for key, values in rates.items()}
        for at_once, least in ((1, 0.5), (50, 0.25), (500, 0.25)):
            yield Figure(
                f"runs a second, {at_once} at once",
                middle["engine", at_once],
                "runs/s",
                middle["limit", at_once],
                "same calls, SQLite group commit",
                at_least=least,
            )
            yield Figure(
                "  beside the bare script", middle["engine", at_once], "runs/s", middle["bare", at_once], "not durable"
            )
        yield from _sizes(url)


async def bare(url: str, runs: int, at_once: int) -> float:
    """The five calls by hand, nothing kept."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        return await _rate(lambda _: _calls(session, url, _kept_nowhere), runs, at_once)


async def limit(url: str, runs: int, at_once: int) -> float:
    """The five calls by hand, each step a row, committed in groups with synchronous=FULL."""
    with tempfile.TemporaryDirectory() as folder:
        rows = GroupCommit(Path(folder) / "rows.db")
        writer = asyncio.create_task(rows.write())
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            rate = await _rate(lambda number: _calls(session, url, lambda row: rows.keep(number, row)), runs, at_once)
        writer.cancel()
        return rate


async def engine(url: str, runs: int, at_once: int) -> float:
    """The same calls as a recipe, on the sqlite runtime."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "flow.yml"
        recipe.write_text(RECIPE.format(url=url))
        async with Engine(Path(folder) / "runs.db", env=_allow(url)) as opened:
            plan = opened.compile(recipe)

            async def one(_: int) -> None:
                run = await opened.run(plan, INPUT)
                assert run.status == "succeeded", run.error

            return await _rate(one, runs, at_once)


async def _calls(session: aiohttp.ClientSession, url: str, keep: Callable[[object], Awaitable[None]]) -> None:
    async def post(path: str, body: object) -> dict:
        async with session.post(
            url + path, data=orjson.dumps(body), headers={"content-type": "application/json"}
        ) as answer:
            return orjson.loads(await answer.read())

    await keep(INPUT)
    classified = await post("/model", {"text": INPUT["message"]})
    await keep(classified)
    ticket = {"id": "none"}
    if classified["confidence"] >= 0.7:
        contact = await post("/contacts", {"email": INPUT["email"]})
        await keep(contact)
        ticket = await post("/tickets", {"contact": contact["id"]})
        await keep(ticket)
    text = f"Ticket {ticket['id']} for {INPUT['email']}: {classified['category']}"
    await keep(text)
    await keep(await post("/notify", {"text": text}))


async def _kept_nowhere(_: object) -> None:
    return


class GroupCommit:
    """The least that makes steps durable: rows of all runs, one commit for whatever has gathered."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, run INTEGER, data BLOB)")
        self._waiting: list[tuple[tuple[int, bytes], asyncio.Future[None]]] = []
        self._some = asyncio.Event()

    async def keep(self, run: int, row: object) -> None:
        """Return once the row is safe."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(((run, orjson.dumps(row)), future))
        self._some.set()
        await future

    async def write(self) -> None:
        """Commit what has gathered, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, []
            await loop.run_in_executor(None, self._commit, [row for row, _ in batch])
            for _, future in batch:
                future.set_result(None)

    def _commit(self, rows: list[tuple[int, bytes]]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO rows (run, data) VALUES (?, ?)", rows)
        self._db.execute("COMMIT")


async def _rate(flow: Flow, runs: int, at_once: int) -> float:
    numbers = iter(range(runs))

    async def worker() -> None:
        for number in numbers:
            await flow(number)

    await flow(-1)
    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return runs / (time.perf_counter() - begun)


def _allow(url: str) -> dict[str, str]:
    return {"RECIPE_HTTP_ALLOW": url.removeprefix("http://")}


def _sizes(url: str) -> Iterator[Figure]:
    """What ten thousand runs leave in memory and on disk, measured in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.reference_flow", url, folder]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        idle, warm, after, disk, data = (float(word) for word in told.split())
    yield Figure("memory idle, before the first run", idle, "MB", at_most=60)
    yield Figure("memory after 10,000 runs", after, "MB", warm, "after 200 runs", at_most=1.15)
    yield Figure("disk a run", disk, "bytes")
    yield Figure("disk beyond input and outputs", disk - data, "bytes", at_most=1500)


async def _ten_thousand(url: str, folder: Path) -> None:
    recipe = folder / "flow.yml"
    recipe.write_text(RECIPE.format(url=url))
    database = folder / "runs.db"
    async with Engine(database, env=_allow(url)) as opened:
        plan = opened.compile(recipe)
        idle = _resident()

        async def one(_: int) -> None:
            await opened.run(plan, INPUT)

        await _rate(one, 200, 50)
        warm = _resident()
        await _rate(one, 10_000, 50)
        after = _resident()
        run = (await opened.runtime.list(limit=1))[0]
        own = _own_data(await opened.runtime.journal(run.run_id))
    print(idle, warm, after, _on_disk(folder) / 10_202, own)


def _own_data(journal: list[Entry]) -> int:
    """The bytes of what a run was given and what its steps answered: not the parameters that the engine rendered."""
    size = 0
    for entry in journal:
        for event in entry.events:
            match event:
                case RunStarted():
                    size += len(orjson.dumps(event.input))
                case ActionSucceeded() | StepSucceeded() | RunSucceeded():
                    size += len(orjson.dumps(event.output))
    return size


def _on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("runs.db*"))


def _resident() -> float:
    """Resident memory of this process in MB."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _stub() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.stub_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.communicate(b"")


if __name__ == "__main__":
    asyncio.run(_ten_thousand(sys.argv[1], Path(sys.argv[2])))
