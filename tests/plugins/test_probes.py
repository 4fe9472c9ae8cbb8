"""`recipe doctor` asks every vendor that has settings, over real HTTP: they let us in, they refuse, they are down.

A connector that is added without a probe, or without a line here, fails.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.cli.probing import answers
from recipe_engine.core.failure import Failure
from recipe_engine.installed import installed
from recipe_engine.plugin import SandboxResponse
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.runtime.settings import Settings
from recipe_engine.testing.server import SandboxServer
from tests.plugins.imap.test_real_server import PASSWORD, port_of, served
from tests.support.vendors import DESCRIBED, hold, settings_for
from tests.unit.builtin.mail_server import mail_server

CATALOG = installed().catalog
# Connector -> a setting that is the credential, what else has to be set, and the code of a refusal.
HTTP: dict[str, tuple[str, dict[str, str], str]] = {
    "clickup": ("CLICKUP_API_KEY", {"CLICKUP_PARENT_TASK_ID": "86parent"}, "http_401"),
    "cloudflare_r2": ("R2_SECRET_ACCESS_KEY", {}, "http_403"),
    "hubspot": ("HUBSPOT_API_KEY", {}, "http_401"),
    "notion": ("NOTION_TOKEN", {}, "http_401"),
    "resend": ("RESEND_API_KEY", {}, "http_403"),
    "slack": ("SLACK_BOT_TOKEN", {}, "invalid_auth"),
    "twilio": ("TWILIO_AUTH_TOKEN", {}, "http_401"),
    "whatsapp_cloud": ("WHATSAPP_TOKEN", {}, "unauthorized"),
    "zoho_crm": ("ZOHO_REFRESH_TOKEN", {}, "unauthorized"),
    "zoho_desk": ("ZOHO_REFRESH_TOKEN", {}, "unauthorized"),
}
OTHERS = {"contacts", "email", "imap"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def asked(connector: str, settings: Mapping[str, str]) -> Failure | None:
    """What `recipe doctor` finds out."""
    known = Settings(settings).knowing(CATALOG)
    return (await answers(known, [CATALOG.connectors[connector]], ":memory:"))[connector]


def test_every_connector_with_settings_is_asked() -> None:
    vendors = {each.name for each in CATALOG.connectors.values() if each.settings and each.name not in ("http", "llm")}
    assert vendors == HTTP.keys() | OTHERS
    assert all(CATALOG.connectors[name].probe for name in vendors)


@pytest.fixture
async def vendor() -> AsyncIterator[Any]:
    """Serves the sandbox of a connector and gives the settings that lead there."""
    async with AsyncExitStack() as opened:

        async def vendor(name: str) -> dict[str, str]:
            connector, (_, more, _) = CATALOG.connectors[name], HTTP[name]
            host = SandboxHost(CATALOG, SystemClock(), more)
            sandbox = host.sandbox(name)
            if name in DESCRIBED:
                hold(sandbox, name)
            server = await opened.enter_async_context(SandboxServer(sandbox.answer))
            return settings_for(connector, host.settings, server.url)

        yield vendor


@pytest.mark.parametrize("name", HTTP)
async def test_the_vendor_lets_us_in(vendor: Any, name: str) -> None:
    assert await asked(name, await vendor(name)) is None


@pytest.mark.parametrize("name", HTTP)
async def test_the_vendor_refuses_a_wrong_credential(vendor: Any, name: str) -> None:
    credential, _, code = HTTP[name]
    failure = await asked(name, await vendor(name) | {credential: "wrong-canary"})
    assert failure is not None
    assert (failure.code, failure.retryable) == (code, False)
    assert failure.title
    assert "wrong-canary" not in repr(failure)


@pytest.mark.parametrize("name", HTTP)
async def test_the_vendor_is_down(vendor: Any, name: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    values = {
        key: nowhere if value.startswith("http://127.0.0.1") else value for key, value in (await vendor(name)).items()
    }
    failure = await asked(name, values)
    assert failure is not None
    assert (failure.code, failure.retryable, failure.happened) == ("connection", True, "no")


async def test_a_key_of_resend_that_may_only_send_is_right(vendor: Any) -> None:
    refused = {"statusCode": 401, "name": "restricted_api_key", "message": "This API key is restricted to only send."}
    async with SandboxServer(lambda _: SandboxResponse(401, refused)) as server:
        values = {"RESEND_API_KEY": "re_x", "FROM_EMAIL": "a@example.org", "RESEND_BASE_URL": server.url}
        assert await asked("resend", values) is None


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_the_mail_server() -> None:
    async with mail_server(accounts=True) as mail:
        values = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "SMTP_FROM": "a@example.org",
            "SMTP_TLS": "none",
        }
        values |= {"SMTP_USERNAME": "recettes", "SMTP_PASSWORD": "right-password"}
        assert await asked("email", values) is None
        refused = await asked("email", values | {"SMTP_PASSWORD": "wrong-canary"})
        assert mail.envelopes == []
    down = await asked("email", values)
    assert refused is not None
    assert (refused.code, "wrong-canary" in repr(refused)) == ("unauthorized", False)
    assert down is not None
    assert down.code == "connection"


async def test_the_mailbox() -> None:
    async with await served() as server:
        values = {"IMAP_HOST": "127.0.0.1", "IMAP_PORT": str(port_of(server)), "IMAP_TLS": "none"}
        values |= {"IMAP_USERNAME": "recettes", "IMAP_PASSWORD": PASSWORD}
        assert await asked("imap", values) is None
        refused = await asked("imap", values | {"IMAP_PASSWORD": "wrong-canary"})
    down = await asked("imap", values)
    assert refused is not None
    assert (refused.code, "wrong-canary" in repr(refused)) == ("unauthorized", False)
    assert down is not None
    assert down.code == "connection"


async def test_the_book_of_contacts(tmp_path: Path) -> None:
    book = tmp_path / "book.db"
    values = {"CONTACTS_DATABASE_URL": f"sqlite:///{book}"}
    assert await asked("contacts", values) is None
    assert not book.exists()
    book.write_bytes(b"this is no database, and never was one\n" * 100)
    failure = await asked("contacts", values)
    assert failure is not None
    assert failure.code == "storage"
    down = await asked("contacts", {"CONTACTS_DATABASE_URL": f"postgresql://u:canary@127.0.0.1:{free_port()}/x"})
    assert down is not None
    assert down.code in ("unavailable", "not_configured")
    assert "canary" not in repr(down)
