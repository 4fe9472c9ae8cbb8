"""ClickUp's signature of webhooks."""

from __future__ import annotations

import pytest

from recipe_engine.plugin.signatures import Forged, Received
from recipe_plugins.clickup import verify

SECRET = "0XU6Q9DMTBNWJOG59BGNXIX5M1LV2QX0IN5BYB1LT1EBBLNKZRYDWJR0AIPW9J60"
BODY = b'{"webhook_id":"7fa3ec74-69a8-4530-a251-8a13730bd204","event":"taskCreated","task_id":"c0j"}'
SIGNATURE = "f7d025fd439c009f37b240e82c16cd32889b4fceb25a26c57a0b21ea17c00de4"


class Known(dict):
    def require(self, name):
        return self[name]


SETTINGS = Known(CLICKUP_WEBHOOK_SECRET=SECRET)


def received(body=BODY, **headers):
    return Received("POST", "https://example.org/clickup", headers, body, 1_700_000_000.0)


def test_what_the_secret_signed_passes():
    assert verify(received(**{"x-signature": SIGNATURE}), SETTINGS) is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY + b" ", {"x-signature": SIGNATURE}),
        (BODY, {"x-signature": SIGNATURE[:-1] + "5"}),
        (BODY, {"x-signature": ""}),
        (BODY, {}),
    ],
)
def test_what_it_did_not_sign_is_refused(body, headers):
    with pytest.raises(Forged):
        verify(received(body, **headers), SETTINGS)
