"""Whether a request's beginning is worth a place in the vendor's cache.

The one rule: writing to the cache costs a quarter more than not, and reading a tenth or less, so it pays from the second
time on. A beginning (model, system prompt, examples, schema) is marked when this process has sent it before within the
cache's five minutes; the first of many is sent plainly.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import orjson

from recipe_engine.builtin.llm.provider import ModelRequest, Text
from recipe_engine.builtin.llm.routing import Choice
from recipe_engine.plugin import Context

_LIFE = 300.0
_MOST = 1024
# Fewer tokens than this a character make no beginning long enough: an estimate that is rather too low, since a mark on a
# beginning that is too short has no effect and costs nothing.
_BYTES_PER_TOKEN = 4


def worth_caching(ctx: Context, request: ModelRequest, choice: Choice) -> bool:
    """Whether to mark the beginning of this request. Remembers that it was sent."""
    shortest = choice.facts.cache_from if choice.facts else None
    if shortest is None or not (request.system or request.examples):
        return False
    beginning = _beginning(request)
    if len(beginning) < shortest * _BYTES_PER_TOKEN:
        return False
    seen: _Seen = ctx.tokens.setdefault("llm.sent", _Seen())
    return seen.before(hashlib.sha256(beginning).digest(), ctx.now)


class _Seen:
    """When beginnings were sent last."""

    def __init__(self) -> None:
        self._last: OrderedDict[bytes, float] = OrderedDict()

    def before(self, beginning: bytes, now: float) -> bool:
        """Whether it was sent within the cache's life; from now on it was."""
        last = self._last.pop(beginning, None)
        self._last[beginning] = now
        if len(self._last) > _MOST:
            self._last.popitem(last=False)
        return last is not None and now - last < _LIFE


def _beginning(request: ModelRequest) -> bytes:
    parts = [part for message in request.messages[: request.examples] for part in message.parts]
    texts = [request.model, request.effort or "", request.system or ""]
    texts += [part.text for part in parts if isinstance(part, Text)]
    schema = b"" if request.output_schema is None else orjson.dumps(request.output_schema)
    return "\0".join(texts).encode() + schema
