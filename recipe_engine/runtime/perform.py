"""The performer: from a command of the core to an action's function and back to an event of the core.

The one rule: whatever an action does, what comes out is an ActionSucceeded with JSON of bounded size or an ActionFailed
that says truthfully whether the effect may have happened, and neither carries a secret.

    params -> secrets revealed where they may stand -> validated -> function (time limit, context) -> result validated,
    bounded, scrubbed

What may have happened, for an action of class `once`: a failure before any write was sent is a "no"; a lost answer, and
anything retryable after a write that succeeded, is a "maybe". For reads it is always "no".
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.core.json import JSON
from recipe_engine.plugin.api import Action, Blobs, Store
from recipe_engine.plugin.catalog import Catalog
from recipe_engine.plugin.errors import ActionError, Terminal
from recipe_engine.plugin.http import Transport
from recipe_engine.plugin.kept import SERVICE, Kept
from recipe_engine.runtime.attempt import Attempt
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.context import ActionContext, LogObserver, SendEvent, Surroundings
from recipe_engine.runtime.dry_run import WouldSend, printable, sample_result, shows_its_writes
from recipe_engine.runtime.performer import RunInfo
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.secrets import Scrubber, reveal
from recipe_engine.runtime.settings import Settings
from recipe_engine.runtime.value_checks import ValueChecker, problems
from recipe_engine.runtime.world import World

logger = logging.getLogger("recipe_engine")

_LARGEST_FAILURE_DATA = 20_000
_TITLE_KEPT = 500
_DETAIL_KEPT = 2000
# What reading an answer raises that is not of the form which was expected.
_MISREAD = (LookupError, TypeError, AttributeError, ValueError)
# The codes of failures that say nothing of what was asked for: the answer could not be read.
_UNREADABLE = ("invalid_answer", "response_too_large")


class ActionPerformer:
    """Implements `Performer` with the actions of a catalog.

    `transport` reaches vendors, `sandboxes` their imitations (needed for runs in the sandbox). `kv` is `ctx.store`.
    `observer` is told of log lines. `services` are what actions ask for by name. With `patient`, requests that a vendor puts
    off for a time that it names wait for it.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        transport: Transport,
        blobs: Blobs,
        kv: Store,
        clock: Clock,
        sandboxes: SandboxHost | None = None,
        observer: LogObserver | None = None,
        services: Mapping[str, Any] | None = None,
        *,
        patient: bool = False,
    ) -> None:
        self._patient = patient
        self._kept: list[dict[str, Kept]] = []
        services = services or {}
        self._catalog = catalog
        self._clock = clock
        self._observer = observer
        self._scrubber = Scrubber()
        self._checker = ValueChecker(self._scrubber)
        self._around = Surroundings(blobs, kv, clock, self._write_log, None)
        known = settings if settings.declared else settings.knowing(catalog)
        self._real = World(catalog, known, transport, clock, self._keeping(services), self._scrubber)
        self._sandboxed: World | None = None
        if sandboxes is not None:
            offered = self._keeping({**services, **sandboxes.services})
            self._sandboxed = World(catalog, sandboxes.settings, sandboxes, clock, offered, self._scrubber)

    def deliver_events_to(self, send: SendEvent) -> None:
        """Give `ctx.emit` its way to waiting runs, once there is a runtime."""
        self._around = replace(self._around, send_event=send)

    async def close(self) -> None:
        """Close what connectors keep open between actions. The transport must still work."""
        await self._real.close()
        for kept in self._kept:
            for name in list(kept):
                try:
                    await kept.pop(name).close()
                except Exception:  # anybody's code: its mistake must not keep the others open
                    logger.exception("what %s kept open could not be closed", name)

    def _keeping(self, services: Mapping[str, Any]) -> dict[str, Any]:
        """The services of one world, with a place for what its connectors keep open."""
        kept: dict[str, Kept] = {}
        self._kept.append(kept)
        return {**services, SERVICE: kept}

    async def perform(
        self, run: RunInfo, command: PerformAction, recovered: bool = False
    ) -> ActionSucceeded | ActionFailed:
        """One attempt of an action. See `Performer`."""
        action = self._catalog.actions.get(command.action)
        if action is None:
            title = f"there is no action {command.action}; the plugin that had it is not installed"
            return ActionFailed(command.path, command.seq, Failure("unknown_action", title))
        if recovered and command.effect == "once" and not run.dry_run:
            settled = await self._settle(run, command, action)
            if settled is not None:
                return settled
        answer = await self._try(run, command, action)
        if _in_doubt(answer, command) and action.reconcile is not None:
            # Only a yes counts here: what is not there yet may still arrive, so a no would not be certain.
            asked = await self._ask(run, command, action)
            if isinstance(asked, ActionSucceeded) and asked.output is not None:
                return asked
        return answer

    async def _settle(
        self, run: RunInfo, command: PerformAction, action: Action
    ) -> ActionSucceeded | ActionFailed | None:
        """After a crash between intent and result: what happened, None when it is certain that nothing did."""
        failure = Failure(
            "interrupted",
            f"{action.name} was interrupted: it may have happened or not",
            detail=f"{action.connector.title} offers no way to find out",
            step=command.path,
            happened="maybe",
        )
        if action.reconcile is None:
            return ActionFailed(command.path, command.seq, failure)
        asked = await self._ask(run, command, action)
        if isinstance(asked, ActionFailed):
            reason = f"{asked.failure.title} {asked.failure.detail}".strip()
            return ActionFailed(command.path, command.seq, replace(failure, detail=reason))
        return None if asked.output is None else asked

    async def _ask(self, run: RunInfo, command: PerformAction, action: Action) -> ActionSucceeded | ActionFailed:
        return await self._try(run, command, action, reconcile=True)

    async def _try(
        self, run: RunInfo, command: PerformAction, action: Action, *, reconcile: bool = False
    ) -> ActionSucceeded | ActionFailed:
        """Carry out the function of the action, or its `reconcile`, whose answer None means that nothing happened."""
        timeout = command.timeout or action.timeout
        attempt = Attempt(run, command, self._clock.limit(timeout), seconds=timeout, patient=self._patient)
        try:
            async with attempt.limit:
                output = await self._carry_out(attempt, action, reconcile=reconcile)
        except ActionError as error:
            failure = error.failure
        except TimeoutError:
            failure = Failure("timeout", f"{action.name} gave no result within {timeout:g} s", retryable=True)
            failure = replace(failure, happened=_happened_unseen(attempt, action))
        except ValidationError as error:
            failure = _misread(action, attempt, problems(error))
        except Exception as error:  # noqa: BLE001  # anybody's code: its mistake fails its step and is logged whole
            if attempt.answered and isinstance(error, _MISREAD):
                self._log_trace(logging.DEBUG, action, attempt, error)
                return self._failed(attempt, _misread(action, attempt, _said(error)))
            self._log_trace(logging.ERROR, action, attempt, error)
            title = f"{action.name} failed by a mistake of its own: {type(error).__name__}: {error}"
            failure = Failure("internal", title, happened=_happened_unseen(attempt, action))
        else:
            return ActionSucceeded(command.path, command.seq, output, attempt.usage())
        finally:
            await attempt.close()
        return self._failed(attempt, failure)

    def _failed(self, attempt: Attempt, failure: Failure) -> ActionFailed:
        path, seq = attempt.command.path, attempt.command.seq
        return ActionFailed(path, seq, self._shown(_settled(failure, attempt)), attempt.usage())

    async def _carry_out(self, attempt: Attempt, action: Action, *, reconcile: bool) -> JSON:
        run, command = attempt.run, attempt.command
        world = self._world(run)
        given = command.params if command.params is not None else {}
        if action.secret_params:
            given = reveal(given, action.secret_params, run.seed, world.secret)
        params = self._checker.params(action, given)
        dry = run.dry_run and command.effect != "read"
        context = ActionContext(self._around, world, action.connector, attempt, dry=dry)
        if reconcile:
            assert action.reconcile is not None
            happened = await action.reconcile(context, params)
            return None if happened is None else self._checker.result(action, happened)
        if dry and not shows_its_writes(action):
            context.log(f"dry run: would perform {action.name}", params=printable(command.params))
            return sample_result(action, command.params or {})
        try:
            result = await action.function(context, params)
        except WouldSend as write:
            shown = {"method": write.method, "url": write.url, "body": printable(write.body)}
            context.log(f"dry run: would send {write.method} {write.url}", **shown)
            context.log("dry run: the result that follows is an example", sample=True)
            return sample_result(action, command.params or {})
        return self._checker.result(action, result)

    def _world(self, run: RunInfo) -> World:
        if not run.sandbox:
            return self._real
        if self._sandboxed is None:
            raise Terminal("this runtime has no sandboxes, and the run was started in the sandbox", code="no_sandbox")
        return self._sandboxed

    def _shown(self, failure: Failure) -> Failure:
        """The failure as it may be journaled and shown."""
        self._learn_tokens()
        data = None if failure.data is None else to_jsonable_python(failure.data, fallback=str)
        text = b"" if data is None else orjson.dumps(data, default=str)
        if len(text) > _LARGEST_FAILURE_DATA:
            data = text[:_LARGEST_FAILURE_DATA].decode("utf-8", "ignore")
        return replace(
            failure,
            title=self._scrubber.text(failure.title)[:_TITLE_KEPT],
            detail=self._scrubber.text(failure.detail)[:_DETAIL_KEPT],
            data=self._scrubber.json(data),
        )

    def _write_log(self, attempt: Attempt, message: str, fields: dict[str, Any]) -> None:
        self._learn_tokens()
        message = self._scrubber.text(message)
        shown = self._scrubber.json(to_jsonable_python(fields, fallback=str))
        if self._observer is not None:
            self._observer.on_log(attempt.run.run_id, attempt.command.path, message, shown)
        else:
            logger.info("%s %s: %s %s", attempt.run.run_id, attempt.command.path, message, shown or "")

    def _log_trace(self, level: int, action: Action, attempt: Attempt, error: Exception) -> None:
        self._learn_tokens()
        trace = self._scrubber.text("".join(traceback.format_exception(error)))
        logger.log(level, "%s %s: %s failed\n%s", attempt.run.run_id, attempt.command.path, action.name, trace)

    def _learn_tokens(self) -> None:
        self._real.learn_tokens()
        if self._sandboxed is not None:
            self._sandboxed.learn_tokens()


