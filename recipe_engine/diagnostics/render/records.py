"""Diagnostics as JSON: what `recipe check --format json` prints and a program or a language model reads."""

from __future__ import annotations

import json
from collections.abc import Iterable

from recipe_engine.diagnostics.diagnostic import Diagnostic
from recipe_engine.diagnostics.render.order import count, in_order


def json_(diagnostics: Iterable[Diagnostic]) -> str:
    """`{"diagnostics": [...], "errors": n, "warnings": n, "advice": n}`; lines and columns count from 1, ends are
    exclusive."""
    ordered = in_order(diagnostics)
    counts = count(ordered)
    answer = {
        "diagnostics": [record(item) for item in ordered],
        "errors": counts["error"],
        "warnings": counts["warning"],
        "advice": counts["advice"],
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def record(item: Diagnostic) -> dict[str, str | int | None]:
    """One diagnostic as a JSON object."""
    return {
        "code": item.code,
        "severity": item.severity,
        "message": item.message,
        "file": item.file,
        "line": item.span.line,
        "column": item.span.column,
        "end_line": item.span.end_line,
        "end_column": item.span.end_column,
        "hint": item.hint,
    }
