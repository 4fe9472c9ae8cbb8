"""The channel `email` of notify, by Resend.

The one rule: it is the same e-mail that SMTP would carry: one message to all recipients.
"""

from __future__ import annotations

from recipe_engine.plugin import Context, Delivery, Message
from recipe_plugins.resend.actions import send
from recipe_plugins.resend.models import Send

NO_SUBJECT = "(sans objet)"


async def send_email(ctx: Context, message: Message) -> Delivery:
    """Send one e-mail to all recipients."""
    mail = Send(
        to=list(message.to),
        subject=message.subject.strip()[:500] or NO_SUBJECT,
        html=message.html,
        text=message.text or None,
        attachments=list(message.attachments),
        headers=_way_out(message.unsubscribe) if message.unsubscribe else {},
    )
    return Delivery(id=(await send(ctx, mail)).id)


def _way_out(link: str) -> dict[str, str]:
    """The button to unsubscribe that e-mail programs show (RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
