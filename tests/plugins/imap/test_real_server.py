"""The connector against a real IMAP server, pymap, on loopback."""

from __future__ import annotations

import asyncio
import ssl
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imap_tools import MailBoxUnencrypted
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer, IMAPService
from pysasl.hashing import BuiltinHash

from recipe_engine.plugin import FileValue
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_plugins.imap import register_connectors

[CONNECTOR] = register_connectors()
PASSWORD = 'mot de "passe" 4d1f'


def letter(subject: str, attachment: bytes = b"") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Jeanne Martin <jeanne@example.org>", "boite@example.org"
    message["Subject"], message["Message-ID"] = subject, f"<{subject}@example.org>"
    message["Date"] = datetime(2026, 11, 20, 8, tzinfo=UTC)
    message.set_content("Bonjour, voilà le plan.")
    message.add_alternative("<p>Bonjour</p>", subtype="html")
    if attachment:
        message.add_attachment(attachment, maintype="model", subtype="gltf-binary", filename="plan été.glb")
    return message.as_bytes()


async def served(encryption: ssl.SSLContext | None = None) -> asyncio.Server:
    """A server with the account `recettes`, whose INBOX is empty."""
    parser = ArgumentParser()
    IMAPService.add_arguments(parser)
    arguments = DictBackend.add_subparser("dict", parser.add_subparsers(dest="backend"))
    arguments.set_defaults(debug=False, passlib_cfg=None)
    args = parser.parse_args(["--no-tls", "dict", "--demo-user", "recettes", "--demo-password", PASSWORD])
    backend, config = await DictBackend.init(
        args, hash_context=BuiltinHash(rounds=1), invalid_user_sleep=0.0, reject_dnsbl=False
    )
    config.apply_context()
    callback = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    return await asyncio.start_server(callback, "127.0.0.1", 0, ssl=encryption)


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with await served() as server:
        yield port_of(server)


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, which nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = (
        builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "server.pem"
    encoding = serialization.Encoding.PEM
    path.write_bytes(signed.public_bytes(encoding) + key.private_bytes(encoding, *form))
    return path


def settings(port: int, **changed: str) -> dict[str, str]:
    own = {"IMAP_HOST": "127.0.0.1", "IMAP_PORT": str(port), "IMAP_TLS": "none"}
    return own | {"IMAP_USERNAME": "recettes", "IMAP_PASSWORD": PASSWORD} | changed


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport()
    yield transport
    await transport.close()


@pytest.fixture
def bench(port: int, transport: AiohttpTransport) -> SandboxContext:
    return sandbox_context(CONNECTOR, settings(port), transport=transport, clock=SystemClock())


async def deliver(port: int, *letters: tuple[bytes, datetime], folder: str = "INBOX") -> None:
    def put() -> None:
        with MailBoxUnencrypted("127.0.0.1", port).login("recettes", PASSWORD) as box:
            if not box.folder.exists(folder):
                box.folder.create(folder)
            for content, received in letters:
                box.append(content, folder, dt=received)

    await asyncio.to_thread(put)


def day(number: int, hour: int = 8) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


async def test_a_message_is_read_whole_and_stays_unread_until_it_is_marked(bench: SandboxContext, port: int) -> None:
    await deliver(port, (letter("Devis", bytes(range(256)) * 4000), day(20)))
    for _ in range(2):
        answer = await bench.call("messages")
        assert answer["total"] == 1
    [mail] = answer["messages"]
    assert (mail["from"], mail["subject"], mail["message_id"]) == ("jeanne@example.org", "Devis", "<Devis@example.org>")
    assert (mail["text"].strip(), mail["html"].strip()) == ("Bonjour, voilà le plan.", "<p>Bonjour</p>")
    assert (mail["received"], mail["seen"]) == ("2026-11-20T08:00:00+00:00", False)
    file = FileValue.model_validate(mail["attachments"][0])
    assert (file.name, file.media_type) == ("plan été.glb", "model/gltf-binary")
    assert await bench.blobs.read(file) == bytes(range(256)) * 4000

    for _ in range(2):
        await bench.call("mark_seen", ids=[mail["id"]])
    assert await bench.call("messages") == {"total": 0, "messages": []}
    [read] = (await bench.call("messages", unseen=False))["messages"]
    assert (read["id"], read["seen"]) == (mail["id"], True)


async def test_messages_are_chosen_by_moment_number_and_folder(bench: SandboxContext, port: int) -> None:
    await deliver(port, *((letter(f"n{number}"), day(number)) for number in range(1, 6)))
    await deliver(port, (letter("ancien"), day(1)), folder="Archives é")

    async def found(**params: Any) -> tuple[int, list[str]]:
        answer = await bench.call("messages", **params)
        return answer["total"], [each["subject"] for each in answer["messages"]]

    assert await found(limit=2) == (5, ["n1", "n2"])
    assert await found(since="2026-11-04T08:00:00Z") == (2, ["n4", "n5"])
    assert await found(since="2026-11-04T08:00:01Z", limit=1) == (1, ["n5"])
    assert await found(folder="Archives é") == (1, ["ancien"])


async def test_ids_of_another_numbering_mark_nothing(bench: SandboxContext, port: int) -> None:
    await deliver(port, (letter("Devis"), day(20)))
    assert (await bench.failure("mark_seen", ids=["1-1"])).code == "renumbered"
    assert (await bench.call("messages"))["total"] == 1


async def test_a_folder_that_is_not_there(bench: SandboxContext) -> None:
    failure = await bench.failure("messages", folder="Nope")
    assert (failure.code, failure.retryable) == ("not_found", False)


@pytest.mark.parametrize("password", ["wrong", "également faux"])
async def test_a_wrong_password_is_refused_and_stands_nowhere(
    port: int, transport: AiohttpTransport, password: str
) -> None:
    wrong = settings(port, IMAP_PASSWORD=password)
    failure = await sandbox_context(CONNECTOR, wrong, transport=transport, clock=SystemClock()).failure("messages")
    assert (failure.code, failure.retryable) == ("unauthorized", False)
    assert password not in f"{failure.title} {failure.detail}"


@pytest.mark.parametrize(
    ("changed", "code", "again"),
    [
        ({"IMAP_PORT": "1"}, "connection", True),
        ({"IMAP_TLS": "starttls"}, "tls", False),
        ({"IMAP_TLS": "tls"}, "connection", True),
        ({"IMAP_TLS": "perhaps"}, "not_configured", False),
        ({"IMAP_PORT": "imap"}, "not_configured", False),
    ],
)
async def test_no_connection(
    port: int,
    transport: AiohttpTransport,
    changed: dict[str, str],
    code: str,
    again: bool,  # a column
) -> None:
    bench = sandbox_context(CONNECTOR, settings(port, **changed), transport=transport, clock=SystemClock())
    failure = await bench.failure("messages")
    assert (failure.code, failure.retryable) == (code, again)


async def test_the_servers_certificate_is_checked(
    transport: AiohttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path)
    encryption = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encryption.load_cert_chain(path)
    async with await served(encryption) as server:
        own = settings(port_of(server), IMAP_TLS="tls")
        bench = sandbox_context(CONNECTOR, own, transport=transport, clock=SystemClock())
        failure = await bench.failure("messages")
        assert (failure.code, failure.retryable) == ("tls", False)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert (await bench.call("messages"))["total"] == 0
