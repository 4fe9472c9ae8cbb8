"""The channels `sms` and `whatsapp` of notify, in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_plugins.twilio import register_connectors
from tests.support.notifying import Notifier
from tests.support.vendor_specs import hold_to_spec

ADA, BOB = "+33639980001", "+33639980002"


@pytest.fixture
def notifier() -> Notifier:
    notifier = Notifier(*register_connectors(), PHONE_REGION="FR")
    hold_to_spec(notifier.sandbox("twilio"), "twilio", lenient=True)
    return notifier


async def sms(notifier: Notifier, **params: Any) -> Any:
    return await notifier.notify(channels=["sms"], message="Bonjour", **params)


async def test_each_recipient_gets_an_sms(notifier: Notifier) -> None:
    output = await sms(notifier, to=["06 39 98 00 01", {"email": "bob@example.org", "mobile": BOB}])
    assert [(effect.action, effect.data["to"]) for effect in notifier.effects] == [("send sms", ADA), ("send sms", BOB)]
    [sent] = output["channels"]
    assert sent["id"] == ",".join(each["sid"] for each in notifier.sandbox("twilio").messages)


async def test_whatsapp_is_twilios_in_the_sandbox(notifier: Notifier) -> None:
    output = await notifier.notify(channels=["whatsapp"], to={"whatsapp": ADA}, message="Bonjour")
    assert output["sent"]
    assert [effect.action for effect in notifier.effects] == ["send whatsapp"]


async def test_one_who_opted_out_is_named_while_the_others_get_theirs(notifier: Notifier) -> None:
    notifier.sandbox("twilio").seed({"opted_out": [ADA]})
    output = await sms(notifier, to=[ADA, BOB])
    assert output["channels"][0]["detail"] == f"not sent to {ADA}: Twilio: Attempt to send to unsubscribed recipient"
    assert [effect.data["to"] for effect in notifier.effects] == [BOB]
    alone = await sms(notifier, to=[ADA])
    assert (alone["sent"], alone["opted_out"]) == (False, [ADA])
    assert [effect.data["to"] for effect in notifier.effects] == [BOB]


async def test_a_number_that_is_none_stops_it_before_the_first_is_sent(notifier: Notifier) -> None:
    failure = await notifier.failure(channels=["sms"], to=[BOB, "12"], message="Bonjour")
    assert (failure.code, notifier.effects) == ("invalid_recipient", [])


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_a_lost_answer_is_found_and_not_sent_again(notifier: Notifier, channel: str) -> None:
    notifier.sandbox("twilio").faults.append(Fault(method="POST", drop="after"))
    output = await notifier.notify(channels=[channel], to={"phone": ADA, "whatsapp": ADA}, message="Bonjour")
    assert (output["sent"], len(notifier.effects)) == (True, 1)


async def test_after_a_crash_it_goes_on_with_those_who_got_none(notifier: Notifier) -> None:
    before = await notifier.notify(key="run-1/a", channels=["sms"], to=ADA, message="Bonjour")
    both = await notifier.notify(key="run-1/a", recovered=True, channels=["sms"], to=[ADA, BOB], message="Bonjour")
    assert both["channels"][0]["id"].split(",")[0] == before["channels"][0]["id"]
    assert [effect.data["to"] for effect in notifier.effects] == [ADA, BOB]
    again = await notifier.notify(key="run-1/a", recovered=True, channels=["sms"], to=[ADA, BOB], message="Bonjour")
    assert (again, len(notifier.effects)) == (both, 2)


async def test_after_a_crash_what_is_not_listed_yet_waits_for_a_person(notifier: Notifier) -> None:
    notifier.sandbox("twilio").faults.append(Fault(method="POST", status=504))
    await notifier.failure(key="run-1/a", channels=["sms"], to=ADA, message="Bonjour")
    failure = await notifier.failure(key="run-1/a", recovered=True, channels=["sms"], to=ADA, message="Bonjour")
    assert (failure.code, failure.happened, notifier.effects) == ("interrupted", "maybe", [])
    assert "may still come to be listed" in failure.detail


async def test_after_a_crash_a_channel_that_cannot_tell_leaves_it_to_a_person(notifier: Notifier) -> None:
    step = {"channels": ["sms", "email"], "to": {"phone": ADA, "email": "ada@example.org"}, "message": "Bonjour"}
    await notifier.notify(key="run-1/a", **step)
    failure = await notifier.failure(key="run-1/a", recovered=True, **step)
    assert (failure.code, failure.happened, len(notifier.effects)) == ("interrupted", "maybe", 2)
    assert "nobody can tell" in failure.detail


async def test_a_message_without_text_or_too_long_is_refused(notifier: Notifier) -> None:
    failure = await notifier.failure(channels=["sms"], to=ADA, html="<p>Bonjour</p>")
    assert failure.code == "no_text"
    failure = await notifier.failure(channels=["sms"], to=ADA, message="x" * 1601)
    assert failure.code == "too_long"


async def test_attachments_are_said_to_be_left_out(notifier: Notifier) -> None:
    file = await notifier.blobs.save_bytes(b"%PDF", "devis.pdf", "application/pdf")
    output = await sms(notifier, to=ADA, attachments=[file.model_dump()])
    assert output["channels"][0]["detail"] == "attachments are not sent"


async def test_without_an_account_the_step_says_what_to_set() -> None:
    notifier = Notifier(*register_connectors(), TWILIO_AUTH_TOKEN="", TWILIO_PHONE_NUMBER="")
    output = await sms(notifier, to=ADA)
    assert (output["sent"], output["skipped"]) == (
        False,
        "sms is not configured: set TWILIO_AUTH_TOKEN and TWILIO_PHONE_NUMBER",
    )
