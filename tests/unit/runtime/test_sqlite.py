"""The SQLite storage: what it refuses, what it survives, what it says."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from recipe_engine.runtime.errors import StorageError
from recipe_engine.runtime.sqlite import SqliteStore
from recipe_engine.runtime.sqlite_schema import VERSION, connect
from recipe_engine.runtime.store import Change, EventRow, RunRow, WaitRow


def row(number: int, **fields) -> RunRow:
    return RunRow(number, f"run-{number}", "demo", "digest", 1.0, **fields)


def stored(number: int, **fields) -> Change:
    return Change(plans=[("digest", "demo", b"{}")], created=[row(number, **fields)], entries=[(number, 0, b"[]")])


async def test_the_settings_that_durability_asks_for(tmp_path: Path):
    store = SqliteStore(tmp_path / "deep" / "er" / "runs.db")
    await store.open()
    for setting, value in (("journal_mode", "wal"), ("synchronous", 2), ("user_version", VERSION), ("foreign_keys", 0)):
        assert store._writing.execute(f"PRAGMA {setting}").fetchone() == (value,)
    await store.close()


async def test_rows_come_back_as_they_were(tmp_path: Path):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    full = row(
        7, status="waiting", next_wake=9.5, busy=True, stopped=True, sandbox=True, dry_run=True, slot="s", result=b"{}"
    )
    await store.commit(Change(plans=[("digest", "demo", b"{}")], created=[full]))
    await store.close()
    await store.open()
    found = store.run("run-7")
    assert {name: getattr(found, name) for name in RunRow.__slots__} == {
        name: getattr(full, name) for name in RunRow.__slots__
    }
    assert store.next_run_number() == 8
    await store.close()


async def test_what_arrives_together_is_one_transaction(tmp_path: Path):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    statements: list[str] = []
    store._writing.set_trace_callback(statements.append)
    futures = [store.commit(stored(number)) for number in range(1, 51)]
    assert len({id(future) for future in futures}) == 1
    claim = store.claim("seen", "key", "me", None, 0.0)
    assert await claim
    await futures[0]
    assert [statement for statement in statements if statement in ("BEGIN IMMEDIATE", "COMMIT")] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    assert len(store.runs(None, None, 100)) == 50
    await store.close()


async def test_changes_are_kept_in_the_order_in_which_they_were_handed_in(tmp_path: Path):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    changed = row(1)
    first = store.commit(Change(plans=[("digest", "demo", b"{}")], created=[changed], entries=[(1, 0, b"a")]))
    wait = store.commit(Change(entries=[(1, 1, b"b")], waits=[WaitRow(1, 5, "go", "", 0)]))
    over = store.commit(Change(entries=[(1, 2, b"c")], waits_over=[(1, 5)], updated=[row(1, status="failed")]))
    for future in (first, wait, over):
        await future
    assert store.entries(1) == [b"a", b"b", b"c"]
    assert store.waiting("go", {}) == []
    assert store.run("run-1").status == "failed"
    await store.close()


async def test_an_error_keeps_nothing_of_its_transaction_and_nothing_after_it(tmp_path: Path):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    await store.commit(stored(1))
    good, bad = store.commit(stored(2)), store.commit(Change(entries=[(1, 0, b"twice")]))
    for future in (good, bad):
        with pytest.raises(StorageError, match=r"UNIQUE constraint failed: journal.run, journal.n"):
            await future
    with pytest.raises(StorageError):
        await store.commit(stored(3))
    with pytest.raises(StorageError):
        await store.claim("seen", "key", "me", None, 0.0)
    await store.close()
    await store.open()
    assert [found.number for found in store.runs(None, None, 10)] == [1]
    await store.close()


async def test_a_full_disk_loses_nothing_and_says_what_to_do(tmp_path: Path):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    await store.commit(stored(1))
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0]
    store._writing.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StorageError, match="the disk is full") as full:
        await store.commit(Change(entries=[(1, 1, b"x" * 100_000)]))
    assert "make room" in full.value.hint
    await store.close()
    await store.open()
    assert store.entries(1) == [b"[]"]
    await store.commit(Change(entries=[(1, 1, b"x" * 100_000)]))
    await store.close()


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path):
    path = tmp_path / "runs.db"
    connect(path, migrate=True).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="was written by a newer version of recipe_engine"):
        await SqliteStore(path).open()
    assert path.read_bytes() == before


async def test_a_database_of_an_older_version_is_not_read_by_others(tmp_path: Path):
    path = tmp_path / "runs.db"
    sqlite3.connect(path).close()
    with pytest.raises(StorageError, match="is of an older version"):
        connect(path, migrate=False)


async def test_another_programs_database_is_left_alone(tmp_path: Path):
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE customers (id INTEGER)")
    other.close()
    with pytest.raises(StorageError, match="not one of runs: it has a table 'customers'"):
        await SqliteStore(path).open()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    path = tmp_path / "recipe.yml"
    path.write_text("slug: demo\n" * 200)
    with pytest.raises(StorageError, match="is not a runs database"):
        await SqliteStore(path).open()
    assert path.read_text() == "slug: demo\n" * 200


async def test_a_damaged_database_says_so(tmp_path: Path):
    path = tmp_path / "runs.db"
    store = SqliteStore(path)
    await store.open()
    await store.commit(Change(entries=[(1, n, b"x" * 3000) for n in range(200)]))
    await store.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StorageError, match="is damaged"):
        await store.open()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"the folder of .* cannot be made") as refused:
        await SqliteStore(tmp_path / "file" / "runs.db").open()
    assert "RECIPE_DB" in refused.value.hint


OPEN = """
import asyncio, os, pathlib, sys
from recipe_engine.runtime.errors import StorageError
from recipe_engine.runtime.sqlite import SqliteStore
if os.geteuid() == 0:  # root writes everywhere
    os.setuid(65534)
