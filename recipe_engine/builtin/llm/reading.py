"""What a server sent, taken for no more than it is.

The one rule: nothing is believed of its shape. What is no JSON is a failure that may pass; a field of another kind than
expected counts as absent; text that cannot be written down again (half of a character) is mended.
"""

from __future__ import annotations

import json

from recipe_engine.builtin.llm.provider import ModelAnswer, TokenUsage
from recipe_engine.plugin import JSON, JSONObject, Retryable

_SHOWN = 300


def parsed(content: bytes) -> JSON:
    """The JSON of an answer's body.

    Raises Retryable `invalid_answer` for anything else.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Retryable(
            "the model's service answered with something that is not JSON",
            code="invalid_answer",
            detail=content[:_SHOWN].decode("utf-8", "replace"),
        ) from error


def no_message(content: JSON) -> Retryable:
    """The failure of an answer that is JSON, and no message of the API."""
    return Retryable(
        "the model's service answered with no message", code="invalid_answer", detail=mended(str(content)[:_SHOWN])
    )


def mended(text: JSON) -> str:
    """A text, with a replacement mark for what is half of a character; nothing for what is no text."""
    if not isinstance(text, str):
        return ""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def inside(data: JSON, name: str) -> JSONObject:
    """The object in a field, an empty one when there is none."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def count(usage: JSONObject, name: str) -> int:
    """A number of tokens; 0 for what is none."""
    found = usage.get(name)
    return int(found) if isinstance(found, int | float) and 0 < found < 10**12 else 0


def tells_usage(answer: ModelAnswer) -> bool:
    """Whether an answer says what it consumed."""
    return answer.usage != TokenUsage()
