"""Phone numbers and e-mail addresses: how they may be written, and what is refused."""

import pytest

from recipe_engine.plugin import Terminal
from recipe_engine.plugin.addresses import email_addresses, phone_number


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("+33639980001", None),
        ("+33 6 39 98 00 01", None),
        ("+33 (0)6 39 98 00 01", "BE"),
        ("06 39 98 00 01", "FR"),
        ("06.39.98.00.01", "fr"),
        ("0033639980001", "FR"),
    ],
)
def test_a_number_is_understood_however_it_is_written(written, region):
    assert phone_number(written, region) == "+33639980001"


@pytest.mark.parametrize(
    ("written", "region", "says"),
    [
        ("06 39 98 00 01", None, "say which country"),
        ("+33 6 39 98", None, "too short"),
        ("+33 6 39 98 00 01 00 00 00 00", None, "too long"),
        ("bonjour", "FR", "did not seem to be a phone number"),
        ("", "FR", ""),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(written, region, says):
    with pytest.raises(Terminal) as refused:
        phone_number(written, region)
    assert refused.value.failure.code == "invalid_recipient"
    assert says in refused.value.failure.detail


def test_a_region_that_is_none_is_named():
    with pytest.raises(Terminal, match="'FRANCE' is no country"):
        phone_number("0639980001", "france")


def test_addresses_come_out_one_by_one_with_their_names():
    assert email_addresses('Ada <ada@example.org>, "B, Bob" <bob@Bücher.example>', "eve@example.org") == [
        "Ada <ada@example.org>",
        '"B, Bob" <bob@xn--bcher-kva.example>',
        "eve@example.org",
    ]


@pytest.mark.parametrize(
    "written", ["", "nobody", "a@", "@example.org", "é@example.org", "a@b c.example", "a@b\r\nBcc: c@d.example", "<>"]
)
def test_what_is_no_address_is_refused(written):
    with pytest.raises(Terminal) as refused:
        email_addresses(written)
    assert refused.value.failure.code == "invalid_recipient"
