"""The channel `slack` of notify.

The one rule: what people are told is text: nothing that a customer wrote may become a link or call everybody.
"""

from __future__ import annotations

from recipe_engine.plugin import ActionError, Context, Delivery, Message, Retryable, Terminal
from recipe_plugins.slack.actions import escaped, message_of_this_step, post_message, post_to_webhook
from recipe_plugins.slack.models import PostMessage

LONGEST = 40_000


async def post(ctx: Context, message: Message) -> Delivery:
    """Post to each channel or person named, by the bot; without a bot once to the webhook's own channel."""
    text = message.text.strip()
    if not text:
        raise Terminal("Slack needs a text", code="no_text", detail="give `message` besides `html`")
    text = escaped(text)
    if message.subject.strip():
        text = f"*{escaped(' '.join(message.subject.split()))}*\n{text}"
    if len(text) > LONGEST:
        raise Terminal(f"a message of Slack has at most {LONGEST} characters, not {len(text)}", code="too_long")
    remarks = ["attachments are not sent"] if message.attachments else []
    if _by_webhook(ctx, message):
        await post_to_webhook(ctx, {"text": text})
        if message.to != (ctx.settings.get("SLACK_WEBHOOK"),):
            remarks.append("posted to the webhook's channel: only a bot (SLACK_BOT_TOKEN) posts elsewhere")
        return Delivery(detail="; ".join(remarks))
    ids: list[str] = []
    failures: list[ActionError] = []
    for to in message.to:
        try:
            ids.append((await post_message(ctx, PostMessage(channel=to, text=text))).ts)
        except ActionError as error:
            failures.append(error)
            unsure = "perhaps not posted" if error.failure.happened == "maybe" else "not posted"
            remarks.append(f"{unsure} to {to}: {error.failure.title}")
    if not ids:
        raise next((error for error in failures if error.failure.happened == "maybe"), failures[0])
    return Delivery(id=",".join(ids), detail="; ".join(remarks))


async def posted(ctx: Context, message: Message) -> Delivery:
    """What an interrupted step posted, when it is there in every place; the key in its metadata tells it. Nobody can tell
    what was posted by the webhook."""
    if _by_webhook(ctx, message):
        raise Retryable("Slack tells nobody what was posted by a webhook")
    found = [await message_of_this_step(ctx, PostMessage(channel=to, text=message.text)) for to in message.to]
    return Delivery(id=",".join(each.ts for each in found))


def _by_webhook(ctx: Context, message: Message) -> bool:
    return not ctx.settings.get("SLACK_BOT_TOKEN") or message.to == (ctx.settings.get("SLACK_WEBHOOK"),)
