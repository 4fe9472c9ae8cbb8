"""Runs that wait two days for an event: how fast they park, what they cost while they wait, how soon a killed process is
ready again, and how fast the right one wakes.

    python -m bench.runtime_parked park|again DATABASE     the two processes that are measured
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from recipe_engine.core.plan import Plan, Step, Wait
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.sqlite import SqliteStore

RUNS = 100_000
LANES = 200
TWO_DAYS = 172_800.0


class Nothing:
    """No run of this measurement performs anything."""

    async def perform(self, run: object, command: object, recovered: bool = False) -> None:
        raise AssertionError("nothing is to be performed")


def waiting() -> Plan:
    """Waits for an event of its own customer."""
    wait = Wait(event="paid", match={"customer": "{{ customer }}"})
    return Plan("parked", "Parked", (Step("paid", "Paid", "wait", wait, timeout=TWO_DAYS),), ((0,),), 0)


def memory() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def runtime_on(path: Path) -> EmbeddedRuntime:
    return EmbeddedRuntime(SqliteStore(path), Nothing(), SystemClock())  # type: ignore[arg-type]  # performs nothing


async def park(path: Path) -> None:
    """Park the runs, tell how that went, and wait to be killed."""
    runtime = runtime_on(path)
    await runtime.open()
    idle, plan = memory(), waiting()

    async def lane(first: int) -> None:
        for customer in range(first, RUNS, LANES):
            await runtime.start(plan, {"customer": customer})

    begun = time.perf_counter()
    await asyncio.gather(*(lane(first) for first in range(LANES)))
    print(json.dumps({"seconds": time.perf_counter() - begun, "memory": memory() - idle}), flush=True)
    await asyncio.Event().wait()


async def again(path: Path) -> None:
    """Open what was killed, and wake a few runs."""
    begun = time.perf_counter()
    runtime = runtime_on(path)
    await runtime.open()
    await runtime.until_idle()
    ready = time.perf_counter() - begun
    slowest = 0.0
    for customer in range(50, RUNS, RUNS // 20):
        begun = time.perf_counter()
        assert await runtime.send("paid", {"customer": customer, "amount": 12}) == 1
        await runtime.until_idle()
        slowest = max(slowest, time.perf_counter() - begun)
    done = await runtime.list(status="succeeded", limit=100)
    assert len(done) == 20, len(done)
    print(json.dumps({"ready": ready, "slowest": slowest, "bytes": os.stat(path).st_size / RUNS}))
    await runtime.close()


def measure() -> Iterator[Figure]:
    """Parking, memory, readiness after kill -9, waking."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.runtime_parked"]
        path = str(Path(folder) / "runs.db")
        with subprocess.Popen([*command, "park", path], stdout=subprocess.PIPE, text=True) as parking:
            assert parking.stdout is not None
            parked = json.loads(parking.stdout.readline())
            parking.send_signal(signal.SIGKILL)
        woken = json.loads(subprocess.run([*command, "again", path], stdout=subprocess.PIPE, check=True).stdout)
    yield Figure(f"park {RUNS:,} runs", parked["seconds"], "s", at_most=10)
    yield Figure(f"start rate of {RUNS:,} runs", RUNS / parked["seconds"], "/s")
    yield Figure("memory above idle, parked", parked["memory"], "MB", at_most=30)
    yield Figure("ready again after kill -9", woken["ready"], "s", at_most=1)
    yield Figure("an event wakes the right one of them, slowest of 20", woken["slowest"] * 1000, "ms", at_most=50)
    yield Figure("disk of a parked run", woken["bytes"], "bytes")


if __name__ == "__main__":
    asyncio.run({"park": park, "again": again}[sys.argv[1]](Path(sys.argv[2])))
