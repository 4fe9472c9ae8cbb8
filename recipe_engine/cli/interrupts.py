"""Ctrl-C and SIGTERM as something a command can wait for.

The one rule: the first asks, the second does not: it breaks off whatever is under way.
"""

from __future__ import annotations

import asyncio
import signal
from types import TracebackType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """`async with Interrupts() as stop:` then `await stop.asked()`; `stop.insisted` is set by the second one."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._insisted = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        (self._insisted if self._asked.is_set() else self._asked).set()

    @property
    def was_asked(self) -> bool:
        """Whether the first one came."""
        return self._asked.is_set()

    async def asked(self) -> None:
        """Wait for the first one."""
        await self._asked.wait()

    async def first(self, work: asyncio.Task[object]) -> bool:
        """Wait for `work` or for the first interrupt; whether `work` ended."""
        return await _either(work, self._asked)

    async def second(self, work: asyncio.Task[object]) -> bool:
        """Wait for `work` or for the second interrupt; whether `work` ended."""
        return await _either(work, self._insisted)


async def _either(work: asyncio.Task[object], event: asyncio.Event) -> bool:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return work.done()
