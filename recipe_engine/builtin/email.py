"""The channel `email`: one message to all recipients of a `notify` step, by SMTP.

The one rule: what is sent in the sandbox is what would have been sent: it is composed whole, and only then handed to the
outbox instead of a mail server.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    from email.message import EmailMessage

# What mail servers commonly take in all; larger files are better sent as a link.
_LARGEST_ATTACHMENTS = 20_000_000
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
    from recipe_engine.builtin.smtp import submit

    refused = await submit(ctx.settings, sender, to, email)
    return Delivery(id=email["Message-ID"], detail=f"refused for {', '.join(refused)}" if refused else "")


async def signed_in(ctx: Context) -> None:
    """Logs in at the mail server and sends nothing."""
    from recipe_engine.builtin.smtp import reachable

    await reachable(ctx.settings)


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
    } | ({"unsubscribe": message.unsubscribe} if message.unsubscribe else {})


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
        Setting(
            "EMAIL_PROVIDER",
            required=False,
            help="smtp, or the connector that sends e-mail (resend), when several are configured",
        ),
    ],
    channels={
        "email": Channel(
            send,
            _missing,
            address=("email", "mail", "e_mail"),
            default_to="NOTIFICATION_EMAIL",
            provider="smtp",
            fallback=True,
        )
    },
    errors=_refusal,
    probe=lambda settings: signed_in if settings.get("SMTP_HOST") else None,
    sandbox="recipe_engine.builtin.email_sandbox:Outbox",
    docs="E-mail by SMTP, as a channel of `notify`.",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of e-mail."""
    return [email]
