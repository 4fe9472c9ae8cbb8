"""Diagnostics as SARIF 2.1.0, the format that code scanning services read.

Written to https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; the paragraphs are named where they decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from recipe_engine.diagnostics.codes import CODES, Code
from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity
from recipe_engine.diagnostics.docs import explain, help_markdown
from recipe_engine.diagnostics.render.order import in_order

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL: dict[Severity, str] = {"error": "error", "warning": "warning", "advice": "note"}


def sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """A SARIF log with one run; its rules are the codes that were found, with their pages as help."""
    ordered = in_order(diagnostics)
    codes = sorted({item.code for item in ordered})
    place = {code: index for index, code in enumerate(codes)}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "recipe-engine", "rules": [_rule(code) for code in codes]}},
                "columnKind": "unicodeCodePoints",  # 3.14.17: as our spans count
                "results": [_result(item, place[item.code]) for item in ordered],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2)


def _rule(code: str) -> dict[str, Any]:
    page = CODES.get(code)
    return {"id": code} if page is None else {"id": code, **_page(page)}


def _page(page: Code) -> dict[str, Any]:
    return {
        "name": "".join(word.capitalize() for word in page.title.replace("`", "").split()),
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.explanation.strip()},
        "help": {"text": explain(page.code), "markdown": help_markdown(page)},
        "defaultConfiguration": {"level": _LEVEL[page.severity]},
    }


def _result(item: Diagnostic, rule: int) -> dict[str, Any]:
    message = f"{item.message}\nhint: {item.hint}" if item.hint else item.message
    region = {
        "startLine": item.span.line,
        "startColumn": item.span.column,
        "endLine": item.span.end_line,
        "endColumn": item.span.end_column,  # 3.30.8: one beyond the last character, as ours
    }
    place = {"physicalLocation": {"artifactLocation": {"uri": _uri(item.file)}, "region": region}}
    return {
        "ruleId": item.code,
        "ruleIndex": rule,
        "level": _LEVEL[item.severity],
        "message": {"text": message},
        "locations": [place],
    }


def _uri(file: str) -> str:
    """A relative reference for a relative path, else a file: URI (3.4.3: forward slashes, percent-encoded)."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
