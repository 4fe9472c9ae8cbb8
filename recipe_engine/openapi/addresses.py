"""Addresses of servers, as documents write them.

The one rule: what is no address gives an empty text; a document may write anything.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from recipe_engine.openapi.document import mapping
from recipe_engine.openapi.operations import VARIABLE


def host_of(url: str) -> str:
    """The host of an address; empty for what has none."""
    return _split(url)[0]


def path_of(url: str) -> str:
    """The path of an address, without a final slash."""
    return _split(url)[1]


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # what stands in the place of the host is none
        return "", ""
    return parts.netloc, parts.path.rstrip("/")


def server_url(server: Any) -> str:
    """A server's address with its variables at their defaults, without a final slash; empty for what is no server."""
    server = mapping(server)
    variables = mapping(server.get("variables"))
    url = VARIABLE.sub(
        lambda found: str(mapping(variables.get(found[1])).get("default", found[0])), str(server.get("url", ""))
    )
    return url.rstrip("/")
