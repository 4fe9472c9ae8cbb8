"""AWS Signature Version 4, as S3 services take it: requests by their headers, links by their query.

The one rule: what is signed is exactly what is sent. Paths and queries come in already percent-encoded and are never
encoded again. Source: "Authenticating Requests" in the Amazon S3 API reference.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
NOTHING = hashlib.sha256(b"").hexdigest()
DEFAULT_PORTS = {"http": 80, "https": 443}
# What the way may change or the client adds by itself.
UNSIGNED_HEADERS = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "user-agent",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, its secret, and the region that the service goes by."""

    key_id: str
    secret: str
    region: str


def signed_headers(
    method: str, url: str, headers: Mapping[str, str], payload: str, credentials: Credentials, at: float
) -> dict[str, str]:
    """The headers that sign a request: `authorization`, `x-amz-date`, `x-amz-content-sha256`.

    `payload` is the SHA-256 of the body in hex, or UNSIGNED. `at` is seconds since 1970.
    """
    stamp = _stamp(at)
    own = {"x-amz-date": stamp, "x-amz-content-sha256": payload}
    signed = {name.lower(): value for name, value in headers.items()} | own | {"host": host_of(url)}
    signed = {name: value for name, value in signed.items() if name not in UNSIGNED_HEADERS}
    scope = _scope(credentials, stamp)
    signature = signature_of(method, url, signed, payload, credentials.secret, scope, stamp)
    names = ";".join(sorted(signed))
    authorization = f"{ALGORITHM} Credential={credentials.key_id}/{scope},SignedHeaders={names},Signature={signature}"
    return own | {"authorization": authorization}


def presigned_url(method: str, url: str, credentials: Credentials, at: float, expires_in: int) -> str:
    """`url`, which has no query, as a link that anyone can use for `expires_in` seconds from `at`."""
    stamp = _stamp(at)
    scope = _scope(credentials, stamp)
    query = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires_in),
        "X-Amz-SignedHeaders": "host",
    }
    link = f"{url}?{'&'.join(f'{name}={encoded(value)}' for name, value in query.items())}"
    signature = signature_of(method, link, {"host": host_of(url)}, UNSIGNED, credentials.secret, scope, stamp)
    return f"{link}&X-Amz-Signature={signature}"


def signature_of(
    method: str, url: str, headers: Mapping[str, str], payload: str, secret: str, scope: str, stamp: str
) -> str:
    """The signature in hex over exactly these headers (names in lower case). A signature in the query is left out."""
    parts = urlsplit(url)
    pairs = [part.partition("=") for part in parts.query.split("&") if part]
    query = sorted((encoded(unquote(name)), encoded(unquote(value))) for name, _, value in pairs)
    canonical = "\n".join(
        [
            method,
            parts.path or "/",
            "&".join(f"{name}={value}" for name, value in query if name != "X-Amz-Signature"),
            *(f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)),
            "",
            ";".join(sorted(headers)),
            payload,
        ]
    )
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def encoded(text: str, keep: str = "") -> str:
    """Percent-encoded as signatures have it: all but letters, digits and `-._~`, and what is in `keep`."""
    return quote(text, safe=keep)


def host_of(url: str) -> str:
    """The Host header that a client sends for a URL."""
    parts = urlsplit(url)
    if parts.port is None or parts.port == DEFAULT_PORTS.get(parts.scheme):
        return parts.hostname or ""
    return f"{parts.hostname}:{parts.port}"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _scope(credentials: Credentials, stamp: str) -> str:
    return f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
