"""HubSpot's signatures of webhooks: version 1 with the vector that HubSpot published, version 3 with a computed one."""

from __future__ import annotations

import base64

import pytest

from recipe_engine.plugin.signatures import Forged, Received, hmac_of
from recipe_plugins.hubspot import verify

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
BODY = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    b'"changeFlag":"NEW","appId":54321}]'
)
V1 = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
V3 = "DxmVAjFNa2xfF3YgQjdZP6TNcok9k1oaH7UXombPtvw="
AT, STAMP = 1_564_113_600.0, "1564113600000"
URL = "https://www.example.com/webhook_uri"


class Known(dict):
    def require(self, name):
        return self[name]


SETTINGS = Known(HUBSPOT_CLIENT_SECRET=SECRET)


def v3(signature=V3, body=BODY, at=AT, stamp=STAMP, url=URL, method="POST", **headers):
    given = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp, **headers}
    return Received(method, url, given, body, at)


def v1(signature=V1, body=BODY, version="v1"):
    given = {"x-hubspot-signature": signature, "x-hubspot-signature-version": version}
    return Received("POST", URL, given, body, AT + 86_400)


@pytest.mark.parametrize("at", [AT, AT + 300, AT - 300])
def test_version_3_passes_within_five_minutes(at):
    assert verify(v3(at=at), SETTINGS) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": AT + 301},
        {"at": AT - 301},
        {"body": BODY + b" "},
        {"method": "PUT"},
        {"url": URL + "?x=1"},
        {"stamp": "1564113600001"},
        {"stamp": "12"},
        {"stamp": "soon"},
        {"signature": V3[:-2]},
        {"signature": ""},
    ],
)
def test_version_3_refuses_what_was_changed_or_is_old(change):
    with pytest.raises(Forged):
        verify(v3(**change), SETTINGS)


def test_the_address_is_signed_with_some_of_its_escapes_decoded():
    escaped, decoded = f"{URL}?to=a%40b%2fc%3A&n=%C3%A9%20%26", f"{URL}?to=a@b/c:&n=%C3%A9%20%26"
    signature = base64.b64encode(hmac_of(SECRET, "POST", decoded, BODY, STAMP)).decode()
    assert verify(v3(signature, url=escaped), SETTINGS) is None


def test_version_1_passes_with_the_published_vector():
    assert verify(v1(), SETTINGS) is None


@pytest.mark.parametrize(
    "change", [{"body": BODY + b" "}, {"signature": V1[:-1]}, {"signature": ""}, {"version": "v2"}]
)
def test_version_1_refuses_what_was_changed(change):
    with pytest.raises(Forged):
        verify(v1(**change), SETTINGS)


def test_a_wrong_version_3_is_not_saved_by_a_right_version_1():
    with pytest.raises(Forged):
        verify(v3("wrong", **v1().headers), SETTINGS)


def test_a_request_without_a_signature_is_refused():
    with pytest.raises(Forged, match="missing"):
        verify(Received("POST", URL, {}, BODY, AT), SETTINGS)
