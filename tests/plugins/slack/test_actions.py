"""Slack's actions over its sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.slack import register_connectors
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
CHANNEL = "C0123456789"
# The description is of 2021; the webhook is not in it at all.
NEWER = ("body/metadata is not described", "unknown query parameter include_all_metadata")


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    hold_to_spec(bench.sandbox, "slack", lenient=True, newer=NEWER)
    return bench


async def test_a_message_and_an_answer_in_its_thread(bench: SandboxContext) -> None:
    first = await bench.call("post_message", channel=CHANNEL, text="Nouveau *devis*", unfurl_links=False)
    answer = await bench.call(
        "post_message", channel=CHANNEL, text="Traité", thread_ts=first["ts"], reply_broadcast=True
    )
    assert (first["channel"], first["thread_ts"], answer["thread_ts"]) == (CHANNEL, None, first["ts"])
    assert [effect.data["text"] for effect in bench.effects] == ["Nouveau *devis*", "Traité"]
    assert bench.sandbox.requests[0].json()["unfurl_links"] is False
    failure = await bench.failure("post_message", channel=CHANNEL, text="x", thread_ts="1531420618.000000")
    assert failure.code == "thread_not_found"


async def test_a_channel_is_shown_by_the_name_that_the_step_says(bench: SandboxContext) -> None:
    answer = await bench.call("post_message", channel="#veille", text="Nouveau")
    assert answer["channel"].startswith("C0")
    assert bench.effects[0].data["channel"] == "#veille"


async def test_blocks_with_the_text_of_notifications(bench: SandboxContext) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Devis*"}}, {"type": "divider"}]
    await bench.call("post_message", channel=CHANNEL, text="Devis", blocks=blocks)
    assert bench.sandbox.messages[0]["blocks"] == blocks
    failure = await bench.failure("post_message", channel=CHANNEL, blocks=[{"type": "bloc"}])
    assert (failure.code, failure.detail) == (
        "invalid_blocks",
        "[ERROR] unsupported type [json-pointer:/blocks/0/type]",
    )


async def test_what_a_customer_wrote_calls_nobody_when_it_is_escaped(bench: SandboxContext) -> None:
    await bench.call("post_message", channel=CHANNEL, text="<!channel> a & b", escape=True)
    assert bench.sandbox.messages[0]["text"] == "&lt;!channel&gt; a &amp; b"


async def test_an_update_as_often_as_you_like(bench: SandboxContext) -> None:
    told = await bench.call("post_message", channel="#devis", text="En cours")
    for _ in range(2):
        updated = await bench.call("update", channel=told["channel"], ts=told["ts"], text="Fait")
    assert (updated["ts"], updated["text"]) == (told["ts"], "Fait")
    assert [each["text"] for each in bench.sandbox.messages] == ["Fait"]
    failure = await bench.failure("update", channel=CHANNEL, ts="1531420618.000000", text="x")
    assert failure.code == "message_not_found"


@pytest.mark.parametrize(
    ("channel", "code"),
    [("C0ARCHIVED1", "is_archived"), ("prive", "not_in_channel"), ("C0UNKNOWN11", "channel_not_found")],
)
async def test_what_slack_refuses_is_refused_in_its_word(bench: SandboxContext, channel: str, code: str) -> None:
    channels = [{"id": "C0ARCHIVED1", "archived": True}, {"id": "C0PRIVATE11", "name": "prive", "joined": False}]
    bench.sandbox.seed({"channels": channels})
    failure = await bench.failure("post_message", channel=channel, text="x")
    assert (failure.code, failure.title, failure.happened) == (code, f"Slack: {code}", "no")
    assert bench.effects == []


async def test_a_missing_scope_is_named(bench: SandboxContext) -> None:
    body = {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "users:read"}
    bench.inject(Fault(status=200, body=body))
    failure = await bench.failure("post_message", channel=CHANNEL, text="x")
    assert (failure.code, failure.detail) == ("missing_scope", "the scope chat:write is missing")


async def test_a_wrong_token_is_refused_and_not_shown(bench: SandboxContext) -> None:
    bench.sandbox.settings["SLACK_BOT_TOKEN"] = "another"
    failure = await bench.failure("post_message", channel=CHANNEL, text="x")
    assert failure.code == "invalid_auth"
    assert "xoxb" not in repr(failure)


async def test_after_a_429_all_wait_as_long_as_slack_says(bench: SandboxContext) -> None:
    bench.inject(Fault(status=429, headers={"Retry-After": "40"}))
    failure = await bench.failure("post_message", channel=CHANNEL, text="x")
    assert (failure.code, failure.retry_after, failure.happened) == ("rate_limit", 40.0, "no")
    assert (await bench.failure("post_message", channel=CHANNEL, text="x")).code == "rate_limit"
    assert bench.sandbox.requests == []


class TestWebhook:
    @pytest.fixture
    def bench(self) -> SandboxContext:
        return sandbox_context(CONNECTOR)

    async def test_it_posts_to_its_channel_without_a_token(self, bench: SandboxContext) -> None:
        assert await bench.call("send_webhook", text="Nouveau devis") == {"ok": True}
        [request] = bench.sandbox.requests
        assert request.url == "https://hooks.slack.com/services/T0SANDBOX1/B0SANDBOX1/sandbox-slack-webhook"
        assert "authorization" not in request.headers
        assert [(effect.action, effect.data) for effect in bench.effects] == [
            ("post to webhook", {"text": "Nouveau devis"})
        ]

    async def test_a_refusal_is_a_word_and_the_address_stays_secret(self, bench: SandboxContext) -> None:
        failure = await bench.failure("send_webhook", blocks=[{"type": "bloc"}])
        assert (failure.code, failure.title) == ("http_400", "Slack: invalid_blocks")
        for fault in (Fault(status=500), Fault(status=404, body="no_service"), Fault(drop="after")):
            bench.inject(fault)
            assert "sandbox-slack-webhook" not in repr(await bench.failure("send_webhook", text="x"))

    async def test_a_lost_answer_is_in_doubt(self, bench: SandboxContext) -> None:
        bench.inject(Fault(drop="after"))
        failure = await bench.failure("send_webhook", step_key="run-1/a", text="x")
        assert failure.happened == "maybe"
        with pytest.raises(ActionFailure) as unknown:
            await bench.call("send_webhook", step_key="run-1/a", recovered=True, text="x")
        assert (unknown.value.failure.happened, len(bench.effects)) == ("maybe", 1)


class TestAfterACrash:
    """The process died, or the connection did, while a message was posted."""

    @pytest.mark.parametrize("thread", [False, True])
    async def test_a_lost_answer_is_found_by_the_metadata(self, bench: SandboxContext, thread: bool) -> None:
        bench.sandbox.seed({"messages": [{"channel": CHANNEL, "text": "Début", "ts": "1795165100.000001"}]})
        params: dict[str, Any] = {"channel": CHANNEL, "text": "Bonjour & merci"}
        params |= {"thread_ts": "1795165100.000001"} if thread else {}
        await bench.call("post_message", step_key="run-2/a", **params)
        bench.inject(Fault(method="POST", drop="after"))
        found = await bench.call("post_message", step_key="run-1/a", **params)
        again = await bench.call("post_message", step_key="run-1/a", recovered=True, **params)
        assert found["ts"] == again["ts"] == bench.sandbox.messages[-1]["ts"]
        assert len(bench.effects) == 2

    async def test_what_is_not_found_waits_for_a_person(self, bench: SandboxContext) -> None:
        await bench.call("post_message", step_key="run-2/a", channel=CHANNEL, text="Bonjour")
        with pytest.raises(ActionFailure, match="it may be all the same") as unknown:
            await bench.call("post_message", step_key="run-1/a", recovered=True, channel=CHANNEL, text="Bonjour")
        assert (unknown.value.failure.code, unknown.value.failure.happened) == ("interrupted", "maybe")
        assert len(bench.effects) == 1

    async def test_without_the_scope_to_read_it_waits_for_a_person(self, bench: SandboxContext) -> None:
        await bench.call("post_message", step_key="run-1/a", channel=CHANNEL, text="Bonjour")
        body = {"ok": False, "error": "missing_scope", "needed": "channels:history"}
        bench.inject(Fault(method="GET", status=200, body=body))
        with pytest.raises(ActionFailure, match="missing_scope"):
            await bench.call("post_message", step_key="run-1/a", recovered=True, channel=CHANNEL, text="Bonjour")
        assert len(bench.effects) == 1
