"""Resend's signature, with the vector that Svix published."""

import pytest

from recipe_engine.plugin import Terminal
from recipe_engine.plugin.signatures import Forged, Received
from recipe_plugins.resend import verify

AT = 1_614_265_330
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
BODY = b'{"test": 2432232314}'


class Known(dict):
    def require(self, name):
        return self[name]


SETTINGS = Known(RESEND_WEBHOOK_SECRET="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def received(signature=SIGNATURE, id_="msg_p5jXN8AQM9LWM0D4loKWxJek", body=BODY, at=AT):
    headers = {"svix-id": id_, "svix-timestamp": str(AT), "svix-signature": signature}
    return Received("POST", "https://example.org/hook", headers, body, float(at))


@pytest.mark.parametrize("signature", [SIGNATURE, f"v1,b2xk {SIGNATURE}", f"v2,{SIGNATURE[3:]} {SIGNATURE}"])
@pytest.mark.parametrize("at", [AT, AT + 300, AT - 300])
def test_the_published_vector_passes_alone_or_among_others(signature, at):
    assert verify(received(signature, at=at), SETTINGS) is None


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"test":2432232314}'},
        {"id_": "msg_other"},
        {"signature": "v1,AAAA"},
        {"signature": SIGNATURE[3:]},
        {"at": AT + 301},
        {"at": AT - 301},
        {"signature": ""},
    ],
)
def test_what_was_changed_or_is_old_is_refused(change):
    with pytest.raises(Forged):
        verify(received(**change), SETTINGS)


def test_a_secret_that_is_none_is_the_operators_mistake():
    with pytest.raises(Terminal, match="RESEND_WEBHOOK_SECRET"):
        verify(received(), Known(RESEND_WEBHOOK_SECRET="whsec_é"))
