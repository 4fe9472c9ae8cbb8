"""A performer that answers as a test says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recipe_engine.core.commands import PerformAction
from recipe_engine.core.events import ActionFailed, ActionSucceeded
from recipe_engine.core.failure import Failure
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.performer import RunInfo


@dataclass(frozen=True)
class Slow:
    """An answer that takes its time, by the runtime's clock."""

    seconds: float
    answer: Any = None


@dataclass(frozen=True)
class Call:
    """An attempt that was performed."""

    run: RunInfo
    command: PerformAction
    recovered: bool


class Scripted:
    """Echoes parameters unless told otherwise. `effects` counts what happened outside, by idempotency key."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: list[Call] = []
        self.effects: dict[str, int] = defaultdict(int)
        self.cancelled: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self._answers: dict[str, Callable[[Call], Any]] = {}
        self._gates: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()

    def answer(self, action: str, *answers: Any) -> None:
        """The answers to the attempts of an action's steps, by attempt; the last one stays. A Failure fails."""
        self._answers[action] = lambda call: answers[min(call.command.attempt, len(answers)) - 1]

    def say(self, action: str, answer: Callable[[Call], Any]) -> None:
        """What an action answers to each of its calls."""
        self._answers[action] = answer

    def hold(self, action: str) -> asyncio.Event:
        """Let the action hang until the event that is returned is set."""
        gate = self._gates[action] = asyncio.Event()
        return gate

    def of(self, action: str) -> list[Call]:
        """The attempts of an action."""
        return [call for call in self.calls if call.command.action == action]

    async def reached(self, count: int) -> None:
        """Return once exactly so many attempts are under way."""
        while self.under_way != count:
            self._changed.clear()
            await self._changed.wait()

    async def perform(
        self, run: RunInfo, command: PerformAction, recovered: bool = False
    ) -> ActionSucceeded | ActionFailed:
        call = Call(run, command, recovered)
        self.calls.append(call)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self._changed.set()
        try:
            return await self._perform(call)
        except asyncio.CancelledError:
            self.cancelled.append(command.path)
            raise
        finally:
            self.under_way -= 1
            self._changed.set()

    async def _perform(self, call: Call) -> ActionSucceeded | ActionFailed:
        command = call.command
        gate = self._gates.get(command.action)
        if gate is not None:
            await gate.wait()
        script = self._answers.get(command.action)
        answer = command.params if script is None else script(call)
        if isinstance(answer, Slow):
            await self.clock.sleep_until(self.clock.now() + answer.seconds)
            answer = command.params if answer.answer is None else answer.answer
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Failure):
            if answer.happened == "maybe":
                self.effects[command.key] += 1
            return ActionFailed(command.path, command.seq, answer)
        if command.effect != "keyed" or command.key not in self.effects:
            self.effects[command.key] += 1
        return ActionSucceeded(command.path, command.seq, answer)
