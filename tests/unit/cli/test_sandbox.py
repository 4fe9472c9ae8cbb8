"""`recipe sandbox`: imitations over real HTTP, that other programs and the recipes of this one can use."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from recipe_engine.plugin import Sandbox, SandboxRequest, SandboxResponse, route
from recipe_engine.testing.server import SandboxServer

PROGRAM = "import sys; from recipe_engine.cli.main import main; sys.exit(main())"
CONTACT = """\
slug: contact
name: Contact
description: Finds or makes a contact.
category: examples
steps:
  - {id: contact, name: Contact, type: hubspot.find_or_create_contact, with: {email: jeanne@example.org, lastname: Petit}}
output: {id: "{{ contact.id }}"}
"""


@contextmanager
def served(*arguments: str) -> Iterator[dict[str, Any]]:
    """What `recipe sandbox --json` prints, while it serves."""
    command = [sys.executable, "-c", PROGRAM, "sandbox", *arguments, "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.rstrip() == "}":
                break
        try:
            yield json.loads("".join(lines))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


def test_a_recipe_reaches_it_by_the_settings_that_it_prints(folder: Path, recipe: Any, monkeypatch: Any) -> None:
    (folder / "contact.yml").write_text(CONTACT)
    (folder / "seed.yml").write_text("hubspot: {contacts: [{id: '77', email: jeanne@example.org}]}\n")
    with served("hubspot", "--seed", "seed.yml") as shown:
        for name, value in shown["hubspot"]["settings"].items():
            monkeypatch.setenv(name, value)
        ended = recipe("run", "contact.yml", "--json")
    assert ended.code == 0, ended.err
    assert '"77"' in ended.out


def test_products_of_one_vendor_share_its_tokens(folder: Path, recipe: Any, monkeypatch: Any) -> None:
    (folder / "seed.yml").write_text(
        "zoho_desk: {tickets: [{id: '1001', subject: Panne}]}\nzoho_crm: {Deals: [{id: '9001', Deal_Name: Cuisine}]}\n"
    )
    ticket = "{id: ticket, name: Ticket, type: zoho_desk.get_ticket, with: {id: '1001'}}"
    deal = "{id: deal, name: Deal, type: zoho_crm.get_deal, with: {id: '9001'}}"
    output = "{ticket: '{{ ticket.subject }}', deal: '{{ deal.Deal_Name }}'}"
    (folder / "both.yml").write_text(
        f"slug: both\nname: B\ndescription: B.\ncategory: examples\nsteps: [{ticket}, {deal}]\noutput: {output}\n"
    )
    with served("zoho_desk", "zoho_crm", "--seed", "seed.yml") as shown:
        desk, crm = shown["zoho_desk"]["settings"], shown["zoho_crm"]["settings"]
        assert all(desk[name] == crm[name] for name in desk.keys() & crm.keys())
        for name, value in (desk | crm).items():
            monkeypatch.setenv(name, value)
        ended = recipe("run", "both.yml", "--json")
    assert ended.code == 0, ended.err
    assert "Panne" in ended.out
    assert "Cuisine" in ended.out


def test_a_connector_made_from_a_document_is_served_with_its_tokens(
    folder: Path, recipe: Any, monkeypatch: Any
) -> None:
    answer = {"200": {"description": "", "content": {"application/json": {"example": {"state": "open"}}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://api.shop.example/v2"}],
        "paths": {"/state": {"get": {"operationId": "state", "responses": answer}}},
    }
    (folder / "shop.json").write_text(json.dumps(document))
    auth = "oauth2:https://id.shop.example/token:SHOP_ID:SHOP_SECRET"
    assert recipe("connectors", "add", "shop.json", "--name", "shop", "--auth", auth).code == 0
    step = "{id: state, name: State, type: shop.state}"
    (folder / "state.yml").write_text(
        f"slug: state\nname: S\ndescription: S.\ncategory: examples\nsteps: [{step}]\noutput: {{is: '{{{{ state }}}}'}}\n"
    )
    with served("shop") as shown:
        assert urlsplit(shown["shop"]["settings"]["SHOP_BASE_URL"]).path == "/v2"
        for name, value in shown["shop"]["settings"].items():
            monkeypatch.setenv(name, value)
        ended = recipe("run", "state.yml", "--json")
    assert ended.code == 0, ended.err
    assert '"open"' in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hubspto"], "did you mean hubspot?"),
        (["hubspot", "--seed", "bad.yml"], "twilio is not served"),
        (["hubspot", "--seed", "unknown.yml"], "hubspot:"),
        (["hubspot", "--port", "70000"], "is not in the range"),
    ],
)
def test_mistakes_are_named(folder: Path, recipe: Any, arguments: list[str], words: str) -> None:
    (folder / "bad.yml").write_text("twilio: {}\n")
    (folder / "unknown.yml").write_text("hubspot: {nonsense: []}\n")
    ended = recipe("sandbox", *arguments)
    assert ended.code == 2
    assert words in ended.err


# --- the server -------------------------------------------------------------------------------------------------------


class Shop(Sandbox):
    connector = "shop"

    @route("GET", "/fails")
    def fails(self, request: SandboxRequest) -> SandboxResponse:
        raise ZeroDivisionError("of its own")

    @route("POST", "/size")
    def size(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, {"size": request.size, "seen": len(request.body)})

    @route("POST", "/json")
    def json(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, request.json())


MALFORMED = (
    b"nonsense\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"POST /json HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n{}",
    b"POST /json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: [::\r\n\r\n",
    bytes(range(256)),
)


@pytest.mark.parametrize("data", MALFORMED)
async def test_no_request_ends_the_server(data: bytes) -> None:
    async with SandboxServer(Shop().answer) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer == b"" or answer.startswith(b"HTTP/1.")
        async with aiohttp.ClientSession() as client, client.get(f"{server.url}/other") as response:
            assert response.status == 404


async def test_what_a_sandbox_stumbles_over_is_an_answer(caplog: Any) -> None:
    async with SandboxServer(Shop().answer) as server, aiohttp.ClientSession() as client:
        async with client.get(f"{server.url}/fails") as response:
            assert (response.status, "ZeroDivisionError" in (await response.json())["message"]) == (500, True)
        async with client.post(f"{server.url}/json", data=b"{") as response:
            assert response.status == 400
    assert "a sandbox failed at GET /fails" in caplog.text


async def test_a_large_body_is_counted_and_not_kept() -> None:
    body = io.BytesIO(b"x" * 12_000_000)
    async with (
        SandboxServer(Shop().answer) as server,
        aiohttp.ClientSession() as client,
        client.post(f"{server.url}/size", data=body) as response,
    ):
        assert await response.json() == {"size": 12_000_000, "seen": 10_000_000}


async def test_before_a_sandbox_is_there_it_is_unavailable() -> None:
    async with SandboxServer() as server, aiohttp.ClientSession() as client, client.get(server.url) as response:
        assert response.status == 503


# --- recipe doctor ----------------------------------------------------------------------------------------------------


def test_doctor_asks_the_vendors_whose_settings_are_there(folder: Path, recipe: Any, monkeypatch: Any) -> None:
    with served("hubspot", "clickup", "cloudflare_r2") as shown:
        for each in shown.values():
            for name, value in each["settings"].items():
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("CLICKUP_API_KEY", "pk_wrong_canary")
        ended = recipe("doctor")
        offline = recipe("doctor", "--offline")
    lines = {line.split()[1]: line for line in ended.out.splitlines() if len(line.split()) > 1}
    assert "the settings are right" in lines["hubspot"]
    assert "the settings are right" in lines["cloudflare_r2"]
    assert lines["clickup"].startswith("wrong")
    assert ended.code == 1
    assert "pk_wrong_canary" not in ended.out + ended.err
    assert offline.code == 0
    assert "the vendor was not asked" in offline.out
