"""The tables of a runs database, their migrations, and how a database is opened.

The one rule: the schema's version is `PRAGMA user_version`; a migration takes a database from one version to the next
inside one transaction, and is never changed once released. `docs/decisions/0006-sqlite-journal.md` says why the tables
look as they do.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from recipe_engine.runtime.errors import StorageError

_FIRST = """
CREATE TABLE notes (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE plans (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, recipe TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    plan INTEGER NOT NULL,
    started_at REAL NOT NULL,
    sandbox INTEGER NOT NULL,
    dry_run INTEGER NOT NULL,
    slot TEXT,
    status TEXT NOT NULL,
    ended_at REAL,
    next_wake REAL,
    busy INTEGER NOT NULL,
    stopped INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    result BLOB
);
CREATE INDEX runs_due ON runs (next_wake) WHERE next_wake IS NOT NULL;
CREATE INDEX runs_busy ON runs (id) WHERE busy;
CREATE INDEX runs_stopped ON runs (id) WHERE stopped;
CREATE INDEX runs_slot ON runs (slot) WHERE slot IS NOT NULL AND ended_at IS NULL;
CREATE INDEX runs_status ON runs (status) WHERE status <> 'succeeded';
CREATE TABLE journal (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX journal_run ON journal (run, n);
CREATE TABLE starts (run INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE waits (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, fields TEXT NOT NULL, digest INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE INDEX waits_match ON waits (event, fields, digest);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    event_id TEXT NOT NULL,
    run INTEGER,
    at REAL NOT NULL,
    pending INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (event, event_id)
);
CREATE INDEX events_at ON events (event, at);
CREATE INDEX events_pending ON events (id) WHERE pending;
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, operation TEXT NOT NULL, arguments BLOB NOT NULL, answer BLOB
);
CREATE TABLE store (
    tab TEXT NOT NULL, key TEXT NOT NULL, value BLOB, owner TEXT, expires REAL, PRIMARY KEY (tab, key)
) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
VERSION = len(MIGRATIONS)

_BUSY_MILLISECONDS = 30_000
_CACHE_KIBIBYTES = 4_096


def connect(path: Path, *, migrate: bool) -> sqlite3.Connection:
    """A connection to the runs database at `path`, with every setting that durability asks for.

    With `migrate` a database that is missing or of an older version is made or brought up to date; only the owner may.
    Raises StorageError.
    """
    try:
        connection = sqlite3.connect(
            path,
            timeout=_BUSY_MILLISECONDS / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=128,
        )
        try:
            _prepare(connection, path, migrate=migrate)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise storage_error(error, path) from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, migrate: bool) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StorageError(
            f"{path} was written by a newer version of recipe_engine (its schema is {version}, this one knows {VERSION})",
            "upgrade recipe_engine, or name another database with --db",
        )
    if version < VERSION and not migrate:
        raise StorageError(
            f"{path} is of an older version of recipe_engine (its schema is {version}, this one needs {VERSION})",
            "`recipe worker --until-idle` brings it up to date",
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
    if migrate:
        _migrate(connection, version)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring the schema from `version` to VERSION, each step whole or not at all."""
    if version == 0:
        tables = connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
        if tables is not None:
            raise StorageError(
                f"this SQLite database is not one of runs: it has a table {tables[0]!r} and no schema version",
                "name another file with --db or RECIPE_DB",
            )
    for number in range(version, VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in MIGRATIONS[number].split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


_ADVICE = {
    "SQLITE_FULL": (
        "the disk is full: {path} cannot grow",
        "make room; everything committed so far is safe, and `recipe worker --until-idle` goes on from there",
    ),
    "SQLITE_READONLY": ("{path} cannot be written", "give this user the right to write the file and its folder"),
    "SQLITE_CANTOPEN": (
        "{path} cannot be opened",
        "its folder has to exist and be writable; --db or RECIPE_DB names another place",
    ),
    "SQLITE_PERM": ("{path} cannot be opened", "give this user the right to read and write the file and its folder"),
    "SQLITE_NOTADB": ("{path} is not a runs database", "name another file with --db or RECIPE_DB"),
    "SQLITE_CORRUPT": (
        "{path} is damaged",
        "`sqlite3 {path} .recover` saves what can be saved; restore a backup if there is one",
    ),
    "SQLITE_BUSY": (
        "{path} was locked by another program for too long",
        "close what holds it (a backup, a database viewer) and start again",
    ),
    "SQLITE_IOERR": ("{path} could not be read or written", "look at the disk; what was committed before is safe"),
}


def storage_error(error: sqlite3.Error, path: Path) -> StorageError:
    """What an error of SQLite means to the person in front of it."""
    name: str = getattr(error, "sqlite_errorname", "") or ""
    for known, (message, hint) in _ADVICE.items():
        if name.startswith(known):
            return StorageError(f"{message.format(path=path)} ({error})", hint.format(path=path))
    return StorageError(f"{path} cannot be used: {error}")
