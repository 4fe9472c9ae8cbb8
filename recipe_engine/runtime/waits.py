"""How an event finds the waits that ask for it without looking at the others.

The one rule: a wait is stored under the event's name, the names of its match fields, and a digest of their values. An
event computes, for each set of fields that anyone waiting for its name uses (there are few), the digest of its own
values, and looks that up.

Values match when they are equal as JSON: 1 and 1.0 are the same number, "1" is a text.
"""

from __future__ import annotations

from hashlib import blake2b

import orjson

from recipe_engine.core.json import JSON

_EXACT = 2**53  # beyond it, a float does not name one whole number


def fields_of(match: JSON) -> str:
    """The names of the fields of a match, in a canonical form; empty for a match that asks for nothing."""
    return orjson.dumps(sorted(match)).decode() if match else ""


def digest_of(fields: str, data: JSON) -> int | None:
    """The digest (64 bits, signed) of the values that `data` has for `fields`, None when it lacks one of them."""
    if not fields:
        return 0
    names = orjson.loads(fields)
    if not isinstance(data, dict) or not all(name in data for name in names):
        return None
    text = orjson.dumps([_canonical(data[name]) for name in names], option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def matches(match: JSON, data: JSON) -> bool:
    """Whether `data` has every field of `match`, with an equal value."""
    fields = fields_of(match)
    return digest_of(fields, data) == digest_of(fields, match)


def _canonical(value: JSON) -> JSON:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    return value
