"""Notion's signature of webhooks."""

import pytest

from recipe_engine.plugin.signatures import Forged, Received
from recipe_plugins.notion import verify

BODY = b'{"verification":"ok"}'
SIGNATURE = "sha256=894bab7a144651c4d9da3ca19e7e4ff808ddd7c83c1da97cccc38a1ecced01c0"


class Known(dict):
    def require(self, name):
        return self[name]


SETTINGS = Known(NOTION_WEBHOOK_TOKEN="example-verification-token")


def received(headers, body=BODY):
    return Received("POST", "https://example.org/notion", headers, body, 0.0)


def test_the_signature_is_of_the_raw_body():
    assert verify(received({"x-notion-signature": SIGNATURE}), SETTINGS) is None
    for headers, body in (
        ({"x-notion-signature": SIGNATURE}, BODY + b" "),
        ({"x-notion-signature": "sha256=00"}, BODY),
        ({}, BODY),
    ):
        with pytest.raises(Forged):
            verify(received(headers, body), SETTINGS)
