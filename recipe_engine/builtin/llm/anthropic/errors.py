"""The SDK's exceptions as failures of a step.

The one rule: Retryable only where the same request may succeed in seconds or minutes. A spend limit is a 429 too, but
no waiting of that kind lifts it.

anthropic.APIError
|- APIResponseValidationError                 Retryable invalid_answer
|- APIConnectionError                         what ctx.http raised, which is its cause; else Retryable connection
`- APIStatusError  by type and status: see _CODES; other 5xx Retryable server_error, other 4xx Terminal invalid_request
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe_engine.plugin import ActionError, JSONObject, Retryable, Terminal
from recipe_engine.plugin.answers import bounded_wait

if TYPE_CHECKING:
    import anthropic

SPEND_LIMITS = frozenset(("enforced_spend_limit_reached", "contract_spend_limit_reached"))
_SCHEMA_WORDS = re.compile(r"schema|grammar|output_config|output_format", re.IGNORECASE)
_CONTEXT_WORDS = re.compile(
    r"prompt is too long|context (?:window|limit|length)|too many (?:input )?tokens", re.IGNORECASE
)
_MONEY_WORDS = re.compile(r"credit balance|spend limit|usage limit|spending limit", re.IGNORECASE)

# By the error's type, else by status: our code, whether a repeat may help, what to do.
_CODES: Mapping[str | int, tuple[str, bool, str]] = {
    "authentication_error": ("authentication", False, "check ANTHROPIC_API_KEY"),
    401: ("authentication", False, "check ANTHROPIC_API_KEY"),
    "billing_error": ("billing", False, "settle the account's billing in the vendor's console"),
    402: ("billing", False, "settle the account's billing in the vendor's console"),
    "permission_error": ("permission", False, "the key may not use this model or feature"),
    403: ("permission", False, "the key may not use this model or feature"),
    "not_found_error": ("model_not_found", False, "check the model's name; retired models are not found either"),
    404: ("model_not_found", False, "check the model's name and ANTHROPIC_BASE_URL"),
    413: ("request_too_large", False, "send less: fewer or smaller images and documents"),
    "request_too_large": ("request_too_large", False, "send less: fewer or smaller images and documents"),
    "rate_limit_error": ("rate_limit", True, ""),
    429: ("rate_limit", True, ""),
    "overloaded_error": ("overloaded", True, ""),
    529: ("overloaded", True, ""),
    "timeout_error": ("timeout", True, ""),
    408: ("timeout", True, ""),
    504: ("timeout", True, ""),
    409: ("conflict", True, ""),
    "api_error": ("server_error", True, ""),
}


def failure_of(error: anthropic.APIError) -> ActionError:
    """The failure that an exception of the SDK stands for."""
    import anthropic

    if isinstance(error.__cause__, ActionError):
        return _again(error.__cause__)
    if isinstance(error, anthropic.APIConnectionError):
        cause = str(error.__cause__ or error.message)[:500]
        return Retryable("the model's service could not be reached", code="connection", detail=cause)
    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error)
    return Retryable("the model's service answered with something unreadable", code="invalid_answer", detail=str(error))


def concerns_schema(error: anthropic.APIError) -> bool:
    """Whether a 400 complains of the output schema (too complex to compile, a keyword it does not take)."""
    return getattr(error, "status_code", None) == 400 and bool(_SCHEMA_WORDS.search(_words(error)))


def _of_status(error: anthropic.APIStatusError) -> ActionError:
    said = _words(error)
    data: JSONObject = {"status": error.status_code, "request_id": error.request_id}
    if _error_code(error) in SPEND_LIMITS or (error.status_code in (400, 429) and _MONEY_WORDS.search(said)):
        code = "billing" if "credit balance" in said.lower() else "spend_limit"
        return Terminal(
            "the spending limit of the model account is reached",
            code=code,
            detail=f"{said}; raise the limit in the vendor's console",
            data=data,
        )
    if error.status_code == 400 and _CONTEXT_WORDS.search(said):
        return Terminal("the prompt does not fit the model's context", code="context_too_long", detail=said, data=data)
    unknown = ("server_error", True, "") if error.status_code >= 500 else ("invalid_request", False, "")
    code, again, advice = _CODES.get(_error_type(error)) or _CODES.get(error.status_code) or unknown
    detail = f"{said}; {advice}" if advice else said
    title = f"the model's service answered {error.status_code} ({code.replace('_', ' ')})"
    if again:
        return Retryable(title, code=code, detail=detail, retry_after=retry_after(error.response.headers), data=data)
    return Terminal(title, code=code, detail=detail, data=data)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks to wait, from retry-after-ms or retry-after; a day at most."""
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        try:
            seconds = float(text) * factor
        except ValueError:
            continue
        if seconds >= 0:
            return bounded_wait(seconds)
    return None


def _again(error: ActionError) -> ActionError:
    """A new exception for the same failure, so that causes form a chain and not a ring."""
    failure = error.failure
    return (Retryable if failure.retryable else Terminal)(
        failure.title,
        code=failure.code,
        detail=failure.detail,
        retry_after=failure.retry_after,
        happened=failure.happened,
        data=failure.data,
    )


def _inner(error: anthropic.APIError) -> JSONObject:
    inner = error.body.get("error") if isinstance(error.body, dict) else None
    return inner if isinstance(inner, dict) else {}


def _error_type(error: anthropic.APIError) -> str:
    return str(_inner(error).get("type", ""))


def _error_code(error: anthropic.APIError) -> str:
    details = _inner(error).get("details")
    return str(details.get("error_code", "")) if isinstance(details, dict) else ""


def _words(error: anthropic.APIError) -> str:
    return str(_inner(error).get("message") or error.message)[:1000]
