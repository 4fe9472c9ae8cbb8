"""Diagnostics as GitHub workflow commands: printed in a job's log, they appear beside the lines of a pull request.

The format and its escapes are those of https://docs.github.com/actions/reference/workflow-commands-for-github-actions
and of the toolkit that defines them (packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Iterable

from recipe_engine.diagnostics.codes import CODES
from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity
from recipe_engine.diagnostics.render.order import in_order

_COMMAND: dict[Severity, str] = {"error": "error", "warning": "warning", "advice": "notice"}


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command a line; the empty string when there is no diagnostic."""
    return "".join(f"{_command(item)}\n" for item in in_order(diagnostics))


def _command(item: Diagnostic) -> str:
    span = item.span
    fields: dict[str, str | int] = {"file": item.file, "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:  # GitHub refuses columns on annotations of several lines
        fields |= {"col": span.column, "endColumn": max(span.column, span.end_column - 1)}
    title = CODES[item.code].title if item.code in CODES else ""
    fields["title"] = f"{item.code}: {title}" if title else item.code
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items())
    message = f"{item.message}\nhint: {item.hint}" if item.hint else item.message
    return f"::{_COMMAND[item.severity]} {properties}::{_data(message)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
