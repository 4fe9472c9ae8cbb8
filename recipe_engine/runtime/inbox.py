"""What other processes ask of the owner, and what they are told.

The one rule: a request is answered in the same transaction as what it leads to, so that after a crash none is carried out
twice and none is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.runtime.errors import OperationError, OperationRefused, StorageError, UnknownRun
from recipe_engine.runtime.store import Change, Request, Store

if TYPE_CHECKING:
    from recipe_engine.runtime.driver import EmbeddedRuntime

_log = logging.getLogger("recipe_engine.runtime")
# How often requests are looked for: they are picked up within 50 milliseconds.
_SECONDS = 0.025
# Operations on one run: their answer is committed with the event that they lead to.
_ON_A_RUN = frozenset({"approve", "pause", "resume", "cancel", "resolve"})
# Operations that may be carried out again without harm: they are answered afterwards.
_REPEATABLE = frozenset({"send", "stop_all", "resume_all", "redact"})


class Inbox:
    """Looks for requests and has them carried out. `done` is called when one was, `broke` when the storage failed."""

    def __init__(
        self,
        store: Store,
        runtime: EmbeddedRuntime,
        done: Callable[[], None],
        broke: Callable[[StorageError], None],
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._done = done
        self._broke = broke
        self._last = 0
        self._stopped = False
        self._watching: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def at_rest(self) -> bool:
        """Whether no request waits for its answer."""
        return self._stopped or not (self._answering or self._store.requests(self._last))

    async def take_up(self) -> None:
        """Carry out what was asked while nobody drove, before anything else is done: a stop or a cancel may be in it."""
        while requests := self._store.requests(self._last):
            for request in requests:
                self._begin(request)
            await asyncio.gather(*self._answering, return_exceptions=True)

    def open(self) -> None:
        """Begin to look for requests."""
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def stop(self) -> list[asyncio.Task[None]]:
        """Stop looking; the tasks that are ending. A request that is being carried out is for the next owner."""
        self._stopped = True
        tasks = [*self._answering, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        return tasks

    async def _watch(self) -> None:
        while True:
            try:
                requests = self._store.requests(self._last)
            except StorageError as error:
                self._broke(error)
                return
            for request in requests:
                self._begin(request)
            await asyncio.sleep(_SECONDS)  # other processes live in real time, whatever the clock of the runs

    def _begin(self, request: Request) -> None:
        self._last = request.number
        answering = asyncio.get_running_loop().create_task(self._answer(request))
        self._answering.add(answering)
        answering.add_done_callback(self._answered)

    async def _answer(self, request: Request) -> None:
        answer = await carry_out(self._runtime, request)
        if answer is not None:
            await self._store.commit(Change(answers=[(request.number, answer)]))

    def _answered(self, answering: asyncio.Task[None]) -> None:
        self._answering.discard(answering)
        if not answering.cancelled() and (error := answering.exception()) is not None:
            _log.error("a request of another process could not be answered", exc_info=error)
        self._done()


async def carry_out(runtime: EmbeddedRuntime, request: Request) -> bytes | None:
    """Do what was asked; the answer to commit, None when it is committed already. Raises StorageError."""
    name, arguments = request.operation, request.arguments
    try:
        if name == "start":
            plan = Plan.from_json(arguments.pop("plan"))
            await runtime.start(plan, **arguments, request=request.number)
            return None
        if name in _ON_A_RUN:
            await getattr(runtime, name)(**arguments, request=request.number)
            return None
        if name in _REPEATABLE:
            return answer_of(await getattr(runtime, name)(**arguments))
        raise OperationRefused(f"the owner of the database does not know the operation {name!r}", "upgrade it")
    except StorageError:
        raise
    except OperationError as error:
        return refusal_of(error)
    except (TypeError, KeyError, ValueError) as error:
        _log.warning("the request %s could not be read", name, exc_info=error)
        return refusal_of(OperationRefused(f"the request {name!r} could not be read: {error}"))


def answer_of(result: JSON) -> bytes:
    """The answer to a request that was carried out."""
    return orjson.dumps({"result": result})


def refusal_of(error: OperationError) -> bytes:
    """The answer to a request that was refused."""
    told: JSONObject = {"message": error.message, "hint": error.hint}
    if isinstance(error, UnknownRun):
        told["unknown_run"] = error.run_id
    return orjson.dumps({"error": told})


def result_of(answer: bytes) -> JSON:
    """What an answer says. Raises the OperationError that it tells of."""
    told = orjson.loads(answer)
    error = told.get("error")
    if error is None:
        return told["result"]
    if "unknown_run" in error:
        raise UnknownRun(error["unknown_run"])
    raise OperationRefused(error["message"], error["hint"])
