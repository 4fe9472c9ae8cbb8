"""The channel `whatsapp` of notify, by WhatsApp Cloud.

The one rule: each recipient gets a message of their own. When one got it, the step has succeeded, and what the others met
stands in the detail.
"""

from __future__ import annotations

from recipe_engine.plugin import ActionError, Context, Delivery, Message, Terminal
from recipe_engine.plugin.addresses import phone_number
from recipe_plugins.whatsapp_cloud.actions import send_text
from recipe_plugins.whatsapp_cloud.models import SendText

LONGEST = 4096


async def send(ctx: Context, message: Message) -> Delivery:
    """One text for each recipient."""
    text = message.text.strip()
    if not text:
        raise Terminal("a WhatsApp message needs a text", code="no_text", detail="give `message` besides `html`")
    if len(text) > LONGEST:
        raise Terminal(f"a WhatsApp message has at most {LONGEST} characters, not {len(text)}", code="too_long")
    # Every recipient is looked at before anything is sent.
    numbers = [phone_number(to, ctx.settings.get("PHONE_REGION")) for to in message.to]
    ids: list[str] = []
    remarks = ["attachments are not sent"] if message.attachments else []
    failures: list[ActionError] = []
    for to in numbers:
        try:
            ids.append((await send_text(ctx, SendText(to=to, body=text))).id)
        except ActionError as error:
            failures.append(error)
            unsure = "perhaps not sent" if error.failure.happened == "maybe" else "not sent"
            remarks.append(f"{unsure} to {to}: {error.failure.title}")
    if not ids:
        raise next((error for error in failures if error.failure.happened == "maybe"), failures[0])
    return Delivery(id=",".join(ids), detail="; ".join(remarks))
