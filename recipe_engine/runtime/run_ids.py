"""Names of runs: short, sortable by when they began, hard to guess."""

from __future__ import annotations

import secrets

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing that is read as something else
_MOMENT_DIGITS = 9
_RANDOM_DIGITS = 7


def new_run_id(now: float) -> str:
    """A name for a run that begins at `now` (seconds since 1970): nine digits of milliseconds, seven of chance."""
    milliseconds = int(now * 1000) % 32**_MOMENT_DIGITS
    return _digits(milliseconds, _MOMENT_DIGITS) + _digits(secrets.randbits(5 * _RANDOM_DIGITS), _RANDOM_DIGITS)


def _digits(number: int, length: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))
