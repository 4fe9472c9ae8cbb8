"""A PostgreSQL server of the test session's own, where this machine has one to start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# A PostgreSQL server refuses to be run by root.
_USER = "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of an empty database."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("no PostgreSQL server is installed here")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if _USER is not None:
            shutil.chown(folder, _USER)
        _do("initdb", "-D", str(data), "-U", "tests", "--auth=trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        _do("pg_ctl", "-D", str(data), "-o", options, "-l", f"{data}/log", "-w", "start")
        try:
            yield f"postgresql://tests@127.0.0.1:{port}/postgres"
        finally:
            _do("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _do(*command: str) -> None:
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=_USER, cwd=tempfile.gettempdir()
    )
