"""Which network addresses a recipe may not reach: the machine's own, its network's, and a cloud's metadata service.

The one rule: an address is judged at the moment of connecting, as a number. A name is never judged: what it resolves to
may change between a check and a connection.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

_CGNAT = ipaddress.ip_network("100.64.0.0/10")
# Addresses that carry an IPv4 address inside: NAT64 (RFC 6052, RFC 8215) and the deprecated IPv4-compatible form.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.ip_network("::/96")
_METADATA = {
    ipaddress.ip_address("169.254.169.254"),
    ipaddress.ip_address("169.254.170.2"),
    ipaddress.ip_address("fd00:ec2::254"),
    ipaddress.ip_address("100.100.100.200"),
}


@lru_cache(maxsize=4096)
def refusal(address: str) -> str | None:
    """Why `address` (a literal IPv4 or IPv6 address) may not be reached, in a word or two; None when it may."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "not a canonical"
    return _refusal(ip)


def _refusal(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    if ip in _METADATA:
        return "a metadata service's"
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _embedded(ip)
        if inner is not None and not ip.is_loopback and not ip.is_unspecified:
            return _refusal(inner)
        if ip.is_site_local:
            return "a private"
    elif ip in _CGNAT:
        return "a carrier's shared"
    if ip.is_loopback:
        return "a loopback"
    if ip.is_link_local:
        return "a link-local"
    if ip.is_multicast:
        return "a multicast"
    if ip.is_unspecified:
        return "the unspecified"
    if ip.is_private:
        return "a private"
    return None if ip.is_global else "a reserved"


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that traffic to `ip` ends at, when it carries one."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _COMPATIBLE or any(ip in network for network in _NAT64):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def is_literal(host: str) -> bool:
    """Whether a URL's host is an address and not a name (loosely: what is only digits and dots must be an address)."""
    return ":" in host or host.replace(".", "").isdigit()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts that are exempt: `RECIPE_HTTP_ALLOW=localhost:8080, intranet.example [::1]`. Without a port, on any."""

    anywhere: frozenset[str] = frozenset()
    at_port: frozenset[tuple[str, int]] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read a list of `host` or `host:port`, separated by commas or spaces; ValueError for a bad port."""
        anywhere: set[str] = set()
        at_port: set[tuple[str, int]] = set()
        for item in (text or "").replace(",", " ").split():
            host, port = _host_and_port(item)
            if port is None:
                anywhere.add(host)
            else:
                at_port.add((host, port))
        return cls(frozenset(anywhere), frozenset(at_port))

    def __contains__(self, place: tuple[str, int]) -> bool:
        host = place[0].lower().rstrip(".")
        return host in self.anywhere or (host, place[1]) in self.at_port


def _host_and_port(item: str) -> tuple[str, int | None]:
    if item.startswith("["):
        host, _, rest = item[1:].partition("]")
        port = rest.removeprefix(":")
    elif item.count(":") == 1:
        host, _, port = item.partition(":")
    else:
        host, port = item, ""
    if port and not port.isdigit():
        raise ValueError(f"RECIPE_HTTP_ALLOW: {item!r} is not host or host:port")
    return host.lower().rstrip("."), int(port) if port else None
