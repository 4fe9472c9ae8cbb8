"""What recipes can do in Slack.

The one rule: Slack has no idempotency key, so a posted message carries the step's key in its metadata, and after a crash it
is looked for there. Only finding it is certain: without the scope to read, nothing is.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Context, Retry, Retryable, Terminal
from recipe_plugins.slack import refusal, slack
from recipe_plugins.slack.models import Content, Posted, PostMessage, Taken, UpdateMessage, Webhook

# For what is posted once: a refusal is tried again, an answer that was lost never is.
AGAIN = Retry(attempts=3)
EVENT_TYPE = "recipe_step"
# How many of the newest messages are looked through (Slack advises at most 200 a page).
RECENT = 200


async def message_of_this_step(ctx: Context, params: PostMessage) -> Posted:
    """The message of the channel, or of the thread, that carries this step's key."""
    query: dict[str, Any] = {"channel": params.channel, "limit": RECENT, "include_all_metadata": True}
    method = "conversations.history"
    if params.thread_ts is not None:
        method, query["ts"] = "conversations.replies", params.thread_ts
    answer = await taken(await ctx.http.get(f"/{method}", query=query))
    for message in answer["messages"]:
        metadata = message.get("metadata") or {}
        if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("key") == ctx.key:
            return _posted({"channel": params.channel, "ts": message["ts"], "message": message})
    raise Retryable(f"the message is not among the newest {RECENT} of {params.channel}; it may be all the same")


@slack.action(
    effect="once",
    retry=AGAIN,
    reconcile=message_of_this_step,
    example='- {id: told, type: slack.post_message, with: {channel: C0123456789, text: "Nouveau devis : {{ total }}"}}',
)
async def post_message(ctx: Context, params: PostMessage) -> Posted:
    """Post a message, or answer in a thread.

    The effect is `once`: Slack posts a repeat again. The message carries the step's key as metadata; after a crash, or an
    answer that was lost, it is looked for in the channel (scope channels:history). When it is not found the step waits for a
    person.
    """
    body: dict[str, Any] = {"channel": params.channel, **content(params)}
    if params.thread_ts is not None:
        body |= {"thread_ts": params.thread_ts, "reply_broadcast": params.reply_broadcast}
    for name in ("unfurl_links", "unfurl_media"):
        if getattr(params, name) is not None:
            body[name] = getattr(params, name)
    body["metadata"] = {"event_type": EVENT_TYPE, "event_payload": {"key": ctx.key}}
    return _posted(await taken(await ctx.http.post("/chat.postMessage", json=body)))


@slack.action(
    effect="keyed",
    example='- {id: done, type: slack.update, with: {channel: "{{ told.channel }}", ts: "{{ told.ts }}", text: Traité}}',
)
async def update(ctx: Context, params: UpdateMessage) -> Posted:
    """Put something else in the place of a message of the bot.

    The effect is `keyed`: a repeat leaves the same message.
    """
    body = {"channel": params.channel, "ts": params.ts, **content(params)}
    return _posted(await taken(await ctx.http.post("/chat.update", json=body)))


@slack.action(
    effect="once",
    retry=AGAIN,
    example='- {id: alert, type: slack.send_webhook, with: {text: "Nouveau devis : {{ total }}"}}',
)
async def send_webhook(ctx: Context, params: Webhook) -> Taken:
    """Post to the channel of the incoming webhook.

    The effect is `once`: Slack posts a repeat again and tells no `ts` by which the message could be found, so an answer that
    was lost leaves the step in doubt.
    """
    await post_to_webhook(ctx, content(params))
    return Taken(ok=True)


async def post_to_webhook(ctx: Context, body: dict[str, Any]) -> None:
    """Post with the webhook's address, which is its own credential."""
    answer = await ctx.http.post(ctx.settings.require("SLACK_WEBHOOK"), json=body, auth=False)
    said = await answer.text()
    if said != "ok":
        raise Terminal("Slack: a webhook is answered with ok", code="invalid_answer", detail=said[:300])


def content(params: Content) -> dict[str, Any]:
    """Text and blocks as Slack takes them."""
    body: dict[str, Any] = {}
    if params.text:
        body["text"] = escaped(params.text) if params.escape else params.text
    if params.blocks:
        body["blocks"] = params.blocks
    return body


def escaped(text: str) -> str:
    """The text with nothing in it that Slack would read as markup of its own (links, mentions, @channel)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def taken(response: Any) -> dict[str, Any]:
    """The answer, if it says `ok: true`."""
    answer: dict[str, Any] = await response.object()
    if "ok" not in answer:
        raise Terminal("Slack: the answer does not say whether it is one", code="invalid_answer")
    if not answer["ok"]:
        raise refusal(str(answer.get("error")), answer)
    return answer


def _posted(answer: dict[str, Any]) -> Posted:
    message = answer.get("message") or {}
    return Posted(
        channel=answer["channel"], ts=answer["ts"], text=message.get("text", ""), thread_ts=message.get("thread_ts")
    )
