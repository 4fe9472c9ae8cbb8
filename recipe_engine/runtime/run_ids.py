"""Names of runs and events: short, sortable by when they began, hard to guess. And seeds, which nobody may guess."""

from __future__ import annotations

import base64
import os


def new_run_id(now: float) -> str:
    """A name for what begins at `now` (seconds since 1970): sixteen letters and digits, 48 bits of milliseconds and 32
    of chance."""
    moment = int(now * 1000) % 2**48
    return base64.b32hexencode(moment.to_bytes(6, "big") + os.urandom(4)).decode().lower()


def new_seed() -> str:
    """What the chance of a run follows from, and what its secret markers are sealed with: 64 bits, in hex."""
    return os.urandom(8).hex()
