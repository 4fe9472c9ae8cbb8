"""Names of runs and events: short, sortable by when they began, hard to guess."""

from __future__ import annotations

import base64
import os


def new_run_id(now: float) -> str:
    """A name for what begins at `now` (seconds since 1970): sixteen letters and digits, 48 bits of milliseconds and 32
    of chance."""
    moment = int(now * 1000) % 2**48
    return base64.b32hexencode(moment.to_bytes(6, "big") + os.urandom(4)).decode().lower()
