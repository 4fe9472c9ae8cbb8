"""Slack: messages by a bot, and by an incoming webhook.

The one rule: Slack answers most failures with status 200, so success is what says `ok: true`.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
    ActionError,
    Channel,
    Connector,
    Context,
    Delivery,
    JSONObject,
    Message,
    Retryable,
    Setting,
    Settings,
    Terminal,
    bearer,
    hookimpl,
)
from recipe_engine.plugin.api import Check
from recipe_engine.plugin.signatures import Received, Reply

RATE = ("ratelimited", "rate_limited")
PASSING = ("service_unavailable", "internal_error", "request_timeout", "team_added_to_org")
# The message may have been posted nevertheless.
UNCLEAR = ("fatal_error",)


def refusal(error: str, body: object, status: int = 200) -> ActionError:
    """Slack's word for what is wrong, as a failure."""
    told = body if isinstance(body, dict) else {}
    needed = f"the scope {told['needed']} is missing" if told.get("needed") else ""
    messages = (told.get("response_metadata") or {}).get("messages") or []
    title, detail = f"Slack: {error}", "; ".join([part for part in (needed, *map(str, messages)) if part])
    if error in RATE:
        return Retryable(title, code="rate_limit", detail=detail, data=body)
    if error in UNCLEAR:
        return Retryable(title, code="unavailable", detail=detail, happened="maybe", data=body)
    if error in PASSING:
        return Retryable(title, code="unavailable", detail=detail, data=body)
    return Terminal(title, code=error if status == 200 else f"http_{status}", detail=detail, data=body)


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """An answer with an error status: of the Web API in JSON, of a webhook a word as text."""
    if isinstance(body, dict) and body.get("error") and status != 429:
        return refusal(str(body["error"]), body, status)
    if isinstance(body, str) and body.isidentifier() and 400 <= status < 500 and status != 429:
        return Terminal(f"Slack: {body}", code=f"http_{status}", data=body)
    return None


async def slack_channel(ctx: Context, message: Message) -> Delivery:
    """The channel `slack`."""
    from recipe_plugins.slack.channel import post

    return await post(ctx, message)


async def posted(ctx: Context, message: Message) -> Delivery | None:
    """The messages of an interrupted step."""
    from recipe_plugins.slack.channel import posted

    return await posted(ctx, message)


def _missing(settings: Settings) -> str | None:
    configured = settings.get("SLACK_WEBHOOK") or settings.get("SLACK_BOT_TOKEN")
    return None if configured else "set SLACK_WEBHOOK or SLACK_BOT_TOKEN"


async def signed_in(ctx: Context) -> None:
    """Asks who the token is of: `auth.test` (/auth.test of Slack's description), which needs no scope."""
    from recipe_plugins.slack.actions import taken

    await taken(await ctx.http.get("/auth.test"))


def probe(settings: Settings) -> tuple[str, JSONObject] | Check | None:
    """The bot's token can be asked for; an incoming webhook cannot without posting."""
    return signed_in if settings.get("SLACK_BOT_TOKEN") else None


def verify(received: Received, settings: Settings) -> Reply | None:
    """Slack's signature of events, interactions and commands; answers the challenge of a new address."""
    from recipe_plugins.slack.webhooks import verify

    return verify(received, settings)


slack = Connector(
    name="slack",
    title="Slack",
    docs="Messages, threads and updates by a bot, messages by an incoming webhook, and the channel `slack` of notify.",
    base_url="https://slack.com/api",
    settings=[
        Setting(
            "SLACK_WEBHOOK",
            secret=True,
            required=False,
            help="api.slack.com/apps > Incoming Webhooks: the address, which posts to one channel",
        ),
        Setting(
            "SLACK_BOT_TOKEN",
            secret=True,
            required=False,
            help="api.slack.com/apps > OAuth & Permissions > Bot User OAuth Token: begins with xoxb-",
        ),
        Setting(
            "SLACK_SIGNING_SECRET",
            secret=True,
            required=False,
            help="api.slack.com/apps > Basic Information > Signing Secret",
        ),
    ],
    auth=bearer("SLACK_BOT_TOKEN"),
    endpoints=("SLACK_WEBHOOK",),
    errors=errors,
    channels={
        "slack": Channel(
            slack_channel, _missing, address=("slack", "slack_id"), default_to="SLACK_WEBHOOK", reconcile=posted
        )
    },
    verify=verify,
    probe=probe,
    sandbox="recipe_plugins.slack.sandbox:SlackSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Slack with its actions."""
    from recipe_plugins.slack import actions  # noqa: F401  # importing it registers them

    return [slack]
