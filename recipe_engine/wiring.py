"""Putting a runtime together: storage, performer, sandboxes, transport, for one process.

The one rule: parts are made here and nowhere else, and what is heavy is imported when its part is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe_engine.core.events import Entry
from recipe_engine.core.json import JSON
from recipe_engine.errors import RecipeError
from recipe_engine.plugin.http import Request, Response, Transport
from recipe_engine.runtime.errors import DatabaseOwned
from recipe_engine.runtime.private_addresses import Allowed

if TYPE_CHECKING:
    from recipe_engine.plugin.api import Blobs
    from recipe_engine.plugin.loading import LoadedPlugins
    from recipe_engine.runtime.clock import Clock
    from recipe_engine.runtime.perform import ActionPerformer
    from recipe_engine.runtime.protocol import Runtime
    from recipe_engine.runtime.sandboxing import SandboxHost
    from recipe_engine.runtime.settings import Settings
    from recipe_engine.runtime.store import Store

MEMORY = ":memory:"
DEFAULT_DATABASE = Path(".recipe") / "runs.db"
DATABASE_SETTING = "RECIPE_DB"
ALLOW_SETTING = "RECIPE_HTTP_ALLOW"
Log = Callable[[str, str, str, Mapping[str, Any]], None]


@dataclass(slots=True)
class Parts:
    """A runtime and what it was made of. `owner` says whether it drives runs itself; if not, another process does and
    `sandboxes` is None."""

    runtime: Runtime
    blobs: Blobs
    owner: bool
    sandboxes: SandboxHost | None = None
    transport: Transport | None = None
    performer: ActionPerformer | None = None

    async def close(self) -> None:
        """Stop driving and let go of connections and of the database."""
        await self.runtime.close()
        if self.performer is not None:
            await self.performer.close()
        if self.transport is not None:
            await self.transport.close()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a runtime is made for. `database` is a path, or `:memory:`; `answers` the script of a model for sandbox runs;
    `log` is told of every line that an action logs (run, path, message, fields); `engine` is handed to plugins."""

    database: str
    found: LoadedPlugins
    settings: Settings
    clock: Clock
    answers: Iterable[JSON] | None = None
    log: Log | None = None
    services: Mapping[str, Any] = field(default_factory=dict)
    engine: Any = None


async def open_parts(wanted: Wanted) -> Parts:
    """A runtime that is open: of this process when nobody drives the database yet, else beside the one who does.

    Raises StorageError when the database cannot be used.
    """
    if wanted.database == MEMORY:
        from recipe_engine.runtime.blobs import MemoryBlobs
        from recipe_engine.runtime.memory import MemoryStore

        return await _open_owner(wanted, MemoryStore(), MemoryBlobs())
    from recipe_engine.runtime.blobs import FolderBlobs
    from recipe_engine.runtime.sqlite import SqliteStore

    if "://" in wanted.database:
        return await _open_plugin_runtime(wanted, FolderBlobs(blobs_folder(DEFAULT_DATABASE)))
    path = Path(wanted.database)
    blobs = FolderBlobs(blobs_folder(path))
    try:
        return await _open_owner(wanted, SqliteStore(path), blobs)
    except DatabaseOwned:
        runtime = open_client(path)
        await runtime.open()
        return Parts(runtime, blobs, owner=False)


def open_client(path: Path) -> Runtime:
    """A runtime that reads the database at `path` and hands requests to whoever drives it; not open yet."""
    from recipe_engine.runtime.sqlite_client import SqliteClient

    return SqliteClient(path)


def database_of(given: str | Path | None, settings: Settings) -> str:
    """The database to use: the one given, else that of RECIPE_DB, else `.recipe/runs.db`."""
    return str(given or settings.get(DATABASE_SETTING) or DEFAULT_DATABASE)


def blobs_folder(database: Path) -> Path:
    """Where the files of a database's runs are: `.recipe/blobs` for `.recipe/runs.db`, `x.blobs` for `x.db`."""
    if database.name == DEFAULT_DATABASE.name:
        return database.with_name("blobs")
    return database.with_suffix(".blobs")


async def _open_owner(wanted: Wanted, store: Store, blobs: Blobs) -> Parts:
    from recipe_engine.runtime.driver import EmbeddedRuntime
    from recipe_engine.runtime.perform import ActionPerformer
    from recipe_engine.runtime.sandboxing import SandboxHost
    from recipe_engine.runtime.value_store import ValueStore

    found, clock = wanted.found, wanted.clock
    transport = _Network(wanted.settings)
    sandboxes = SandboxHost(found.catalog, clock, services=_scripted(wanted.answers))
    performer = ActionPerformer(
        found.catalog,
        wanted.settings,
        transport,
        blobs,
        ValueStore(store, clock),
        clock,
        sandboxes,
        observer=None if wanted.log is None else _Told(wanted.log),
        services={"database": wanted.database, **wanted.services},
        patient=True,
    )
    runtime = EmbeddedRuntime(store, performer, clock, _observer(found), functions=found.function_table)
    performer.deliver_events_to(runtime.send)
    await runtime.open()
    return Parts(runtime, blobs, owner=True, sandboxes=sandboxes, transport=transport, performer=performer)


async def _open_plugin_runtime(wanted: Wanted, blobs: Blobs) -> Parts:
    """A runtime that a plugin offers for a URL (the hook `open_runtime`)."""
    runtime: Runtime | None = wanted.found.manager.hook.open_runtime(url=wanted.database, engine=wanted.engine)
    if runtime is None:
        scheme = wanted.database.partition("://")[0]
        raise RecipeError(
            f"no plugin offers a runtime for {scheme}://", "install the one that does, or give the file of a database"
        )
    await runtime.open()
    return Parts(runtime, blobs, owner=True)


def _observer(found: LoadedPlugins) -> Callable[[str, Entry], None] | None:
    """Tells plugins of committed events; None when no plugin listens."""
    if not found.manager.hook.observe.get_hookimpls():
        return None

    def observe(run_id: str, entry: Entry) -> None:
        for event in entry.events:
            found.manager.hook.observe(run_id=run_id, event=event, at=entry.at)

    return observe


def _scripted(answers: Iterable[JSON] | None) -> dict[str, Any]:
    if answers is None:
        return {}
    from recipe_engine.builtin.llm.scripted import ScriptedModel

    try:
        return {"llm": ScriptedModel(answers)}
    except ValueError as error:
        raise RecipeError(f"the scripted answers are not valid: {error}") from error


class _Told:
    """Hands log lines of actions to a function."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def on_log(self, run_id: str, path: str, message: str, fields: dict[str, Any]) -> None:
        self._log(run_id, path, message, fields)


class _Network:
    """The real transport, made (and its library imported) when the first request is sent."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._allowed = Allowed.parse(settings.get(ALLOW_SETTING))
        except ValueError as error:
            raise RecipeError(f"{ALLOW_SETTING} is not a list of host or host:port: {error}") from error
        self._transport: Transport | None = None

    async def send(self, request: Request) -> Response:
        """The vendor's answer. See `Transport`."""
        if self._transport is None:
            self._transport = self._make()
        return await self._transport.send(request)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    def _make(self) -> Transport:
        from recipe_engine.runtime.http import AiohttpTransport

        return AiohttpTransport(self._allowed)
