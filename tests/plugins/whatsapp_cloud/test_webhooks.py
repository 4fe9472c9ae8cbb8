"""Meta's webhooks: challenge and signature."""

import pytest

from recipe_engine.plugin.signatures import Forged, Received, Reply
from recipe_plugins.whatsapp_cloud import verify

BODY = b'{"object":"whatsapp_business_account","entry":[]}'
SIGNATURE = "sha256=09eceea024af6e6343b760cc9bd3ae7c056938dd636e24e92109eb8219500384"


class Known(dict):
    def require(self, name):
        return self[name]


SETTINGS = Known(WHATSAPP_APP_SECRET="appsecret", WHATSAPP_VERIFY_TOKEN="mon mot")


def test_the_signature_is_of_the_raw_body():
    received = Received("POST", "https://example.org/hook", {"x-hub-signature-256": SIGNATURE}, BODY, 0.0)
    assert verify(received, SETTINGS) is None
    for headers, body in (
        ({"x-hub-signature-256": SIGNATURE}, BODY + b"\n"),
        ({"x-hub-signature-256": SIGNATURE.removeprefix("sha256=")}, BODY),
        ({}, BODY),
    ):
        with pytest.raises(Forged):
            verify(Received("POST", "https://example.org/hook", headers, body, 0.0), SETTINGS)


def test_the_challenge_is_answered_to_who_knows_the_token():
    def asked(query):
        return Received("GET", f"https://example.org/hook?{query}", {}, b"", 0.0)

    right = "hub.mode=subscribe&hub.verify_token=mon%20mot&hub.challenge=1158201444"
    assert verify(asked(right), SETTINGS) == Reply("1158201444")
    for wrong in (right.replace("mon", "ton"), right.replace("subscribe", "x"), "hub.mode=subscribe", ""):
        with pytest.raises(Forged):
            verify(asked(wrong), SETTINGS)
