"""A real mail server on loopback, for tests: keeps what it gets, with STARTTLS and accounts when asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """`replies` maps a command (RCPT, DATA) to what decides its reply; None lets it pass."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    replies: dict[str, Callable[[Any], str | None]] = field(default_factory=dict)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    drop_after_data: bool = False
    connections: list[SMTP] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # the library's name
        reply = self.replies.get("RCPT", lambda _: None)(address)
        if reply is None:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return reply

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # the library's name
        reply = self.replies.get("DATA", lambda _: None)(envelope)
        if reply is not None:
            return reply
        self.envelopes.append(envelope)
        self.sessions.append(session)
        if self.drop_after_data:
            server.transport.abort()
        return "250 taken"

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.content, policy=default) for envelope in self.envelopes]  # type: ignore[misc]

    def authenticate(self, server, session, envelope, mechanism, auth_data) -> AuthResult:
        assert isinstance(auth_data, LoginPassword)
        self.logins.append((auth_data.login, auth_data.password))
        right = auth_data.password == b"right-password"
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, from_the_start: bool = False, accounts: bool = False, size: int = 33_554_432
) -> AsyncIterator[MailServer]:
    """Serve on a free port of loopback."""
    mail = MailServer()

    def protocol() -> SMTP:
        connection = SMTP(
            mail,
            hostname="mail.example",
            tls_context=None if from_the_start else tls,
            authenticator=mail.authenticate if accounts else None,
            auth_required=accounts,
            auth_require_tls=tls is not None,
            data_size_limit=size,
        )
        mail.connections.append(connection)
        return connection

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if from_the_start else None)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
        for connection in mail.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await server.wait_closed()
