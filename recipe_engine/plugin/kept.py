"""What a connector keeps open between its actions: a session with a vendor, a child process.

    session = keep(ctx, "notes", lambda: NotesSession(...))

The one rule: what is kept belongs to the process, not to a run. All runs share it, and it is closed when the process is
done with its actions; so it must be able to open again whatever broke.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from recipe_engine.plugin.api import Context
from recipe_engine.plugin.errors import Terminal

SERVICE = "kept"


class Kept(Protocol):
    """Something that stays open until it is closed. `close` is called once, while the transport still works."""

    async def close(self) -> None: ...


K = TypeVar("K", bound=Kept)


def keep(ctx: Context, name: str, make: Callable[[], K]) -> K:
    """What is kept under `name` (a connector's), made now when it is the first time.

    Raises Terminal `not_available` where nothing can be kept, since nobody would close it.
    """
    kept = ctx.service(SERVICE)
    if kept is None:
        raise Terminal("nothing can be kept open between actions here", code="not_available")
    if name not in kept:
        kept[name] = make()
    found: K = kept[name]
    return found
