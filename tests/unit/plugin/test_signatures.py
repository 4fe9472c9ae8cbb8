"""Signatures of webhooks: what is refused, and why."""

import pytest

from recipe_engine.plugin.signatures import Forged, Received, fresh, hmac_of, signed


def test_the_digest_is_that_of_the_published_vector():
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_of("Jefe", "what do ya want ", b"for nothing?").hex() == expected


def test_one_of_several_signatures_is_enough():
    signed(["v1,old", "v1,new"], "v1,new")
    with pytest.raises(Forged, match="does not fit"):
        signed(["v1,old", "v1,é"], "v1,new")
    with pytest.raises(Forged, match="does not fit"):
        signed([], "v1,new")


def test_a_missing_header_is_named():
    received = Received("POST", "https://example.org/hook", {"x-here": "1", "x-empty": ""}, b"", 0.0)
    assert received.require("x-here") == "1"
    for name in ("x-empty", "x-absent"):
        with pytest.raises(Forged, match=name):
            received.require(name)


@pytest.mark.parametrize("stamp", ["1000", "1600", "1300"])
def test_within_five_minutes_either_way_is_fresh(stamp):
    fresh(stamp, 1300.0)


@pytest.mark.parametrize("stamp", ["999", "1601", "", "12.5", "soon", "²"])
def test_what_is_old_or_ahead_or_no_moment_is_refused(stamp):
    with pytest.raises(Forged):
        fresh(stamp, 1300.0)
