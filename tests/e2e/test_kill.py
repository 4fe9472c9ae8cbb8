"""A process that causes two hundred effects is killed again and again, at moments of the server's choice.

However often that happens: every keyed effect is there exactly once by its key, an effect of class `once` never twice,
and no run is lost. `HYPOTHESIS_PROFILE=soak` (make soak) does it for longer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.sqlite import SqliteStore
from tests.e2e.effects import DOUBTFUL, ITEMS, Poster, drive, plan
from tests.e2e.server import EffectServer, serving

SEEDS = range(100) if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else range(1)
KILLS = 6
ROOT = Path(__file__).parents[2]
RECIPE = Path(__file__).with_name("effects.yml")


# --- the runtime by itself


@pytest.mark.parametrize("seed", SEEDS)
async def test_effects_happen_once_however_often_the_process_is_killed(seed: int, tmp_path: Path):
    database = tmp_path / "runs.db"
    async with serving(seed) as server, aiohttp.ClientSession() as session:
        run_id = await begin(database, session, server)
        killed = 0
        for _ in range(KILLS):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.e2e.effects", str(database), server.url, cwd=ROOT
            )
            server.arm(process)
            killed += await process.wait() != 0
        assert killed >= KILLS // 2
        server.disarm()
        await drive(database, server.url)
        assert max(server.once.values()) == 1
        await settle(database, session, server, run_id)
    everything = {f"{run_id}/each[{n}]/{step}" for n in range(ITEMS) for step in "abc"}
    everything |= {f"{run_id}/each[{n}]/doubtful" for n in range(0, ITEMS, DOUBTFUL)}
    assert set(server.effects) == everything
    assert set(server.once.values()) == {1}


async def begin(database: Path, session: aiohttp.ClientSession, server: EffectServer) -> str:
    """Start the run."""
    runtime = EmbeddedRuntime(SqliteStore(database), Poster(server.url, session), SystemClock())
    await runtime.open()
    run_id = await runtime.start(plan(), {"items": list(range(ITEMS))})
    await runtime.close()
    return run_id


async def settle(database: Path, session: aiohttp.ClientSession, server: EffectServer, run_id: str) -> None:
    """Do what a person would about steps in doubt: look at the server, and say what happened."""
    runtime = EmbeddedRuntime(SqliteStore(database), Poster(server.url, session), SystemClock())
    await runtime.open()
    while (view := await runtime.wait(run_id, {"succeeded", "in_doubt", "failed"})).status == "in_doubt":
        for step in view.steps or []:
            if step["status"] == "in_doubt":
                happened = f"{run_id}/{step['path']}" in server.once
                await runtime.resolve(run_id, step["path"], "done" if happened else "retry", "Ada")
    assert view.status == "succeeded"
    await runtime.close()


# --- the command


async def recipe(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "RECIPE_HTTP_ALLOW": "127.0.0.1", "RECIPE_DB": "runs.db"}
    command = Path(sys.executable).with_name("recipe")
    return await asyncio.create_subprocess_exec(
        command,
        *arguments,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def told(folder: Path, *arguments: str) -> dict:
    output, _ = await (await recipe(folder, *arguments, "--json")).communicate()
    return json.loads(output)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_worker_finishes_what_was_killed(seed: int, tmp_path: Path):
    async with serving(seed) as server:
        (tmp_path / "input.json").write_text(json.dumps({"url": server.url, "items": list(range(50))}))
        run_id = (await told(tmp_path, "run", str(RECIPE), "--input", "input.json", "--detach"))["run_id"]
        killed = 0
        for _ in range(KILLS):
            process = await recipe(tmp_path, "worker", "--until-idle")
            server.arm(process)
            await process.communicate()
            killed += process.returncode != 0
        assert killed >= KILLS // 2
        server.disarm()
        await (await recipe(tmp_path, "worker", "--until-idle")).communicate()
        run = await told(tmp_path, "runs", "show", run_id)
    doubtful = [step for step in run["steps"] if step["status"] == "in_doubt"]
    assert run["status"] == ("in_doubt" if doubtful else "succeeded")
    assert max(server.once.values()) == 1
    stuck = {int(step["path"].partition("[")[2].partition("]")[0]) for step in doubtful}
    everything = {f"/keyed/a/{n}/{n}" for n in range(50)} | {f"{run_id}/each[{n}]/b" for n in range(50)}
    everything |= {f"{run_id}/each[{n}]/c" for n in range(50) if n not in stuck}
    everything |= {f"/keyed/d/{n}/{n}" for n in range(50) if n not in stuck}
    assert set(server.effects) - set(server.once) == everything
    assert set(server.once) >= {f"/once/{n}" for n in range(0, 50, 5) if n not in stuck}
