"""The channel `email`: SMTP, in words that any mail server understands.

The one rule: it knows how far it got. Until the message's own bytes are sent nothing has happened; a connection lost
after that leaves it open, and the step waits for a person instead of sending twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from recipe_engine.plugin import (
    JSON,
    ActionError,
    Channel,
    Connector,
    Context,
    Delivery,
    Message,
    Retryable,
    Setting,
    Settings,
    Terminal,
    hookimpl,
)

if TYPE_CHECKING:
    from email.headerregistry import Address
    from email.message import EmailMessage

    import aiosmtplib

# What mail servers commonly take in all; larger files are better sent as a link.
_LARGEST_ATTACHMENTS = 20_000_000
_SECONDS = 30.0
_TLS_PORT = 465
_MODES = ("auto", "starttls", "tls", "none")
_LOCAL = ("localhost", "127.0.0.1", "::1")
OUTBOX = "https://email.sandbox.example/messages"


async def send(ctx: Context, message: Message) -> Delivery:
    """Send one e-mail to all recipients. In the sandbox it goes to the outbox."""
    from recipe_engine.builtin.email_message import Attachment, addresses, compose

    to = addresses(message.to)
    sender = addresses([_sender(ctx.settings) or ""])[0]
    total = sum(file.size for file in message.attachments)
    if total > _LARGEST_ATTACHMENTS:
        raise Terminal(
            f"the attachments have {total} bytes; e-mail carries at most {_LARGEST_ATTACHMENTS}",
            code="attachment_too_large",
            detail="upload the files and send a link",
        )
    attachments = [
        Attachment(file.name, file.media_type, await ctx.blobs.read(file, _LARGEST_ATTACHMENTS))
        for file in message.attachments
    ]
    email = compose(message, sender, to, attachments, key=ctx.key, at=ctx.now)
    if ctx.sandbox:
        await ctx.http.post(OUTBOX, json=_shown(message, email))
        return Delivery(id=email["Message-ID"])
    refused = await _submit(ctx.settings, sender, to, email)
    return Delivery(id=email["Message-ID"], detail=f"refused for {', '.join(refused)}" if refused else "")


def _shown(message: Message, email: EmailMessage) -> dict[str, Any]:
    """The e-mail as the outbox keeps it: files by name, type and size."""
    html = email.get_body(("html",))
    text = email.get_body(("plain",))
    return {
        "id": email["Message-ID"],
        "from": str(email["From"]),
        "to": [address.addr_spec for address in email["To"].addresses],
        "subject": str(email["Subject"]),
        "text": text.get_content().rstrip("\n") if text is not None else "",
        "html": html.get_content().rstrip("\n") if html is not None else None,
        "attachments": [file.model_dump() for file in message.attachments],
    }


async def _submit(settings: Settings, sender: Address, to: list[Address], email: EmailMessage) -> list[str]:
    """Hand the message to the server; the recipients that it refused while it took others."""
    import aiosmtplib

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


async def _recipients(client: aiosmtplib.SMTP, to: list[Address]) -> list[str]:
    import aiosmtplib

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
    import aiosmtplib

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
    import aiosmtplib

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
    import aiosmtplib

    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = f"{error.code} {error.message}"
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return Terminal("the mail server refuses user or password", code="unauthorized", detail=said)
        if 400 <= error.code < 500:
            return Retryable(title, code="unavailable", detail=said)
        return Terminal(title, code="refused", detail=said)
    code = "timeout" if isinstance(error, aiosmtplib.SMTPTimeoutError) else "connection"
    return Retryable(title, code=code, detail=str(error), happened="maybe" if happened else "no")


def _refusal(status: int, _headers: Mapping[str, str], body: JSON) -> ActionError:
    """What the outbox of the sandbox says, read as the codes of SMTP."""
    detail = f"{status} {body['message']}" if isinstance(body, dict) and "message" in body else str(status)
    if status < 500:
        return Retryable("the mail server refused the message for now", code="unavailable", detail=detail)
    return Terminal("the mail server refused the message", code="refused", detail=detail)


def _sender(settings: Settings) -> str | None:
    user = settings.get("SMTP_USERNAME") or ""
    return settings.get("SMTP_FROM") or settings.get("FROM_EMAIL") or (user if "@" in user else None)


def _missing(settings: Settings) -> str | None:
    absent = [] if settings.get("SMTP_HOST") else ["SMTP_HOST"]
    if not _sender(settings):
        absent.append("SMTP_FROM")
    return f"set {' and '.join(absent)}" if absent else None


email = Connector(
    name="email",
    title="E-mail",
    settings=[
        Setting("SMTP_HOST", required=False, help="The mail server; without it e-mail is not configured"),
        Setting("SMTP_PORT", required=False, default="587", help="587, or 465 for TLS from the start"),
        Setting("SMTP_USERNAME", required=False, help="The account, when the server asks for one"),
        Setting("SMTP_PASSWORD", secret=True, required=False, help="Its password"),
        Setting("SMTP_FROM", required=False, help="The sender, such as `Atelier <bonjour@example.org>`"),
        Setting("FROM_EMAIL", required=False, help="The sender, when SMTP_FROM is not set"),
        Setting(
            "SMTP_TLS",
            required=False,
            default="auto",
            help="auto (encrypted when the server can), starttls, tls (from the start) or none",
        ),
        Setting("NOTIFICATION_EMAIL", required=False, help="Who gets messages that name no recipient"),
    ],
    channels={"email": Channel(send, _missing, address=("email", "mail", "e_mail"), default_to="NOTIFICATION_EMAIL")},
    errors=_refusal,
    sandbox="recipe_engine.builtin.email_sandbox:Outbox",
    docs="E-mail by SMTP, as a channel of `notify`.",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of e-mail."""
    return [email]
