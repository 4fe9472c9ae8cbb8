"""Running a coroutine from a command; asyncio is imported only then, since it is a third of a command's start."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end in an event loop of its own."""
    import asyncio

    return asyncio.run(work)
