"""Error answers of a chat completions server as failures of a step.

The one rule: as with every provider, Retryable only where the same request may succeed in seconds or minutes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from recipe_engine.builtin.llm.anthropic.errors import retry_after
from recipe_engine.plugin import JSON, ActionError, Retryable, Terminal

_CONTEXT_WORDS = re.compile(r"context (?:window|length|size)|maximum context|too many tokens", re.IGNORECASE)
_SPENT = frozenset(("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"))
# By status: our code, whether a repeat may help, what to do.
_CODES: Mapping[int, tuple[str, bool, str]] = {
    401: ("authentication", False, "check {key}"),
    402: ("billing", False, "settle the account's billing in the vendor's console"),
    403: ("permission", False, "the key may not use this model or feature"),
    404: ("model_not_found", False, "check the model's name and {base}"),
    408: ("timeout", True, ""),
    409: ("conflict", True, ""),
    413: ("request_too_large", False, "send less: fewer or smaller images and documents"),
    429: ("rate_limit", True, ""),
    503: ("overloaded", True, ""),
    504: ("timeout", True, ""),
    529: ("overloaded", True, ""),
}


def failure_of(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    *,
    key: str = "OPENAI_API_KEY",
    base: str = "OPENAI_BASE_URL",
) -> ActionError:
    """The failure of an error answer; `key` and `base` are the settings that hold the key and the address."""
    said, kind = words(content)
    data: JSON = {"status": status}
    if _SPENT & kinds_of(content):
        return Terminal(
            "the spending limit of the model account is reached",
            code="spend_limit",
            detail=f"{said}; raise the limit in the vendor's console",
            data=data,
        )
    if status in (400, 422) and (kind == "context_length_exceeded" or _CONTEXT_WORDS.search(said)):
        return Terminal("the prompt does not fit the model's context", code="context_too_long", detail=said, data=data)
    unknown = ("server_error", True, "") if status >= 500 else ("invalid_request", False, "")
    code, again, advice = _CODES.get(status, unknown)
    detail = f"{said}; {advice.format(key=key, base=base)}" if advice else said
    title = f"the model's service answered {status} ({code.replace('_', ' ')})"
    if again:
        return Retryable(title, code=code, detail=detail, retry_after=retry_after(headers), data=data)
    return Terminal(title, code=code, detail=detail, data=data)


def kinds_of(content: bytes) -> frozenset[str]:
    """The server's own words for an error: its code and its type, of which either may be a number or missing."""
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError:
        return frozenset()
    inner = data.get("error", data) if isinstance(data, dict) else data
    return frozenset(str(inner.get(name)) for name in ("code", "type")) if isinstance(inner, dict) else frozenset()


def words(content: bytes) -> tuple[str, str]:
    """What an error answer says, and the server's own word for it."""
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content[:300].decode("utf-8", "replace"), ""
    inner = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(inner, dict):
        said = inner.get("message") or inner.get("detail") or orjson.dumps(inner).decode()
        return str(said)[:1000], str(inner.get("code") or inner.get("type") or "")
    return str(inner)[:1000], ""
