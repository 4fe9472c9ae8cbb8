"""The connectors over the real transport, to sandboxes behind a real HTTP server, at the addresses that settings name.

What arrives on the wire is held against the vendors' descriptions, as another server would see it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any

import pytest

from recipe_engine.plugin import Connector
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_engine.testing.server import SandboxServer
from tests.support.vendor_specs import hold_to_spec

HUBSPOT, CLICKUP, R2 = (
    connector
    for name in ("hubspot", "clickup", "cloudflare_r2")
    for connector in import_module(f"recipe_plugins.{name}").register_connectors()
)


@pytest.fixture
async def serve() -> AsyncIterator[Any]:
    """Serves the sandbox of a connector and gives the connector whose base URL leads there."""
    async with AsyncExitStack() as opened:

        async def serve(connector: Connector, base_url_setting: str, path: str = "", **settings: str) -> SandboxContext:
            server = await opened.enter_async_context(SandboxServer())
            transport = AiohttpTransport()
            opened.push_async_callback(transport.close)
            settings[base_url_setting] = server.url + path
            bench = sandbox_context(connector, settings, transport=transport, clock=SystemClock())
            server.answer = bench.sandbox.answer
            return bench

        yield serve


async def test_hubspot(serve: Any) -> None:
    bench = await serve(HUBSPOT, "HUBSPOT_BASE_URL", HUBSPOT_API_KEY="pat-eu1-canary")
    hold_to_spec(bench.sandbox, "hubspot")
    contact = await bench.call("find_or_create_contact", email="jeanne+é@example.org", lastname="D'Été")
    ticket = await bench.call("create_ticket", subject="Modèle 3D", content="https://files.example.org/a%20b.glb")
    await bench.call("associate", from_type="tickets", from_id=ticket["id"], to_type="contacts", to_id=contact["id"])
    again = await bench.call("find_contact", email="jeanne+é@example.org", properties=["city"])
    assert again["contact"]["id"] == contact["id"]
    assert [effect.action for effect in bench.effects] == [
        "create contact",
        "create ticket",
        "associate ticket with contact",
    ]


async def test_clickup_under_the_path_of_its_base_url(serve: Any) -> None:
    bench = await serve(
        CLICKUP, "CLICKUP_BASE_URL", "/api", CLICKUP_API_KEY="pk_canary", CLICKUP_PARENT_TASK_ID="86parent"
    )
    hold_to_spec(bench.sandbox, "clickup", lenient=True)
    task = await bench.call("create_subtask", name="Modèle 3D", description="**Ticket** 5001", priority="high")
    await bench.call("add_comment", id=task["id"], text="Vu")
    listed = await bench.call("list_tasks", list_id=task["list_id"], statuses=["to do", "à faire"], subtasks=True)
    assert task["id"] in [each["id"] for each in listed["tasks"]]
    assert [effect.action for effect in bench.effects] == ["create subtask", "comment on task"]


async def test_r2_whose_signature_covers_what_arrives(serve: Any) -> None:
    bench = await serve(
        R2,
        "R2_ENDPOINT_URL",
        R2_ACCESS_KEY_ID="id",
        R2_SECRET_ACCESS_KEY="canary",
        R2_BUCKET_NAME="demandes",
        R2_PUBLIC_URL="https://files.example.org",
    )
    file = await bench.blobs.save_bytes(b"x" * 3_000_000, "plan n° 1.glb", "model/gltf-binary")
    stored = await bench.call("put_file", file=file.model_dump(), folder="a/é")
    [listed] = (await bench.call("list_files", prefix="a/é/"))["files"]
    got = await bench.call("get_file", key=listed["key"])
    assert (stored["key"], got["file"]["digest"]) == (listed["key"], file.digest)
