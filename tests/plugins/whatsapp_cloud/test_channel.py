"""The channel `whatsapp` of notify, when WhatsApp Cloud sends it."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.support.notifying import Notifier

ADA, BOB = "+33639980001", "+33639980002"


def notifier(**settings: str) -> Notifier:
    modules = ("twilio", "whatsapp_cloud")
    connectors = [each for name in modules for each in import_module(f"recipe_plugins.{name}").register_connectors()]
    return Notifier(*connectors, PHONE_REGION="FR", **settings)


@pytest.mark.parametrize(
    ("settings", "connector"),
    [
        ({}, "twilio"),
        ({"WHATSAPP_PROVIDER": "whatsapp_cloud"}, "whatsapp_cloud"),
        ({"WHATSAPP_PROVIDER": "", "TWILIO_AUTH_TOKEN": ""}, "whatsapp_cloud"),
    ],
)
async def test_the_one_that_is_named_or_configured_sends(settings: dict[str, str], connector: str) -> None:
    sending = notifier(**settings)
    await sending.notify(channels=["whatsapp"], to="06 39 98 00 01", message="Bonjour")
    assert [(effect.connector, effect.data["to"]) for effect in sending.effects] == [(connector, ADA)]


async def test_who_cannot_be_reached_is_named_while_the_others_get_theirs() -> None:
    sending = notifier(WHATSAPP_PROVIDER="whatsapp_cloud")
    sending.sandbox("whatsapp_cloud").seed({"last_words": {BOB: 60}})
    output = await sending.notify(channels=["whatsapp"], to=[ADA, {"phone": BOB}], message="Bonjour")
    assert output["channels"][0]["detail"] == f"not sent to {ADA}: WhatsApp: (#131047) Re-engagement message"
    assert [effect.data["to"] for effect in sending.effects] == [BOB]
    failure = await sending.failure(channels=["whatsapp"], to=ADA, message="Bonjour")
    assert failure.code == "outside_window"
