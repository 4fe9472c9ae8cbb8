"""Which connector sends a channel that several offer."""

import pytest

from recipe_engine.plugin import Channel, Delivery, needs
from recipe_engine.plugin.channels import chosen


async def send(ctx, message):
    return Delivery()


OFFERS = {
    "email": Channel(send, needs("SMTP_HOST"), provider="smtp", fallback=True),
    "resend": Channel(send, needs("RESEND_API_KEY", "FROM_EMAIL")),
}
RESEND = {"RESEND_API_KEY": "re_1", "FROM_EMAIL": "a@example.org"}
SMTP = {"SMTP_HOST": "smtp.example.org"}


@pytest.mark.parametrize(
    ("settings", "connector", "missing"),
    [
        (SMTP, "email", None),
        (RESEND, "resend", None),
        (SMTP | RESEND, "resend", None),
        (SMTP | {"RESEND_API_KEY": "re_1"}, "email", None),
        (SMTP | RESEND | {"EMAIL_PROVIDER": "smtp"}, "email", None),
        (SMTP | {"EMAIL_PROVIDER": "resend"}, "resend", "set RESEND_API_KEY and FROM_EMAIL"),
        ({}, "resend", "set RESEND_API_KEY and FROM_EMAIL, or set SMTP_HOST"),
        (SMTP | {"EMAIL_PROVIDER": "email"}, "email", "EMAIL_PROVIDER is 'email'; expected resend or smtp"),
    ],
)
def test_the_named_one_sends_else_the_first_that_is_configured(settings, connector, missing):
    assert chosen("email", OFFERS, settings) == (connector, missing)
