"""A server as a child process: messages by lines over its input and output.

The one rule: a child gets what it was given and no more, and does not outlive what it was started for. It sees an
environment of a few plain names and the settings that its connector names; its lines are bounded (the SDK's own transport
bounds them not); when it is to end its input is closed, and who does not heed that is killed with all its children.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from recipe_engine.plugin import Retryable, Terminal

INHERITED = (
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
    "APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE", "SYSTEMROOT",
    "TEMP", "USERNAME", "USERPROFILE",
)  # fmt: skip
_GRACE_SECONDS = 2.0
_WORDS_KEPT = 2_000
_CHUNK = 65_536


class Child:
    """A running server. `words` is what it wrote to its error output at last, or what of its output is no message."""

    def __init__(self, process: asyncio.subprocess.Process, largest: int, on_end: Callable[[], None]) -> None:
        self._process = process
        self._largest = largest
        self._on_end = on_end
        self._told: deque[int] = deque(maxlen=_WORDS_KEPT)
        self._strange = ""
        self._excess = False

    @property
    def words(self) -> str:
        """What it said that helps to understand its end."""
        told = bytes(self._told).decode("utf-8", "replace").strip()
        return "\n".join(filter(None, [self._strange, told]))

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self._excess:
            return f"sent a message of more than {self._largest} bytes"
        code = self._process.returncode
        if code is None:
            return "closed its output"
        return f"ended with exit code {code}" if code >= 0 else f"was killed by signal {-code}"

    async def read(self, into: Any) -> None:
        """Hand on what the child sends, until it ends or sends too much."""
        assert self._process.stdout is not None
        async with into:
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                while True:
                    try:
                        line = await self._process.stdout.readuntil(b"\n")
                    except asyncio.IncompleteReadError:
                        break
                    except asyncio.LimitOverrunError:
                        self._excess = True
                        break
                    message = self._parsed(line)
                    if message is not None:
                        await into.send(message)
        self._on_end()

    def _parsed(self, line: bytes) -> SessionMessage | None:
        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError:
            if not self._strange and line.strip():
                shown = line[:200].decode("utf-8", "replace").strip()
                self._strange = f"its output should be messages of MCP alone, and has: {shown}"
            return None

    async def write(self, messages: Any) -> None:
        """Send what the session has to say."""
        assert self._process.stdin is not None
        async with messages:
            async for message in messages:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                self._process.stdin.write(text.encode() + b"\n")
                try:
                    await self._process.stdin.drain()
                except (BrokenPipeError, ConnectionResetError):
                    break

    async def listen(self) -> None:
        """Take what it writes to its error output, so that it never waits for that."""
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(_CHUNK):
            self._told.extend(chunk[-_WORDS_KEPT:])

    async def end(self) -> None:
        """Let it end; kill it and what it started when it does not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        first = signal.SIGTERM if self._excess else None
        for stop in (first, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            if stop is not None:
                self._signal(stop)
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._process.wait()
                    return

    def _signal(self, stop: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, stop)
            else:
                self._process.kill()


@asynccontextmanager
async def child(
    command: Sequence[str], given: Mapping[str, str], largest: int, on_end: Callable[[], None]
) -> AsyncIterator[tuple[Any, Any, Child]]:
    """A server started by `command`, with the environment variables `given`: streams of what it sends and is sent, and the
    process. `on_end` is called when it sends nothing any more; `largest` is how many bytes a message may have.

    Raises Terminal `not_configured` when there is no such program, Retryable when it cannot be started.
    """
    environment = {name: value for name in INHERITED if (value := os.environ.get(name)) is not None} | dict(given)
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise Terminal(
            f"there is no program {command[0]!r}", code="not_configured", detail="it is looked for on the PATH"
        )
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *command[1:],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            limit=largest,
            start_new_session=True,  # its own group, so that it can be ended with all that it starts
        )
    except (OSError, ValueError) as error:
        raise Retryable(f"{command[0]!r} cannot be started: {error}", code="connection") from error
    running = Child(process, largest, on_end)
    incoming_end, incoming = anyio.create_memory_object_stream[Any](0)
    outgoing, outgoing_end = anyio.create_memory_object_stream[Any](0)
    tasks = [
        asyncio.create_task(running.read(incoming_end)),
        asyncio.create_task(running.write(outgoing_end)),
        asyncio.create_task(running.listen()),
    ]
    try:
        yield incoming, outgoing, running
    finally:
        incoming.close()
        outgoing.close()
        await running.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  # what the child left may hold its pipes open