def _in_doubt(answer: ActionSucceeded | ActionFailed, command: PerformAction) -> bool:
    return isinstance(answer, ActionFailed) and answer.failure.happened == "maybe" and command.effect == "once"


def _misread(action: Action, attempt: Attempt, detail: str) -> Failure:
    """The failure of an action that met an answer of another form than it knows."""
    title = f"{action.connector.title} answered something that {action.name} does not expect"
    return Failure("invalid_answer", title, detail=detail, happened=_happened_unseen(attempt, action))


def _said(error: Exception) -> str:
    return f"there is no {error} in it" if isinstance(error, KeyError) else f"its form is another: {error}"


def _happened_unseen(attempt: Attempt, action: Action) -> Any:
    """Whether the effect may have happened when the action was cut off or broke: as its requests tell, and if it does
    not work by requests nobody knows."""
    return "maybe" if attempt.may_have_written() or not shows_its_writes(action) else "no"


def _settled(failure: Failure, attempt: Attempt) -> Failure:
    """The failure with what the effect's class says about `happened`."""
    if attempt.command.effect == "read":
        return replace(failure, happened="no")
    unread = failure.code in _UNREADABLE
    if attempt.command.effect == "once" and attempt.wrote and (failure.retryable or unread):
        return replace(failure, happened="maybe")
    return failure
