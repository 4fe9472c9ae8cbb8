"""Which addresses recipes may not reach."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.runtime.private_addresses import Allowed, is_literal, refusal


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "a loopback"),
        ("127.255.255.254", "a loopback"),
        ("::1", "a loopback"),
        ("10.0.0.1", "a private"),
        ("172.16.0.1", "a private"),
        ("172.31.255.255", "a private"),
        ("192.168.1.1", "a private"),
        ("169.254.1.1", "a link-local"),
        ("169.254.169.254", "a metadata service's"),
        ("169.254.170.2", "a metadata service's"),
        ("fd00:ec2::254", "a metadata service's"),
        ("100.64.0.1", "a carrier's shared"),
        ("100.127.255.255", "a carrier's shared"),
        ("224.0.0.1", "a multicast"),
        ("ff02::1", "a multicast"),
        ("0.0.0.0", "the unspecified"),
        ("::", "the unspecified"),
        ("255.255.255.255", "a private"),
        ("fe80::1", "a link-local"),
        ("fe80::1%eth0", "a link-local"),
        ("fc00::1", "a private"),
        ("fec0::1", "a private"),
        ("::ffff:127.0.0.1", "a loopback"),
        ("::ffff:10.0.0.1", "a private"),
        ("::ffff:169.254.169.254", "a metadata service's"),
        ("64:ff9b::7f00:1", "a loopback"),
        ("2002:7f00:0001::", "a loopback"),
        ("2002:0a00:0001::1", "a private"),
        ("::127.0.0.1", "a loopback"),
        ("198.18.0.1", "a private"),
        ("192.0.2.1", "a private"),
        ("240.0.0.1", "a private"),
        ("010.0.0.1", "not a canonical"),
        ("127.1", "not a canonical"),
    ],
)
def test_refused(address, why):
    assert refusal(address) == why


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_reached(address):
    assert refusal(address) is None


@given(st.ip_addresses(v=4))
def test_a_v4_address_is_judged_the_same_inside_v6(address):
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    assert refusal(str(mapped)) == refusal(str(address))


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_a_whole_network_is_refused(address):
    assert refusal(str(address)) is not None


@pytest.mark.parametrize(
    ("host", "literal"), [("127.0.0.1", True), ("::1", True), ("2130706433", True), ("a.1", False)]
)
def test_literals(host, literal):
    assert is_literal(host) is literal


def test_allowed_hosts():
    allowed = Allowed.parse("localhost:8080, intranet.example [::1]:9 fd00::1\n10.0.0.5")
    assert ("localhost", 8080) in allowed
    assert ("LOCALHOST.", 8080) in allowed
    assert ("localhost", 8081) not in allowed
    assert ("intranet.example", 1) in allowed
    assert ("::1", 9) in allowed
    assert ("::1", 10) not in allowed
    assert ("fd00::1", 443) in allowed
    assert ("10.0.0.5", 443) in allowed
    assert ("10.0.0.6", 443) not in allowed
    assert ("anything", 80) not in Allowed.parse(None)


def test_a_bad_port_is_named():
    with pytest.raises(ValueError, match=r"RECIPE_HTTP_ALLOW: 'localhost:http'"):
        Allowed.parse("localhost:http")
