"""Connectors of small servers, called over the engine's own performer."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.mcp.connector import Config, McpConnector
from recipe_engine.mcp.snapshot import Offer, snapshot_of
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import sandbox_context
from recipe_engine.testing.actions import SandboxContext

PLAIN = Path(__file__).with_name("plain_server.py")
ANY = {"type": "object"}


def tool(name: str, **said: Any) -> dict[str, Any]:
    """A tool as a server describes it."""
    return {"name": name, "inputSchema": ANY, **said}


@pytest.fixture
def connect() -> Callable[..., McpConnector]:
    """`connect(tools, ...)` makes the connector `shop` of a server with these tools; `config` says how it is reached."""

    def connect(tools: list[dict[str, Any]], **config: Any) -> McpConnector:
        way = config if {"url", "command"} & config.keys() else {"command": ["no-program-at-all"], **config}
        snapshot = snapshot_of(Offer({"name": "Shop", "version": "1"}, "2025-06-18", "", tools))
        return McpConnector(Config(name="shop", **way), snapshot)

    return connect


@pytest.fixture
async def running(tmp_path: Path, connect: Callable[..., McpConnector]) -> AsyncIterator[Callable[..., SandboxContext]]:
    """`running(answers)` gives the connector of a server that answers so, each tool taking anything; `config` and
    `settings` are the connector's, everything else is for `plain_server.py`."""
    opened: list[SandboxContext] = []

    def run(
        answers: dict[str, Any],
        *,
        config: dict[str, Any] | None = None,
        settings: dict[str, str] | None = None,
        known: list[dict[str, Any]] | None = None,
        **said: Any,
    ) -> SandboxContext:
        tools = [tool(name) for name in answers]
        path = tmp_path / "server.json"
        path.write_text(json.dumps({"tools": tools, "answers": answers, **said}))
        command = [sys.executable, "-S", str(PLAIN), str(path)]
        connector = connect(known or tools, command=command, **(config or {}))
        bench = sandbox_context(connector, settings, transport=AiohttpTransport())
        opened.append(bench)
        return bench

    yield run
    for bench in opened:
        await bench.close()
