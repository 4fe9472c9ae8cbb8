"""Twilio's actions over its sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.twilio import register_connectors
from recipe_plugins.twilio.sending import MOST_PAGES
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
ADA = "+33639980001"
OWN = "+33939980000"
SERVICE = "MG" + "0a" * 16


def make(**settings: str) -> SandboxContext:
    bench = sandbox_context(CONNECTOR, settings)
    # Leniently for answers: the description calls Twilio's relative addresses of pages URIs.
    hold_to_spec(bench.sandbox, "twilio", lenient=True)
    return bench


@pytest.fixture
def bench() -> SandboxContext:
    return make()


async def test_an_sms_is_sent_from_the_number_of_the_settings(bench: SandboxContext) -> None:
    sent = await bench.call("send_sms", to="+33 6 39 98 00 01", body="Bonjour, votre devis est prêt.")
    assert bench.sandbox.requests[-1].form() == {"To": ADA, "From": OWN, "Body": "Bonjour, votre devis est prêt."}
    assert (sent["status"], sent["to"], sent["sender"], sent["error_code"]) == ("queued", ADA, OWN, None)
    # `ê` is not of the GSM alphabet.
    assert (sent["segments"], sent["encoding"], sent["created"]) == (1, "UCS-2", "2026-11-20T09:00:00+00:00")
    [effect] = bench.effects
    assert (effect.action, effect.data["to"], effect.data["body"]) == (
        "send sms",
        ADA,
        "Bonjour, votre devis est prêt.",
    )


async def test_everything_that_can_be_said_of_an_sms(bench: SandboxContext) -> None:
    sent = await bench.call(
        "send_sms",
        to=ADA,
        body="Photo",
        sender=SERVICE,
        media_urls=["https://files.example.org/a.jpg", "https://files.example.org/b.jpg"],
        smart_encoded=True,
        status_callback="https://example.org/twilio",
        validity_period=3600,
        send_at="2026-11-21T10:00:00+01:00",
    )
    body = bench.sandbox.requests[-1].body.decode()
    assert body.count("MediaUrl=") == 2
    assert "SendAt=2026-11-21T09%3A00%3A00Z&StatusCallback=https%3A%2F%2Fexample.org%2Ftwilio" in body
    assert (sent["status"], sent["sender"], sent["id"][:2]) == ("scheduled", SERVICE, "MM")


async def test_a_national_number_needs_its_country(bench: SandboxContext) -> None:
    failure = await bench.failure("send_sms", to="06 39 98 00 01", body="x")
    assert (failure.code, bench.sandbox.requests) == ("invalid_recipient", [])
    assert (await bench.call("send_sms", to="06 39 98 00 01", region="FR", body="x"))["to"] == ADA
    assert (await make(PHONE_REGION="FR").call("send_sms", to="0639980001", body="x"))["to"] == ADA


@pytest.mark.parametrize("sender", ["ATELIER", SERVICE, "09 39 98 00 00"])
async def test_a_sender_is_a_number_a_service_or_a_name(sender: str) -> None:
    await make(PHONE_REGION="FR", TWILIO_PHONE_NUMBER="+33939980000").call("send_sms", to=ADA, body="x", sender=sender)


@pytest.mark.parametrize("sender", ["ATELIER DU BOIS", "12", "bon-jour"])
async def test_what_cannot_send_is_refused_before_it_is_tried(bench: SandboxContext, sender: str) -> None:
    failure = await bench.failure("send_sms", to=ADA, body="x", sender=sender)
    assert (failure.code, bench.sandbox.requests) == ("invalid_sender", [])


async def test_scheduling_needs_a_service(bench: SandboxContext) -> None:
    failure = await bench.failure("send_sms", to=ADA, body="x", send_at="2026-11-21T10:00:00Z")
    assert (failure.code, failure.title) == ("validation", "send_at needs a messaging service")


async def test_a_text_of_too_many_segments_is_refused_with_its_reason(bench: SandboxContext) -> None:
    failure = await bench.failure("send_sms", to=ADA, body="À bientôt ! " * 6, max_segments=1)
    assert (failure.code, failure.title) == ("too_long", "the text takes 2 SMS segments; max_segments is 1")
    assert failure.detail == "UCS-2 because of Àô"


async def test_an_opted_out_number_has_a_failure_of_its_own(bench: SandboxContext) -> None:
    bench.sandbox.seed({"opted_out": [ADA]})
    failure = await bench.failure("send_sms", to=ADA, body="x")
    assert (failure.code, failure.retryable, failure.happened) == ("opted_out", False, "no")
    assert failure.title == "Twilio: Attempt to send to unsubscribed recipient"
    assert failure.detail == "21610 https://www.twilio.com/docs/errors/21610"
    assert bench.effects == []


@pytest.mark.parametrize(
    ("params", "code", "detail"),
    [
        ({"to": "+15005550001"}, "invalid_recipient", "21211"),
        ({"to": "+15005550009"}, "invalid_recipient", "21614"),
        ({"to": ADA, "sender": "+33939989999"}, "http_400", "21606"),
    ],
)
async def test_what_twilio_refuses_is_refused_with_its_code(
    bench: SandboxContext, params: dict[str, Any], code: str, detail: str
) -> None:
    failure = await bench.failure("send_sms", body="x", **params)
    assert (failure.code, failure.detail.split()[0], failure.retryable) == (code, detail, False)
    assert failure.title.startswith("Twilio: ")


async def test_a_full_queue_and_too_many_requests_pass(bench: SandboxContext) -> None:
    full = {"code": 21611, "message": "This 'From' number has exceeded the maximum number of queued messages"}
    bench.inject(Fault(status=400, body=full))
    failure = await bench.failure("send_sms", to=ADA, body="x")
    assert (failure.code, failure.retryable, failure.retry_after, failure.happened) == ("queue_full", True, 60.0, "no")
    bench.inject(Fault(status=429, headers={"Retry-After": "7"}))
    failure = await bench.failure("send_sms", to=ADA, body="x")
    assert (failure.code, failure.retryable, failure.retry_after) == ("rate_limit", True, 7.0)


async def test_a_wrong_token_is_refused(bench: SandboxContext) -> None:
    bench.sandbox.settings["TWILIO_AUTH_TOKEN"] = "another"
    failure = await bench.failure("list_messages")
    assert (failure.code, failure.title, failure.detail.split()[0]) == ("http_401", "Twilio: Authenticate", "20003")
    assert "sandbox-twilio-auth-token" not in repr(failure)


async def test_a_dry_run_sends_nothing_and_notes_nothing(bench: SandboxContext) -> None:
    example = await bench.call("send_sms", step_key="run-1/a", dry_run=True, to=ADA, body="Bonjour")
    assert (example["status"], bench.sandbox.requests) == ("queued", [])
    with pytest.raises(ActionFailure, match="interrupted"):
        await bench.call("send_sms", step_key="run-1/a", recovered=True, to=ADA, body="Bonjour")


async def test_messages_of_a_named_sender_are_listed(bench: SandboxContext) -> None:
    await bench.call("send_sms", to=ADA, body="x", sender="ATELIER")
    assert len((await bench.call("list_messages", sender="ATELIER"))["messages"]) == 1
    assert (await bench.call("list_messages", sender="33 ATELIER"))["messages"] == []


async def test_a_message_goes_its_way(bench: SandboxContext) -> None:
    bench.sandbox.seed({"fails": {"+33639980002": 30003}})
    good = await bench.call("send_sms", to=ADA, body="x")
    bad = await bench.call("send_sms", to="+33639980002", body="x")
    seen = []
    for seconds in (0, 2, 4):
        bench.clock.advance_to(START + seconds)
        seen.append((await bench.call("get_message", id=good["id"]))["status"])
    failed = await bench.call("get_message", id=bad["id"])
    assert seen == ["queued", "sent", "delivered"]
    assert (failed["status"], failed["error_code"]) == ("undelivered", 30003)
    assert (await bench.failure("get_message", id="SM" + "f" * 32)).code == "http_404"


async def test_messages_are_listed_newest_first_over_all_pages(bench: SandboxContext) -> None:
    seeded = [{"to": OWN, "from": ADA, "body": f"n° {n}", "at": 5000 - n} for n in range(2500)]
    bench.sandbox.seed({"messages": [*seeded, {"to": OWN, "from": "+33639980002", "body": "STOP", "at": 10}]})
    listed = await bench.call("list_messages", sender=ADA, limit=2100)
    assert [each["body"] for each in listed["messages"]] == [f"n° {n}" for n in range(2499, 399, -1)]
    assert len(bench.sandbox.requests) == 3
    recent = await bench.call(
        "list_messages",
        to="09 39 98 00 00",
        region="FR",
        sent_after="2026-11-20T08:59:00+00:00",
        sent_before="2026-11-20T09:00:00+00:00",
    )
    assert [each["body"] for each in recent["messages"]] == ["STOP"]


class TestWhatsApp:
    async def test_free_text_within_a_day_of_the_last_word(self, bench: SandboxContext) -> None:
        bench.sandbox.seed(
            {"messages": [{"to": f"whatsapp:{OWN}", "from": f"whatsapp:{ADA}", "body": "Oui", "at": 3600}]}
        )
        sent = await bench.call("send_whatsapp", to=ADA, body="Merci")
        assert (sent["to"], sent["sender"]) == (f"whatsapp:{ADA}", f"whatsapp:{OWN}")
        [effect] = bench.effects
        assert (effect.action, effect.data["to"]) == ("send whatsapp", ADA)
        bench.clock.advance_to(START + 10)
        assert (await bench.call("get_message", id=sent["id"]))["status"] == "delivered"

    async def test_free_text_out_of_the_blue_fails_later(self, bench: SandboxContext) -> None:
        sent = await bench.call("send_whatsapp", to=f"whatsapp:{ADA}", body="Bonjour")
        bench.clock.advance_to(START + 10)
        fate = await bench.call("get_message", id=sent["id"])
        assert (fate["status"], fate["error_code"]) == ("undelivered", 63016)

    async def test_a_template_at_any_time_from_a_number_of_its_own(self) -> None:
        bench = make(TWILIO_WHATSAPP_NUMBER="whatsapp:+33939980009")
        sent = await bench.call(
            "send_whatsapp", to=ADA, content_sid="HX" + "1" * 32, content_variables={"1": "Ada", "2": "l'atelier"}
        )
        form = bench.sandbox.requests[-1].form()
        assert form["ContentVariables"] == '{"1":"Ada","2":"l\'atelier"}'
        assert sent["sender"] == "whatsapp:+33939980009"

    @pytest.mark.parametrize(
        "params", [{}, {"body": "x", "content_sid": "HX" + "1" * 32}, {"body": "x", "content_variables": {"1": "x"}}]
    )
    async def test_it_is_either_text_or_template(self, bench: SandboxContext, params: dict[str, Any]) -> None:
        assert (await bench.failure("send_whatsapp", to=ADA, **params)).code == "validation"


async def test_a_scheduled_message_is_cancelled_as_often_as_you_like(bench: SandboxContext) -> None:
    planned = await bench.call("send_sms", to=ADA, body="Demain", sender=SERVICE, send_at="2026-11-22T09:00:00+01:00")
    for _ in range(2):
        assert (await bench.call("cancel_message", id=planned["id"]))["status"] == "canceled"
    assert [effect.action for effect in bench.effects] == ["send sms", "cancel message"]
    sent = await bench.call("send_sms", to=ADA, body="Maintenant")
    assert (await bench.failure("cancel_message", id=sent["id"])).code == "http_400"


class TestAfterACrash:
    """The process died, or the connection did, while a message was sent."""

    SENDS = (
        ("send_sms", {"to": ADA, "body": "Bonjour"}),
        ("send_sms", {"to": ADA, "body": "Bonjour", "sender": SERVICE}),
        ("send_whatsapp", {"to": ADA, "content_sid": "HX" + "1" * 32}),
    )

    @pytest.mark.parametrize(("action", "params"), SENDS)
    async def test_a_lost_answer_is_found(self, bench: SandboxContext, action: str, params: dict[str, Any]) -> None:
        bench.inject(Fault(method="POST", drop="after"))
        sent = await bench.call(action, step_key="run-1/a", **params)
        again = await bench.call(action, step_key="run-1/a", recovered=True, **params)
        assert sent["id"] == again["id"] == bench.sandbox.messages[0]["sid"]
        assert len(bench.effects) == 1

    @pytest.mark.parametrize(("action", "params"), SENDS)
    async def test_what_was_sent_before_the_crash_is_not_sent_again(
        self, bench: SandboxContext, action: str, params: dict[str, Any]
    ) -> None:
        before = await bench.call(action, step_key="run-1/a", **params)
        bench.clock.advance_to(START + 5)
        after = await bench.call(action, step_key="run-1/a", recovered=True, **params)
        assert (after["id"], len(bench.effects)) == (before["id"], 1)

    async def test_the_message_of_another_step_is_not_taken_for_this_ones(self, bench: SandboxContext) -> None:
        bench.inject(Fault(method="POST", drop="before"))
        failure = await bench.failure("send_sms", step_key="run-1/a", to=ADA, body="Bonjour")
        assert failure.happened == "no"
        await bench.call("send_sms", step_key="run-2/a", to=ADA, body="Bonjour")
        bench.clock.advance_to(START + 90)
        await bench.call("send_sms", step_key="run-1/a", recovered=True, to=ADA, body="Bonjour")
        assert len(bench.effects) == 2

    async def test_what_certainly_was_not_sent_is_sent(self, bench: SandboxContext) -> None:
        bench.inject(Fault(method="POST", status=429))
        await bench.failure("send_sms", step_key="run-1/a", to=ADA, body="Bonjour")
        await bench.call("send_sms", step_key="run-1/a", recovered=True, to=ADA, body="Bonjour")
        assert len(bench.effects) == 1

    async def test_what_is_not_listed_at_once_waits_for_a_person(self, bench: SandboxContext) -> None:
        bench.inject(Fault(method="POST", status=504))
        await bench.failure("send_sms", step_key="run-1/a", to=ADA, body="Bonjour")
        bench.clock.advance_to(START + 30)
        with pytest.raises(ActionFailure, match="30 s after it was sent") as unknown:
            await bench.call("send_sms", step_key="run-1/a", recovered=True, to=ADA, body="Bonjour")
        assert (unknown.value.failure.code, unknown.value.failure.happened) == ("interrupted", "maybe")
        assert bench.effects == []

    async def test_what_is_not_listed_after_a_minute_is_sent(self, bench: SandboxContext) -> None:
        bench.sandbox.seed(
            {"messages": [{"to": ADA, "from": OWN, "body": "Bonjour", "direction": "outbound-api", "at": 9000}]}
        )
        bench.inject(Fault(method="POST", status=504))
        await bench.failure("send_sms", step_key="run-1/a", to=ADA, body="Bonjour")
        bench.clock.advance_to(START + 61)
        await bench.call("send_sms", step_key="run-1/a", recovered=True, to=ADA, body="Bonjour")
        assert len(bench.effects) == 1

    async def test_without_a_note_of_when_nothing_is_sent(self, bench: SandboxContext) -> None:
        with pytest.raises(ActionFailure) as unknown:
            await bench.call("send_sms", recovered=True, to=ADA, body="Bonjour")
        assert (unknown.value.failure.happened, bench.effects) == ("maybe", [])

    async def test_the_sentence_of_a_trial_account_does_not_hide_the_message(self, bench: SandboxContext) -> None:
        bench.inject(Fault(method="POST", drop="after"))
        answer = bench.sandbox.answer
        prefix = "Sent from your Twilio trial account - "

        def trial(request: Any) -> Any:
            if request.method == "GET":
                for each in bench.sandbox.messages:
                    each["body"] = prefix + each["body"].removeprefix(prefix)
            return answer(request)

        bench.sandbox.answer = trial
        assert (await bench.call("send_sms", to=ADA, body="Bonjour "))["body"] == f"{prefix}Bonjour "

    async def test_too_many_messages_to_look_through_leave_it_in_doubt(self, bench: SandboxContext) -> None:
        await bench.call("send_sms", step_key="run-1/a", to=ADA, body="Bonjour")
        crowd = {"to": ADA, "from": OWN, "body": "autre", "direction": "outbound-api"}
        bench.sandbox.seed({"messages": [crowd] * (MOST_PAGES * 1000)})
        with pytest.raises(ActionFailure, match="too many messages"):
            await bench.call("send_sms", step_key="run-1/a", recovered=True, to=ADA, body="Bonjour")
