"""The channel `email` of notify: which provider sends, and what Resend is given."""

from __future__ import annotations

import pytest

from recipe_plugins.resend import register_connectors
from tests.support.notifying import Notifier

STEP = {"channels": ["email"], "to": "Ada <ada@example.org>", "message": "Bonjour", "html": "<p>Bonjour</p>"}


def notifier(**settings: str) -> Notifier:
    return Notifier(*register_connectors(), **settings)


async def test_in_the_sandbox_emails_go_to_the_outbox_unless_a_test_names_resend() -> None:
    outbox = notifier()
    await outbox.notify(**STEP)
    assert [(effect.connector, effect.action) for effect in outbox.effects] == [("email", "send email")]
    resend = notifier(EMAIL_PROVIDER="resend", FROM_EMAIL="Atelier <bonjour@example.org>")
    output = await resend.notify(key="run-1/a", subject="Devis", **STEP)
    [effect] = resend.effects
    assert (effect.connector, effect.action) == ("resend", "send email")
    assert effect.data == {
        "id": output["channels"][0]["id"],
        "from": "Atelier <bonjour@example.org>",
        "to": ["Ada <ada@example.org>"],
        "subject": "Devis",
        "text": "Bonjour",
        "html": "<p>Bonjour</p>",
    }
    assert resend.sandbox("resend").requests[0].headers["idempotency-key"] == "run-1/a"


@pytest.mark.parametrize(
    ("settings", "connector"),
    [
        ({"EMAIL_PROVIDER": ""}, "resend"),
        ({"EMAIL_PROVIDER": "", "RESEND_API_KEY": ""}, "email"),
        ({"EMAIL_PROVIDER": "smtp"}, "email"),
    ],
)
async def test_resend_goes_before_smtp_when_both_are_configured(settings: dict[str, str], connector: str) -> None:
    sending = notifier(**settings)
    await sending.notify(**STEP)
    assert [effect.connector for effect in sending.effects] == [connector]


async def test_without_either_the_step_says_what_to_set() -> None:
    output = await notifier(EMAIL_PROVIDER="", RESEND_API_KEY="", FROM_EMAIL="", SMTP_HOST="").notify(**STEP)
    assert output["skipped"] == "email is not configured: set RESEND_API_KEY and FROM_EMAIL, or set SMTP_HOST"


async def test_a_message_without_subject_has_one_and_files_go_along() -> None:
    sending = notifier(EMAIL_PROVIDER="resend")
    file = await sending.blobs.save_bytes(b"%PDF", "devis.pdf", "application/pdf")
    await sending.notify(**STEP, attachments=[file.model_dump()])
    [effect] = sending.effects
    assert effect.data["subject"] == "(sans objet)"
    assert effect.data["attachments"] == [{"filename": "devis.pdf", "type": "application/pdf"}]


async def test_nobody_configured_to_gets_it_from_the_default() -> None:
    sending = notifier(EMAIL_PROVIDER="resend", NOTIFICATION_EMAIL="admin@example.org")
    await sending.notify(channels=["email"], message="Bonjour")
    assert sending.effects[0].data["to"] == ["admin@example.org"]


async def test_after_a_crash_it_is_sent_again_under_the_same_key() -> None:
    resend = notifier(EMAIL_PROVIDER="resend", FROM_EMAIL="Atelier <bonjour@example.org>")
    before = await resend.notify(key="run-1/a", **STEP)
    after = await resend.notify(key="run-1/a", recovered=True, **STEP)
    assert (after["channels"], len(resend.effects)) == (before["channels"], 1)
