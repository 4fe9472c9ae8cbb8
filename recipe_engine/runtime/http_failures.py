"""What goes wrong below HTTP, as the failures that actions raise.

The one rule: `happened` follows from `request.sent` and the method, and messages show no part of a URL that may be secret.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from recipe_engine.core.failure import Happened
from recipe_engine.plugin.errors import ActionError, Retryable, Terminal
from recipe_engine.plugin.http import SAFE_METHODS, Request

CONNECT_SECONDS = 10.0


def failure_of(error: Exception, request: Request) -> ActionError:
    """What went wrong below HTTP, as the failure that an action raises."""
    if isinstance(error.__cause__, ActionError):
        return error.__cause__  # raised by whoever gives the body
    place = f"{request.method} {shown(request.url)}"
    happened: Happened = "maybe" if request.sent and request.method not in SAFE_METHODS else "no"
    detail = str(error)
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)):
        return Terminal(f"{place}: no secure connection", code="tls", detail=detail)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Retryable(f"{place}: no connection within {CONNECT_SECONDS:g} s", code="timeout", happened="no")
    if isinstance(error, TimeoutError):
        return Retryable(f"{place}: no answer within {request.timeout:g} s", code="timeout", happened=happened)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Retryable(f"{place}: the name cannot be resolved", code="connection", detail=detail, happened="no")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Retryable(f"{place}: no connection", code="connection", detail=detail, happened="no")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return Terminal(f"not a URL that can be called: {shown(request.url)}", code="invalid_url")
    if isinstance(error, ValueError):
        return Terminal(f"{place}: not a valid request", code="invalid_request", detail=detail)
    return Retryable(f"{place}: the connection was lost", code="connection", detail=detail, happened=happened)


def refused(host: str, port: int, address: str, why: str) -> Terminal:
    """The failure of a request to an address that recipes may not reach."""
    shown_host = f"[{host}]" if ":" in host else host
    return Terminal(
        f"{host} leads to {address}, {why} address: refused"
        if host != address
        else f"{host} is {why} address: refused",
        code="refused_address",
        detail=f"RECIPE_HTTP_ALLOW={shown_host}:{port} allows it",
    )


def shown(url: str) -> str:
    """The URL as messages show it: without user, password, query and fragment, any of which may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
