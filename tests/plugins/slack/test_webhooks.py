"""Slack's signature, with the vector that Slack published."""

import pytest

from recipe_engine.plugin.signatures import Forged, Received, Reply, hmac_of
from recipe_plugins.slack import verify

AT = 1_531_420_618
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
    b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


class Known(dict):
    def require(self, name):
        return self[name]


SETTINGS = Known(SLACK_SIGNING_SECRET="8f742231b10e8888abcd99yyyzzz85a5")


def received(signature=SIGNATURE, body=BODY, at=AT, stamp=str(AT), **headers):
    headers |= {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    return Received("POST", "https://example.org/slack", headers, body, float(at))


@pytest.mark.parametrize("at", [AT, AT + 300, AT - 300])
def test_the_published_vector_passes_within_five_minutes(at):
    assert verify(received(at=at), SETTINGS) is None


@pytest.mark.parametrize(
    "change",
    [{"at": AT + 301}, {"at": AT - 301}, {"body": BODY + b" "}, {"signature": SIGNATURE[3:]}, {"stamp": str(AT + 1)}],
)
def test_what_was_changed_or_is_old_is_refused(change):
    with pytest.raises(Forged):
        verify(received(**change), SETTINGS)


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        (b'{"type":"url_verification","challenge":"3eZbrw1a"}', Reply("3eZbrw1a")),
        (b'{"type":"event_callback","event_id":"Ev1"}', None),
        (b"[1]", None),
        (b"no json", None),
    ],
)
def test_the_challenge_of_a_new_address_is_answered(body, reply):
    code = hmac_of(SETTINGS["SLACK_SIGNING_SECRET"], f"v0:{AT}:", body).hex()
    known = {"content-type": "application/json"}
    assert verify(received(f"v0={code}", body, **known), SETTINGS) == reply
    with pytest.raises(Forged):
        verify(received("v0=00", body, **known), SETTINGS)
