"""Twilio's signature, with the vectors that Twilio published."""

from urllib.parse import urlencode

import pytest

from recipe_engine.plugin.signatures import Forged, Received
from recipe_plugins.twilio import verify

SETTINGS = {"TWILIO_AUTH_TOKEN": "12345"}
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "To": "+18005551212",
    "Digits": "1234",
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "From": "+14158675309",
}


class Known(dict):
    def require(self, name):
        return self[name]


def received(signature, url=URL, form=None, method="POST", body=None):
    content = urlencode(form or CALL).encode() if body is None else body
    return Received(method, url, {"x-twilio-signature": signature}, content, 0.0)


@pytest.mark.parametrize(
    ("caller", "signature"),
    [("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="), ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")],
)
def test_the_published_vectors_pass(caller, signature):
    verify(received(signature, form=CALL | {"Caller": caller, "From": caller}), Known(SETTINGS))


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://mycompany.com/myapp.php?foo=1&bar=3"},
        {"url": "http://mycompany.com/myapp.php?foo=1&bar=2"},
        {"form": CALL | {"Digits": "1235"}},
        {"form": CALL | {"More": ""}},
        {"form": {name: value for name, value in CALL.items() if name != "Digits"}},
        {"method": "GET"},
    ],
)
def test_what_was_changed_is_refused(change):
    with pytest.raises(Forged, match="does not fit"):
        verify(received("RSOYDt4T1cUTdK1PDd93/VVr8B8=", **change), Known(SETTINGS))


def test_without_a_signature_or_with_another_token_nothing_passes():
    with pytest.raises(Forged, match="x-twilio-signature is missing"):
        verify(Received("POST", URL, {}, b"", 0.0), Known(SETTINGS))
    with pytest.raises(Forged):
        verify(received("RSOYDt4T1cUTdK1PDd93/VVr8B8="), Known(TWILIO_AUTH_TOKEN="54321"))


def test_a_repeated_parameter_counts_once_for_each_value():
    # The signature of the URL, then MediaUrl a, MediaUrl b, To +1, each name before each value.
    from base64 import b64encode

    from recipe_engine.plugin.signatures import hmac_of

    text = "https://example.org/smsMediaUrlaMediaUrlbTo+1"
    signature = b64encode(hmac_of("12345", text, algorithm="sha1")).decode()
    body = b"To=%2B1&MediaUrl=b&MediaUrl=a&MediaUrl=b"
    verify(received(signature, url="https://example.org/sms", body=body), Known(SETTINGS))


def test_of_json_the_address_bears_the_hash_of_the_body():
    import hashlib
    from base64 import b64encode

    from recipe_engine.plugin.signatures import hmac_of

    body = b'{"a":1}'
    url = f"https://example.org/json?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = b64encode(hmac_of("12345", url, algorithm="sha1")).decode()
    verify(received(signature, url=url, body=body), Known(SETTINGS))
    with pytest.raises(Forged):
        verify(received(signature, url=url, body=b'{"a":2}'), Known(SETTINGS))
