"""Whether to write in colour: on a terminal that has it, unless NO_COLOR says no (https://no-color.org)."""

from __future__ import annotations

import os
import sys
from typing import Literal


def in_colour(stream: Literal["stdout", "stderr"]) -> bool:
    """Whether text written to the stream may carry colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return getattr(sys, stream).isatty() and os.environ.get("TERM") != "dumb"