try:
    asyncio.run(SqliteStore(pathlib.Path(sys.argv[1])).open())
except StorageError as error:
    print(error.message, "|", error.hint)
"""


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_a_read_only_folder_says_what_to_do():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        path = str(Path(folder) / "runs.db")
        told = subprocess.run(
            [sys.executable, "-c", OPEN, path], capture_output=True, text=True, check=True, timeout=60
        )
        Path(folder).chmod(0o755)
    assert "cannot be locked" in told.stdout
    assert "give this user the right to write its folder" in told.stdout


async def test_events_are_found_by_name_and_moment(tmp_path: Path):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    for number in range(1, 6):
        await store.commit(Change(events=[EventRow(number, "paid", f"e{number}", None, float(number), b"{}")]))
    await store.commit(Change(events_settled=[1, 2, 3, 4]))
    assert [event.number for event in store.kept("paid", 3.0, 1)] == [3, 4, 5]
    assert [event.number for event in store.pending_events()] == [5]
    assert store.has_event("paid", "e2")
    assert not store.has_event("paid", "e9")
    await store.close()


@pytest.mark.parametrize(
    ("read", "index"),
    [
        (lambda store: store.due(1.0, 10), "runs_due"),
        (lambda store: store.next_wake(0.0), "runs_due"),
        (lambda store: store.busy(), "runs_busy"),
        (lambda store: store.stopped(), "runs_stopped"),
        (lambda store: store.live("slot"), "runs_slot"),
        (lambda store: store.runs("failed", None, 10), "runs_status"),
        (lambda store: store.entries(1), "journal_run"),
        (lambda store: store.waiting("go", {}), "waits_match"),
        (lambda store: store.kept("go", 0.0, 1), "events_at"),
        (lambda store: store.pending_events(), "events_pending"),
    ],
)
async def test_every_read_of_the_driver_is_by_an_index(tmp_path: Path, read, index):
    store = SqliteStore(tmp_path / "runs.db")
    await store.open()
    await store.commit(Change(waits=[WaitRow(1, 1, "go", "", 0)]))
    statements: list[str] = []
    store._reading.set_trace_callback(statements.append)
    read(store)
    store._reading.set_trace_callback(None)
    for statement in statements:
        plan = " ".join(str(step[3]) for step in store._reading.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert f"INDEX {index}" in plan
    await store.close()
