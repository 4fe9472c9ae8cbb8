"""The connectors that reach people over the real transport, to sandboxes behind a real HTTP server.

What arrives on the wire is held against the vendors' descriptions, as another server would see it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any

import pytest

from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import ActionFailure, SandboxContext, sandbox_context
from recipe_engine.testing.server import SandboxServer
from tests.support.vendor_specs import hold_to_spec

ADA = "+33639980001"


@pytest.fixture
async def serve() -> AsyncIterator[Any]:
    """Serves the sandbox of a connector and gives the connector, with the server's address where `{}` stands."""
    async with AsyncExitStack() as opened:

        async def serve(name: str, **settings: str) -> SandboxContext:
            [connector] = import_module(f"recipe_plugins.{name}").register_connectors()
            server = await opened.enter_async_context(SandboxServer())
            transport = AiohttpTransport()
            opened.push_async_callback(transport.close)
            known = {key: value.format(server.url) for key, value in settings.items()}
            bench = sandbox_context(connector, known, transport=transport, clock=SystemClock())
            server.answer = bench.sandbox.answer
            return bench

        yield serve


async def test_twilio(serve: Any) -> None:
    bench = await serve(
        "twilio",
        TWILIO_BASE_URL="{}",
        TWILIO_ACCOUNT_SID="AC" + "1" * 32,
        TWILIO_AUTH_TOKEN="canary-token",
        TWILIO_PHONE_NUMBER="+33939980000",
    )
    hold_to_spec(bench.sandbox, "twilio", lenient=True)
    sent = await bench.call("send_sms", step_key="run-1/a", to=ADA, body="L'été à 20 € & plus: ça va+?")
    assert bench.sandbox.messages[0]["body"] == "L'été à 20 € & plus: ça va+?"
    again = await bench.call(
        "send_sms", step_key="run-1/a", recovered=True, to=ADA, body="L'été à 20 € & plus: ça va+?"
    )
    assert again["id"] == sent["id"]
    bench.sandbox.seed({"messages": [{"to": "+33939980000", "from": ADA, "body": str(n)} for n in range(1500)]})
    assert len((await bench.call("list_messages", sender=ADA, limit=1500))["messages"]) == 1500
    with pytest.raises(ActionFailure) as refused:
        await bench.call("send_sms", to="+15005550004", body="x")
    assert (refused.value.failure.code, "canary" in repr(refused.value.failure)) == ("opted_out", False)


async def test_resend(serve: Any) -> None:
    bench = await serve("resend", RESEND_BASE_URL="{}", RESEND_API_KEY="re_canary", FROM_EMAIL="Été <a@example.org>")
    hold_to_spec(bench.sandbox, "resend", lenient=True)
    file = await bench.blobs.save_bytes(b"x" * 100_000, "plan n° 1.pdf", "application/pdf")
    mail = {"to": "ada@example.org", "subject": "Été", "html": "<p>é</p>", "attachments": [file.model_dump()]}
    sent = await bench.call("send", step_key="run-1/é", **mail)
    again = await bench.call("send", step_key="run-1/é", recovered=True, **mail)
    assert (sent, len(bench.effects)) == (again, 1)


async def test_slack_and_its_webhook_where_the_setting_says(serve: Any) -> None:
    bench = await serve(
        "slack",
        SLACK_BASE_URL="{}/api",
        SLACK_BOT_TOKEN="xoxb-canary",
        SLACK_WEBHOOK="{}/services/T0SANDBOX1/B0SANDBOX1/canary",
    )
    told = await bench.call("post_message", channel="C0123456789", text="Devis n° 12 : 1 200 €")
    await bench.call("update", channel=told["channel"], ts=told["ts"], text="Fait")
    await bench.call("send_webhook", text="Alerte")
    assert [effect.action for effect in bench.effects] == ["post message", "update message", "post to webhook"]
    assert "authorization" not in bench.sandbox.requests[-1].headers


async def test_whatsapp_cloud(serve: Any) -> None:
    bench = await serve(
        "whatsapp_cloud",
        WHATSAPP_CLOUD_BASE_URL="{}/v23.0",
        WHATSAPP_TOKEN="canary",
        WHATSAPP_PHONE_NUMBER_ID="106540352242922",
    )
    file = await bench.blobs.save_bytes(b"%PDF" * 1000, "devis n°1.pdf", "application/pdf")
    uploaded = await bench.call("upload_media", file=file.model_dump())
    await bench.call("send_media", to=ADA, kind=uploaded["kind"], media_id=uploaded["id"], filename="devis.pdf")
    await bench.call("send_text", to=ADA, body="À bientôt 😀")
    assert bench.sandbox.messages[-1]["text"] == "À bientôt 😀"


async def test_notion(serve: Any) -> None:
    bench = await serve("notion", NOTION_BASE_URL="{}/v1", NOTION_TOKEN="ntn_canary")
    source = "1f2e3d4c5b6a79808192a3b4c5d6e7f8"
    bench.sandbox.seed({"data_sources": [{"id": source, "properties": {"Nom": "title", "Score": "number"}}]})
    text = "\n\n".join(f"Paragraphe {n}" for n in range(120))
    page = await bench.call("create_page", data_source_id=source, title="Été", properties={"Score": 2}, text=text)
    found = await bench.call("query", data_source_id=source, filter={"property": "Score", "number": {"equals": 2}})
    assert [each["id"] for each in found["pages"]] == [page["id"]]
    assert len(bench.sandbox.blocks[page["id"]]) == 120
