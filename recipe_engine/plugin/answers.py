"""Error answers as failures: the connector's own mapping first, then the general rules of HTTP.

The one rule: a complete answer is an answer. Only a gateway that gave up (502, 504) leaves open whether a write happened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from recipe_engine.core.json import JSON
from recipe_engine.plugin.api import Connector
from recipe_engine.plugin.errors import ActionError, Retryable, Terminal
from recipe_engine.plugin.http import SAFE_METHODS

logger = logging.getLogger("recipe_engine")

# How much of a body a failure keeps (bytes of JSON, characters of text).
_LONGEST_WAIT = 86_400.0
_BODY_KEPT = 4000
_DETAIL_KEPT = 500
# Where vendors put their own words, tried in this order at each level.
_WORDS = ("message", "error_description", "detail", "error", "title", "err", "errors", "msg", "description", "reason")
_CODES = {408: "timeout", 425: "too_early", 429: "rate_limit", 500: "server_error", 502: "bad_gateway"}
_CODES |= {503: "unavailable", 504: "gateway_timeout"}


def failure_of_answer(
    connector: Connector, method: str, place: str, status: int, headers: Mapping[str, str], body: bytes, now: float
) -> Exception:
    """The exception for an error answer. `place` is the URL as it may be shown, `headers` have lower-case names."""
    content = parsed(body)
    wait = retry_after(headers, now)
    if connector.errors is not None:
        mapped = _mapped(connector, status, headers, content)
        if isinstance(mapped, ActionError):
            if mapped.failure.data is None:
                mapped.failure = replace(mapped.failure, data={"status": status, "body": bounded(content)})
            if mapped.retryable and mapped.failure.retry_after is None:
                mapped.failure = replace(mapped.failure, retry_after=wait)
            return mapped
        if mapped is not None:
            return mapped
    return general_failure(connector.title, method, place, status, content, wait)


def _mapped(connector: Connector, status: int, headers: Mapping[str, str], content: JSON) -> Exception | None:
    assert connector.errors is not None
    try:
        return connector.errors(status, headers, content)
    except Exception:  # a third party's code: its mistake must not hide the vendor's answer
        logger.exception("the error mapping of connector %s failed on status %d", connector.name, status)
        return None


def general_failure(
    title: str, method: str, place: str, status: int, content: JSON, wait: float | None = None
) -> ActionError:
    """What a status means wherever the vendor says nothing else."""
    said = f"{title} answered {status} {_phrase(status)} to {method} {place}"
    detail = vendor_words(content)
    data = {"status": status, "body": bounded(content)}
    if status in _CODES or status >= 500:
        unclear = status in (502, 504) and method not in SAFE_METHODS
        return Retryable(
            said,
            code=_CODES.get(status, f"http_{status}"),
            detail=detail,
            retry_after=wait,
            happened="maybe" if unclear else "no",
            data=data,
        )
    return Terminal(said, code=f"http_{status}", detail=detail, data=data)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a Retry-After header (seconds, or an HTTP date) asks for, a day at most: nobody is kept waiting for
    ever by a header. None when it says nothing usable."""
    text = headers.get("retry-after")
    if text is None:
        return None
    try:
        return bounded_wait(float(text))
    except ValueError:
        pass
    try:
        return bounded_wait(parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


def bounded_wait(seconds: float) -> float:
    """Seconds to wait as they are heeded: none at least, a day at most, none for what is no number."""
    return min(max(0.0, seconds), _LONGEST_WAIT)


def parsed(body: bytes) -> JSON:
    """A body as JSON when it is that, else as text; None when empty."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def bounded(content: JSON) -> JSON:
    """The body as a failure keeps it: whole when small, else the beginning of its text."""
    if isinstance(content, str):
        return content[:_BODY_KEPT]
    text = orjson.dumps(content)
    return content if len(text) <= _BODY_KEPT else text[:_BODY_KEPT].decode("utf-8", "ignore")


def vendor_words(content: Any) -> str:
    """The sentence in an error body that says what is wrong."""
    if isinstance(content, str):
        return content.strip()[:_DETAIL_KEPT]
    if isinstance(content, list):
        return "; ".join(filter(None, map(vendor_words, content[:5])))[:_DETAIL_KEPT]
    if isinstance(content, dict):
        for name in _WORDS:
            if content.get(name):
                return vendor_words(content[name])
    return ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
