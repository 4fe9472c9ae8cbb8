"""The book of contacts: one database, SQLite by default, PostgreSQL by URL.

The one rule: an operation is one transaction, and no connection is held between operations, so that any number of processes
can use one book and nothing has to be closed. The book of a sandbox is in memory and is gone with it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recipe_engine.plugin import Retryable, Terminal

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")
Work = Callable[["Connection"], T]


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and when: `step` is the same when a step is repeated, `region` the country of national numbers."""

    at: float
    by: str
    step: str
    region: str | None = None


IN_MEMORY = "sqlite://"
DATABASE_NAME = "contacts.db"
DEFAULT_RUNS = Path(".recipe") / "runs.db"
_BUSY_SECONDS = 30


class Book:
    """A book at `url`. Nothing is imported or opened before it is first used."""

    def __init__(self, url: str) -> None:
        self.url = _with_driver(url)
        self._engine: Engine | None = None
        self._opening = threading.Lock()

    @property
    def begun(self) -> bool:
        """Whether there may be anything in it: a file that does not exist, or a memory nobody used, is empty."""
        if self._engine is not None or not self.url.startswith("sqlite"):
            return True
        path = self.url.partition("///")[2]
        return bool(path) and Path(path).exists()

    def perform(self, operation: str, arguments: dict[str, Any], call: Call) -> dict[str, Any]:
        """The result of one of the `OPERATIONS`."""
        from recipe_plugins.contacts.operations import OPERATIONS

        return self.do(lambda connection: OPERATIONS[operation](connection, arguments, call))

    def do(self, work: Work[T]) -> T:
        """The result of `work`, done in one transaction. It blocks.

        Raises Retryable when the database cannot be reached, Terminal when it cannot be used.
        """
        from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

        try:
            engine = self._opened()
            try:
                with engine.begin() as connection:
                    return work(connection)
            except IntegrityError:  # somebody else added the same contact in this moment: now it is there
                with engine.begin() as connection:
                    return work(connection)
        except OperationalError as error:
            raise Retryable(
                "the contacts cannot be reached", code="unavailable", detail=_first_line(error), happened="no"
            ) from error
        except SQLAlchemyError as error:
            raise Terminal("the contacts cannot be used", code="storage", detail=_first_line(error)) from error

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                try:
                    self._engine = self._open()
                except ImportError as error:
                    raise Terminal(
                        f"the contacts need a package that is not installed: {error.name}",
                        code="not_configured",
                        detail="pip install 'recipe-engine[postgresql]'",
                    ) from error
        return self._engine

    def _open(self) -> Engine:
        from sqlalchemy import create_engine, event, insert, select
        from sqlalchemy.pool import NullPool, StaticPool

        from recipe_plugins.contacts.tables import VERSION, metadata, schema

        if self.url.startswith("sqlite") and self.url != IN_MEMORY:
            Path(self.url.partition("///")[2]).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(self.url, poolclass=StaticPool if self.url == IN_MEMORY else NullPool)
        if self.url == IN_MEMORY:
            weakref.finalize(self, engine.dispose)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":  # two processes that begin at once make the tables once
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7248135509)")
            metadata.create_all(connection)
            found = connection.execute(select(schema.c.version)).scalar()
            if found is None:
                connection.execute(insert(schema).values(version=VERSION))
        if found is not None and found > VERSION:
            raise Terminal(
                f"the contacts were written by a newer version (their schema is {found}, this one knows {VERSION})",
                code="storage",
                detail="upgrade recipe_engine",
            )
        return engine


def _prepare(connection: Any, _record: Any) -> None:
    """SQLite as several processes need it: writers wait for each other, and begin by saying that they will write."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.create_function("lower", 1, _lower, deterministic=True)  # its own knows English letters only


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def url_of(given: str | None, runs_database: str | None) -> str:
    """The URL of the book: the one given, else a file beside the database of the runs."""
    if given:
        return given
    elsewhere = not runs_database or runs_database == ":memory:" or "://" in runs_database
    runs = DEFAULT_RUNS if elsewhere else Path(str(runs_database))
    name = DATABASE_NAME if runs.name == DEFAULT_RUNS.name else f"{runs.stem}.contacts{runs.suffix}"
    return f"sqlite:///{runs.with_name(name)}"


def _with_driver(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if found and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    if not found or not scheme.startswith(("sqlite", "postgresql")):
        raise Terminal(
            "CONTACTS_DATABASE_URL is not one of SQLite or PostgreSQL",
            code="not_configured",
            detail="sqlite:///contacts.db, or postgresql://user:password@host/database",
        )
    return url


def _first_line(error: Exception) -> str:
    """What the database says, without the statement and the values in it."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
