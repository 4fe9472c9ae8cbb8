"""What happens to a connection when the run no longer waits for it."""

from __future__ import annotations

import asyncio

import pytest

from recipe_plugins.imap.server import opened_at_server


class Known(dict[str, str]):
    def require(self, name: str) -> str:
        return self[name]


class SilentServer:
    """Opens a folder, and says nothing to what is asked of it then."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, command = line.split()[:2]
            match command:
                case b"CAPABILITY":
                    writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
                case b"LOGIN" | b"EXAMINE":
                    writer.write(b"* OK [UIDVALIDITY 7] valid\r\n" + tag + b" OK done\r\n")
                case _:
                    self.asked.set()
        writer.close()
        self.left.set()


async def test_a_read_that_is_cut_off_ends_at_once_and_leaves_no_connection() -> None:
    silent = SilentServer()
    server = await asyncio.start_server(silent.serve, "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    settings = Known(
        IMAP_HOST="127.0.0.1", IMAP_PORT=port, IMAP_TLS="none", IMAP_USERNAME="recettes", IMAP_PASSWORD="secret"
    )

    async def read() -> None:
        async with opened_at_server(settings, "INBOX", readonly=True) as mailbox:
            assert mailbox.validity == "7"
            await mailbox.find(unseen=True, since=None, limit=5)

    async with server:
        reading = asyncio.create_task(read())
        await asyncio.wait_for(silent.asked.wait(), 10)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(reading, 10)
        await asyncio.wait_for(silent.left.wait(), 10)
