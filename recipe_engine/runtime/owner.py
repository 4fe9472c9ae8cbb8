"""One process drives the runs of a database; this is how the others know.

The one rule: who holds the lock on `<database>.lock` is the owner; the operating system lets go of it when the process
ends, however it ends. A note in the database says who it is, for messages.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from recipe_engine.core.json import JSONObject
from recipe_engine.runtime.errors import DatabaseOwned, StorageError

OWNER = "owner"


class Ownership:
    """The right to drive the runs of the database at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock", blocking=False, thread_local=False)

    def take(self) -> bool:
        """Become the owner; False when another process is. Raises StorageError when the folder cannot be written."""
        try:
            self._lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be locked: {error.strerror or error}",
                "give this user the right to write its folder; --db or RECIPE_DB names another place",
            ) from error
        return True

    def release(self) -> None:
        """Let another process be the owner."""
        self._lock.release()


def is_owned(path: Path) -> bool:
    """Whether a process drives the runs of a database at this moment."""
    if not Path(f"{path}.lock").exists():
        return False
    ownership = Ownership(path)
    if not ownership.take():
        return True
    ownership.release()
    return False


def this_process() -> JSONObject:
    """What the owner's note says of this process."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time(), "command": command[:200]}


def refusal(path: Path, note: bytes | None) -> DatabaseOwned:
    """What a second owner is told."""
    if note is None:
        return DatabaseOwned(f"{path} is being opened by another process", "try again")
    owner = orjson.loads(note)
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(owner["since"]))
    return DatabaseOwned(
        f"the runs of {path} are driven by process {owner['pid']} on {owner['host']} since {since} ({owner['command']})",
        "`recipe run` and the other commands hand their work to it; end that process to take over",
    )
