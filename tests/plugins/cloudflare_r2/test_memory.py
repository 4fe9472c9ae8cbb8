"""A large upload is streamed: the memory of the process does not grow with the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("upload_of_300_mb.py")
SIZE = 300_000_000
# A handful of buffers of a megabyte each, and what the allocator keeps of them.
MOST_MEGABYTES = 40


@pytest.mark.parametrize("where", ["server", "sandbox"])
def test_memory_stays_flat_over_300_mb(where: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), where], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["size"] == SIZE
    assert measured["arrived"] >= (SIZE if where == "server" else 0)
    assert measured["rose"] < MOST_MEGABYTES
