"""One process owns a database; the others read it and ask."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from recipe_engine.core.plan import Perform, Set, Wait
from recipe_engine.runtime import sqlite_client
from recipe_engine.runtime.clock import SystemClock, VirtualClock
from recipe_engine.runtime.driver import EmbeddedRuntime
from recipe_engine.runtime.errors import DatabaseOwned, NotAnswered, OperationRefused, StorageError, UnknownRun
from recipe_engine.runtime.owner import is_owned
from recipe_engine.runtime.sqlite import SqliteStore
from recipe_engine.runtime.sqlite_client import SqliteClient
from tests.contract.drafts import plan_of
from tests.contract.scripted import Scripted

ASK = plan_of(Wait(approval={"ask": "?"}), Set({"by": "{{ s0.by }}"}))


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[EmbeddedRuntime]:
    clock = SystemClock()
    runtime = EmbeddedRuntime(SqliteStore(tmp_path / "runs.db"), Scripted(clock), clock)
    await runtime.open()
    yield runtime
    await runtime.close()


@pytest.fixture
async def client(owner: EmbeddedRuntime, tmp_path: Path) -> AsyncIterator[SqliteClient]:
    client = SqliteClient(tmp_path / "runs.db")
    await client.open()
    yield client
    await client.close()


async def test_a_second_owner_is_refused_and_told_who_the_first_is(owner: EmbeddedRuntime, tmp_path: Path):
    path = tmp_path / "runs.db"
    assert is_owned(path)
    with pytest.raises(DatabaseOwned, match=f"driven by process {os.getpid()} on ") as refused:
        await SqliteStore(path).open()
    assert "end that process to take over" in refused.value.hint
    await owner.close()
    assert not is_owned(path)
    second = SqliteStore(path)
    await second.open()
    await second.close()


async def test_nobody_owns_what_is_not_there(tmp_path: Path):
    assert not is_owned(tmp_path / "runs.db")
    with pytest.raises(StorageError, match="there is no database"):
        await SqliteClient(tmp_path / "runs.db").open()


async def test_another_process_starts_and_follows_a_run(client: SqliteClient):
    run_id = await client.start(plan_of(Perform("act", {"n": "{{ n }}"}, "keyed")), {"n": 3}, mode={"sandbox": True})
    view = await client.wait(run_id, {"succeeded"})
    assert view.output == {"n": 3}
    assert [entry async for entry in client.watch(run_id)] == await client.journal(run_id)
    assert [listed.run_id for listed in await client.list()] == [run_id]
    assert (await client.plan(run_id)).slug == "demo"
    await client.until_idle()


async def test_what_another_process_asks_is_carried_out_or_refused(client: SqliteClient):
    run_id = await client.start(ASK, {})
    await client.wait(run_id, {"waiting"})
    with pytest.raises(OperationRefused, match="is not paused"):
        await client.resume(run_id, "Ada")
    await client.pause(run_id, "Ada", "lunch")
    assert (await client.get(run_id)).status == "paused"
    with pytest.raises(OperationRefused, match="is paused already"):
        await client.pause(run_id, "Ada")
    await client.resume(run_id, "Ada")
    with pytest.raises(OperationRefused, match=r"'nothing' of run .* is not one") as refused:
        await client.approve(run_id, "nothing", True, "Ada")
    assert refused.value.hint == "these are: s0"
    await client.approve(run_id, None, True, "Ada")
    assert (await client.wait(run_id, {"succeeded"})).output == {"by": "Ada"}
    with pytest.raises(UnknownRun, match="no run 'nobody'"):
        await client.cancel("nobody", "Ada")
    with pytest.raises(OperationRefused, match=r"no step of run .* is in doubt|has succeeded already"):
        await client.resolve(run_id, None, "done", "Ada")


async def test_another_process_sends_events(client: SqliteClient):
    run_id = await client.start(plan_of(Wait(event="go", match={"n": 1})), {})
    await client.wait(run_id, {"waiting"})
    assert await client.send("go", {"n": 2}) == 0
    assert await client.send("go", {"n": 1}, event_id="e1") == 1
    assert await client.send("go", {"n": 1}, event_id="e1") == 0
    assert (await client.wait(run_id, {"succeeded"})).output == {"n": 1}


async def test_another_process_stops_everything(client: SqliteClient):
    run_id = await client.start(ASK, {})
    await client.stop_all("Ada", "fire")
    with pytest.raises(OperationRefused, match="everything was stopped by Ada"):
        await client.start(ASK, {})
    await client.resume_all("Ada")
    await client.cancel(run_id, "Ada")
    assert (await client.get(run_id)).status == "cancelled"


async def test_a_run_of_another_process_that_will_not_become_what_is_waited_for(client: SqliteClient):
    run_id = await client.start(plan_of(Set({"a": 1})), {})
    with pytest.raises(OperationRefused, match="it will not become failed"):
        await client.wait(run_id, {"failed"})
    with pytest.raises(UnknownRun):
        await client.get("nobody")


async def test_a_request_that_cannot_be_read_is_refused(client: SqliteClient, tmp_path: Path):
    with pytest.raises(OperationRefused, match="does not know the operation 'explode'"):
        await client._ask("explode")
    with pytest.raises(OperationRefused, match="could not be read"):
        await client._ask("pause", nonsense=1)


async def test_without_an_owner_a_request_is_kept_and_carried_out_later(
    owner: EmbeddedRuntime, client: SqliteClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run_id = await client.start(ASK, {})
    await owner.close()
    monkeypatch.setattr(sqlite_client, "_OWNER_SECONDS", 0.0)
    with pytest.raises(NotAnswered, match="nobody drives the runs"):
        await client.approve(run_id, None, True, "Ada")
    clock = VirtualClock(2e9)
    again = EmbeddedRuntime(SqliteStore(tmp_path / "runs.db"), Scripted(clock), clock)
    await again.open()
    await again.until_idle()
    assert (await again.get(run_id)).output == {"by": "Ada"}
    await again.close()


async def test_what_was_asked_while_nobody_drove_comes_before_everything_else(
    owner: EmbeddedRuntime, client: SqliteClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    performer: Scripted = owner._turns._effects._performer
    performer.hold("act")
    plan = plan_of(Perform("act", {}, "keyed"), Perform("next", {}, "keyed"))
    unwanted, stopped = [await owner.start(plan, {}) for _ in range(2)]
    await performer.reached(2)
    await owner.close()
    monkeypatch.setattr(sqlite_client, "_OWNER_SECONDS", 0.0)
    for asking in (client.cancel(unwanted, "Ada"), client.stop_all("Ada", "fire")):
        with pytest.raises(NotAnswered):
            await asking
    clock = VirtualClock(2e9)
    performer = Scripted(clock)
    again = EmbeddedRuntime(SqliteStore(tmp_path / "runs.db"), performer, clock)
    await again.open()
    await again.until_idle()
    assert performer.calls == []
    assert (await again.get(unwanted)).status == "cancelled"
    await again.resume_all("Ada")
    await again.until_idle()
    assert (await again.get(stopped)).status == "succeeded"
    assert {call.run.run_id for call in performer.calls} == {stopped}
    await again.close()


async def test_an_owner_that_does_not_answer_is_not_waited_for_for_ever(
    owner: EmbeddedRuntime, client: SqliteClient, monkeypatch: pytest.MonkeyPatch
):
    owner._inbox.stop()
    monkeypatch.setattr(client, "_patience", 0.0)
    with pytest.raises(NotAnswered, match="has not answered in 0 seconds: the request is kept"):
        await client.start(ASK, {})


async def test_a_request_is_carried_out_once_across_a_crash(
    client: SqliteClient, owner: EmbeddedRuntime, tmp_path: Path
):
    """The answer is in the transaction of what the request led to: after a crash there is nothing to carry out again."""
    run_id = await client.start(ASK, {})
    await client.pause(run_id, "Ada")
    connection = sqlite3.connect(tmp_path / "runs.db")
    answers = [row[0] for row in connection.execute("SELECT answer FROM inbox ORDER BY id")]
    connection.close()
    assert [orjson.loads(answer) for answer in answers] == [{"result": None}, {"result": None}]
    assert owner._store.requests(0) == []


async def test_requests_that_come_together_are_answered_apart(client: SqliteClient):
    runs = await asyncio.gather(*(client.start(ASK, {}) for _ in range(10)))
    await asyncio.gather(*(client.approve(run, None, True, "Ada") for run in runs))
    assert {(await client.wait(run, {"succeeded"})).status for run in runs} == {"succeeded"}
