"""The channel `slack` of notify, in the sandbox."""

from __future__ import annotations

from recipe_plugins.slack import register_connectors
from tests.support.notifying import Notifier

CHANNEL = "C0123456789"


def notifier(**settings: str) -> Notifier:
    return Notifier(*register_connectors(), **settings)


async def test_without_a_recipient_it_goes_to_the_webhook() -> None:
    sending = notifier()
    output = await sending.notify(channels=["slack"], subject="Alerte", message="a < b")
    assert [(effect.action, effect.data["text"]) for effect in sending.effects] == [
        ("post to webhook", "*Alerte*\na &lt; b")
    ]
    told = {"channel": "slack", "sent": True, "id": None, "detail": "", "opted_out": []}
    assert output["channels"] == [told]


async def test_the_bot_posts_to_each_that_is_named() -> None:
    sending = notifier()
    output = await sending.notify(channels=["slack"], to=[CHANNEL, {"slack": "U0123456789"}], message="Bonjour")
    assert [effect.data["channel"] for effect in sending.effects] == [CHANNEL, "U0123456789"]
    assert output["channels"][0]["id"] == ",".join(effect.data["ts"] for effect in sending.effects)


async def test_a_channel_that_cannot_be_reached_is_named_while_the_others_get_theirs() -> None:
    sending = notifier()
    sending.sandbox("slack").seed({"channels": [{"id": CHANNEL}, {"id": "C0ARCHIVED1", "archived": True}]})
    output = await sending.notify(channels=["slack"], to=["C0ARCHIVED1", CHANNEL], message="Bonjour")
    assert output["channels"][0]["detail"] == "not posted to C0ARCHIVED1: Slack: is_archived"
    failure = await sending.failure(channels=["slack"], to="C0ARCHIVED1", message="Bonjour")
    assert failure.code == "is_archived"


async def test_with_a_webhook_alone_it_posts_there_and_says_so() -> None:
    sending = notifier(SLACK_BOT_TOKEN="")
    output = await sending.notify(channels=["slack"], to="admin@example.org", message="<!channel>")
    assert [effect.data["text"] for effect in sending.effects] == ["&lt;!channel&gt;"]
    assert output["channels"][0]["detail"].startswith("posted to the webhook's channel")


async def test_after_a_crash_the_bots_message_is_found_and_the_webhooks_is_not() -> None:
    sending = notifier()
    step = {"channels": ["slack"], "to": [CHANNEL, "C0123456780"], "message": "Bonjour"}
    before = await sending.notify(key="run-1/a", **step)
    after = await sending.notify(key="run-1/a", recovered=True, **step)
    assert (after, len(sending.effects)) == (before, 2)
    elsewhere = await sending.failure(key="run-2/a", recovered=True, **step)
    assert (elsewhere.code, elsewhere.happened) == ("interrupted", "maybe")
    by_webhook = await sending.failure(key="run-3/a", recovered=True, channels=["slack"], message="Bonjour")
    assert "webhook" in by_webhook.detail


async def test_without_either_the_step_says_what_to_set() -> None:
    output = await notifier(SLACK_BOT_TOKEN="", SLACK_WEBHOOK="").notify(channels=["slack"], message="Bonjour")
    assert output["skipped"] == "slack is not configured: set SLACK_WEBHOOK or SLACK_BOT_TOKEN"
