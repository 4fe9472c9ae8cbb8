"""The engine: load, check, compile and run recipes, from an async program or from a script.

    async with Engine(":memory:", sandbox=True) as engine:
        run = await engine.run("request-handler", {"email": "ada@example.org"})

    with Engine() as engine:
        run = engine.run_sync("recipes/quote.yml", {"email": "ada@example.org"})

The one rule: nothing is opened or imported before it is needed; checking a recipe touches neither database nor network.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from recipe_engine.errors import RecipeError
from recipe_engine.installed import Place
from recipe_engine.recipes import Recipes, Source

if TYPE_CHECKING:
    import asyncio

    from recipe_engine.core.events import Entry
    from recipe_engine.core.json import JSON
    from recipe_engine.core.plan import Plan
    from recipe_engine.core.state import State
    from recipe_engine.diagnostics import Diagnostic
    from recipe_engine.following import Seen
    from recipe_engine.library import Library
    from recipe_engine.operations import Continuation
    from recipe_engine.plugin import Catalog, Effect
    from recipe_engine.plugin.loading import LoadedPlugins
    from recipe_engine.runtime.clock import Clock
    from recipe_engine.runtime.protocol import Runtime, RunView
    from recipe_engine.runtime.settings import Settings
    from recipe_engine.source import Document
    from recipe_engine.wiring import Log, Parts

T = TypeVar("T")
# How often it is looked whether the process that drives the runs is still there, in seconds.
_LOOK_SECONDS = 0.5


class Engine:
    """Recipes and their runs.

    `db` is the file of the runs (default: the setting RECIPE_DB, else `.recipe/runs.db`), or ":memory:" for runs that
    end with the process. `env` replaces the environment. `sandbox` runs against the connectors' sandboxes, `dry_run`
    shows writes instead of making them. `catalog` replaces the installed connectors, `clock` the system's clock.
    `answers` is the script of a model for sandbox runs. `log` is told of every line that a step logs: run, path,
    message, fields. `folder` is where `.env` and `recipes/` are looked for (default: the working folder).
    """

    def __init__(
        self,
        db: str | Path | None = None,
        *,
        env: Mapping[str, str] | None = None,
        sandbox: bool = False,
        dry_run: bool = False,
        catalog: Catalog | None = None,
        clock: Clock | None = None,
        answers: Iterable[JSON] | None = None,
        log: Log | None = None,
        folder: Path | None = None,
    ) -> None:
        self.place = Place(env, folder, catalog)
        self.recipes = Recipes(self.place)
        self.sandbox = sandbox
        self.dry_run = dry_run
        self._db = db
        self._clock = clock
        self._answers = answers
        self._log = log
        self._parts: Parts | None = None
        self._runner: asyncio.Runner | None = None

    # --- what is installed and set

    @cached_property
    def clock(self) -> Clock:
        """The clock that runs go by."""
        from recipe_engine.runtime.clock import SystemClock

        return self._clock or SystemClock()

    @property
    def plugins(self) -> LoadedPlugins:
        """The catalog in use, the plugins' hooks, and what could not be loaded."""
        return self.place.plugins

    @property
    def catalog(self) -> Catalog:
        """Every connector and action in use."""
        return self.place.plugins.catalog

    @property
    def settings(self) -> Settings:
        """The settings of this place."""
        return self.place.settings

    @property
    def database(self) -> str:
        """The file of the runs, or ":memory:"."""
        from recipe_engine.wiring import database_of

        return database_of(self._db, self.place.bare_settings)

    # --- recipes

    def load(self, source: Source) -> Document:
        """The document of a path or a bundled slug.

        Raises RecipeNotFound, and InvalidRecipe when the text cannot be read.
        """
        return self.recipes.load(source)

    def check(self, source: Source, *, with_settings: bool = False) -> list[Diagnostic]:
        """Everything that is wrong with a recipe, in the order of its text; empty when it is fine.

        `with_settings` also warns of settings that its connectors need and that are not set here.
        """
        return self.recipes.check(source, with_settings=with_settings)

    def compile(self, source: Source) -> Plan:
        """The plan of a recipe.

        Raises RecipeNotFound, and InvalidRecipe when it has errors.
        """
        return self.recipes.compile(source)

    @property
    def library(self) -> Library:
        """Where recipes are found."""
        return self.recipes.library

    @property
    def texts(self) -> Mapping[str, str]:
        """The texts of the recipes that were read, by file name: what renderers of diagnostics show."""
        return self.recipes.library.texts

    # --- open and close

    async def open(self) -> Self:
        """Open the database and take up the work that was left in it. `async with` does it."""
        if self._parts is None:
            from recipe_engine.wiring import Wanted, open_parts

            wanted = Wanted(
                self.database, self.plugins, self.settings, self.clock, self._answers, self._log, engine=self
            )
            self._parts = await open_parts(wanted)
        return self

    async def close(self) -> None:
        """Stop driving; what is under way stays resumable."""
        parts, self._parts = self._parts, None
        if parts is not None:
            await parts.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def parts(self) -> Parts:
        """The open runtime and what it is made of. RecipeError when the engine is not open."""
        if self._parts is None:
            raise RecipeError("the engine is not open", "use it in a `with` or `async with` block")
        return self._parts

    @property
    def runtime(self) -> Runtime:
        """The operations on runs: send, approve, pause, resume, cancel, list, watch, ..."""
        return self.parts.runtime

    @property
    def owner(self) -> bool:
        """Whether this process drives the runs of the database; if not, another one does."""
        return self.parts.owner

    @property
    def answers_given(self) -> bool:
        """Whether sandbox runs have a scripted model, which only this process can give them."""
        return self._answers is not None

    @property
    def effects(self) -> list[Effect]:
        """What sandbox runs of this process changed at the sandboxes, in order."""
        sandboxes = self.parts.sandboxes
        return list(sandboxes.effects) if sandboxes is not None else []

    # --- runs

    async def start(
        self,
        source: Source | Plan,
        input: Mapping[str, Any] | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> str:
        """Begin a run and give its name once that is safe; it goes on by itself.

        A `pathlib.Path` in the input is read as the schema asks: a file, base64, JSON or text. Raises InvalidRecipe and
        InvalidInput before anything is begun.
        """
        from recipe_engine.attachments import attached
        from recipe_engine.inputs import fitted

        plan = self._plan(source)
        await self.open()
        given = await attached(plan.input_schema, dict(input or {}), self.parts.blobs)
        return await self._begin(
            plan,
            fitted("input", plan.input_schema, given),
            config=fitted("config", plan.config_schema, dict(config or {})),
            run_id=run_id,
            mode={"sandbox": self.sandbox, "dry_run": self.dry_run},
        )

    async def _begin(self, plan: Plan, input: JSON, *, run_id: str | None = None, **how: Any) -> str:
        """Start a run, whoever drives the database. When that process ends before it answers, this one takes its place
        and finds the request in the database."""
        from recipe_engine.runtime.errors import NotAnswered
        from recipe_engine.runtime.run_ids import new_run_id

        if self.owner:
            return await self.runtime.start(plan, input, run_id=run_id, **how)
        name = run_id or new_run_id(self.clock.now())
        try:
            return await self.runtime.start(plan, input, run_id=name, **how)
        except NotAnswered:
            await self._take_over()
            await self.runtime.get(name)
            return name

    async def run(
        self,
        source: Source | Plan,
        input: Mapping[str, Any] | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> RunView:
        """Begin a run and give it once it has ended, or is parked: paused, in doubt, or waiting for an event, for a
        person or for a moment that is more than a minute away. See `start`.

        Outside of a `with` block the database is opened for this run alone.
        """
        if self._parts is None:
            async with self:
                return await self.run(source, input, config=config, run_id=run_id)
        name = await self.start(source, input, config=config, run_id=run_id)
        return await self.follow(name)

    async def follow(self, run_id: str, *, patience: float = 60.0, seen: Seen | None = None) -> RunView:
        """The run, once it has ended or is parked; waits of up to `patience` seconds are sat through.

        `seen` is told of every entry of its journal. With a virtual clock, time is moved on until nothing is left to
        wait for.
        """
        await self.see_through(run_id, patience=patience, seen=seen)
        return await self.runtime.get(run_id)

    async def see_through(self, run_id: str, *, patience: float = 60.0, seen: Seen | None = None) -> State:
        """`follow`, giving the run's state. When the process that drives the run ends, this one takes its place."""
        import asyncio

        from recipe_engine.following import follow
        from recipe_engine.runtime.clock import VirtualClock

        if isinstance(self.clock, VirtualClock):
            await self.runtime.until_idle()
            patience = 0.0
        told: list[None] = []

        def tell(entry: Entry) -> None:
            told.append(None)
            if seen is not None:
                seen(entry)

        while True:
            work = follow(self.runtime, run_id, self.clock, patience=patience, seen=tell, skip=len(told))
            if self.owner:
                return await work
            following = asyncio.create_task(work)
            if await self._while_owned(following):
                return following.result()
            await self._take_over()

    async def _while_owned(self, following: asyncio.Task[State]) -> bool:
        """Wait for a task for as long as another process drives the runs; whether it ended."""
        import asyncio

        from recipe_engine.runtime.owner import is_owned

        try:
            while not following.done() and is_owned(Path(self.database)):
                await asyncio.wait({following}, timeout=_LOOK_SECONDS)
            return following.done()
        finally:
            following.cancel()

    async def _take_over(self) -> None:
        """Open the database again, now that its owner has gone: as its owner, unless somebody else was faster."""
        await self.close()
        await self.open()

    async def retry(
        self, run_id: str, *, recipe: Source | None = None, start_at: str | None = None
    ) -> tuple[str, Continuation]:
        """Begin a new run in the place of one that ended, taking over what had succeeded; gives its name.

        `recipe` is a mended recipe to go on with, `start_at` the step from which everything is done again. See
        `operations.continuation`.
        """
        found = await self.continuation(run_id, recipe=recipe, start_at=start_at)
        return await self.start_again(run_id, found), found

    async def continuation(
        self, run_id: str, *, recipe: Source | None = None, start_at: str | None = None
    ) -> Continuation:
        """What a retry of a run would take over and do again; nothing is begun."""
        from recipe_engine.operations import continuation

        fixed = None if recipe is None else self.compile(recipe)
        plan, journal = await self.runtime.plan(run_id), await self.runtime.journal(run_id)
        return continuation(plan, journal, fixed=fixed, start_at=start_at)

    async def start_again(self, run_id: str, found: Continuation) -> str:
        """Begin what `continuation` found; gives the new run's name. It runs in the sandbox, or dry, when the engine says
        so or when the old run did."""
        from recipe_engine.inputs import fitted

        return await self._begin(
            found.plan,
            fitted("input", found.plan.input_schema, found.input),
            config=fitted("config", found.plan.config_schema, found.config or {}),
            event=found.event,
            mode={"sandbox": self.sandbox, "dry_run": self.dry_run} if self.sandbox or self.dry_run else None,
            retry_of=run_id,
            reused=found.reused,
        )

    def _plan(self, source: Source | Plan) -> Plan:
        from recipe_engine.core.plan import Plan

        return source if isinstance(source, Plan) else self.compile(source)

    # --- for scripts

    def run_sync(
        self,
        source: Source | Plan,
        input: Mapping[str, Any] | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> RunView:
        """`run` for programs without an event loop."""
        return self.wait_for(self.run(source, input, config=config, run_id=run_id))

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of any coroutine of the engine or its runtime, for programs without an event loop:
        `engine.wait_for(engine.runtime.list())`."""
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._runner.run(work) if self._runner is not None else asyncio.run(work)
        work.close()
        raise RecipeError("an event loop is running already", "use `await engine.run(...)` inside of it")

    def __enter__(self) -> Self:
        import asyncio

        self._runner = asyncio.Runner()
        try:
            self.wait_for(self.open())
        except BaseException:
            self._runner.close()
            self._runner = None
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        try:
            self.wait_for(self.close())
        finally:
            self._runner.close()
            self._runner = None
