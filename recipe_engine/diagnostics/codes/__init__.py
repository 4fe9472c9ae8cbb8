"""The table of every diagnostic code, merged from one table per range.

The one rule: a code stands in exactly one table, that of its range; each part of the checker fills its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from recipe_engine.diagnostics.codes import r1xx, r2xx, r3xx, r4xx, r5xx, r6xx, r7xx
from recipe_engine.diagnostics.codes.code import Code

__all__ = ["CODES", "RANGES", "Code", "merge"]

RANGES: Mapping[str, str] = MappingProxyType(
    {
        "R1": "Text, YAML and files",
        "R2": "References and types in expressions",
        "R3": "Shape of the recipe and of its steps",
        "R4": "Actions, connectors, secrets and configuration",
        "R5": "Flow",
        "R6": "Models and money",
        "R7": "Test files",
    }
)


def merge(*tables: Iterable[Code]) -> Mapping[str, Code]:
    """One table from several, by code, in order. Raises ValueError for a code that is defined twice."""
    merged: dict[str, Code] = {}
    for code in (code for table in tables for code in table):
        if code.code in merged:
            raise ValueError(f"diagnostic code {code.code} is defined twice")
        merged[code.code] = code
    return MappingProxyType(dict(sorted(merged.items())))


CODES: Mapping[str, Code] = merge(r1xx.CODES, r2xx.CODES, r3xx.CODES, r4xx.CODES, r5xx.CODES, r6xx.CODES, r7xx.CODES)
