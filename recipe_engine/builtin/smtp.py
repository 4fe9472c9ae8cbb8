"""Handing a message to a mail server.

The one rule: it knows how far it got. Until the message's own bytes are sent nothing has happened; a connection lost
after that leaves it open, and the step waits for a person instead of sending twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage

import aiosmtplib

from recipe_engine.plugin import ActionError, Retryable, Settings, Terminal

_SECONDS = 30.0
_TLS_PORT = 465
_MODES = ("auto", "starttls", "tls", "none")
_LOCAL = ("localhost", "127.0.0.1", "::1")


async def submit(settings: Settings, sender: Address, to: list[Address], email: EmailMessage) -> list[str]:
    """Hand the message to the server; the recipients that it refused while it took others."""
    data = email.as_bytes()
    async with _session(settings) as client:
        try:
            limit = client.esmtp_extensions.get("size", "")
            if limit.isdigit() and 0 < int(limit) < len(data):
                raise Terminal(
                    f"the mail server takes {limit} bytes; the e-mail has {len(data)}", code="message_too_large"
                )
            await client.mail(sender.addr_spec)
            refused = await _recipients(client, to)
        except aiosmtplib.SMTPException as error:
            raise _failure(error, "the mail server refused the message", happened=False) from error
        try:
            await client.data(data)
        except aiosmtplib.SMTPException as error:
            raise _failure(error, "the mail server did not confirm the message", happened=True) from error
    return refused


async def reachable(settings: Settings) -> None:
    """Connect, encrypt and log in as for a message, and leave without one."""
    async with _session(settings):
        return


async def _recipients(client: aiosmtplib.SMTP, to: list[Address]) -> list[str]:
    refusals: dict[str, aiosmtplib.SMTPRecipientRefused] = {}
    for address in to:
        try:
            await client.rcpt(address.addr_spec)
        except aiosmtplib.SMTPRecipientRefused as error:
            refusals[address.addr_spec] = error
    if len(refusals) == len(to):
        # A passing refusal (greylisting) of any of them is worth a later try.
        raise min(refusals.values(), key=lambda error: error.code)
    return list(refusals)


@asynccontextmanager
async def _session(settings: Settings) -> AsyncIterator[aiosmtplib.SMTP]:
    """A connection that is ready for a message: encrypted as SMTP_TLS says, and logged in."""
    host = settings.require("SMTP_HOST")
    port = _port(settings)
    mode = settings.get("SMTP_TLS", "auto")
    if mode not in _MODES:
        raise Terminal(f"SMTP_TLS is {mode!r}; expected {', '.join(_MODES)}", code="not_configured")
    client = aiosmtplib.SMTP(
        hostname=host,
        port=port,
        timeout=_SECONDS,
        use_tls=mode == "tls" or (mode == "auto" and port == _TLS_PORT),
        start_tls=False,
    )
    try:
        try:
            await client.connect()
            await _encrypt(client, host, str(mode))
            await _log_in(client, settings, host, str(mode))
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _failure(error, f"no connection to the mail server {host}:{port}", happened=False) from error
        yield client
        await _leave(client)
    finally:
        client.close()


async def _encrypt(client: aiosmtplib.SMTP, host: str, mode: str) -> None:
    """Upgrade the connection when the server offers it; `starttls` insists."""
    if mode not in ("auto", "starttls") or client.use_tls:
        return
    await client.ehlo()
    if client.supports_extension("starttls"):
        await client.starttls()
    elif mode == "starttls":
        raise Terminal(
            f"the mail server {host} offers no encryption (STARTTLS)",
            code="tls",
            detail="SMTP_TLS=none sends without, SMTP_TLS=tls encrypts from the start",
        )


async def _log_in(client: aiosmtplib.SMTP, settings: Settings, host: str, mode: str) -> None:
    user, password = settings.get("SMTP_USERNAME"), settings.get("SMTP_PASSWORD")
    if not user or not password:
        return
    encrypted = client.get_transport_info("sslcontext") is not None
    if not encrypted and mode != "none" and host not in _LOCAL:
        raise Terminal(
            f"the mail server {host} offers no encryption; the password is not sent",
            code="tls",
            detail="SMTP_TLS=none sends it nevertheless",
        )
    await client.login(user, password)


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; the message is delivered whatever the server makes of it."""
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


def _port(settings: Settings) -> int:
    text = settings.get("SMTP_PORT") or "587"
    if not text.isdigit():
        raise Terminal(f"SMTP_PORT is {text!r}; expected a number", code="not_configured")
    return int(text)


def _failure(error: Exception, title: str, *, happened: bool) -> ActionError:
    """A failure of SMTP: codes of the 400s pass, those of the 500s do not; without a code the connection was lost."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = f"{error.code} {error.message}"
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return Terminal("the mail server refuses user or password", code="unauthorized", detail=said)
        if 400 <= error.code < 500:
            return Retryable(title, code="unavailable", detail=said)
        return Terminal(title, code="refused", detail=said)
    code = "timeout" if isinstance(error, aiosmtplib.SMTPTimeoutError) else "connection"
    return Retryable(title, code=code, detail=str(error), happened="maybe" if happened else "no")
